use crate::{say, tidy, workspace::Workspace};

/// Checks the laws of the repository.
pub fn run(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<bool> {
    super::no_arguments("tidy", arguments)?;
    let found = tidy::check(workspace)?;
    for violation in &found {
        say::line(&violation.to_string());
    }
    if found.is_empty() {
        say::line("tidy");
    }
    Ok(found.is_empty())
}
