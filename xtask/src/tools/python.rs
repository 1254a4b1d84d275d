//! Tools that come from PyPI, in an environment of their own.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Tool, system};
use crate::{files, process, workspace::Workspace};

/// What there is to install, with the hash of every file that is taken.
const REQUIREMENTS: &str = "xtask/schemathesis/requirements.txt";

/// Asks a server everything that its description allows, and much that it does not.
pub fn schemathesis(workspace: &Workspace) -> Tool<'_> {
    Tool {
        name: "schemathesis",
        version: None,
        found: Box::new(|| {
            let wanted = fs::read_to_string(workspace.root.join(REQUIREMENTS)).ok()?;
            let is_there = files::is_stamped(&stamp(workspace), &wanted)
                && schemathesis_program(workspace).is_file();
            is_there.then_some(wanted)
        }),
        install: Box::new(|| install(workspace)),
    }
}

/// Where it is once it is installed.
pub fn schemathesis_program(workspace: &Workspace) -> PathBuf {
    environment(workspace).join("bin/schemathesis")
}

fn environment(workspace: &Workspace) -> PathBuf {
    workspace.target.join("schemathesis")
}

fn stamp(workspace: &Workspace) -> PathBuf {
    environment(workspace).join("keyarc-requirements.txt")
}

fn install(workspace: &Workspace) -> anyhow::Result<()> {
    let environment = environment(workspace);
    if process::find("python3").is_none() || !can_make_environments(workspace)? {
        system::debian_packages(&["python3-venv"])?;
    }
    // One that was left half made is made anew.
    process::run(
        process::program(workspace, "python3")?
            .args(["-m", "venv", "--clear"])
            .arg(&environment),
    )?;
    let requirements = workspace.root.join(REQUIREMENTS);
    process::run(
        process::program(workspace, environment.join("bin/pip"))?
            .args(["install", "--quiet", "--disable-pip-version-check"])
            .args([
                "--require-hashes",
                "--only-binary",
                ":all:",
                "--requirement",
            ])
            .arg(&requirements),
    )?;
    files::stamp(&stamp(workspace), &read(&requirements)?)
}

/// Debian keeps a part of the module in a package of its own.
fn can_make_environments(workspace: &Workspace) -> anyhow::Result<bool> {
    let mut python = process::program(workspace, "python3")?;
    Ok(process::ask(python.args(["-c", "import ensurepip, venv"])).is_some())
}

fn read(path: &Path) -> anyhow::Result<String> {
    Ok(fs::read_to_string(path)?)
}
