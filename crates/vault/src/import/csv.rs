//! Rows of a table of text (RFC 4180, and what is found of its like): values between separators,
//! quoted where they hold one, a quote doubled inside quotes.

use csv::{Reader, ReaderBuilder, StringRecord};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize as _;

use super::{Reading, Unreadable};

/// What stands between two values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Separator {
    /// `,`
    #[default]
    Comma,
    /// `;`
    Semicolon,
    /// A tab.
    Tab,
    /// `|`
    Bar,
}

impl Separator {
    /// Every separator, in the order in which they are tried.
    pub const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Bar];

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Comma => "Comma",
            Self::Semicolon => "Semicolon",
            Self::Tab => "Tab",
            Self::Bar => "Vertical bar",
        }
    }

    fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Bar => b'|',
        }
    }
}

/// One row.
pub(super) struct Row {
    /// The line it begins on, from 1.
    pub(super) line: u32,
    /// Its values.
    pub(super) cells: Vec<String>,
    /// A quote in it is not closed, so that it goes to the end of the file.
    pub(super) is_open: bool,
}

impl Drop for Row {
    fn drop(&mut self) {
        self.cells.zeroize();
    }
}

/// The rows of a text that are not empty. A mark such as `sep=;` in its first line, as Excel
/// writes it, is no row.
pub(super) struct Rows<'a> {
    text: &'a str,
    /// Lines before the text.
    before: u32,
    reader: Reader<&'a [u8]>,
    record: StringRecord,
}

impl<'a> Rows<'a> {
    pub(super) fn of(text: &'a str, separator: Separator) -> Self {
        let (text, before) = match text.split_once('\n') {
            Some((first, rest)) if is_mark(first) => (rest, 1),
            _ => (text, 0),
        };
        Self {
            text,
            before,
            reader: ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .delimiter(separator.byte())
                .from_reader(text.as_bytes()),
            record: StringRecord::new(),
        }
    }
}

impl Iterator for Rows<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        // Text in memory gives no error: it is UTF-8, and rows may have any length.
        if !self.reader.read_record(&mut self.record).unwrap_or(false) {
            return None;
        }
        let position = self.record.position()?;
        let start = usize::try_from(position.byte()).ok()?;
        let raw = self.text.get(start..)?;
        // The reader passes over empty lines, and says where it began to.
        let blank = raw.bytes().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        let blank = blank.filter(|byte| *byte == b'\n').count();
        let end = usize::try_from(self.reader.position().byte()).ok()?;
        let is_last = end >= self.text.len();
        Some(Row {
            line: (position.line() as usize + blank) as u32 + self.before,
            cells: self.record.iter().map(str::to_owned).collect(),
            is_open: is_last && raw.matches('"').count() % 2 == 1,
        })
    }
}

/// Reads the rows under a line of titles, each with as many values as there are titles.
pub(super) fn read_titled(
    rows: impl Iterator<Item = Row>,
    columns: usize,
    mut item: impl FnMut(&mut Reading, &Row),
) -> Reading {
    let mut reading = Reading::default();
    for row in rows {
        let reason = match row.cells.len() {
            _ if row.is_open => "has a quote that is not closed".to_owned(),
            1 if columns != 1 => format!(
                "has 1 value where {columns} belong. A quote in it may be missing or too many"
            ),
            count if count != columns => format!(
                "has {count} values where {columns} belong. A quote in it may be missing or too many"
            ),
            _ => {
                item(&mut reading, &row);
                if reading.is_full() {
                    break;
                }
                continue;
            }
        };
        if !reading.miss(row.line, reason) {
            break;
        }
    }
    reading
}

/// A row and the titles above it, in small letters.
pub(super) struct Cells<'a> {
    titles: &'a [String],
    row: &'a Row,
}

impl<'a> Cells<'a> {
    /// The line the row begins on.
    pub(super) fn line(&self) -> u32 {
        self.row.line
    }

    /// The value under a title, empty when there is no such column.
    pub(super) fn get(&self, title: &str) -> &'a str {
        let at = self.titles.iter().position(|one| one == title);
        at.and_then(|at| self.row.cells.get(at))
            .map_or("", String::as_str)
    }

    /// Titles and values of the columns that are none of those given.
    pub(super) fn others(&self, known: &[&str]) -> impl Iterator<Item = (&'a str, &'a str)> {
        let columns = self.titles.iter().zip(&self.row.cells);
        columns
            .filter(|(title, _)| !known.contains(&title.as_str()))
            .map(|(title, cell)| (title.as_str(), cell.as_str()))
    }
}

/// Reads the table of a product, which is known by its titles.
pub(super) fn read_product(
    text: &str,
    fits: fn(&[String]) -> bool,
    mut item: impl FnMut(&mut Reading, &Cells<'_>),
) -> Result<Reading, Unreadable> {
    let mut rows = Rows::of(text, separator(text));
    let first = rows.next();
    let cells = first.iter().flat_map(|row| &row.cells);
    let titles: Vec<String> = cells.map(|cell| cell.trim().to_lowercase()).collect();
    if !fits(&titles) {
        return Err(Unreadable::Malformed(
            "its first line does not hold the titles of this product. Choose another format",
        ));
    }
    Ok(read_titled(rows, titles.len(), |reading, row| {
        item(
            reading,
            &Cells {
                titles: &titles,
                row,
            },
        );
    }))
}

/// Whether all of these titles are there.
pub(super) fn have(titles: &[String], wanted: &[&str]) -> bool {
    wanted
        .iter()
        .all(|wanted| titles.iter().any(|title| title == wanted))
}

/// The separator that divides the first rows into the most values, equally many in each; else the
/// one that divides the first row into the most.
pub(super) fn separator(text: &str) -> Separator {
    if let Some((first, _)) = text.split_once('\n')
        && is_mark(first)
    {
        let named = first.trim_end_matches('\r').bytes().last();
        let mut known = Separator::ALL.into_iter();
        if let Some(separator) = known.find(|one| Some(one.byte()) == named) {
            return separator;
        }
    }
    let score = |separator: &Separator| {
        let counts: Vec<usize> = Rows::of(head(text), *separator)
            .take(20)
            .map(|row| row.cells.len())
            .collect();
        let first = counts.first().copied().unwrap_or_default();
        let is_even = counts.len() > 1 && counts.iter().all(|count| *count == first);
        (is_even && first > 1, first)
    };
    let mut best = (Separator::Comma, (false, 0));
    for separator in Separator::ALL {
        let score = score(&separator);
        if score > best.1 {
            best = (separator, score);
        }
    }
    best.0
}

/// The whole lines of the first 64 KB.
pub(super) fn head(text: &str) -> &str {
    const HEAD: usize = 64 * 1024;
    if text.len() <= HEAD {
        return text;
    }
    let end = text.as_bytes()[..HEAD].iter().rposition(|b| *b == b'\n');
    end.and_then(|end| text.get(..end)).unwrap_or_else(|| {
        let end = (0..=HEAD).rev().find(|end| text.is_char_boundary(*end));
        &text[..end.unwrap_or(0)]
    })
}

/// Whether a text begins with such a mark.
pub(super) fn is_marked(text: &str) -> bool {
    text.split_once('\n')
        .is_some_and(|(first, _)| is_mark(first))
}

fn is_mark(line: &str) -> bool {
    let line = line.trim_end_matches('\r');
    line.len() == 5
        && line
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case("sep="))
}
