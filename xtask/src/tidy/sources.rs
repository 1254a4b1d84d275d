//! Laws about the text of the sources.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use super::Violation;
use crate::{process, workspace::Workspace};

/// Longest source file, in lines. A longer one holds two things.
const LONGEST: usize = 600;

/// Files that somebody wrote. Everything else (pictures, fonts, lock files, snapshots) is made.
const WRITTEN: [&str; 18] = [
    "rs",
    "ts",
    "js",
    "mjs",
    "scss",
    "css",
    "sql",
    "toml",
    "md",
    "yml",
    "yaml",
    "sh",
    "html",
    "txt",
    "env",
    "conf",
    "Dockerfile",
    "run",
];

/// Promises of work not done, and tests that do not run. In two halves, so that this file may
/// name them.
const PROMISES: [(&str, &str); 10] = [
    ("TO", "DO"),
    ("FIX", "ME"),
    ("X", "XX"),
    ("dbg", "!"),
    ("unimplemented", "!"),
    ("todo", "!"),
    ("test.", "skip"),
    ("test.", "only"),
    ("describe.", "only"),
    ("#[", "ignore"),
];

/// Where a machine's own folders begin.
const MACHINE: [(&str, &str); 4] = [
    ("/ro", "ot/"),
    ("/ho", "me/"),
    ("/Us", "ers/"),
    ("/wo", "rk/"),
];

/// The beginnings of a statement, as a string literal holds them.
const SQL: [&str; 5] = [
    "\"SELECT ",
    "\"INSERT INTO ",
    "\"UPDATE ",
    "\"DELETE FROM ",
    "\"CREATE TABLE ",
];

/// Every violation in the files that Git knows or would add.
pub fn check(workspace: &Workspace) -> anyhow::Result<Vec<Violation>> {
    let mut found = Vec::new();
    let files = listed(workspace)?;
    for path in files.iter().filter(|path| is_written(path)) {
        let full = workspace.root.join(path);
        if !full.is_file() {
            continue;
        }
        let bytes = fs::read(&full).with_context(|| format!("reading {}", path.display()))?;
        match String::from_utf8(bytes) {
            Ok(text) => found.extend(of_file(path, &text)),
            Err(_) => found.push(broken(path, None, "is not UTF-8")),
        }
    }
    found.extend(migrations(&files));
    Ok(found)
}

fn listed(workspace: &Workspace) -> anyhow::Result<Vec<PathBuf>> {
    let text = process::output(process::program(workspace, "git")?.args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]))?;
    Ok(text
        .split('\0')
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
        .collect())
}

fn is_written(path: &Path) -> bool {
    let name = path.extension().or(path.file_name());
    let made = |folder: &str| path.components().any(|part| part.as_os_str() == folder);
    !made("fixtures")
        && !made("generated")
        && name.is_some_and(|name| WRITTEN.iter().any(|written| name == *written))
}

fn of_file(path: &Path, text: &str) -> Vec<Violation> {
    let mut found = Vec::new();
    if !text.is_empty() && !text.ends_with('\n') {
        found.push(broken(path, None, "does not end with a newline"));
    }
    if text.contains('\r') {
        found.push(broken(path, None, "has Windows line ends"));
    }
    let code = matches!(extension(path), "rs" | "ts" | "scss" | "mjs" | "js");
    if code && text.lines().count() > LONGEST {
        found.push(broken(
            path,
            None,
            &format!("is longer than {LONGEST} lines: make two of it"),
        ));
    }
    if is_crate_root(path) && !text.trim_start().starts_with("//!") {
        found.push(broken(
            path,
            None,
            "begins without a `//!` that says what the crate is for",
        ));
    }
    if is_browser_view(path) {
        for line in views_as_markup(text) {
            let law = "a `view!` without `class=\"v\",` becomes innerHTML, which the page refuses";
            found.push(broken(path, Some(line), law));
        }
    }
    for (number, line) in text.lines().enumerate() {
        let at = Some(number + 1);
        for (first, second) in PROMISES {
            if has_word(line, &format!("{first}{second}")) {
                found.push(broken(
                    path,
                    at,
                    &format!("`{first}{second}` promises work not done"),
                ));
            }
        }
        for (first, second) in MACHINE {
            if names_folder(line, &format!("{first}{second}")) {
                found.push(broken(path, at, "names a folder of one machine"));
            }
        }
        if is_browser_view(path) && has_word(line, "inner_html") {
            found.push(broken(path, at, "sets innerHTML, which the page refuses"));
        }
        if path.starts_with("app/src") && has_style_attribute(line) {
            found.push(broken(
                path,
                at,
                "an inline style attribute, which the page's policy blocks",
            ));
        }
        if extension(path) == "rs" && may_not_hold_sql(path) && SQL.iter().any(|s| line.contains(s))
        {
            found.push(broken(path, at, "SQL outside crates/store"));
        }
    }
    found
}

fn broken(path: &Path, line: Option<usize>, law: &str) -> Violation {
    let place = match line {
        Some(line) => format!("{}:{line}", path.display()),
        None => path.display().to_string(),
    };
    Violation {
        place,
        law: law.to_owned(),
    }
}

fn extension(path: &Path) -> &str {
    path.extension()
        .and_then(|e| e.to_str())
        .unwrap_or_default()
}

fn is_crate_root(path: &Path) -> bool {
    path.ends_with("src/lib.rs") || path.ends_with("src/main.rs")
}

/// The measurements compare with plain SQL, this crate names its beginnings, and tests may look
/// behind the store, through its own test helper.
fn may_not_hold_sql(path: &Path) -> bool {
    let exempt = ["crates/store", "crates/bench", "xtask"];
    let test = path.components().any(|part| part.as_os_str() == "tests");
    !test && !exempt.iter().any(|folder| path.starts_with(folder))
}

/// Whether `word` stands in the line with no letter, digit or underscore on either side.
fn has_word(line: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let goes_on = word.ends_with(part_of_word) && after.is_some_and(part_of_word);
        !goes_on && !before.is_some_and(part_of_word)
    })
}

/// Whether an absolute path begins with the folder: not one inside an address or another path.
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before
            .is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '/' | '-' | '_' | '}' | '~'))
    })
}

/// `style=` as an attribute. `style:name=` is set by script and allowed where nothing is
/// rendered on the server.
fn has_style_attribute(line: &str) -> bool {
    let comment = line.trim_start().starts_with("//");
    // A quote on both sides is a string that tests for it.
    let in_test = line.contains("\" style=\"");
    !comment && !in_test && has_word(line, "style=")
}

/// Views that the browser builds. Those of the public pages and of the document around the app
/// are only ever text on the server.
fn is_browser_view(path: &Path) -> bool {
    extension(path) == "rs"
        && (path.starts_with("app/src") || path.starts_with("frontend/src"))
        && !path.starts_with("app/src/site")
        && path != Path::new("app/src/shell.rs")
}

/// The lines of the views that Leptos would make from markup, which it does with static parts
/// unless they share a class.
fn views_as_markup(text: &str) -> Vec<usize> {
    let begins = text.match_indices("view! {").filter(|(at, _)| {
        let line = text[..*at].rsplit('\n').next().unwrap_or_default();
        !line.trim_start().starts_with("//")
    });
    begins
        .filter(|(at, word)| {
            !text[at + word.len()..]
                .trim_start()
                .starts_with("class=\"v\",")
        })
        .map(|(at, _)| text[..at].matches('\n').count() + 1)
        .collect()
}

/// Both databases have the same migrations by name.
fn migrations(files: &[PathBuf]) -> Vec<Violation> {
    let of = |database: &str| -> BTreeSet<&Path> {
        let folder = Path::new("crates/store/migrations").join(database);
        files
            .iter()
            .filter(|p| p.starts_with(&folder))
            .filter_map(|p| p.file_name())
            .map(Path::new)
            .collect()
    };
    let (sqlite, postgres) = (of("sqlite"), of("postgres"));
    sqlite
        .symmetric_difference(&postgres)
        .map(|name| broken(name, None, "is a migration of one database only"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laws(path: &str, text: &str) -> Vec<String> {
        of_file(Path::new(path), text)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_lawful_file_breaks_none() {
        assert_eq!(
            laws("app/src/lib.rs", "//! The app.\n\nlet todos = style;\n"),
            [""; 0]
        );
    }

    #[test]
    fn promises_are_found_as_words() {
        for (first, second) in PROMISES {
            let line = format!("x {first}{second} y\n");
            assert_eq!(laws("a.rs", &line).len(), 1, "{line}");
        }
        assert_eq!(laws("a.rs", "mktemp XXXXXX todolist\n"), [""; 0]);
    }

    #[test]
    fn the_end_of_a_file_is_a_newline() {
        assert_eq!(laws("a.md", "text"), ["a.md: does not end with a newline"]);
        assert_eq!(laws("a.md", "text\r\n"), ["a.md: has Windows line ends"]);
    }

    #[test]
    fn folders_of_one_machine_are_found() {
        for (first, second) in MACHINE {
            assert_eq!(laws("a.md", &format!("see {first}{second}x\n")).len(), 1);
            assert_eq!(
                laws("a.md", &format!("see https://x.y{first}{second}\n")),
                [""; 0]
            );
        }
    }

    #[test]
    fn style_attributes_are_found_in_the_app_only() {
        assert_eq!(laws("app/src/a.rs", "<p style=\"x\">\n").len(), 1);
        assert_eq!(laws("app/src/a.rs", "<p style:height=h>\n"), [""; 0]);
        assert_eq!(laws("server/src/a.rs", "<p style=\"x\">\n"), [""; 0]);
    }

    #[test]
    fn views_that_become_markup_are_found() {
        let markup = "fn a() {\n    view! { <p>\"x\"</p> }\n}\n";
        assert_eq!(laws("app/src/ui/a.rs", markup).len(), 1);
        assert!(laws("app/src/ui/a.rs", markup)[0].starts_with("app/src/ui/a.rs:2:"));
        assert_eq!(laws("app/src/site/a.rs", markup), [""; 0]);
        assert_eq!(laws("app/src/ui/a.rs", "<p inner_html=x>\n").len(), 1);
        let elements = "// view! { in words\nview! { class=\"v\",\n    <p>\"x\"</p> }\n";
        assert_eq!(laws("app/src/ui/a.rs", elements), [""; 0]);
    }

    #[test]
    fn sql_stays_in_the_store() {
        assert_eq!(laws("server/src/a.rs", "query(\"SELECT 1\")\n").len(), 1);
        assert_eq!(
            laws("crates/store/src/a.rs", "query(\"SELECT 1\")\n"),
            [""; 0]
        );
    }

    #[test]
    fn long_files_and_crates_without_a_purpose_are_found() {
        assert_eq!(laws("a.rs", &"x\n".repeat(LONGEST)), [""; 0]);
        assert_eq!(laws("a.rs", &"x\n".repeat(LONGEST + 1)).len(), 1);
        assert_eq!(laws("crates/x/src/lib.rs", "mod a;\n").len(), 1);
    }

    #[test]
    fn a_migration_for_one_database_only_is_found() {
        let both = ["sqlite", "postgres"]
            .map(|d| PathBuf::from(format!("crates/store/migrations/{d}/1.sql")));
        assert_eq!(migrations(&both), []);
        assert_eq!(migrations(&both[..1]).len(), 1);
    }

    #[test]
    fn made_files_are_left_alone() {
        assert!(is_written(Path::new(".ci/run")));
        assert!(is_written(Path::new("Dockerfile")));
        assert!(!is_written(Path::new("Cargo.lock")));
        assert!(!is_written(Path::new("crates/vault/fixtures/a.env")));
    }

    #[test]
    fn a_view_made_from_markup_is_found() {
        assert_eq!(views_as_markup("a\nview! { <p>\"x\"</p> }"), [2]);
        assert!(views_as_markup("view! { class=\"v\", <p/> }").is_empty());
        assert!(!is_browser_view(Path::new("app/src/site/landing.rs")));
        assert!(is_browser_view(Path::new("app/src/pages/mod.rs")));
    }
}
