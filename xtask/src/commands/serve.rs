use std::os::unix::process::CommandExt as _;

use crate::{build, process, say, workspace::Workspace};

/// Builds for release and becomes the server, so that Ctrl-C reaches it and nothing else.
pub fn run(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<bool> {
    super::no_arguments("serve", arguments)?;
    build::release(workspace)?;
    say::step("serving; Ctrl-C ends it");
    let mut server = process::program(workspace, workspace.server())?;
    Err(server.env("SITE_ROOT", workspace.site()).exec().into())
}
