use keyarc_client::{Host as _, NativeHost};
use keyarc_lookup::printable;
use keyarc_vault::Day;
use serde::Serialize;

use crate::{
    args::Expiring,
    colour::{Tone, Toned},
    failure::Failure,
    home::Home,
    open, output,
    vault::{Answer, Question, Row},
};

const HEAD: [&str; 5] = ["EXPIRES", "DAYS", "NAME", "FOLDER", "ENVIRONMENT"];

#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    row: &'a Row,
    /// Negative once it has expired.
    days_left: i32,
}

/// Lists what has expired and what expires soon, the most urgent first.
pub async fn run(home: &Home, wish: &Expiring) -> Result<(), Failure> {
    let answer = open::ask(home, &Question::Items).await?;
    let Answer::Items(rows) = &answer else {
        return Err(Failure::Other("no list came".to_owned()));
    };
    let Day(today) = NativeHost.today();
    let days_left = |row: &Row| {
        let Day(day) = row.expires_on.as_ref()?.parse().ok()?;
        Some(day.saturating_sub(today))
    };
    let mut due: Vec<Told<'_>> = rows
        .iter()
        .filter_map(|row| days_left(row).map(|days_left| Told { row, days_left }))
        .filter(|told| told.days_left <= i32::from(wish.within))
        .collect();
    due.sort_by_key(|told| told.days_left);
    if wish.printed.json {
        return output::json(&due);
    }
    if due.is_empty() {
        eprintln!(
            "Nothing has expired, and nothing expires within {} days.",
            wish.within
        );
        return Ok(());
    }
    let cells = due.iter().map(|Told { row, days_left }| {
        let tone = Tone::of_expiry(Day(*days_left), Day(0));
        [
            Toned::new(row.expires_on.clone().unwrap_or_default(), tone),
            Toned::new(days_left.to_string(), tone),
            printable(&row.name).into(),
            printable(&row.folder).into(),
            printable(row.environment.as_deref().unwrap_or_default()).into(),
        ]
    });
    output::table(HEAD, cells)
}
