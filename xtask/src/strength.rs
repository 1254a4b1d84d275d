//! The password meter: a second, small WebAssembly module, loaded only where a password is
//! chosen, because its dictionaries are larger than the rest of the interface.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use crate::{build, files, optimise, process, say, workspace::Workspace};

const PROFILE: &str = "wasm-release";
const NAME: &str = "keyarc_strength";

/// Builds the module, unless nothing changed, and gives the folder that holds it.
pub fn build(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    say::step("building the password meter");
    // Apart from the interface, which is compiled with other flags so that it can be split: in
    // one folder each of the two would throw away what the other compiled.
    let meter = workspace.target.join("meter");
    process::run(
        build::nameless(workspace, &mut process::cargo(workspace)?)?
            .args([
                "build",
                "--package",
                "keyarc-strength",
                "--lib",
                "--profile",
                PROFILE,
            ])
            .args(["--target", "wasm32-unknown-unknown", "--target-dir"])
            .arg(&meter),
    )?;
    let compiled = meter
        .join("wasm32-unknown-unknown")
        .join(PROFILE)
        .join(format!("{NAME}.wasm"));
    let folder = workspace.target.join("strength");
    let stamp = workspace.target.join("strength.stamp");
    let state = files::fingerprint(std::slice::from_ref(&compiled))?;
    if files::is_stamped(&stamp, &state) && folder.is_dir() {
        return Ok(folder);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    process::run(
        process::program(workspace, "wasm-bindgen")?
            .args([
                "--target",
                "web",
                "--no-typescript",
                "--out-name",
                NAME,
                "--out-dir",
            ])
            .arg(&folder)
            .arg(&compiled),
    )?;
    let module = folder.join(format!("{NAME}_bg.wasm"));
    optimise::modules(workspace, &[module])?;
    files::stamp(&stamp, &state)?;
    Ok(folder)
}

/// Puts the module where the site serves it.
pub fn place(workspace: &Workspace, built: &Path) -> anyhow::Result<()> {
    files::replace_folder(built, &workspace.site().join("strength"))
        .context("putting the password meter into the site")
}
