//! The client for TypeScript: that its types are those of the description, that it is packed whole,
//! and that it reads from a real server.

use anyhow::Context as _;

use super::{Counts, native::EVERYTHING};
use crate::{
    client, process,
    tools::{self, browser},
    workspace::Workspace,
};

/// Builds the client, generates the types again to compare, checks all types, runs the client's own
/// tests, and then lets it and its example read from servers that are honest and others that are not.
pub fn run(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<Counts> {
    tools::ensure(&[browser::chromium(workspace)])?;
    let chromium = browser::find_chromium(workspace).context("Chromium was just found")?;
    client::build(workspace)?;
    let mut counts = Counts::default();
    for script in ["fresh", "test"] {
        let mut npm = process::program(workspace, "npm")?;
        npm.args(["run", script])
            .current_dir(workspace.typescript_client());
        counts += Counts::one(process::succeeds(&mut npm)?);
    }
    // Built as all other tests are, so that little is built anew.
    let mut cargo = process::cargo(workspace)?;
    cargo
        .arg("test")
        .args(EVERYTHING)
        .args(["--features", "keyarc-testkit/typescript"])
        .args(["--test", "typescript", "--"])
        .args(arguments)
        .env("KEYARC_CHROMIUM", chromium);
    let mut own = Counts::default();
    let succeeded = process::watched(&mut cargo, |line| own.read_line(line))?;
    counts += own.with_status(succeeded);
    Ok(counts)
}
