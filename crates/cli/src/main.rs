//! `keyarc`: a vault in the shell.
//!
//! A command asks a process that holds the keys (`keeper`), or opens the vault itself and locks it
//! again. Both answer the same questions (`vault`), so that it does not matter which.

#![expect(
    clippy::print_stderr,
    reason = "a program for the shell speaks to whoever typed its name"
)]

mod args;
mod checks;
mod commands;
mod failure;
mod format;
mod forms;
mod home;
mod host;
mod keeper;
mod machine;
mod mask;
mod memory;
mod open;
mod output;
mod printable;
mod project;
mod prompt;
mod secret;
mod signals;
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

fn main() -> ExitCode {
    // No commands of anybody's, so that neither help nor completions have them.
    let hidden = std::env::args_os().nth(1);
    let is = |argument: &str| hidden.as_ref().is_some_and(|word| word == argument);
    if is(commands::TAKE_TERMINAL) {
        return ended(&commands::take_terminal());
    }
    let arguments = (!is(keeper::ARGUMENT)).then(args::Arguments::parse);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(async {
            match arguments {
                Some(arguments) => commands::run(arguments).await,
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
    eprintln!("keyarc: {failure}");
    ExitCode::from(failure.exit_code())
}
