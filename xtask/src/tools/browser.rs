//! Chromium and its WebDriver: the system's when it has them, otherwise Playwright's.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;

use super::{Tool, npm, system};
use crate::{files, process, workspace::Workspace};

const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// The browser that all browser tests run in. `KEYARC_CHROMIUM` names another one.
pub fn chromium(workspace: &Workspace) -> Tool<'_> {
    Tool {
        name: "Chromium",
        version: None,
        found: Box::new(|| find_chromium(workspace).map(|path| path.display().to_string())),
        install: Box::new(|| {
            if system::can_install_packages() {
                return system::debian_packages(&["chromium", "chromium-driver"]);
            }
            npm::browser_tests(workspace).ensure()?;
            process::run(
                process::program(workspace, "npx")?
                    .args(["playwright", "install", "chromium"])
                    .current_dir(workspace.end2end()),
            )
        }),
    }
}

/// Lets the tests inside WebAssembly drive the browser.
pub fn chromedriver(workspace: &Workspace) -> Tool<'_> {
    Tool {
        name: "ChromeDriver",
        version: None,
        found: Box::new(|| find_chromedriver(workspace).map(|path| path.display().to_string())),
        install: Box::new(|| {
            if system::can_install_packages() {
                return system::debian_packages(&["chromium-driver"]);
            }
            let browser = find_chromium(workspace).context("the browser comes first")?;
            let version = process::ask(Command::new(&browser).arg("--version"))
                .and_then(|text| major_version(&text))
                .with_context(|| format!("asking {} for its version", browser.display()))?;
            process::run(
                process::program(workspace, "npx")?
                    .args([
                        "--yes",
                        "@puppeteer/browsers",
                        "install",
                        &format!("chromedriver@{version}"),
                    ])
                    .arg("--path")
                    .arg(&workspace.tools),
            )
        }),
    }
}

/// The browser's program.
pub fn find_chromium(workspace: &Workspace) -> Option<PathBuf> {
    if let Some(named) = env::var_os("KEYARC_CHROMIUM") {
        return Some(PathBuf::from(named)).filter(|path| path.is_file());
    }
    NAMES
        .iter()
        .find_map(|name| process::find(name))
        .or_else(|| playwrights(workspace))
}

/// The WebDriver's program.
pub fn find_chromedriver(workspace: &Workspace) -> Option<PathBuf> {
    let fetched = || {
        let below = files::below(&workspace.tools.join("chromedriver")).ok()?;
        below
            .into_iter()
            .find(|path| is_named(path, "chromedriver"))
    };
    process::find("chromedriver").or_else(fetched)
}

fn playwrights(workspace: &Workspace) -> Option<PathBuf> {
    let question = "process.stdout.write(require('@playwright/test').chromium.executablePath())";
    let answer = process::ask(
        Command::new("node")
            .args(["-e", question])
            .current_dir(workspace.end2end()),
    )?;
    Some(PathBuf::from(answer)).filter(|path| path.is_file())
}

fn is_named(path: &Path, name: &str) -> bool {
    path.is_file() && path.file_stem().is_some_and(|stem| stem == name)
}

/// `Chromium 156.0.1.2 built on …` → `156`.
fn major_version(text: &str) -> Option<String> {
    let number = text
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    Some(number.split('.').next()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_driver_follows_the_browsers_major_version() {
        assert_eq!(
            major_version("Chromium 156.0.7.1 built on Debian"),
            Some("156".to_owned())
        );
        assert_eq!(
            major_version("Google Chrome 155.0.1.2"),
            Some("155".to_owned())
        );
        assert_eq!(major_version("no number"), None);
    }
}
