use keyarc_vault::Kind;

use crate::{
    args::Ls,
    failure::Failure,
    home::Home,
    open, output,
    printable::printable,
    vault::{Answer, Question, Row},
};

const HEAD: [&str; 5] = ["NAME", "FOLDER", "ENVIRONMENT", "KIND", "EXPIRES"];

/// Lists items.
pub async fn run(home: &Home, wish: &Ls) -> Result<(), Failure> {
    let answer = open::ask(home, &Question::Items).await?;
    let Answer::Items(rows) = &answer else {
        return Err(Failure::Other("no list came".to_owned()));
    };
    let rows: Vec<&Row> = rows.iter().filter(|row| is_wanted(row, wish)).collect();
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

/// Whether a row is one of those that were asked for.
pub fn is_wanted(row: &Row, wish: &Ls) -> bool {
    if let Some(environment) = &wish.environment
        && row.environment.as_ref() != Some(environment)
    {
        return false;
    }
    if let Some(folder) = &wish.folder {
        let below = row.folder.strip_prefix(folder.as_str());
        if !below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
            return false;
        }
    }
    let places = [row.name.as_str(), &row.folder]
        .into_iter()
        .chain(row.provider.as_deref())
        .chain(row.tags.iter().map(String::as_str));
    let text: String = places
        .map(|place| format!("{}\n", place.to_lowercase()))
        .collect();
    wish.words
        .iter()
        .all(|word| text.contains(&word.to_lowercase()))
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
