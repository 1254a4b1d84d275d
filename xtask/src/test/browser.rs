//! The user stories and Lighthouse: Playwright against the real server.

use std::{fs, path::PathBuf, process::Command};

use anyhow::Context as _;

use super::{Counts, built};
use crate::{
    build,
    postgres::{self, Postgres},
    process, say,
    tools::{self, browser},
    workspace::Workspace,
};

/// Every story, on a desk and on a phone, with SQLite and with Postgres.
pub fn stories(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<Counts> {
    // What the browser's runner strips without looking at it is checked first, in seconds.
    let mut counts = Counts::one(process::succeeds(playwright(workspace)?.args([
        "tsc",
        "--noEmit",
        "--project",
        ".",
    ]))?)
    .named("the types of the stories");
    build::release(workspace)?;
    counts += built::check(workspace)?;
    let server = Postgres::start(workspace)?;
    let mut run = playwright(workspace)?;
    run.args(["playwright", "test", "--project=desktop", "--project=phone"])
        .args(arguments)
        .env(postgres::URL_VARIABLE, server.url());
    counts += count(workspace, &mut run, "stories")?;
    Ok(counts)
}

/// Lighthouse over every public page. Alone, because it measures time.
pub fn lighthouse(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<Counts> {
    build::release(workspace)?;
    let mut run = playwright(workspace)?;
    run.args(["playwright", "test", "--project=lighthouse", "--workers=1"])
        .args(arguments);
    count(workspace, &mut run, "lighthouse")
}

/// `npx` in the folder of the browser tests, told where browser, server and site are.
pub fn playwright(workspace: &Workspace) -> anyhow::Result<Command> {
    tools::ensure(&[tools::browser_tests(workspace)])?;
    let chromium = chromium(workspace)?;
    let mut npx = process::program(workspace, "npx")?;
    npx.current_dir(workspace.end2end())
        .env("KEYARC_CHROMIUM", chromium)
        .env("KEYARC_SERVER", workspace.server())
        .env("KEYARC_SITE", workspace.site());
    Ok(npx)
}

/// Chromium without windows, or the one with windows where the other cannot be had: the same
/// engine, and only slower.
fn chromium(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    match tools::ensure(&[browser::chromium_without_windows(workspace)]) {
        Ok(()) => browser::find_chromium_without_windows(workspace),
        Err(failure) => {
            say::note(&format!("{failure:#}; taking Chromium as it is"));
            tools::ensure(&[browser::chromium(workspace)])?;
            browser::find_chromium(workspace)
        }
    }
    .context("Chromium was just found")
}

fn count(workspace: &Workspace, playwright: &mut Command, name: &str) -> anyhow::Result<Counts> {
    let report = workspace.target.join(format!("playwright-{name}.json"));
    if report.exists() {
        fs::remove_file(&report)?;
    }
    playwright
        .arg("--reporter=list,json")
        .env("PLAYWRIGHT_JSON_OUTPUT_NAME", &report);
    let succeeded = process::succeeds(playwright)?;
    match fs::read_to_string(&report) {
        Ok(text) => Ok(Counts::of_playwright(&text)?.with_status(succeeded)),
        Err(_) => Ok(Counts::default().with_status(false)),
    }
}
