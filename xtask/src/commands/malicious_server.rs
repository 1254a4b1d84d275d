use crate::{malicious, process, say, workspace::Workspace};

/// Runs the tests of the lying server and writes the document that tells what they found.
pub fn run(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<bool> {
    super::no_arguments("malicious-server", arguments)?;
    malicious::forget(workspace)?;
    say::step("lying to a client");
    process::run(process::cargo(workspace)?.args([
        "test",
        "--package",
        "keyarc-testkit",
        "--test",
        "hostile",
    ]))?;
    let wrong = malicious::write(workspace)?;
    wrong.iter().for_each(|wrong| say::line(wrong));
    Ok(wrong.is_empty())
}
