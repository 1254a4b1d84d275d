//! Tests inside WebAssembly, in a real browser.

use std::{fs, path::Path};

use anyhow::{Context as _, bail};
use serde_json::json;

use super::Counts;
use crate::{
    files, process,
    tools::{self, browser},
    workspace::Workspace,
};

/// Seconds for one test: a key derivation in an unoptimised build takes its time.
const TIMEOUT: &str = "300";

/// The browser runs without a sandbox because containers have none to offer; it only ever opens
/// the tests' own page.
const FLAGS: [&str; 8] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// A package that has tests for the browser.
#[derive(Debug, PartialEq, Eq)]
pub struct Tested {
    pub package: String,
    /// Integration tests, by the name of their file.
    pub tests: Vec<String>,
    /// Whether tests also stand in the library itself.
    pub in_library: bool,
}

/// The packages that have tests for the browser: those whose sources name `wasm_bindgen_test`.
pub fn packages(workspace: &Workspace) -> anyhow::Result<Vec<Tested>> {
    let mut found = Vec::new();
    let crates = fs::read_dir(workspace.root.join("crates"))?;
    let mut folders: Vec<_> = crates.flatten().map(|entry| entry.path()).collect();
    folders.extend(["app", "frontend"].map(|name| workspace.root.join(name)));
    folders.sort();
    for folder in folders {
        let name = folder
            .file_name()
            .context("a folder has a name")?
            .to_string_lossy();
        found.extend(tested(&folder, &format!("keyarc-{name}"))?);
    }
    Ok(found)
}

fn tested(folder: &Path, package: &str) -> anyhow::Result<Option<Tested>> {
    let for_browser =
        |path: &Path| fs::read_to_string(path).is_ok_and(|text| text.contains("wasm_bindgen_test"));
    let mut tests = Vec::new();
    for path in files::below(&folder.join("tests"))? {
        if path.parent() == Some(&folder.join("tests")) && for_browser(&path) {
            tests.extend(
                path.file_stem()
                    .map(|stem| stem.to_string_lossy().into_owned()),
            );
        }
    }
    let in_library = files::below(&folder.join("src"))?
        .iter()
        .any(|path| for_browser(path));
    let any = in_library || !tests.is_empty();
    Ok(any.then(|| Tested {
        package: package.to_owned(),
        tests,
        in_library,
    }))
}

pub fn run(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<Counts> {
    tools::ensure(&tools::wasm(workspace)?)?;
    tools::ensure(&[
        browser::chromium(workspace),
        browser::chromedriver(workspace),
    ])?;
    let chromium = browser::find_chromium(workspace).context("Chromium was just found")?;
    let driver = browser::find_chromedriver(workspace).context("ChromeDriver was just found")?;
    let configuration = workspace.target.join("webdriver.json");
    let options = json!({ "goog:chromeOptions": { "binary": chromium, "args": FLAGS } });
    files::stamp(&configuration, &options.to_string())?;
    let packages = packages(workspace)?;
    if packages.is_empty() {
        bail!("no package has tests for the browser");
    }
    let mut counts = Counts::default();
    for found in packages {
        let mut cargo = process::cargo(workspace)?;
        cargo.args([
            "test",
            "--target",
            "wasm32-unknown-unknown",
            "--package",
            &found.package,
        ]);
        if found.in_library {
            cargo.arg("--lib");
        }
        for test in &found.tests {
            cargo.args(["--test", test]);
        }
        cargo
            .args(["--no-fail-fast", "--"])
            .args(arguments)
            .env(
                "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER",
                "wasm-bindgen-test-runner",
            )
            .env("CHROMEDRIVER", &driver)
            .env("WASM_BINDGEN_TEST_TIMEOUT", TIMEOUT)
            .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", &configuration);
        let mut own = Counts::default();
        let succeeded = process::watched(&mut cargo, |line| own.read_line(line))?;
        counts += own.with_status(succeeded);
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_with_browser_tests_are_found_by_what_they_use() {
        let folder = tempfile::tempdir().expect("a folder");
        for (path, text) in [
            ("a/tests/browser.rs", "use wasm_bindgen_test::*;"),
            ("a/tests/native.rs", "#[test]"),
            ("a/src/lib.rs", "pub fn f() {}"),
            ("b/src/lib.rs", "pub fn g() {}"),
        ] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        let a = tested(&folder.path().join("a"), "a").expect("readable");
        let expected = Tested {
            package: "a".to_owned(),
            tests: vec!["browser".to_owned()],
            in_library: false,
        };
        assert_eq!(a, Some(expected));
        assert_eq!(
            tested(&folder.path().join("b"), "b").expect("readable"),
            None
        );
    }
}
