//! `keyarc`: a vault in the shell.
//!
//! A command asks a process that holds the keys (`keeper`), or opens the vault itself and locks it
//! again. Both answer the same questions (`vault`), so that it does not matter which.

#![expect(
    clippy::print_stderr,
    reason = "a program for the shell speaks to whoever typed its name"
)]

mod address;
mod approval;
mod args;
mod cache;
mod checks;
mod colour;
mod commands;
mod credentials;
mod external_secrets;
mod failure;
mod format;
mod forms;
mod handing_in;
mod hardened;
mod home;
mod host;
mod keeper;
mod keyring;
mod machine;
mod mask;
mod mcp;
mod memory;
mod open;
mod output;
mod private;
mod process;
mod project;
mod prompt;
mod scan;
mod scope;
mod secret;
mod secret_file;
mod signals;
mod ssh;
mod template;
mod terminal;
mod tokens;
mod transfers;
mod values;
mod variables;
mod vault;
mod writes;

use std::process::ExitCode;

use clap::Parser as _;

use crate::colour::{Tone, Toned};

/// Under these file names the program is a helper of another one, which finds helpers by name.
const HELPERS: [(&str, &str); 2] = [
    ("docker-credential-keyarc", "docker-credential"),
    ("git-credential-keyarc", "git-credential"),
];

fn main() -> ExitCode {
    hardened::begin();
    // No commands of anybody's, so that neither help nor completions have them.
    let hidden = std::env::args_os().nth(1);
    let is = |argument: &str| hidden.as_ref().is_some_and(|word| word == argument);
    if is(commands::TAKE_TERMINAL) {
        return ended(&commands::take_terminal());
    }
    let (is_keeper, is_agent) = (is(keeper::ARGUMENT), is(ssh::ARGUMENT));
    let arguments = (!is_keeper && !is_agent).then(called);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(async {
            match arguments {
                Some(arguments) => commands::run(arguments).await,
                None if is_agent => commands::serve_ssh().await.map(|()| ExitCode::SUCCESS),
                None => commands::keep().await.map(|()| ExitCode::SUCCESS),
            }
        }),
        Err(error) => Err(failure::Failure::Machine(error.to_string())),
    };
    match outcome {
        Ok(code) => code,
        Err(failure) => ended(&failure),
    }
}

fn ended(failure: &failure::Failure) -> ExitCode {
    let name = Toned::new("keyarc:", Tone::Bad);
    eprintln!("{} {failure}", name.shown(colour::on_stderr()));
    ExitCode::from(failure.exit_code())
}

/// What was typed. A link to this program that is called as a helper is, does what that helper does.
fn called() -> args::Arguments {
    let mut words = std::env::args_os();
    let own = words.next().unwrap_or_default();
    let name = std::path::Path::new(&own).file_name();
    let helper = HELPERS
        .iter()
        .find(|(helper, _)| name.is_some_and(|name| name == *helper));
    let command = helper.map(|(_, command)| (*command).into());
    args::Arguments::parse_from([own].into_iter().chain(command).chain(words))
}
