//! The client for TypeScript: that its types are those of the description, and that it works.

use super::Counts;
use crate::{process, tools, workspace::Workspace};

/// Generates the types again to compare, checks all types, and runs the client's own tests.
pub fn run(workspace: &Workspace) -> anyhow::Result<Counts> {
    tools::ensure(&[tools::typescript_client(workspace)])?;
    let mut counts = Counts::default();
    for script in ["fresh", "test"] {
        let mut npm = process::program(workspace, "npm")?;
        npm.args(["run", script])
            .current_dir(workspace.typescript_client());
        counts += Counts::one(process::succeeds(&mut npm)?);
    }
    Ok(counts)
}
