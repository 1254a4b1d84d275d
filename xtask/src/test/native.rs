//! Tests that run on this machine, with both databases.

use std::env;

use super::Counts;
use crate::{
    malicious,
    postgres::{self, Postgres},
    process, say, tools,
    workspace::Workspace,
};

/// Every package but the browser's entry point, with the app's server half. The tests and
/// clippy name the same, so that dependencies are built once for each.
pub const EVERYTHING: [&str; 5] = [
    "--workspace",
    "--exclude",
    "keyarc-frontend",
    "--features",
    "keyarc-app/ssr",
];

const DATABASE: [&str; 6] = [
    "--package",
    "keyarc-store",
    "--package",
    "keyarc-service",
    "--package",
    "keyarc-server",
];

/// Every native test, and that what is written of the lying server is what they found.
pub fn all(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<Counts> {
    tools::ensure(&tools::system::of_tests())?;
    malicious::forget(workspace)?;
    let mut counts = test(workspace, &EVERYTHING, arguments)?;
    // Of a part of the tests nothing can be told.
    if arguments.is_empty() {
        let wrong = malicious::check(workspace)?;
        wrong.iter().for_each(|wrong| say::line(wrong));
        counts += Counts::one(wrong.is_empty());
    }
    Ok(counts)
}

/// Only the crates that a database stands behind.
pub fn store(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<Counts> {
    test(workspace, &DATABASE, arguments)
}

fn test(workspace: &Workspace, packages: &[&str], arguments: &[String]) -> anyhow::Result<Counts> {
    let mut cargo = process::cargo(workspace)?;
    cargo
        .arg("test")
        .args(packages)
        .args(["--no-fail-fast", "--"])
        .args(arguments);
    let throwaway = match env::var_os(postgres::URL_VARIABLE) {
        Some(_) => {
            say::note(&format!(
                "using the Postgres that {} names",
                postgres::URL_VARIABLE
            ));
            None
        }
        None => Some(Postgres::start(workspace)?),
    };
    if let Some(server) = &throwaway {
        cargo.env(postgres::URL_VARIABLE, server.url());
    }
    let mut counts = Counts::default();
    let succeeded = process::watched(&mut cargo, |line| counts.read_line(line))?;
    Ok(counts.with_status(succeeded))
}
