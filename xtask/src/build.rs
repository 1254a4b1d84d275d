//! The release build of server and site.

use std::{env, fs, path::PathBuf, process::Command};

use anyhow::Context as _;

use crate::{files, optimise, process, say, site, strength, tools, workspace::Workspace};

/// What the site and the server are made of. The server carries the description of the API.
const INPUTS: [&str; 10] = [
    "app",
    "crates",
    "frontend",
    "public",
    "server",
    "style",
    "docs/openapi.json",
    "Cargo.lock",
    "Cargo.toml",
    "rust-toolchain.toml",
];

const SECOND_STAMP: &str = "second-site.stamp";

/// What names of all that is compiled from this repository have in them.
const OWN: &str = "keyarc";

/// Builds the site into `target/site` and the server beside it, unless nothing changed.
///
/// The build tool itself would link, shrink and compress the same site again each time.
pub fn release(workspace: &Workspace) -> anyhow::Result<()> {
    tools::ensure(&tools::site(workspace)?)?;
    let _turn = turn(workspace)?;
    let stamp = workspace.target.join("site.stamp");
    let state = inputs(workspace)?;
    let there = workspace.site().join("strength").is_dir() && workspace.server().is_file();
    if there && files::is_stamped(&stamp, &state) {
        say::step("the release build is up to date");
        return Ok(());
    }
    // A debug build by `cargo x dev` or a build that breaks off leaves another site behind.
    files::stamp(&stamp, "unfinished")?;
    build_site(workspace, &[])?;
    files::stamp(&stamp, &state)
}

/// Builds the site, and the server unless more arguments for cargo-leptos say otherwise.
fn build_site(workspace: &Workspace, arguments: &[&str]) -> anyhow::Result<()> {
    let meter = strength::build(workspace)?;
    say::step("building for release");
    process::run(
        nameless(workspace, &mut process::cargo(workspace)?)?
            .env("PATH", optimise::path_without(workspace)?)
            .args(["leptos", "build", "--release"])
            // Pages that are seldom shown come in files of their own.
            .args(["--split", "--lib-features", "split"])
            .args(arguments),
    )?;
    // Only now: the build empties the site folder first.
    strength::place(workspace, &meter)?;
    site::arrange(workspace)
}

/// A site that was built a second time.
pub struct SecondSite {
    /// The copy that it was built from.
    pub workspace: Workspace,
    /// What stood in the sources when they were copied.
    state: String,
}

/// Builds the site a second time, from a copy of the sources in another folder, with the same
/// compiled dependencies. `None` when the same site was built so before and came out alike.
pub fn second_site(workspace: &Workspace) -> anyhow::Result<Option<SecondSite>> {
    let state = inputs(workspace)?;
    if files::is_stamped(&workspace.target.join(SECOND_STAMP), &state) {
        return Ok(None);
    }
    let second = workspace.second();
    for name in INPUTS.into_iter().chain([".cargo", "xtask"]) {
        let (from, to) = (workspace.root.join(name), second.root.join(name));
        if from.is_dir() {
            files::replace_folder(&from, &to)?;
        } else {
            fs::create_dir_all(to.parent().unwrap_or(&second.root))?;
            fs::copy(&from, &to).with_context(|| format!("copying {}", from.display()))?;
        }
    }
    // What other crates compile to is taken over: it comes from the registry, the same for both.
    if second.target.exists() {
        fs::remove_dir_all(&second.target)?;
    }
    for name in ["front", "meter"] {
        let (from, to) = (workspace.target.join(name), second.target.join(name));
        files::link_folder(&from, &to, |name| !name.contains(OWN))?;
    }
    build_site(&second, &["--frontend-only"])?;
    Ok(Some(SecondSite {
        workspace: second,
        state,
    }))
}

/// Remembers that the second site was like the first.
pub fn second_was_alike(workspace: &Workspace, second: &SecondSite) -> anyhow::Result<()> {
    files::stamp(&workspace.target.join(SECOND_STAMP), &second.state)
}

/// A number that changes with what the site and the server are made of.
fn inputs(workspace: &Workspace) -> anyhow::Result<String> {
    files::fingerprint(&INPUTS.map(|name| workspace.root.join(name)))
}

/// Makes Cargo keep the paths of this machine out of what it builds. They tell who built it, and
/// two builds of one commit would differ by them.
pub fn nameless<'c>(
    workspace: &Workspace,
    command: &'c mut Command,
) -> anyhow::Result<&'c mut Command> {
    // Both folders each time, or else Cargo would take the compiled dependencies of one for others
    // than those of the other. Of two that fit, the compiler takes the last.
    let mut flags = workspace
        .roots
        .each_ref()
        .map(|root| format!("--remap-path-prefix={}=/keyarc", root.display()))
        .to_vec();
    let registry = cargo_home()?.join("registry/src");
    // A folder for each registry, named after its host.
    for entry in fs::read_dir(&registry).into_iter().flatten() {
        flags.push(format!(
            "--remap-path-prefix={}=/crates",
            entry?.path().display()
        ));
    }
    // Cargo adds these to the flags of `.cargo/config.toml`.
    Ok(command
        .env("CARGO_TARGET_DIR", &workspace.target)
        .env("CARGO_BUILD_RUSTFLAGS", flags.join(" ")))
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
