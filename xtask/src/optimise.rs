//! Makes WebAssembly modules smaller.

use std::{env, ffi::OsString, fs, path::PathBuf};

use anyhow::Context as _;

use crate::{files, process, workspace::Workspace};

/// What modules may ask of a browser, as binaryen names it. All that browsers have had since
/// Safari 15.
const FEATURES: [&str; 8] = [
    "MVP",
    "BulkMemory",
    "BulkMemoryOpt",
    "Multivalue",
    "MutableGlobals",
    "NontrappingFPToInt",
    "ReferenceTypes",
    "SignExt",
];

/// Makes each of these modules smaller, in its place.
pub fn modules(workspace: &Workspace, files: &[PathBuf]) -> anyhow::Result<()> {
    process::run_quietly(
        process::program(workspace, "node")?
            .arg(workspace.root.join("xtask/src/optimise.mjs"))
            .arg(workspace.tools.join("node_modules/binaryen/index.js"))
            .arg(FEATURES.join(","))
            .args(files),
    )
    .with_context(|| format!("making {} modules smaller", files.len()))
}

/// A search path on which the optimiser does nothing. The build tool would start it for each of
/// two hundred modules, most of which are smaller than what starting it reads.
pub fn path_without(workspace: &Workspace) -> anyhow::Result<OsString> {
    let folder = workspace.target.join("no-optimiser");
    // Elsewhere the build tool does the work once before, which changes nothing but the time.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let nothing = folder.join("wasm-opt");
        files::stamp(&nothing, "#!/bin/sh\n")?;
        fs::set_permissions(&nothing, fs::Permissions::from_mode(0o755))?;
    }
    let tools = workspace.path()?;
    env::join_paths([folder].into_iter().chain(env::split_paths(&tools)))
        .context("a folder in PATH has a character that PATH cannot hold")
}
