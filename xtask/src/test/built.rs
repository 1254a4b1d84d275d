//! Checks on the built site.

use super::Counts;
use crate::{build, say, tidy, workspace::Workspace};

pub fn run(workspace: &Workspace) -> anyhow::Result<Counts> {
    build::release(workspace)?;
    check(workspace)
}

/// What the browser refuses at run time only on the pages that use it is found here everywhere.
pub fn check(workspace: &Workspace) -> anyhow::Result<Counts> {
    let found = tidy::built(workspace)?;
    found
        .iter()
        .for_each(|violation| say::line(&violation.to_string()));
    Ok(Counts::violations(found.len()))
}
