//! The release build of server and site.

use std::{fs, path::PathBuf};

use anyhow::Context as _;

use crate::{files, process, say, strength, tools, workspace::Workspace};

/// What the site and the server are made of.
const INPUTS: [&str; 9] = [
    "app",
    "crates",
    "frontend",
    "public",
    "server",
    "style",
    "Cargo.lock",
    "Cargo.toml",
    "rust-toolchain.toml",
];

/// Builds the site into `target/site` and the server beside it, unless nothing changed.
///
/// The build tool itself would link, shrink and compress the same site again each time.
pub fn release(workspace: &Workspace) -> anyhow::Result<()> {
    tools::ensure(&tools::site(workspace)?)?;
    let _turn = turn(workspace)?;
    let inputs: Vec<PathBuf> = INPUTS
        .iter()
        .map(|name| workspace.root.join(name))
        .collect();
    let stamp = workspace.target.join("site.stamp");
    let state = files::fingerprint(&inputs)?;
    let there = workspace.site().join("strength").is_dir() && workspace.server().is_file();
    if there && files::is_stamped(&stamp, &state) {
        say::step("the release build is up to date");
        return Ok(());
    }
    // A debug build by `cargo x dev` or a build that breaks off leaves another site behind.
    files::stamp(&stamp, "unfinished")?;
    let meter = strength::build(workspace)?;
    say::step("building the site and the server for release");
    process::run(process::cargo(workspace)?.args([
        "leptos",
        "build",
        "--release",
        "--precompress",
    ]))?;
    // Only now: the build empties the site folder first.
    strength::place(workspace, &meter)?;
    files::stamp(&stamp, &state)
}

/// Waits until no other build writes into the site folder. Dropping the file ends the turn, and
/// so does the end of this process.
fn turn(workspace: &Workspace) -> anyhow::Result<fs::File> {
    fs::create_dir_all(&workspace.target)?;
    let path = workspace.target.join("site.lock");
    let file = fs::File::create(&path).with_context(|| format!("opening {}", path.display()))?;
    if file.try_lock().is_err() {
        say::note("another build runs; waiting for it");
        file.lock().context("waiting for another build")?;
    }
    Ok(file)
}

/// Forgets the release build, because something else is about to write into the site folder.
pub fn forget(workspace: &Workspace) -> anyhow::Result<()> {
    files::stamp(&workspace.target.join("site.stamp"), "overwritten")
}
