use keyarc_vault::Kind;

use crate::{
    args::Ls,
    failure::Failure,
    home::Home,
    open, output,
    printable::printable,
    vault::{Answer, Question, Row},
    wanted::is_below,
};

const HEAD: [&str; 5] = ["NAME", "FOLDER", "ENVIRONMENT", "KIND", "EXPIRES"];

/// Lists items.
pub async fn run(home: &Home, wish: &Ls) -> Result<(), Failure> {
    let answer = open::ask(home, &Question::Items).await?;
    let Answer::Items(rows) = &answer else {
        return Err(Failure::Other("no list came".to_owned()));
    };
    let rows: Vec<&Row> = rows.iter().filter(|row| wish.wants(row)).collect();
    if wish.printed.json {
        return output::json(&rows);
    }
    let cells = rows.iter().map(|row| {
        [
            printable(&row.name),
            printable(&row.folder),
            printable(row.environment.as_deref().unwrap_or_default()),
            kind(row.kind).to_owned(),
            row.expires_on.clone().unwrap_or_default(),
        ]
    });
    output::table(HEAD, cells)
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
