use std::fs;

use crate::{client, process, say, workspace::Workspace};

/// Builds the client for TypeScript and packs it as it would be published.
pub fn run(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<bool> {
    super::no_arguments("client", arguments)?;
    client::build(workspace)?;
    let packed = workspace.target.join("dist");
    fs::create_dir_all(&packed)?;
    process::run(
        process::program(workspace, "npm")?
            .args(["pack", "--pack-destination"])
            .arg(&packed)
            .current_dir(workspace.typescript_client()),
    )?;
    say::step(&format!("packed into {}", packed.display()));
    Ok(true)
}
