//! Commands that change the vault.

use keyarc_client::{Host as _, NativeHost};
use keyarc_lookup::{Wanted, printable};
use keyarc_vault::{
    Kind,
    generate::{PasswordRecipe, Recipe, generate},
};

use crate::{
    args::{Mv, New, Rm, Set},
    failure::Failure,
    home::Home,
    machine, open, output,
    project::Project,
    prompt,
    secret::Secret,
    vault::{Answer, Question, Row},
    writes::{Change, NewItem},
};

/// Makes an item.
pub async fn new(home: &Home, wish: New) -> Result<(), Failure> {
    let is_login = wish.kind == NewKind::Login;
    if !is_login && (wish.username.is_some() || wish.url.is_some()) {
        return Err(Failure::Usage(
            "--username and --url belong to --kind login".to_owned(),
        ));
    }
    if let Some(given) = machine::given()? {
        given.writes(home).await?;
    }
    let secret = match wish.generate {
        true => {
            let made = generate(
                &Recipe::Password(PasswordRecipe::default()),
                &mut NativeHost.rng(),
            );
            let made = made.map_err(|error| Failure::Usage(error.to_string()))?;
            Secret(made.value.clone())
        }
        false => Secret(prompt::value("Secret: ")?.as_str().to_owned()),
    };
    let project = Project::here()?;
    let item = NewItem {
        name: wish.name,
        folder: wish.folder.or(project.folder).unwrap_or_default(),
        environment: wish.environment.or(project.environment),
        tags: wish.tag,
        kind: wish.kind.into(),
        secret,
        username: wish.username.unwrap_or_default(),
        url: wish.url.unwrap_or_default(),
        expires_on: wish.expires,
    };
    let rows = changed(home, Change::New(item)).await?;
    told("Made", &rows, wish.printed.json)
}

/// Sets a value of an item.
pub async fn set(home: &Home, wish: Set) -> Result<(), Failure> {
    if let Some(given) = machine::given()? {
        given.writes(home).await?;
    }
    let wanted = wanted(&wish.item, wish.field, wish.environment.as_deref())?;
    let value = Secret(prompt::value("New value: ")?.as_str().to_owned());
    let rows = changed(home, Change::Set(wanted, value)).await?;
    told("Changed", &rows, wish.printed.json)
}

/// Moves items into a folder.
pub async fn mv(home: &Home, wish: Mv) -> Result<(), Failure> {
    let wanted = several(&wish.items, wish.environment.as_deref())?;
    let rows = changed(home, Change::Move(wanted, wish.to)).await?;
    told("Moved", &rows, wish.printed.json)
}

/// Moves items to the trash.
pub async fn rm(home: &Home, wish: Rm) -> Result<(), Failure> {
    let wanted = several(&wish.items, wish.environment.as_deref())?;
    let rows = changed(home, Change::Remove(wanted)).await?;
    told("To the trash:", &rows, wish.printed.json)
}

fn wanted(item: &str, field: Option<String>, environment: Option<&str>) -> Result<Wanted, Failure> {
    let wanted = Wanted::typed(item, field).map_err(|error| Failure::Usage(error.to_string()))?;
    Ok(wanted.of_environment(environment))
}

fn several(items: &[String], environment: Option<&str>) -> Result<Vec<Wanted>, Failure> {
    items
        .iter()
        .map(|item| wanted(item, None, environment))
        .collect()
}

/// Makes a change, and tells the items that it made or changed.
pub async fn changed(home: &Home, change: Change) -> Result<Vec<Row>, Failure> {
    let answer = open::ask(home, &Question::Change(change)).await?;
    match &answer {
        Answer::Changed { rows, behind } => {
            // It is changed: that a token still reads what was before is no failure of it.
            for warning in behind {
                eprintln!("keyarc: {warning}");
            }
            Ok(rows.clone())
        }
        _ => Err(Failure::Other("no items came".to_owned())),
    }
}

/// People are told on standard error, so that a pipe gets nothing that it did not ask for.
pub fn told(verb: &str, rows: &[Row], json: bool) -> Result<(), Failure> {
    if json {
        return output::json(&rows);
    }
    for row in rows {
        eprintln!("{verb} {}", printable(&row.place()));
    }
    Ok(())
}

/// What a new item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum NewKind {
    /// One secret: an API key, a token, a connection URL.
    Key,
    /// User name, password and address.
    Login,
    /// Text.
    Note,
    /// Variables, as the lines of a .env file.
    Env,
    /// A setup key for one-time codes.
    Totp,
}

impl From<NewKind> for Kind {
    fn from(kind: NewKind) -> Self {
        match kind {
            NewKind::Key => Self::ApiKey,
            NewKind::Login => Self::Login,
            NewKind::Note => Self::Note,
            NewKind::Env => Self::EnvironmentSet,
            NewKind::Totp => Self::Totp,
        }
    }
}
