//! Any table: its columns guessed by their titles, and corrected by a person.

use serde::{Deserialize, Serialize};

pub use super::csv::Separator;
use super::{
    Reading, Role, Unreadable, columns,
    csv::{Row, Rows, head, read_titled, separator},
    shape::{Sheet, variable},
};

/// Rows whose shape is shown.
const SAMPLES: usize = 3;
/// Most columns of a table.
const COLUMNS_MAX: usize = 200;
/// Longest shape of a value in characters.
const SHAPE_MAX: usize = 24;

/// How a table was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// What stands between its values.
    pub separator: Separator,
    /// Its first row holds titles.
    pub titles: bool,
    /// From left to right.
    pub columns: Vec<Column>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its title, or its number.
    pub title: String,
    /// What becomes of its values.
    pub role: Role,
    /// How its first values look, their letters and digits concealed.
    pub sample: Vec<String>,
}

/// How a person wants a table to be taken. What is `None` is guessed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableWish {
    /// What stands between its values.
    pub separator: Option<Separator>,
    /// Whether its first row holds titles.
    pub titles: Option<bool>,
    /// What becomes of each column.
    pub roles: Option<Vec<Role>>,
}

/// Whether a text is a table: some rows of more than one value each, equally many.
pub(super) fn fits(text: &str) -> bool {
    let counts: Vec<usize> = Rows::of(head(text), separator(text))
        .take(5)
        .map(|row| row.cells.len())
        .collect();
    counts.len() > 1
        && counts
            .iter()
            .all(|count| *count > 1 && Some(count) == counts.first())
}

/// The first row, in small letters.
pub(super) fn titles(text: &str) -> Vec<String> {
    let first = Rows::of(head(text), separator(text)).next();
    let cells = first.iter().flat_map(|row| &row.cells);
    cells.map(|cell| cell.trim().to_lowercase()).collect()
}

/// How a table is to be taken: as a person wishes, and where they say nothing, as it looks.
pub(super) fn look(text: &str, wish: Option<&TableWish>) -> Table {
    let guessed = TableWish::default();
    let wish = wish.unwrap_or(&guessed);
    let separator = wish.separator.unwrap_or_else(|| separator(text));
    let first: Vec<Row> = Rows::of(head(text), separator).take(SAMPLES + 1).collect();
    let top = first.first().map_or(&[][..], |row| row.cells.as_slice());
    let titles = wish.titles.unwrap_or_else(|| are_titles(top));
    let samples = &first[usize::from(titles).min(first.len())..];
    let title = |at: usize| match titles {
        true => top.get(at).map_or("", |cell| cell.trim()).to_owned(),
        false => format!("Column {}", at + 1),
    };
    let names: Vec<String> = (0..top.len().min(COLUMNS_MAX)).map(title).collect();
    let roles = match (&wish.roles, titles) {
        (Some(roles), _) if roles.len() == names.len() => roles.clone(),
        (_, true) => columns::guess(names.iter().map(String::as_str)),
        (_, false) => untitled(names.len()),
    };
    let columns = names.into_iter().zip(roles).enumerate();
    Table {
        separator,
        titles,
        columns: columns
            .map(|(at, (title, role))| Column {
                title,
                role,
                sample: samples
                    .iter()
                    .take(SAMPLES)
                    .map(|row| {
                        row.cells
                            .get(at)
                            .map(|cell| shape(cell))
                            .unwrap_or_default()
                    })
                    .collect(),
            })
            .collect(),
    }
}

/// Reads a table as it was looked at.
pub(super) fn read_table(text: &str, table: Option<&Table>) -> Result<Reading, Unreadable> {
    let looked;
    let table = match table {
        Some(table) => table,
        None => {
            looked = look(text, None);
            &looked
        }
    };
    let rows = Rows::of(text, table.separator).skip(usize::from(table.titles));
    if table.columns.is_empty() {
        return Err(Unreadable::Malformed("there is no row in it"));
    }
    if table.columns.len() >= COLUMNS_MAX {
        return Err(Unreadable::Malformed(
            "its rows have more values than a table has columns",
        ));
    }
    Ok(read_titled(rows, table.columns.len(), |reading, row| {
        let mut sheet = Sheet::default();
        for (column, cell) in table.columns.iter().zip(&row.cells) {
            sheet.put(column.role, &column.title, cell);
        }
        let is_key = sheet.username.is_empty() && sheet.url.is_empty();
        let name = sheet.name.clone();
        let draft = sheet.guess();
        let variable = variable(&name).filter(|_| is_key && !name.contains(char::is_lowercase));
        reading.add(row.line, draft, variable);
    }))
}

/// Titles that are known, or a row of short words of which no two are alike.
fn are_titles(row: &[String]) -> bool {
    let known = row.iter().filter(|cell| columns::known(cell).is_some());
    known.count() > 0
}

/// Without titles: a name and its value, and with a third one the user between them.
fn untitled(columns: usize) -> Vec<Role> {
    let first: &[Role] = match columns {
        1 => &[Role::Secret],
        2 => &[Role::Name, Role::Secret],
        3 => &[Role::Name, Role::Username, Role::Secret],
        _ => &[Role::Name, Role::Url, Role::Username, Role::Secret],
    };
    let rest = std::iter::repeat(Role::Field);
    first.iter().copied().chain(rest).take(columns).collect()
}

/// What a value looks like, without saying what it is: `xxx@xxxxxxx.xxx`, `0000-00-00`.
fn shape(value: &str) -> String {
    let chars = value.chars().map(|c| match c {
        c if c.is_numeric() => '0',
        c if c.is_alphabetic() => 'x',
        c if c.is_control() => ' ',
        c => c,
    });
    let mut shape: String = chars.take(SHAPE_MAX).collect();
    if value.chars().nth(SHAPE_MAX).is_some() {
        shape.push('…');
    }
    shape
}
