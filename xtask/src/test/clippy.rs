//! clippy, over everything, with warnings as errors.

use super::Counts;
use crate::{process, tools, workspace::Workspace};

/// What one call of clippy covers.
pub struct Scope {
    pub name: &'static str,
    pub arguments: Vec<String>,
}

/// Two calls: one crate graph cannot hold both the server's and the browser's half of Leptos.
pub fn scopes(workspace: &Workspace) -> anyhow::Result<[Scope; 2]> {
    let mut browser = vec!["--target".to_owned(), "wasm32-unknown-unknown".to_owned()];
    let also_in_browser = super::wasm::packages(workspace)?
        .into_iter()
        .map(|found| found.package);
    let mut packages = ["keyarc-frontend", "keyarc-js", "keyarc-strength"]
        .map(str::to_owned)
        .to_vec();
    packages.extend(also_in_browser);
    packages.sort();
    packages.dedup();
    for package in packages {
        browser.extend(["--package".to_owned(), package]);
    }
    browser.push("--lib".to_owned());
    for found in super::wasm::packages(workspace)? {
        browser.extend(
            found
                .tests
                .iter()
                .flat_map(|test| ["--test".to_owned(), test.clone()]),
        );
    }
    Ok([
        Scope {
            name: "for the server's machine",
            arguments: super::native::EVERYTHING
                .iter()
                .copied()
                .chain(["--all-targets"])
                .map(str::to_owned)
                .collect(),
        },
        Scope {
            name: "for the browser",
            arguments: browser,
        },
    ])
}

pub fn run(workspace: &Workspace) -> anyhow::Result<Counts> {
    tools::ensure(&tools::wasm(workspace)?)?;
    let mut counts = Counts::default();
    for scope in scopes(workspace)? {
        let clean = process::succeeds(
            process::cargo(workspace)?
                .arg("clippy")
                .args(&scope.arguments)
                .args(["--", "--deny", "warnings"]),
        )?;
        counts += Counts::one(clean);
    }
    Ok(counts)
}
