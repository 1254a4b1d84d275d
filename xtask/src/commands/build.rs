use std::fs;

use anyhow::Context as _;

use crate::{build, files, say, workspace::Workspace};

/// Builds for release and gathers what a machine needs to run it in `target/dist`.
pub fn run(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<bool> {
    super::no_arguments("build", arguments)?;
    build::release(workspace)?;
    let dist = workspace.target.join("dist");
    files::replace_folder(&workspace.site(), &dist.join("site"))?;
    let built = workspace.server();
    let name = built.file_name().context("a built file has a name")?;
    let place = dist.join(name);
    // A program that runs cannot be written over, but another can take its name.
    if place.exists() {
        fs::remove_file(&place)?;
    }
    fs::copy(&built, &place).with_context(|| format!("copying {}", built.display()))?;
    say::step(&format!("built into {}", dist.display()));
    Ok(true)
}
