use keyarc_client::{Host as _, NativeHost};
use keyarc_lookup::{is_below, printable};
use keyarc_vault::{Day, Kind};
use serde::{Deserialize, Serialize};

use crate::{
    args::Ls,
    colour::{self, Tone, Toned},
    failure::Failure,
    home::Home,
    open, output,
    vault::{Answer, Question, Row},
};

const HEAD: [&str; 5] = ["NAME", "FOLDER", "ENVIRONMENT", "KIND", "EXPIRES"];

/// Which items are listed, and how. The list is made where the vault is open: whoever holds the keys
/// hands out a text rather than thousands of rows, and need not make it again while nothing changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    words: Vec<String>,
    folder: Option<String>,
    environment: Option<String>,
    json: bool,
    /// The day as of which colours tell what expires; none where nobody sees colours.
    coloured_on: Option<Day>,
}

/// Lists items.
pub async fn run(home: &Home, wish: Ls) -> Result<(), Failure> {
    let listing = Listing {
        words: wish.words,
        folder: wish.folder,
        environment: wish.environment,
        json: wish.printed.json,
        coloured_on: colour::on_stdout().then(|| NativeHost.today()),
    };
    match &open::ask(home, &Question::List(listing)).await? {
        Answer::Text(text) => output::text(text),
        _ => Err(Failure::Other("no list came".to_owned())),
    }
}

impl Listing {
    /// The list of those rows that are wanted, with a line end.
    pub fn text(&self, rows: impl Iterator<Item = Row>) -> Result<String, Failure> {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let (folder, environment) = (self.folder.as_deref(), self.environment.as_deref());
        let rows: Vec<Row> = rows
            .filter(|row| is_wanted(row, &words, folder, environment))
            .collect();
        let mut text = match self.json {
            true => serde_json::to_string_pretty(&rows)
                .map_err(|error| Failure::Other(error.to_string()))?,
            false => {
                let cells = rows.iter().map(|row| cells(row, self.coloured_on));
                output::table_lines(HEAD, cells, self.coloured_on.is_some()).join("\n")
            }
        };
        text.push('\n');
        Ok(text)
    }
}

fn cells(row: &Row, today: Option<Day>) -> [Toned; 5] {
    let expires_on = row.expires_on.clone().unwrap_or_default();
    let tone = match (expires_on.parse(), today) {
        (Ok(day), Some(today)) => Tone::of_expiry(day, today),
        _ => Tone::Plain,
    };
    [
        printable(&row.name).into(),
        printable(&row.folder).into(),
        printable(row.environment.as_deref().unwrap_or_default()).into(),
        kind(row.kind).to_owned().into(),
        Toned::new(expires_on, tone),
    ]
}

impl Ls {
    /// Whether an item is one of those that were asked for.
    pub fn wants(&self, row: &Row) -> bool {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let (folder, environment) = (self.folder.as_deref(), self.environment.as_deref());
        is_wanted(row, &words, folder, environment)
    }
}

/// Whether an item is of a folder and an environment, where one is wanted, and has all words.
pub fn is_wanted(
    row: &Row,
    words: &[&str],
    folder: Option<&str>,
    environment: Option<&str>,
) -> bool {
    let elsewhere = folder.is_some_and(|folder| !is_below(&row.folder, folder));
    let is_other = |environment| row.environment.as_deref() != Some(environment);
    if elsewhere || environment.is_some_and(is_other) {
        return false;
    }
    let places = [row.name.as_str(), &row.folder]
        .into_iter()
        .chain(row.provider.as_deref())
        .chain(row.tags.iter().map(String::as_str));
    let text: String = places
        .map(|place| format!("{}\n", place.to_lowercase()))
        .collect();
    words.iter().all(|word| text.contains(&word.to_lowercase()))
}

/// A kind in words.
pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::ApiKey => "API key",
        Kind::Login => "login",
        Kind::Note => "note",
        Kind::EnvironmentSet => "environment set",
        Kind::Totp => "one-time codes",
        Kind::Certificate => "certificate",
        Kind::SshKey => "SSH key",
    }
}
