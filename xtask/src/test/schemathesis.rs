//! A real server, asked by a program that knows its description and nothing else.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
};

use anyhow::Context as _;
use serde_json::Value;

use super::{Counts, native};
use crate::{process, tools, workspace::Workspace};

const FOLDER: &str = "xtask/schemathesis";

/// Tries everything twice: with a session, and as a stranger.
pub fn run(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<Counts> {
    tools::ensure(&[tools::schemathesis(workspace)])?;
    let server = Explored::start(workspace)?;
    let mut counts = Counts::default();
    for configuration in ["member.toml", "stranger.toml"] {
        let folder = workspace.root.join(FOLDER);
        // What it notes of a run goes into the target folder, and not among the sources.
        let notes = workspace.target.join("tmp/schemathesis");
        fs::create_dir_all(&notes)?;
        let mut explore = process::program(workspace, tools::schemathesis_program(workspace))?;
        explore
            .current_dir(notes)
            .arg("--config-file")
            .arg(folder.join(configuration))
            .arg("run")
            .arg(workspace.root.join("docs/openapi.json"))
            .args(["--url", server.text("origin")])
            .args(arguments)
            .env("KEYARC_ACCESS_TOKEN", server.text("access_token"))
            .env("KEYARC_VAULT", server.text("vault_id"))
            .env("KEYARC_ATTACHMENT", server.text("attachment_id"));
        counts += Counts::one(process::succeeds(&mut explore)?);
    }
    Ok(counts)
}

/// The server of `keyarc-explored`, which ends with this.
struct Explored {
    program: Child,
    told: Value,
}

impl Explored {
    fn start(workspace: &Workspace) -> anyhow::Result<Self> {
        // As the other native tests are built, of which it is a program, so that nothing is
        // compiled twice.
        process::run(
            process::cargo(workspace)?
                .arg("test")
                .args(native::EVERYTHING)
                .args(["--features", "keyarc-testkit/server"])
                .args(["--no-run", "--test", "hostile"]),
        )?;
        let mut program =
            process::program(workspace, workspace.target.join("debug/keyarc-explored"))?
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .context("starting the server that is explored")?;
        let mut line = String::new();
        if let Some(out) = program.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        let told = serde_json::from_str(&line).context("the server did not say where it is")?;
        Ok(Self { program, told })
    }

    fn text(&self, name: &str) -> &str {
        self.told[name].as_str().unwrap_or_default()
    }
}

impl Drop for Explored {
    fn drop(&mut self) {
        // It ends when nothing more can be said to it.
        drop(self.program.stdin.take());
        let _ = self.program.wait();
    }
}
