//! Terraform's `.tfvars` (HCL 2, <https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md>)
//! and `.tfvars.json`: names and values.
//!
//! ```text
//! password = "p\"w"            # also // and /* */
//! replicas = 3
//! zones    = ["a", "b"]        // lists and maps stay the text that they are
//! key      = <<-EOT
//!   over several lines, less the indentation that all have
//!   EOT
//! ```
//! References in `${…}` stay text: Terraform takes none in these files. The crate `hcl-rs` reads all
//! of the language, expressions and blocks, of which these files may hold nothing, and nests as
//! deep as the text does.

use super::{
    Reading, Unreadable,
    node::Node,
    shape::{Sheet, variable},
};

/// Deepest nesting of lists and maps.
const DEPTH_MAX: usize = 64;

const NO_VALUE: &str = "has no value";
// What is not closed swallows all that follows it, so that nothing can be told of that.
const OPEN_TEXT: &str = "begins a text that does not end; what follows was left out";
const OPEN_LIST: &str = "begins a list or a map that does not end; what follows was left out";
const INEXACT: &str = "is a number with more digits than can be kept. Put it into quotes";

/// Reads either form.
pub(crate) fn read_tfvars(text: &str) -> Result<Reading, Unreadable> {
    match text.trim_start().starts_with('{') {
        true => read_json(text),
        false => Ok(read_hcl(text)),
    }
}

fn read_json(text: &str) -> Result<Reading, Unreadable> {
    let root = Node::parse(text)?;
    let mut reading = Reading::default();
    for (place, (name, node)) in (1..).zip(root.entries()) {
        if reading.is_full() {
            break;
        }
        match node {
            Node::Inexact => reading.tell(place, INEXACT),
            Node::Null => reading.tell(place, NO_VALUE),
            node => {
                let value = node
                    .scalar()
                    .map_or_else(|| node.to_json().to_string(), str::to_owned);
                add(&mut reading, place, name, value);
            }
        }
    }
    Ok(reading)
}

fn add(reading: &mut Reading, place: u32, name: &str, value: String) {
    let sheet = Sheet {
        name: name.to_owned(),
        password: value,
        ..Sheet::default()
    };
    reading.add(place, sheet.secret(), variable(name));
}

fn read_hcl(text: &str) -> Reading {
    let mut reading = Reading::default();
    let mut cursor = Cursor {
        rest: text,
        line: 1,
    };
    while cursor.skip_blank() {
        let line = cursor.line;
        if reading.is_full() {
            break;
        }
        match cursor.assignment() {
            Ok((name, Some(value))) => add(&mut reading, line, name, value),
            Ok((_, None)) => reading.tell(line, NO_VALUE),
            Err(reason) => {
                if !reading.miss(line, reason) || [OPEN_TEXT, OPEN_LIST].contains(&reason) {
                    break;
                }
                cursor.skip_line();
            }
        }
    }
    reading
}

struct Cursor<'a> {
    rest: &'a str,
    line: u32,
}

impl<'a> Cursor<'a> {
    /// Goes over white space and comments. Whether there is anything after them.
    fn skip_blank(&mut self) -> bool {
        loop {
            let trimmed = self.rest.trim_start();
            self.go(self.rest.len() - trimmed.len());
            if trimmed.starts_with('#') || trimmed.starts_with("//") {
                self.skip_line();
            } else if let Some(inside) = trimmed.strip_prefix("/*") {
                // Without an end, all that follows is comment.
                let end = inside.find("*/").map_or(trimmed.len(), |end| end + 4);
                self.go(end);
            } else {
                return !trimmed.is_empty();
            }
        }
    }

    fn skip_line(&mut self) {
        let end = self.rest.find('\n').map_or(self.rest.len(), |end| end + 1);
        self.go(end);
    }

    fn go(&mut self, bytes: usize) {
        let (over, rest) = self.rest.split_at(bytes);
        self.line += over.matches('\n').count() as u32;
        self.rest = rest;
    }

    /// A name and its value; none is null.
    fn assignment(&mut self) -> Result<(&'a str, Option<String>), &'static str> {
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        let end = self.rest.find(|c| !is_name(c)).unwrap_or(self.rest.len());
        let name = &self.rest[..end];
        if name.is_empty() || name.starts_with(|c: char| c.is_numeric() || c == '-') {
            return Err("does not begin with a name");
        }
        let after = self.rest[end..].trim_start_matches([' ', '\t']);
        let Some(value) = after
            .strip_prefix('=')
            .filter(|value| !value.starts_with('='))
        else {
            return Err("has no “=” after its name");
        };
        self.go(self.rest.len() - value.len());
        let spaced = self.rest.trim_start_matches([' ', '\t']);
        self.go(self.rest.len() - spaced.len());
        let value = self.value()?;
        let tail = self.rest.trim_start_matches([' ', '\t', '\r']);
        let ends = ["\n", "#", "//", "/*"]
            .iter()
            .any(|end| tail.starts_with(end));
        match ends || tail.is_empty() {
            true => Ok((name, value)),
            false => Err("has something after its value"),
        }
    }

    fn value(&mut self) -> Result<Option<String>, &'static str> {
        match self.rest.bytes().next() {
            Some(b'"') => {
                let (value, length) = quoted(self.rest)?;
                self.go(length);
                Ok(Some(value))
            }
            Some(b'<') if self.rest.starts_with("<<") => {
                let (value, length) = heredoc(self.rest)?;
                self.go(length);
                Ok(Some(value))
            }
            Some(b'[' | b'{') => {
                let length = collection(self.rest)?;
                let value = self.rest[..length].to_owned();
                self.go(length);
                Ok(Some(value))
            }
            _ => {
                let end = self
                    .rest
                    .find(|c: char| c.is_whitespace() || matches!(c, '#' | '/'));
                let end = end.unwrap_or(self.rest.len());
                let word = self.rest[..end].to_owned();
                self.go(end);
                match word.as_str() {
                    "" => Err(NO_VALUE),
                    "null" => Ok(None),
                    "true" | "false" => Ok(Some(word)),
                    _ if word.parse::<f64>().is_ok_and(f64::is_finite) => Ok(Some(word)),
                    _ => Err("has a value that is no text in quotes, number, list or map"),
                }
            }
        }
    }
}

/// What stands between quotes, escapes resolved, and how many bytes that is with the quotes.
fn quoted(text: &str) -> Result<(String, usize), &'static str> {
    const OPEN: &str = "has a quote that is not closed on its line";
    const ESCAPE: &str = "has an escape that HCL does not know";
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((value, at + 1)),
            '\n' => return Err(OPEN),
            '\\' => match chars.next().map(|(_, c)| c) {
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                Some('t') => value.push('\t'),
                Some(c @ ('"' | '\\')) => value.push(c),
                Some(sort @ ('u' | 'U')) => {
                    let length = if sort == 'u' { 4 } else { 8 };
                    let digits: String = chars.by_ref().take(length).map(|(_, c)| c).collect();
                    let code = u32::from_str_radix(&digits, 16).map_err(|_| ESCAPE)?;
                    value.push(char::from_u32(code).ok_or(ESCAPE)?);
                }
                Some(_) => return Err(ESCAPE),
                None => return Err(OPEN),
            },
            c => value.push(c),
        }
    }
    Err(OPEN)
}

/// The text of `<<MARK` or `<<-MARK`, and how many bytes that is with both marks.
fn heredoc(text: &str) -> Result<(String, usize), &'static str> {
    let first = text.find('\n').ok_or(OPEN_TEXT)?;
    let head = text[2..first].trim_end();
    let (is_flush, marker) = match head.strip_prefix('-') {
        Some(marker) => (true, marker),
        None => (false, head),
    };
    if marker.is_empty()
        || !marker
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
    {
        return Err("begins a text without a name for its end");
    }
    let mut lines = Vec::new();
    let mut at = first + 1;
    for line in text[at..].split_inclusive('\n') {
        if line.trim() == marker {
            let end = at + line.trim_end().len();
            return Ok((joined(&lines, is_flush), end));
        }
        lines.push(line);
        at += line.len();
    }
    Err(OPEN_TEXT)
}

fn joined(lines: &[&str], is_flush: bool) -> String {
    let indent = |line: &&str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let filled = lines.iter().filter(|line| !line.trim().is_empty());
    let common = match is_flush {
        true => filled.map(indent).min().unwrap_or(0),
        false => 0,
    };
    lines
        .iter()
        .map(|line| line.get(common..).unwrap_or("\n").replace("\r\n", "\n"))
        .collect()
}

/// How many bytes a list or a map takes.
fn collection(text: &str) -> Result<usize, &'static str> {
    let mut open = Vec::new();
    let mut at = 0;
    loop {
        let rest = &text[at..];
        let c = rest.chars().next().ok_or(OPEN_LIST)?;
        match c {
            '[' => open.push(']'),
            '{' => open.push('}'),
            ']' | '}' => {
                if open.pop() != Some(c) {
                    return Err("closes a list or a map that was not opened");
                }
                if open.is_empty() {
                    return Ok(at + 1);
                }
            }
            '"' => at += quoted(rest)?.1 - 1,
            '#' => at += rest.find('\n').ok_or(OPEN_LIST)?,
            '/' if rest.starts_with("//") => at += rest.find('\n').ok_or(OPEN_LIST)?,
            '/' if rest.starts_with("/*") => at += rest.find("*/").ok_or(OPEN_LIST)? + 1,
            '<' if rest.starts_with("<<") => at += heredoc(rest)?.1 - 1,
            _ => {}
        }
        if open.len() > DEPTH_MAX {
            return Err("nests too deeply");
        }
        at += text[at..].chars().next().map_or(1, char::len_utf8);
    }
}
