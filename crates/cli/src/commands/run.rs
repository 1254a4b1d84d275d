use std::{
    env,
    ffi::OsStr,
    io::{Error, ErrorKind},
    os::unix::process::CommandExt as _,
    process::{Command, ExitCode},
};

use keyarc_lookup::printable;
use keyarc_reference::SCHEME;
use zeroize::Zeroizing;

use super::masked;
use crate::{
    args::Run,
    failure::Failure,
    home::Home,
    machine,
    mask::{self, Needles},
    variables::{self, Variables, is_name},
};

/// Runs a command with secrets in its environment. This process becomes the command: signals, exit
/// code and terminal are its own. With a mask it stays, and looks at what the command prints.
pub async fn run(home: &Home, wish: Run) -> Result<ExitCode, Failure> {
    let Some((program, arguments)) = wish.command.split_first() else {
        return Err(Failure::Usage("name a command after --".to_owned()));
    };
    let mut set = inherited();
    set.extend(variables::of_files(&wish.files)?);
    for one in &wish.set {
        let (name, value) = one.split_once('=').unwrap_or((one, ""));
        if !is_name(name) || !value.starts_with(SCHEME) {
            return Err(Failure::Usage(
                "--set takes NAME=keyarc://personal/folder/item/field: a secret itself does not belong into arguments, which others may read".to_owned(),
            ));
        }
        set.insert(name.to_owned(), Zeroizing::new(value.to_owned()));
    }
    let secret: Vec<String> = set
        .iter()
        .filter(|(_, value)| value.starts_with(SCHEME))
        .map(|(name, _)| name.clone())
        .collect();
    variables::resolve(home, &mut set, wish.environment.as_deref()).await?;
    if let Some((name, _)) = set.iter().find(|(_, value)| value.contains('\0')) {
        return Err(Failure::Usage(format!(
            "{name}: its value has a NUL in it, which no environment can hold"
        )));
    }
    let mut command = Command::new(program);
    command
        .args(arguments)
        // The command gets the values that were named for it, and not what reads all the others.
        .env_remove(machine::TOKEN)
        .env_remove(machine::TOKEN_FILE)
        .envs(set.iter().map(|(name, value)| (name, value.as_str())));
    if wish.mask {
        let secrets = || secret.iter().filter_map(|name| set.get_key_value(name));
        let short = secrets().filter(|(_, value)| value.len() < mask::LEAST);
        for (name, _) in short {
            eprintln!(
                "keyarc: {} is not masked: its value has fewer than {} bytes",
                printable(name),
                mask::LEAST
            );
        }
        let needles = Needles::of(secrets().map(|(_, value)| value.as_str()));
        let code =
            masked::run(command, needles, |error| cannot_start(program, &set, error)).await?;
        return Ok(ExitCode::from(code));
    }
    // Only comes back when it could not be started.
    let error = command.exec();
    Err(cannot_start(program, &set, &error))
}

/// Why a command did not start with these variables, of which one may be more than the system takes.
fn cannot_start(program: &OsStr, set: &Variables, error: &Error) -> Failure {
    match set.iter().max_by_key(|(_, value)| value.len()) {
        Some((name, value)) if error.kind() == ErrorKind::ArgumentListTooLong => {
            Failure::Machine(format!(
                "the environment is larger than this system allows: {} alone has {} bytes. `keyarc get` and `keyarc inject` put a value into a file",
                printable(name),
                value.len()
            ))
        }
        _ => not_started(program, error),
    }
}

/// Why a command did not start.
pub fn not_started(program: &OsStr, error: &Error) -> Failure {
    let shown = printable(&program.to_string_lossy());
    match error.kind() {
        ErrorKind::NotFound => Failure::NotFound {
            what: format!("command {shown}"),
            nearest: Vec::new(),
        },
        _ => Failure::Machine(format!("cannot run {shown}: {error}")),
    }
}

/// Variables of this process whose values are references.
fn inherited() -> Variables {
    env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(_, value)| value.starts_with(SCHEME))
        .map(|(name, value)| (name, Zeroizing::new(value)))
        .collect()
}
