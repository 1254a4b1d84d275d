//! The text of an environment set: one `NAME=value` a line, as in a `.env` file.

use keyarc_vault::Variable;

/// A line that is no variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineError {
    /// From 1.
    pub line: usize,
    /// What is wrong, without the line's content.
    pub reason: &'static str,
}

/// Reads the text of the field. Empty lines and comments are skipped.
pub fn parse_variables(text: &str) -> Result<Vec<Variable>, LineError> {
    let mut variables: Vec<Variable> = Vec::new();
    for (at, raw) in text.lines().enumerate() {
        let line = at + 1;
        let trimmed = raw.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let trimmed = trimmed.strip_prefix("export ").unwrap_or(trimmed);
        let Some((name, value)) = trimmed.split_once('=') else {
            return Err(LineError {
                line,
                reason: t!("has no = between name and value"),
            });
        };
        let name = name.trim();
        if !is_name(name) {
            return Err(LineError {
                line,
                reason: t!("has a name with something else than letters, digits and _"),
            });
        }
        if variables.iter().any(|variable| variable.name == name) {
            return Err(LineError {
                line,
                reason: t!("repeats a name"),
            });
        }
        let value = unquote(value.trim()).ok_or_else(|| LineError {
            line,
            reason: t!("has a quote that does not close"),
        })?;
        variables.push(Variable {
            name: name.to_owned(),
            value,
        });
    }
    Ok(variables)
}

/// Writes variables so that [`parse_variables`] reads the same.
pub fn write_variables(variables: &[Variable]) -> String {
    let mut text = String::new();
    for variable in variables {
        text.push_str(&variable.name);
        text.push('=');
        if needs_quotes(&variable.value) {
            text.push('"');
            for c in variable.value.chars() {
                match c {
                    '\n' => text.push_str("\\n"),
                    '\r' => text.push_str("\\r"),
                    '"' => text.push_str("\\\""),
                    '\\' => text.push_str("\\\\"),
                    c => text.push(c),
                }
            }
            text.push('"');
        } else {
            text.push_str(&variable.value);
        }
        text.push('\n');
    }
    text
}

fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    chars.next().is_some_and(first)
        && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
}

fn needs_quotes(value: &str) -> bool {
    value.trim() != value || value.contains(['\n', '\r', '#']) || value.starts_with(['"', '\''])
}

fn unquote(value: &str) -> Option<String> {
    if let Some(rest) = value.strip_prefix('\'') {
        return rest.strip_suffix('\'').map(str::to_owned);
    }
    let Some(rest) = value.strip_prefix('"') else {
        return Some(value.to_owned());
    };
    let mut out = String::with_capacity(rest.len());
    let mut chars = rest.chars();
    loop {
        match chars.next()? {
            '"' => return chars.next().is_none().then_some(out),
            '\\' => match chars.next()? {
                'n' => out.push('\n'),
                'r' => out.push('\r'),
                other => out.push(other),
            },
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str, value: &str) -> Variable {
        Variable {
            name: name.to_owned(),
            value: value.to_owned(),
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let all = vec![
            variable("A", "plain"),
            variable("B_2", ""),
            variable("PEM", "-----BEGIN KEY-----\nabc\\n\n-----END KEY-----\n"),
            variable("QUOTED", "\"in\" 'quotes'"),
            variable("SPACES", "  around  "),
            variable("HASH", "a#b"),
            variable("BACK", "c:\\new"),
            variable("URL", "postgres://u:p@h/db?a=b"),
        ];
        assert_eq!(parse_variables(&write_variables(&all)), Ok(all));
    }

    #[test]
    fn a_dot_env_file_reads_as_usual() {
        let text = "# comment\n\nexport A=1\nB = two words \nC='raw $X'\nD=\"a\\nb\"\n";
        let read = parse_variables(text).expect("readable");
        let values: Vec<(&str, &str)> = read
            .iter()
            .map(|v| (v.name.as_str(), v.value.as_str()))
            .collect();
        assert_eq!(
            values,
            [
                ("A", "1"),
                ("B", "two words"),
                ("C", "raw $X"),
                ("D", "a\nb")
            ]
        );
    }

    #[test]
    fn a_bad_line_is_named_by_number_and_not_by_content() {
        let line = |text: &str| parse_variables(text).expect_err("refused").line;
        assert_eq!(line("A=1\nno equals sign"), 2);
        assert_eq!(line("1A=2"), 1);
        assert_eq!(line("A=1\nB=2\nA=3"), 3);
        assert_eq!(line("A=\"open"), 1);
    }
}
