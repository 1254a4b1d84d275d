use crate::{test, workspace::Workspace};

/// What is worth running before every commit.
pub fn run(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<bool> {
    super::no_arguments("check", arguments)?;
    test::run_parts(workspace, &test::QUICK, &[])
}
