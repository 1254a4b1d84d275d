use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use keyarc_lookup::{Wanted, printable};
use keyarc_reference::Reference;
use keyarc_vault::{Kind, import};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::write::changed;
use crate::{
    failure::Failure,
    home::Home,
    open, output, prompt,
    scan::{self, Ignored, Looked, Moving},
    secret::Secret,
    variables,
    vault::{Answer, Question, Row},
    writes::{Change, NewItem},
};

/// The exit code when something was found, which is no failure of the look.
const FOUND: u8 = 10;

// `keyarc scan`
#[derive(Debug, Args)]
pub struct Scan {
    /// Files and folders; this folder without any.
    pub paths: Vec<PathBuf>,
    /// Look through all that Git has, of all branches, and what was thrown away lately.
    #[arg(long, conflicts_with_all = ["paths", "staged"])]
    pub history: bool,
    /// Look through what is to be committed.
    #[arg(long, conflicts_with = "paths")]
    pub staged: bool,
    /// Look through what .gitignore leaves out, too.
    #[arg(long, conflicts_with_all = ["history", "staged"])]
    pub ignored: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// Print SARIF, which code hosts read.
    #[arg(long, conflicts_with = "json")]
    pub sarif: bool,
    /// Move what is found in one file of variables into the vault, and put references in its place.
    #[arg(long = "move", requires = "paths")]
    #[arg(conflicts_with_all = ["history", "staged", "json", "sarif"])]
    pub into_vault: bool,
    /// With --move: one environment set of this name, rather than an item for each variable.
    #[arg(long, value_name = "NAME", requires = "into_vault")]
    pub set: Option<String>,
    /// With --move: the folder.
    #[arg(long, value_name = "FOLDER", requires = "into_vault")]
    pub folder: Option<String>,
    /// With --move: the environment.
    #[arg(long, short, value_name = "NAME", requires = "into_vault")]
    pub environment: Option<String>,
    /// With --move: ask nobody.
    #[arg(long, requires = "into_vault")]
    pub yes: bool,
}

/// Looks for secrets, and tells where they are.
pub async fn run(home: &Home, wish: Scan) -> Result<ExitCode, Failure> {
    let ignored = Ignored::of(&scan::base()?)?;
    if wish.into_vault {
        return into_vault(home, wish, &ignored).await;
    }
    let looked = if wish.history {
        scan::in_history(&ignored)?
    } else if wish.staged {
        scan::staged(&ignored)?
    } else {
        let here = [PathBuf::from(".")];
        let paths = match wish.paths.as_slice() {
            [] => &here[..],
            named => named,
        };
        if let Some(none) = paths.iter().find(|path| !path.exists()) {
            return Err(Failure::Machine(format!("{} is not there", none.display())));
        }
        scan::in_files(paths, &ignored, wish.ignored)
    };
    told(&looked, &wish)
}

fn told(looked: &Looked, wish: &Scan) -> Result<ExitCode, Failure> {
    for one in &looked.left_out {
        eprintln!("keyarc: not looked at: {}", printable(one));
    }
    let findings = &looked.findings;
    if wish.json {
        output::json(findings)?;
    } else if wish.sarif {
        output::json(&scan::sarif(findings))?;
    } else {
        output::secret(scan::lines(findings).as_bytes())?;
        match findings.len() {
            0 => eprintln!("No secrets were found."),
            1 => eprintln!("One secret was found."),
            count => eprintln!("{count} secrets were found."),
        }
    }
    Ok(match findings.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(FOUND),
    })
}

/// Moves the secrets of one file. The vault has them, and gives them back, before the file changes.
async fn into_vault(home: &Home, wish: Scan, ignored: &Ignored) -> Result<ExitCode, Failure> {
    let [path] = wish.paths.as_slice() else {
        return Err(Failure::Usage("--move takes one file".to_owned()));
    };
    if !scan::is_env_file(path) || !path.is_file() {
        return Err(Failure::Usage(
            "--move takes a file of variables, such as .env, .env.local or production.env"
                .to_owned(),
        ));
    }
    let looked = scan::in_files(&wish.paths, ignored, true);
    let moving = Moving::read(path, &looked.findings)?;
    for line in &moving.left {
        eprintln!("keyarc: line {line} stays: its value is not written in one line as it is");
    }
    let left = match moving.left.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(FOUND),
    };
    if moving.secrets.is_empty() {
        eprintln!("There is nothing to move.");
        return Ok(left);
    }
    let items = items(&moving, &wish);
    let planned: Vec<NewItemPlace> = items.iter().map(NewItemPlace::of).collect();
    // That the file can be written is known before the vault has anything.
    moving.with(&references(&moving, &planned, &wish))?;
    is_free(home, &planned).await?;
    for secret in &moving.secrets {
        let (name, hint) = (printable(&secret.name), printable(&secret.hint));
        eprintln!("{name}  {}  {hint}", secret.label);
    }
    let to: Vec<String> = planned.iter().map(|new| printable(&new.shown())).collect();
    eprintln!("To the vault as {}.", to.join(", "));
    if !wish.yes && !prompt::is_possible() {
        return Err(Failure::Usage(
            "there is nobody to ask: say --yes to move them".to_owned(),
        ));
    }
    if !wish.yes && !prompt::agrees("Move them?")? {
        return Ok(ExitCode::from(FOUND));
    }
    let mut made = Vec::with_capacity(items.len());
    for new in items {
        let rows = changed(home, Change::New(new)).await?;
        made.extend(rows.iter().map(NewItemPlace::of_row));
    }
    let references = references(&moving, &made, &wish);
    are_there(home, &moving, &references).await?;
    moving.replace(&moving.with(&references)?)?;
    eprintln!(
        "{} refers to the vault now. What stood in it is still in backups and in the history of Git: change those secrets.",
        printable(&path.display().to_string())
    );
    Ok(left)
}

/// Where an item stands.
struct NewItemPlace {
    name: String,
    folder: String,
    environment: Option<String>,
}

impl NewItemPlace {
    fn of(new: &NewItem) -> Self {
        Self {
            name: new.name.clone(),
            folder: new.folder.clone(),
            environment: new.environment.clone(),
        }
    }

    /// As the vault has it, which knows some environments in one spelling.
    fn of_row(row: &Row) -> Self {
        Self {
            name: row.name.clone(),
            folder: row.folder.clone(),
            environment: row.environment.clone(),
        }
    }

    fn shown(&self) -> String {
        match self.folder.as_str() {
            "" => self.name.clone(),
            folder => format!("{folder}/{}", self.name),
        }
    }
}

/// What is made of the secrets of a file: an item for each in their order, or one set.
fn items(moving: &Moving, wish: &Scan) -> Vec<NewItem> {
    let folder = wish.folder.as_deref().unwrap_or_default();
    let parts = folder.split('/').map(str::trim);
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    let item = |name: &str, kind, secret: &str| NewItem {
        name: name.to_owned(),
        folder: parts.join("/"),
        environment: wish.environment.clone(),
        tags: Vec::new(),
        kind,
        secret: Secret(secret.to_owned()),
        username: String::new(),
        url: String::new(),
        expires_on: None,
    };
    let secrets = moving.secrets.iter();
    match &wish.set {
        Some(name) => {
            let pairs = secrets.map(|one| (one.name.as_str(), one.value.as_str()));
            let lines = Zeroizing::new(import::render(pairs));
            vec![item(name, Kind::EnvironmentSet, &lines)]
        }
        None => secrets
            .map(|one| item(&one.name, Kind::ApiKey, &one.value))
            .collect(),
    }
}

/// What stands for the secrets, in their order.
fn references(moving: &Moving, places: &[NewItemPlace], wish: &Scan) -> Vec<String> {
    let of_set = wish.set.is_some();
    let places = places.iter().cycle().zip(&moving.secrets);
    places
        .map(|(place, secret)| {
            let reference = Reference {
                folder: place.folder.clone(),
                item: place.name.clone(),
                field: match of_set {
                    true => secret.name.clone(),
                    false => "value".to_owned(),
                },
                environment: place.environment.clone(),
            };
            reference.to_string()
        })
        .collect()
}

/// A reference leads to one item: none of the name may be there already.
async fn is_free(home: &Home, planned: &[NewItemPlace]) -> Result<(), Failure> {
    let answer = open::ask(home, &Question::Items).await?;
    let Answer::Items(rows) = &answer else {
        return Err(Failure::Other("no list came".to_owned()));
    };
    let same = |one: &str, other: &str| one.to_lowercase() == other.to_lowercase();
    let is_taken = |row: &&Row| {
        planned.iter().any(|new| {
            let (own, there) = (new.environment.as_deref(), row.environment.as_deref());
            same(&new.name, &row.name)
                && same(&new.folder, &row.folder)
                && own.is_none_or(|own| there.is_some_and(|there| same(own, there)))
        })
    };
    match rows.iter().find(is_taken) {
        None => Ok(()),
        Some(row) => Err(Failure::Usage(format!(
            "{} is in the vault already: name another place with --folder, --environment or --set",
            printable(&row.place())
        ))),
    }
}

/// What was moved comes back as it went, or the file stays as it is.
async fn are_there(home: &Home, moving: &Moving, references: &[String]) -> Result<(), Failure> {
    let wanted = references.iter().map(|reference| {
        let reference: Result<Reference, _> = reference.parse();
        reference
            .map(Wanted::from)
            .map_err(|error| Failure::Other(error.to_string()))
    });
    let values = variables::values(home, wanted.collect::<Result<_, _>>()?).await?;
    let same = moving.secrets.iter().zip(&values);
    let mut same = same.map(|(own, there)| own.value.as_bytes().ct_eq(there.as_bytes()));
    match same.all(bool::from) {
        true => Ok(()),
        false => Err(Failure::Other(
            "the vault gives back something else; the file was left as it is".to_owned(),
        )),
    }
}
