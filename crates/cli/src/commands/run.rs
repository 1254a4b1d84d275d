use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    fs,
    io::ErrorKind,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use keyarc_reference::{Reference, SCHEME};
use keyarc_vault::import;

use crate::{
    args::Run,
    failure::Failure,
    home::Home,
    open,
    vault::{Answer, Question, Wanted},
};

/// Read when nothing else is named.
const ENV_FILE: &str = ".env";

/// Runs a command with secrets in its environment. This process becomes the command: signals, exit
/// code and terminal are its own.
pub async fn run(home: &Home, wish: Run) -> Result<(), Failure> {
    let Some((program, arguments)) = wish.command.split_first() else {
        return Err(Failure::Usage("name a command after --".to_owned()));
    };
    let mut variables = inherited();
    for path in env_files(&wish) {
        variables.extend(read(&path)?);
    }
    for one in &wish.set {
        let (name, value) = one.split_once('=').unwrap_or((one, ""));
        if !is_name(name) || !value.starts_with(SCHEME) {
            return Err(Failure::Usage(
                "--set takes NAME=keyarc://personal/folder/item/field: a secret itself does not belong into arguments, which others may read".to_owned(),
            ));
        }
        variables.insert(name.to_owned(), value.to_owned());
    }
    let resolved = resolved(home, &variables, wish.environment.as_deref()).await?;
    let mut command = Command::new(program);
    command.args(arguments);
    for (name, value) in variables
        .iter()
        .filter(|(_, value)| !value.starts_with(SCHEME))
    {
        command.env(name, value);
    }
    command.envs(resolved);
    // Only comes back when it could not be started.
    let error = command.exec();
    let shown = crate::printable::printable(&program.to_string_lossy());
    Err(match error.kind() {
        ErrorKind::NotFound => Failure::NotFound {
            what: format!("command {shown}"),
            nearest: Vec::new(),
        },
        _ => Failure::Machine(format!("cannot run {shown}: {error}")),
    })
}

/// Variables of this process whose values are references.
fn inherited() -> BTreeMap<String, String> {
    env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(_, value)| value.starts_with(SCHEME))
        .collect()
}

fn env_files(wish: &Run) -> Vec<PathBuf> {
    if wish.no_env_file {
        return Vec::new();
    }
    match wish.env_file.as_slice() {
        [] => Path::new(ENV_FILE)
            .is_file()
            .then(|| ENV_FILE.into())
            .into_iter()
            .collect(),
        named => named.to_vec(),
    }
}

/// What a file of variables sets. A line that cannot be read is an error: a command that lacks a
/// variable would fail later and elsewhere.
fn read(path: &Path) -> Result<Vec<(String, String)>, Failure> {
    let text =
        fs::read_to_string(path).map_err(|error| Failure::of_file("cannot read", path, &error))?;
    let parsed = import::parse(&text);
    if let Some(wrong) = parsed.errors.first() {
        return Err(Failure::Usage(format!(
            "{}, line {}: {}",
            path.display(),
            wrong.line,
            wrong.reason
        )));
    }
    let all = parsed.assignments.into_iter();
    Ok(all
        .map(|one| (one.name.clone(), one.value.clone()))
        .collect())
}

/// The values of all references, by one question. None of them is given when one is not there.
async fn resolved(
    home: &Home,
    variables: &BTreeMap<String, String>,
    environment: Option<&str>,
) -> Result<Vec<(OsString, OsString)>, Failure> {
    let mut names = Vec::new();
    let mut wanted = Vec::new();
    for (name, value) in variables
        .iter()
        .filter(|(_, value)| value.starts_with(SCHEME))
    {
        let one: Reference = value
            .parse()
            .map_err(|error| Failure::Usage(format!("{name}: {error}")))?;
        names.push(name);
        wanted.push(Wanted::from(one).of_environment(environment));
    }
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let answer = open::ask(home, &Question::Values(wanted)).await?;
    let Answer::Values(values) = &answer else {
        return Err(Failure::Other("no values came".to_owned()));
    };
    let mut resolved = Vec::with_capacity(names.len());
    for (name, value) in names.into_iter().zip(values) {
        if value.contains('\0') {
            return Err(Failure::Usage(format!(
                "{name}: its value has a NUL in it, which no environment can hold"
            )));
        }
        resolved.push((name.into(), value.into()));
    }
    Ok(resolved)
}

/// POSIX.1-2024, section 8.1, and digits after the first place.
fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    chars.next().is_some_and(first) && chars.all(|c| first(c) || c.is_ascii_digit())
}
