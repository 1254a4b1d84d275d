//! The password meter: a second, small WebAssembly module, loaded only where a password is
//! chosen, because its dictionaries are larger than the rest of the interface.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::{
    files,
    module::{self, Module},
    say,
    workspace::Workspace,
};

const MODULE: Module = Module {
    package: "keyarc-strength",
    folder: "strength",
    bindings: &["--no-typescript"],
};

/// Builds the module, unless nothing changed, and gives the folder that holds it.
pub fn build(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    say::step("building the password meter");
    module::build(workspace, &MODULE)
}

/// Puts the module where the site serves it.
pub fn place(workspace: &Workspace, built: &Path) -> anyhow::Result<()> {
    files::replace_folder(built, &workspace.site().join("strength"))
        .context("putting the password meter into the site")
}
