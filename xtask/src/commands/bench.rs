use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context as _, bail};
use serde_json::{Map, Value};

use crate::{bench, build, process, say, test, tools, workspace::Workspace};

/// The measurements, in the order in which they run.
const NAMES: [&str; 4] = ["native", "server", "shell", "browser"];

/// Measures everything and writes the document, or measures one part and only tells: figures of
/// several runs do not belong into one document.
pub fn run(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<bool> {
    let wanted: Vec<&str> = match arguments {
        [] => NAMES.to_vec(),
        [name] if NAMES.contains(&name.as_str()) => vec![name.as_str()],
        _ => bail!("`cargo x bench` takes one of: {}", NAMES.join(", ")),
    };
    build::release(workspace)?;
    say::step("building the measurements");
    // One after the other, so that each is built with the features that it has by itself.
    for package in ["keyarc-bench", "keyarc-cli"] {
        process::run(process::cargo(workspace)?.args([
            "build",
            "--package",
            package,
            "--profile",
            "server-release",
        ]))?;
    }
    let mut results = Map::new();
    for &name in &wanted {
        say::step(&format!("measuring: {name}"));
        let result = match name {
            "native" => ask(program(workspace)?.arg("native"))?,
            "server" => ask(program(workspace)?
                .arg("server")
                .arg(workspace.server())
                .arg(workspace.site()))?,
            "shell" => ask(program(workspace)?
                .arg("shell")
                .arg(workspace.server())
                .arg(workspace.site())
                .arg(workspace.server().with_file_name("keyarc"))
                .args(peer(workspace)))?,
            _ => in_browser(workspace)?,
        };
        results.insert(name.to_owned(), result);
    }
    let results = Value::Object(results);
    if wanted.len() < NAMES.len() {
        say::line(&serde_json::to_string_pretty(&results)?);
        let measures = bench::of_parts(&results);
        for measure in &measures {
            say::line(&measure.to_string());
        }
        return Ok(measures.iter().all(bench::Measure::holds));
    }
    let measures = bench::measures(&results)?;
    let document = workspace.root.join("docs/benchmarks.md");
    fs::write(&document, bench::document(&measures, &results)?)?;
    for measure in &measures {
        say::line(&measure.to_string());
    }
    say::step(&format!("written to {}", document.display()));
    Ok(measures.iter().all(bench::Measure::holds))
}

fn program(workspace: &Workspace) -> anyhow::Result<Command> {
    process::program(workspace, workspace.server().with_file_name("keyarc-bench"))
}

fn ask(command: &mut Command) -> anyhow::Result<Value> {
    serde_json::from_str(&process::output(command)?).context("reading the measurement")
}

/// The program of Bitwarden, where it can be had: without it nothing else is different.
fn peer(workspace: &Workspace) -> Option<PathBuf> {
    let tool = tools::bitwarden(workspace);
    if let Err(error) = tools::ensure(&[tool]) {
        say::note(&format!("measured without Bitwarden: {error:#}"));
        return None;
    }
    Some(tools::bitwarden_program(workspace))
}

fn in_browser(workspace: &Workspace) -> anyhow::Result<Value> {
    let results = workspace.target.join("bench-browser.json");
    let mut playwright = test::playwright(workspace)?;
    playwright
        .args([
            "playwright",
            "test",
            "--project=bench",
            "--workers=1",
            "--reporter=list",
        ])
        .env(
            "KEYARC_BENCH",
            workspace.server().with_file_name("keyarc-bench"),
        )
        .env("KEYARC_BENCH_RESULTS", &results);
    process::run(&mut playwright)?;
    serde_json::from_str(&fs::read_to_string(results)?).context("reading the measurement")
}
