//! A real server, asked by a program that knows its description and nothing else.

use super::{Counts, native::EVERYTHING};
use crate::{process, tools, workspace::Workspace};

/// Builds the test as all others are, so that little is built anew, and tells it of the program
/// that asks. The arguments are that program's.
pub fn run(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<Counts> {
    tools::ensure(&[tools::schemathesis(workspace)])?;
    let mut cargo = process::cargo(workspace)?;
    cargo
        .arg("test")
        .args(EVERYTHING)
        .args(["--features", "keyarc-testkit/explored"])
        .args(["--test", "explored", "--", "--nocapture"])
        .args(arguments)
        .env(
            "KEYARC_SCHEMATHESIS",
            tools::schemathesis_program(workspace),
        );
    let mut counts = Counts::default();
    let succeeded = process::watched(&mut cargo, |line| counts.read_line(line))?;
    Ok(counts.with_status(succeeded))
}
