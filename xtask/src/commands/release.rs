use std::path::PathBuf;

use anyhow::{Context as _, bail};

use crate::{process, workspace::Workspace};

/// Builds for release into `target/dist` and puts a signed manifest of it into its site.
pub fn run(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<bool> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (key, previous) = match words.as_slice() {
        ["--key", key] => (key, None),
        ["--key", key, "--previous", previous] => (key, Some(previous)),
        _ => bail!(
            "say which key signs: cargo x release --key FILE [--previous MANIFEST]\n\
             `cargo run --package keyarc-release -- key FILE` makes one"
        ),
    };
    super::build::run(workspace, &[])?;
    let dist = workspace.target.join("dist");
    let server = workspace.server();
    let server = server.file_name().context("the server has a name")?;
    let mut sign = process::cargo(workspace)?;
    sign.args([
        "run",
        "--quiet",
        "--package",
        "keyarc-release",
        "--",
        "sign",
    ])
    .arg("--server")
    .arg(dist.join(server))
    .arg("--site")
    .arg(dist.join("site"))
    .args(["--version", env!("CARGO_PKG_VERSION")])
    .arg("--key")
    .arg(given(key)?);
    if let Some(previous) = previous {
        sign.arg("--previous").arg(given(previous)?);
    }
    process::succeeds(&mut sign)
}

/// A path as seen from where the command was given; other programs run in the repository.
fn given(path: &str) -> anyhow::Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("finding {path}"))
}
