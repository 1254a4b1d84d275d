//! Small WebAssembly modules beside the interface's: the password meter, and what the client for
//! TypeScript opens a machine token's copy with.

use std::{fs, path::PathBuf};

use crate::{build, files, optimise, process, workspace::Workspace};

const PROFILE: &str = "wasm-release";

/// One of them.
#[derive(Debug)]
pub struct Module {
    /// What Cargo calls it.
    pub package: &'static str,
    /// The folder that holds it, in the target folder.
    pub folder: &'static str,
    /// What is said to the linker to JavaScript besides.
    pub bindings: &'static [&'static str],
}

/// Builds a module, unless nothing changed, and gives the folder that holds it: its WebAssembly and
/// the script that loads it.
pub fn build(workspace: &Workspace, module: &Module) -> anyhow::Result<PathBuf> {
    let name = module.package.replace('-', "_");
    // Apart from the interface, which is compiled with other flags so that it can be split: in
    // one folder each of the two would throw away what the other compiled.
    let compiling = workspace.target.join("meter");
    process::run(
        build::nameless(workspace, &mut process::cargo(workspace)?)?
            .args(["build", "--package", module.package, "--lib"])
            .args(["--profile", PROFILE])
            .args(["--target", "wasm32-unknown-unknown", "--target-dir"])
            .arg(&compiling),
    )?;
    let compiled = compiling
        .join("wasm32-unknown-unknown")
        .join(PROFILE)
        .join(format!("{name}.wasm"));
    let folder = workspace.target.join(module.folder);
    let stamp = workspace.target.join(format!("{}.stamp", module.folder));
    let state = files::fingerprint(std::slice::from_ref(&compiled))?;
    if files::is_stamped(&stamp, &state) && folder.is_dir() {
        return Ok(folder);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    process::run(
        process::program(workspace, "wasm-bindgen")?
            .args(["--target", "web", "--out-name", &name])
            .args(module.bindings)
            .arg("--out-dir")
            .arg(&folder)
            .arg(&compiled),
    )?;
    optimise::modules(workspace, &[folder.join(format!("{name}_bg.wasm"))])?;
    files::stamp(&stamp, &state)?;
    Ok(folder)
}
