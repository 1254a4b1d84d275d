use crate::{say, tools, workspace::Workspace};

/// Installs every tool; with `--dry-run` only tells what it would do.
pub fn run(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<bool> {
    let all = tools::all(workspace)?;
    match arguments {
        [] => {
            tools::ensure(&all)?;
            say::line("everything is here");
        }
        [flag] if flag == "--dry-run" => all.iter().for_each(tools::Tool::report),
        _ => anyhow::bail!("`cargo x setup` takes only `--dry-run`"),
    }
    Ok(true)
}
