use crate::{process, say, test::clippy, tools, workspace::Workspace};

/// Formats, and lets clippy mend what it can. Works on uncommitted changes: it is meant for them.
pub fn run(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<bool> {
    super::no_arguments("fix", arguments)?;
    tools::ensure(&tools::wasm(workspace)?)?;
    for scope in clippy::scopes(workspace)? {
        say::step(&format!("clippy --fix, {}", scope.name));
        process::run(
            process::cargo(workspace)?
                .args(["clippy", "--fix", "--allow-dirty", "--allow-staged"])
                .args(&scope.arguments),
        )?;
    }
    say::step("rustfmt");
    process::run(process::cargo(workspace)?.args(["fmt", "--all"]))?;
    Ok(true)
}
