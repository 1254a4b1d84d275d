//! The WebAssembly of the client for TypeScript, which opens what a machine token is for.

use anyhow::Context as _;

use crate::{
    files,
    module::{self, Module},
    say, tools,
    workspace::Workspace,
};

const MODULE: Module = Module {
    package: "keyarc-js",
    folder: "client",
    // The package says where the WebAssembly is: a file here, an address there.
    bindings: &["--omit-default-module-path"],
};

/// Builds the module, unless nothing changed, and puts it where the package takes it from.
pub fn build(workspace: &Workspace) -> anyhow::Result<()> {
    tools::ensure(&tools::module(workspace)?)?;
    tools::typescript_client(workspace).ensure()?;
    say::step("building the WebAssembly of the client for TypeScript");
    let built = module::build(workspace, &MODULE)?;
    files::replace_folder(&built, &workspace.typescript_client().join("wasm"))
        .context("putting the WebAssembly into the client for TypeScript")
}
