use std::{
    env,
    fs::{File, OpenOptions},
    io::Write as _,
    path::PathBuf,
};

use clap::Args;
use keyarc_client::{Host as _, NativeHost};
use keyarc_lookup::printable;
use keyarc_reference::SCHEME;
use keyarc_vault::import;
use zeroize::Zeroizing;

use crate::{
    failure::Failure,
    format::{self, Format},
    home::Home,
    output, prompt,
    variables::{self, Variables},
};

// `keyarc github-actions`
//
// Standard input has a line for each variable: NAME=keyarc://personal/folder/item/field.
#[derive(Debug, Args)]
pub struct GithubActions {
    /// Set the variables for the steps that follow.
    #[arg(long, required_unless_present = "output")]
    pub env: bool,
    /// Make them outputs of the step.
    #[arg(long)]
    pub output: bool,
    /// The environment of references that name none.
    #[arg(long, short, env = "KEYARC_ENVIRONMENT", value_name = "NAME")]
    pub environment: Option<String>,
}

/// Gives a workflow secrets. The runner reads masks on standard output, and what it takes over in files
/// that it names (<https://docs.github.com/actions/reference/workflow-commands>). All comes of one
/// answer, so that what is masked is what is given.
pub async fn run(home: &Home, wish: GithubActions) -> Result<(), Failure> {
    let mut variables = wanted()?;
    let mut files = Vec::new();
    for (is_wanted, name) in [(wish.env, "GITHUB_ENV"), (wish.output, "GITHUB_OUTPUT")] {
        if is_wanted {
            files.push(of_runner(name)?);
        }
    }
    variables::resolve(home, &mut variables, wish.environment.as_deref()).await?;
    let mut rng = NativeHost.rng();
    let masks = format::written(Format::GithubMask, None, &variables, &mut rng)?;
    let text = format::written(Format::Github, None, &variables, &mut rng)?;
    // Nothing is given that is not masked.
    output::secret(masks.as_bytes())?;
    for (path, mut file) in files {
        file.write_all(text.as_bytes())
            .map_err(|error| Failure::of_file("cannot write", &path, &error))?;
    }
    Ok(())
}

/// Names and references. A secret itself would stand in the workflow for everybody to read.
fn wanted() -> Result<Variables, Failure> {
    let text = prompt::asked("a workflow names its secrets in at most 64 kB")?;
    let parsed = import::parse(&text);
    if let Some(wrong) = parsed.errors.first() {
        return Err(Failure::Usage(format!(
            "line {}: {}",
            wrong.line, wrong.reason
        )));
    }
    let mut variables = Variables::new();
    for one in &parsed.assignments {
        if !one.value.starts_with(SCHEME) {
            return Err(Failure::Usage(format!(
                "{}: write NAME=keyarc://personal/folder/item/field, and no value itself",
                printable(&one.name)
            )));
        }
        variables.insert(one.name.clone(), Zeroizing::new(one.value.clone()));
    }
    match variables.is_empty() {
        true => Err(Failure::Usage(
            "standard input names no variable: write NAME=keyarc://personal/folder/item/field"
                .to_owned(),
        )),
        false => Ok(variables),
    }
}

/// A file that the runner reads after the step.
fn of_runner(name: &str) -> Result<(PathBuf, File), Failure> {
    let path = env::var_os(name).filter(|path| !path.is_empty());
    let path = path.map(PathBuf::from).ok_or_else(|| {
        Failure::Usage(format!(
            "{name} is not set: this command is for a step of GitHub Actions"
        ))
    })?;
    let file = OpenOptions::new().append(true).open(&path);
    let file = file.map_err(|error| Failure::of_file("cannot write", &path, &error))?;
    Ok((path, file))
}
