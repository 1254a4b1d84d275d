//! cargo-deny.

use super::Counts;
use crate::{process, say, tools, workspace::Workspace};

/// Where the advisory database comes from.
const ADVISORIES: &str = "https://github.com/rustsec/advisory-db";

pub fn run(workspace: &Workspace) -> anyhow::Result<Counts> {
    tools::deny(workspace).ensure()?;
    let mut counts = Counts::default();
    counts += Counts::one(process::succeeds(
        process::program(workspace, "cargo-deny")?.args([
            "--offline",
            "--all-features",
            "check",
            "bans",
            "licenses",
            "sources",
        ]),
    )?);
    if answers(workspace)? {
        counts += Counts::one(process::succeeds(
            process::program(workspace, "cargo-deny")?.args([
                "--all-features",
                "check",
                "advisories",
            ]),
        )?);
    } else {
        say::note("advisories were NOT checked: their database cannot be reached from here");
    }
    Ok(counts)
}

fn answers(workspace: &Workspace) -> anyhow::Result<bool> {
    let mut git = process::program(workspace, "git")?;
    git.args([
        "-c",
        "http.lowSpeedLimit=1",
        "-c",
        "http.lowSpeedTime=10",
        "ls-remote",
        ADVISORIES,
        "HEAD",
    ])
    .env("GIT_TERMINAL_PROMPT", "0");
    Ok(process::ask(&mut git).is_some())
}
