//! The release build of server and site.

use std::{env, fs, path::PathBuf, process::Command};

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
    process::run(nameless(workspace, &mut process::cargo(workspace)?)?.args([
        "leptos",
        "build",
        "--release",
        "--precompress",
    ]))?;
    // Only now: the build empties the site folder first.
    strength::place(workspace, &meter)?;
    files::stamp(&stamp, &state)
}

/// Makes Cargo keep the paths of this machine out of what it builds. They tell who built it, and
/// two builds of one commit would differ by them.
pub fn nameless<'c>(
    workspace: &Workspace,
    command: &'c mut Command,
) -> anyhow::Result<&'c mut Command> {
    let mut flags = vec![format!(
        "--remap-path-prefix={}=/keyarc",
        workspace.root.display()
    )];
    let registry = cargo_home()?.join("registry/src");
    // A folder for each registry, named after its host.
    for entry in fs::read_dir(&registry).into_iter().flatten() {
        flags.push(format!(
            "--remap-path-prefix={}=/crates",
            entry?.path().display()
        ));
    }
    // Cargo adds these to the flags of `.cargo/config.toml`.
    Ok(command.env("CARGO_BUILD_RUSTFLAGS", flags.join(" ")))
}

/// Where Cargo keeps the sources of dependencies.
pub fn cargo_home() -> anyhow::Result<PathBuf> {
    let given = |name| env::var_os(name).filter(|folder| !folder.is_empty());
    given("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| given("HOME").map(|home| PathBuf::from(home).join(".cargo")))
        .context("set CARGO_HOME or HOME")
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
