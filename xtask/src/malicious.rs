//! `docs/malicious-server.md`: what the tests of the lying server found.
//!
//! The tests leave their cases, and a mark for each that held, in Cargo's target folder. The
//! document is made of these and of nothing else, so that it cannot claim what was not run.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde_json::Value;

use crate::workspace::Workspace;

const DOCUMENT: &str = "docs/malicious-server.md";

const BEGINNING: &str = "\
# A server that lies

Written by `cargo x malicious-server` from what the tests found; `cargo x test` refuses a copy that is out of date.

KeyArc's clients do not trust their server: [protocol.md](protocol.md) says what they check. Here a real client talks to a real server through a proxy that lies, and each row says what came of it. A published attack is named where the case is one, or belongs to its kind; the papers attack other products, and what they did there is theirs to tell.

In every case that is refused or noticed the client ends with an error that says \"the server's data does not verify\" or with an alarm; it shows nothing false, keeps what it had seen before, and sends nothing that it would not send to an honest server. Afterwards every request (addresses, headers, bodies), the server's log and its database are searched for the password, the setup code, names, folders, tags, notes and secrets: plain, in hexadecimal, in base64, percent-encoded, in UTF-16.
";

/// Forgets what an earlier run found.
pub fn forget(workspace: &Workspace) -> anyhow::Result<()> {
    match fs::remove_dir_all(folder(workspace)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// What is wrong with the document, if anything.
pub fn check(workspace: &Workspace) -> anyhow::Result<Vec<String>> {
    let found = Found::read(workspace)?;
    let mut wrong = found.wrong(workspace);
    let written = fs::read_to_string(workspace.root.join(DOCUMENT)).unwrap_or_default();
    if written != found.document() {
        wrong.push(format!(
            "{DOCUMENT} is not what the tests found: run `cargo x malicious-server`"
        ));
    }
    Ok(wrong)
}

/// Writes the document, and tells what it cannot say.
pub fn write(workspace: &Workspace) -> anyhow::Result<Vec<String>> {
    let found = Found::read(workspace)?;
    fs::write(workspace.root.join(DOCUMENT), found.document())?;
    Ok(found.wrong(workspace))
}

fn folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("tmp/malicious-server")
}

/// What the tests left.
struct Found {
    cases: Vec<Value>,
    /// Tests that held.
    held: Vec<String>,
    /// Endpoints every answer of which was spoilt in every field.
    walked: Vec<String>,
    /// Endpoints that no journey reaches.
    not_walked: Vec<String>,
}

impl Found {
    fn read(workspace: &Workspace) -> anyhow::Result<Self> {
        let folder = folder(workspace);
        let text = |name: &str| {
            let path = folder.join(name);
            fs::read_to_string(&path).with_context(|| format!("{} is missing", path.display()))
        };
        let mut cases: Vec<Value> = serde_json::from_str(&text("cases.json")?)?;
        cases.sort_by_key(|case| case["number"].as_u64());
        let files = fs::read_dir(&folder)?.flatten();
        let held = files.filter_map(|file| {
            let name = file.file_name().into_string().ok()?;
            name.strip_suffix(".held").map(str::to_owned)
        });
        Ok(Self {
            cases,
            held: held.collect(),
            walked: text("walked")?.lines().map(str::to_owned).collect(),
            not_walked: text("not-walked")?.lines().map(str::to_owned).collect(),
        })
    }

    /// Tests that are named and did not hold, and stories that are named and not there.
    fn wrong(&self, workspace: &Workspace) -> Vec<String> {
        let stories = workspace.end2end().join("stories");
        let mut wrong = Vec::new();
        for case in &self.cases {
            let number = &case["number"];
            for test in texts(&case["native"]) {
                if !self.held.iter().any(|held| held == test) {
                    wrong.push(format!("case {number}: {test} did not hold"));
                }
            }
            for story in list(&case["browser"]) {
                let [file, title] = [text(&story[0]), text(&story[1])];
                if !is_told(&stories.join(file), title) {
                    wrong.push(format!("case {number}: {file} has no story \"{title}\""));
                }
            }
        }
        wrong
    }

    fn document(&self) -> String {
        let mut out = String::from(BEGINNING);
        let (tried, not_yet): (Vec<_>, Vec<_>) = self
            .cases
            .iter()
            .partition(|case| !list(&case["native"]).is_empty());
        out.push_str("\n## Named attacks\n\n");
        out.push_str(
            "| # | the server | published | what comes of it | native test | in the browser |\n",
        );
        out.push_str("|---:|---|---|---|---|---|\n");
        for case in tried {
            let native: Vec<_> = texts(&case["native"])
                .map(|test| format!("`{test}`"))
                .collect();
            let browser: Vec<_> = list(&case["browser"]).iter().map(story).collect();
            out.push_str(&format!(
                "| {} | {} | {} | {} | {} | {} |\n",
                case["number"],
                text(&case["attack"]),
                or_dash(text(&case["published"])),
                text(&case["verdict"]),
                native.join(", "),
                or_dash(&browser.join(", ")),
            ));
        }
        out.push_str(
            "\nNative tests stand in `crates/testkit/tests/hostile/cases`, browser stories in \
             `end2end/stories`.\n\n## Not there to be attacked\n\n\
             | # | the server | published | |\n|---:|---|---|---|\n",
        );
        for case in not_yet {
            out.push_str(&format!(
                "| {} | {} | {} | {} |\n",
                case["number"],
                text(&case["attack"]),
                or_dash(text(&case["published"])),
                text(&case["verdict"]),
            ));
        }
        out.push_str(
            "\n## Every field of every answer\n\n\
             Beside the named attacks, every field of every answer is dropped, made null, \
             swapped, replaced by what an earlier answer said there, flipped in a bit, changed \
             in type, doubled, cut, lengthened, and made enormous: members of JSON, the parts of \
             each envelope in it, records and fields of syncs and manifests, statuses, types and \
             whole bodies; for one answer, and for every one of its kind from then on. At least \
             100,000 such changes are tried in each run, each of them counted as refused, \
             harmless (what was shown is true), or waited out; a field that was never changed \
             fails the test. `CONTRIBUTING.md` says how to try more, and how to try one again.\n\n\
             These endpoints are walked:\n\n",
        );
        for endpoint in &self.walked {
            out.push_str(&format!("- `{endpoint}`\n"));
        }
        if !self.not_walked.is_empty() {
            out.push_str("\nNo journey reaches these yet, and nothing is said of them here:\n\n");
        }
        for endpoint in &self.not_walked {
            out.push_str(&format!("- `{endpoint}`\n"));
        }
        out.push_str(
            "\n## What this does not show\n\n\
             That the program in the browser is the one that was tested: it comes from the \
             server. That two devices which a server keeps apart for ever learn of each other. \
             That a device without a memory sees the newest state. And that there is no lie \
             which nobody thought of: the tests try what is listed, and chance.\n",
        );
        out
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    list(value).iter().filter_map(Value::as_str)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "–" } else { text }
}

fn story(story: &Value) -> String {
    let [file, title] = [text(&story[0]), text(&story[1])];
    format!("`{file}`: {title}")
}

/// Whether a file of stories tells one whose title has these words.
fn is_told(file: &Path, title: &str) -> bool {
    fs::read_to_string(file).is_ok_and(|text| text.contains(title))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(held: &[&str]) -> Found {
        Found {
            cases: vec![
                json!({ "number": 1, "attack": "a", "published": "", "verdict": "refused",
                    "native": ["x::y"], "browser": [] }),
                json!({ "number": 2, "attack": "b", "published": "P", "verdict": "not there yet",
                    "native": [], "browser": [] }),
            ],
            held: held.iter().map(|test| (*test).to_owned()).collect(),
            walked: vec!["/auth/login".to_owned()],
            not_walked: vec!["/auth/other".to_owned()],
        }
    }

    #[test]
    fn a_test_that_did_not_hold_is_told() {
        let workspace = Workspace::locate().expect("here");
        assert_eq!(found(&["x::y"]).wrong(&workspace), [""; 0]);
        assert_eq!(found(&[]).wrong(&workspace), ["case 1: x::y did not hold"]);
    }

    #[test]
    fn a_story_that_is_not_told_is_missed() {
        let workspace = Workspace::locate().expect("here");
        let mut found = found(&["x::y"]);
        found.cases[0]["browser"] = json!([["lying-server.spec.ts", "no such story"]]);
        assert_eq!(
            found.wrong(&workspace),
            ["case 1: lying-server.spec.ts has no story \"no such story\""]
        );
    }

    #[test]
    fn the_document_has_each_case_in_its_place() {
        let text = found(&["x::y"]).document();
        assert!(
            text.contains("| 1 | a | – | refused | `x::y` | – |\n"),
            "{text}"
        );
        assert!(text.contains("| 2 | b | P | not there yet |\n"), "{text}");
        let [walked, not] = ["- `/auth/login`\n", "- `/auth/other`\n"].map(|line| text.find(line));
        assert!(walked.is_some() && walked < not, "{text}");
    }
}
