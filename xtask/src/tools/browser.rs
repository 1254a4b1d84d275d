//! Chromium, with and without a window, and its WebDriver: the system's when it has them,
//! otherwise Playwright's.

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

/// The build of Chromium that has no windows: the same engine without what draws a window around
/// it, which takes a fifth of the processor's time in the stories.
const WITHOUT_WINDOWS: &str = "chromium-headless-shell";

/// The browser that the tests run in. `KEYARC_CHROMIUM` names another one.
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

/// The browser that the stories run in: on Debian the one without windows, elsewhere
/// [`chromium`], whose headless mode is the same engine.
pub fn chromium_without_windows(workspace: &Workspace) -> Tool<'_> {
    Tool {
        name: "Chromium without windows",
        version: None,
        found: Box::new(|| {
            find_chromium_without_windows(workspace).map(|path| path.display().to_string())
        }),
        install: Box::new(|| match system::can_install_packages() {
            true => system::debian_packages(&[WITHOUT_WINDOWS]),
            false => chromium(workspace).ensure(),
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
    named_or(|| {
        NAMES
            .iter()
            .find_map(|name| process::find(name))
            .or_else(|| playwrights(workspace))
    })
}

/// The program of the browser for stories.
pub fn find_chromium_without_windows(workspace: &Workspace) -> Option<PathBuf> {
    named_or(|| match system::can_install_packages() {
        true => process::find(WITHOUT_WINDOWS),
        false => process::find(WITHOUT_WINDOWS).or_else(|| find_chromium(workspace)),
    })
}

/// What `KEYARC_CHROMIUM` names, if it is there, and nothing else; without it what is found.
fn named_or(find: impl FnOnce() -> Option<PathBuf>) -> Option<PathBuf> {
    match env::var_os("KEYARC_CHROMIUM") {
        Some(named) => Some(PathBuf::from(named)).filter(|path| path.is_file()),
        None => find(),
    }
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
