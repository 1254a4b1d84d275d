//! `keyarc`: a vault in the shell.
//!
//! A command asks a process that holds the keys (`keeper`), or opens the vault itself and locks it
//! again. Both answer the same questions (`vault`), so that it does not matter which.

#![expect(
    clippy::print_stderr,
    reason = "a program for the shell speaks to whoever typed its name"
)]

mod args;
mod commands;
mod failure;
mod format;
mod home;
mod host;
mod keeper;
mod machine;
mod open;
mod output;
mod printable;
mod prompt;
mod secret;
mod template;
mod tokens;
mod values;
mod variables;
mod vault;
mod writes;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let is_keeper = std::env::args_os()
        .nth(1)
        .is_some_and(|word| word == keeper::ARGUMENT);
    // No command of anybody's, so that neither help nor completions have it.
    let arguments = (!is_keeper).then(args::Arguments::parse);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(async {
            match arguments {
                Some(arguments) => commands::run(arguments).await,
                None => commands::keep().await,
            }
        }),
        Err(error) => Err(failure::Failure::Machine(error.to_string())),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("keyarc: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}
