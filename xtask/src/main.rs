//! `cargo x`: one door to everything that is done with this repository.
//!
//! Each command installs what it needs when that is missing, says so, and does nothing twice.
//! The commands stand in `commands/`, one file each; `tools/` installs, `test/` runs the parts
//! of the test command, `tidy/` holds the laws of the repository.

mod bench;
mod build;
mod client;
mod commands;
mod files;
mod language;
mod malicious;
mod module;
mod optimise;
mod pack;
mod postgres;
mod process;
mod say;
mod site;
mod strength;
mod test;
mod tidy;
mod tools;
mod workspace;

use std::process::ExitCode;

use workspace::Workspace;

const USAGE: &str = "\
cargo x <command>

  serve          build for release and serve at http://127.0.0.1:3000 (BIND changes that)
  dev            serve a debug build and reload the browser at every change
  build          build for release into target/dist: keyarc-server, site/
  client         build the client for TypeScript, and pack it into target/dist
  release        build, and sign a manifest of all that is served: --key FILE
                 [--previous MANIFEST]
  test [part]    every part, or one of: fmt, tidy, deny, clippy, unit, typescript, wasm, e2e,
                 schemathesis, lighthouse, reproducible;
                 store (the database crates only) and built (the built site only) are
                 quick extracts. What follows `--` goes to the test program.
  check          the quick checks: fmt, tidy, clippy
  tidy           the laws of the repository
  fix            rustfmt, and what clippy can mend by itself
  malicious-server
                 lie to a client in every way, and write docs/malicious-server.md
  openapi        write docs/openapi.json, the description of the API
  language [tag name]
                 bring the catalogues in public/languages in step with the texts of the code, or
                 begin one, for example `fr Français`
  bench [name]   measure, and write docs/benchmarks.md
  setup          install every tool; `--dry-run` only tells which
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say::error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// `Ok(false)` means that the command ran and found something wrong, which it has told.
fn run(arguments: &[String]) -> anyhow::Result<bool> {
    let workspace = Workspace::locate()?;
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", arguments),
    };
    match command {
        "serve" => commands::serve::run(&workspace, rest),
        "dev" => commands::dev::run(&workspace, rest),
        "build" => commands::build::run(&workspace, rest),
        "client" => commands::client::run(&workspace, rest),
        "release" => commands::release::run(&workspace, rest),
        "test" => commands::test::run(&workspace, rest),
        "check" => commands::check::run(&workspace, rest),
        "tidy" => commands::tidy::run(&workspace, rest),
        "fix" => commands::fix::run(&workspace, rest),
        "language" => commands::language::run(&workspace, rest),
        "bench" => commands::bench::run(&workspace, rest),
        "openapi" => commands::openapi::run(&workspace, rest),
        "malicious-server" => commands::malicious_server::run(&workspace, rest),
        "setup" => commands::setup::run(&workspace, rest),
        "help" | "--help" | "-h" => {
            say::plain(USAGE);
            Ok(true)
        }
        unknown => anyhow::bail!("there is no command `{unknown}`\n\n{USAGE}"),
    }
}
