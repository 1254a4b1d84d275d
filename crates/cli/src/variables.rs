//! Variables that files and arguments name, and the values of those that are references.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use keyarc_lookup::{Wanted, printable};
use keyarc_reference::{Reference, SCHEME};
use keyarc_vault::import;
use zeroize::Zeroizing;

use crate::{
    args::EnvFiles,
    failure::Failure,
    home::Home,
    open,
    project::Project,
    vault::{Answer, Question},
};

/// Read when nothing else is named.
const ENV_FILE: &str = ".env";

/// Variables by their names.
pub type Variables = BTreeMap<String, Zeroizing<String>>;

/// The variables of all files that are wished for; the last value of a name counts.
pub fn of_files(wish: &EnvFiles) -> Result<Variables, Failure> {
    let mut variables = Variables::new();
    for path in paths(wish)? {
        variables.extend(read(&path)?);
    }
    Ok(variables)
}

fn paths(wish: &EnvFiles) -> Result<Vec<PathBuf>, Failure> {
    if wish.no_env_file {
        return Ok(Vec::new());
    }
    if !wish.env_file.is_empty() {
        return Ok(wish.env_file.clone());
    }
    let project = Project::here()?;
    Ok(match Path::new(ENV_FILE).is_file() {
        _ if !project.env_files.is_empty() => project.env_files,
        true => vec![ENV_FILE.into()],
        false => Vec::new(),
    })
}

/// What a file of variables sets. A line that cannot be read is an error: a command that lacks a
/// variable would fail later and elsewhere.
fn read(path: &Path) -> Result<Variables, Failure> {
    let text = fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|error| Failure::of_text(path, &error))?;
    let parsed = import::parse(&text);
    if let Some(wrong) = parsed.errors.first() {
        return Err(Failure::Usage(format!(
            "{}, line {}: {}",
            printable(&path.display().to_string()),
            wrong.line,
            wrong.reason
        )));
    }
    let all = parsed.assignments.into_iter();
    Ok(all
        .map(|one| (one.name.clone(), Zeroizing::new(one.value.clone())))
        .collect())
}

/// Puts values in the place of references, all by one question. None of them is given when one is
/// not there.
pub async fn resolve(
    home: &Home,
    variables: &mut Variables,
    environment: Option<&str>,
) -> Result<(), Failure> {
    let is_reference = |value: &str| value.starts_with(SCHEME);
    let mut wanted = Vec::new();
    for (name, value) in variables.iter().filter(|(_, value)| is_reference(value)) {
        let one: Reference = value
            .parse()
            .map_err(|error| Failure::Usage(format!("{name}: {error}")))?;
        wanted.push(Wanted::from(one).of_environment(environment));
    }
    let mut values = values(home, wanted).await?.into_iter();
    for value in variables.values_mut().filter(|value| is_reference(value)) {
        *value = values
            .next()
            .ok_or_else(|| Failure::Other("a value did not come".to_owned()))?;
    }
    Ok(())
}

/// The values of all that is wanted, in its order.
pub async fn values(home: &Home, wanted: Vec<Wanted>) -> Result<Vec<Zeroizing<String>>, Failure> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let count = wanted.len();
    let mut answer = open::ask(home, &Question::Values(wanted)).await?;
    match &mut answer {
        Answer::Values(values) if values.len() == count => {
            let values = std::mem::take(values).into_iter();
            Ok(values.map(Zeroizing::new).collect())
        }
        _ => Err(Failure::Other(
            "other values came than were wanted".to_owned(),
        )),
    }
}

/// POSIX.1-2024, section 8.1, and digits after the first place.
pub fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    chars.next().is_some_and(first) && chars.all(|c| first(c) || c.is_ascii_digit())
}
