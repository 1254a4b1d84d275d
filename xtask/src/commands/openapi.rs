use std::fs;

use crate::{process, say, workspace::Workspace};

/// Where the description of the API is kept, from where the server's build takes it.
const DOCUMENT: &str = "docs/openapi.json";

/// Writes the description of the API. A test of `keyarc-openapi` refuses a copy that is out of date.
pub fn run(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<bool> {
    super::no_arguments("openapi", arguments)?;
    let document = process::output(process::cargo(workspace)?.args([
        "run",
        "--quiet",
        "--package",
        "keyarc-openapi",
    ]))?;
    fs::write(workspace.root.join(DOCUMENT), document)?;
    say::line(&format!("{DOCUMENT} is written"));
    Ok(true)
}
