//! `.env` files: a reader that takes what the common readers take, and a writer.
//!
//! ```text
//! # comment
//! export NAME=value              # the comment begins after white space
//! NAME: value
//! NAME='taken literally, # and $ and \ too'
//! NAME="escapes \n \r \t \" \\ \$, and may go on
//! over several lines"
//! NAME=`like single quotes`
//! ```
//! References such as `${OTHER}` stay text: a secrets manager keeps what was written. A line
//! that cannot be read is reported without its content, and the rest is read on. The time taken
//! is linear in the length of the text, whatever it holds.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{Found, ImportLineError, Reading};
use crate::{Content, ItemDraft, draft::is_variable_name};

/// Most errors reported. A file with more is no `.env` file.
const ERRORS_MAX: usize = 1_000;

/// One variable of a file.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Assignment {
    /// Line, from 1.
    pub line: u32,
    /// The variable.
    pub name: String,
    /// Its value, without quotes, escapes resolved.
    pub value: String,
}

impl fmt::Debug for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Assignment(line {}, redacted)", self.line)
    }
}

/// A line that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineError {
    /// Line, from 1.
    pub line: u32,
    /// What is wrong, without the line's content.
    pub reason: &'static str,
}

/// All that a text holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parsed {
    /// In the order of the file; a variable may stand there twice.
    pub assignments: Vec<Assignment>,
    /// In the order of the file.
    pub errors: Vec<LineError>,
}

/// Reads a text. It never fails as a whole.
pub fn parse(text: &str) -> Parsed {
    let mut parsed = Parsed::default();
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut line = 1;
    while !rest.is_empty() {
        match statement(rest) {
            Ok(Statement {
                assignment,
                consumed,
            }) => {
                if let Some((name, value)) = assignment {
                    parsed.assignments.push(Assignment { line, name, value });
                }
                line += rest[..consumed].matches('\n').count() as u32;
                rest = &rest[consumed..];
            }
            Err(reason) => {
                // Go on after this line, even when a quote opened on it swallowed others.
                parsed.errors.push(LineError { line, reason });
                if parsed.errors.len() == ERRORS_MAX {
                    let reason = "too many lines cannot be read; the rest was left out";
                    parsed.errors.push(LineError {
                        line: line + 1,
                        reason,
                    });
                    return parsed;
                }
                let consumed = line_end(rest);
                line += 1;
                rest = &rest[consumed..];
            }
        }
    }
    parsed
}

/// Reads a text as items, one for each variable.
pub(super) fn read_dotenv(text: &str) -> Reading {
    let mut parsed = parse(text);
    let found = parsed.assignments.iter_mut().map(|assignment| {
        let content = Content::ApiKey {
            value: std::mem::take(&mut assignment.value),
        };
        Found {
            place: assignment.line,
            draft: ItemDraft::new(&assignment.name, content),
            variable: Some(assignment.name.clone()),
            kept: None,
        }
    });
    Reading {
        found: found.collect(),
        errors: parsed
            .errors
            .iter()
            .map(|error| ImportLineError {
                line: error.line,
                reason: error.reason.to_owned(),
            })
            .collect(),
        archive: None,
        files: Vec::new(),
    }
}

/// Whether a text is one: its first statement can be read.
pub(super) fn fits(text: &str) -> bool {
    let statements = text.lines().map(str::trim);
    let first = statements
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split(['=', ':']).next().unwrap_or_default().trim_end())
        .next();
    first.is_some_and(|name| {
        let name = name.strip_prefix("export ").map_or(name, str::trim_start);
        is_variable_name(name)
    }) && text.contains(['=', ':'])
}

/// Writes variables so that [`parse`] and the common readers read the same values back.
pub fn render<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut out = String::new();
    for (name, value) in variables {
        out.push_str(name);
        out.push('=');
        if value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-./:@+=,%".contains(&b))
        {
            out.push_str(value);
        } else if !value.contains(['\'', '\n', '\r']) {
            out.push('\'');
            out.push_str(value);
            out.push('\'');
        } else {
            out.push('"');
            for c in value.chars() {
                match c {
                    '\n' => out.push_str("\\n"),
                    '\r' => out.push_str("\\r"),
                    '\\' | '"' | '$' => out.extend(['\\', c]),
                    _ => out.push(c),
                }
            }
            out.push('"');
        }
        out.push('\n');
    }
    out
}

struct Statement {
    /// `None` for a blank line or a comment.
    assignment: Option<(String, String)>,
    /// Bytes read, the line break included.
    consumed: usize,
}

/// Reads one statement at the beginning of a line.
fn statement(text: &str) -> Result<Statement, &'static str> {
    let end = line_end(text);
    let body = text[..end].trim_start();
    if body.is_empty() || body.starts_with('#') {
        return Ok(Statement {
            assignment: None,
            consumed: end,
        });
    }
    let after_export = body
        .strip_prefix("export")
        .filter(|rest| rest.starts_with([' ', '\t']))
        .map_or(body, str::trim_start);
    let separator = after_export.find(['=', ':']).ok_or(NO_SEPARATOR)?;
    let (name, after_name) = after_export.split_at(separator);
    let name = name.trim_end();
    let value = &after_name[1..];
    // `NAME: value` is taken; a colon in the midst of a word is something else.
    if after_name.starts_with(':') && !value.is_empty() && !value.starts_with(char::is_whitespace) {
        return Err(NO_SEPARATOR);
    }
    if name.is_empty() {
        return Err("has no name before “=”");
    }
    if !is_variable_name(name) {
        return Err(BAD_NAME);
    }
    let trimmed = value.trim_start_matches([' ', '\t']);
    let (value, consumed) = match trimmed.bytes().next() {
        Some(quote @ (b'"' | b'\'' | b'`')) => {
            // What was cut off so far stood before the value, so it is the end of the line.
            let inside = end - trimmed.len() + 1;
            let (value, length) = quoted(&text[inside..], quote)?;
            let tail = &text[inside + length..];
            let tail_end = line_end(tail);
            let comment = tail[..tail_end].trim();
            if !comment.is_empty() && !comment.starts_with('#') {
                return Err("has text after the closing quote, or a quote that is not closed");
            }
            if value
                .chars()
                .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
            {
                return Err(CONTROL);
            }
            (value, inside + length + tail_end)
        }
        _ => {
            let value = unquoted(value);
            if value.chars().any(|c| c.is_control() && c != '\t') {
                return Err(CONTROL);
            }
            (value, end)
        }
    };
    Ok(Statement {
        assignment: Some((name.to_owned(), value)),
        consumed,
    })
}

const NO_SEPARATOR: &str = "has no “=” between a name and a value";
const BAD_NAME: &str = "has a name that begins with a digit, is too long, or holds other \
                        characters than letters, digits, “_”, “.” and “-”";
const CONTROL: &str = "has a control character in its value";

/// Length of the first line with its line break.
fn line_end(text: &str) -> usize {
    text.find('\n').map_or(text.len(), |at| at + 1)
}

/// Up to a `#` after white space, without white space around. A `#` right at the beginning
/// belongs to the value, as in a colour.
fn unquoted(text: &str) -> String {
    let comment = text
        .match_indices('#')
        .map(|(at, _)| at)
        .find(|at| text[..*at].ends_with([' ', '\t']));
    text[..comment.unwrap_or(text.len())].trim().to_owned()
}

/// What stands between quotes, and how many bytes that is, the closing quote included. Line
/// breaks inside become `\n`, whatever the file's own.
///
/// A quote without end is searched for to the end of the file, but at most once for each sort
/// of quote: had one been found to be missing, no later one can open that is not its end.
fn quoted(text: &str, quote: u8) -> Result<(String, usize), &'static str> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        if c == char::from(quote) {
            return Ok((value, at + 1));
        }
        match c {
            '\\' if quote == b'"' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 'r')) => value.push('\r'),
                Some((_, 't')) => value.push('\t'),
                Some((_, escaped @ ('"' | '\\' | '$' | '`'))) => value.push(escaped),
                Some((_, other)) => value.extend(['\\', other]),
                None => break,
            },
            '\r' if text[at + 1..].starts_with('\n') => {}
            _ => value.push(c),
        }
    }
    value.zeroize();
    Err("has a quote that is not closed")
}
