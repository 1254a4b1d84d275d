//! What is printed.

use std::{
    fmt::Display,
    fs,
    io::{self, ErrorKind, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use keyarc_lookup::printable;
use serde::Serialize;
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use crate::{
    colour::{self, Tone, Toned},
    failure::Failure,
};

/// So many items, in words.
pub fn items<N: Display + PartialEq + From<u8>>(count: N) -> String {
    match count == N::from(1) {
        true => "1 item".to_owned(),
        false => format!("{count} items"),
    }
}

/// Prints JSON and a line end.
pub fn json(told: &impl Serialize) -> Result<(), Failure> {
    let mut text = Zeroizing::new(Vec::new());
    serde_json::to_writer_pretty(&mut *text, told)
        .map_err(|error| Failure::Other(error.to_string()))?;
    text.push(b'\n');
    written(io::stdout().lock().write_all(&text))
}

/// Prints names and what stands with them.
pub fn pairs(lines: &[(&str, String)]) -> Result<(), Failure> {
    let widest = lines
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or_default();
    let coloured = colour::on_stdout();
    let mut out = io::stdout().lock();
    let mut print = || -> io::Result<()> {
        for (name, text) in lines {
            let name = Toned::new(format!("{name:widest$}"), Tone::Faint);
            writeln!(out, "{}  {text}", name.shown(coloured))?;
        }
        Ok(())
    };
    written(print())
}

/// Prints lines.
pub fn lines(lines: impl Iterator<Item = String>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let print = || -> io::Result<()> {
        for line in lines {
            writeln!(out, "{line}")?;
        }
        Ok(())
    };
    written(print())
}

/// Prints rows under a head, each column as wide as what stands in it.
pub fn table<const N: usize, Cell: Into<Toned>>(
    head: [&str; N],
    rows: impl Iterator<Item = [Cell; N]>,
) -> Result<(), Failure> {
    lines(table_lines(head, rows, colour::on_stdout()).into_iter())
}

/// The lines of a table, with colours or without.
pub fn table_lines<const N: usize, Cell: Into<Toned>>(
    head: [&str; N],
    rows: impl Iterator<Item = [Cell; N]>,
    coloured: bool,
) -> Vec<String> {
    let head = head.map(|name| Toned::new(name, Tone::Head));
    let rows = rows.map(|row| row.map(Into::into));
    let rows: Vec<[Toned; N]> = [head].into_iter().chain(rows).collect();
    let width = |cell: &Toned| cell.text.chars().count();
    let mut widths = [0; N];
    for row in &rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = width(cell).max(*widest);
        }
    }
    let line = |row: &[Toned; N]| {
        // Nothing stands behind the last word of a line.
        let last = row.iter().rposition(|cell| !cell.text.is_empty());
        let mut line = String::new();
        for (at, (cell, widest)) in row.iter().zip(widths).enumerate() {
            if last.is_none_or(|last| at > last) {
                break;
            }
            line.push_str(&cell.shown(coloured));
            if last != Some(at) {
                line.push_str(&" ".repeat(widest - width(cell) + 2));
            }
        }
        line
    };
    rows.iter().map(line).collect()
}

/// Prints a text that has its line ends.
pub fn text(text: &str) -> Result<(), Failure> {
    secret(text.as_bytes())
}

/// Prints a secret, in one go.
pub fn secret(text: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    written(out.write_all(text).and_then(|()| out.flush()))
}

/// Writes a file that its owner alone may read, in one step: what was there before stays until the
/// new one is whole.
pub fn private_file(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let file = temporary(path, content)?;
    file.persist(path)
        .map_err(|error| Failure::of_file("cannot write", path, &error.error))?;
    Ok(())
}

/// As [`private_file`], where there is none of this name yet.
pub fn new_private_file(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let file = temporary(path, content)?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Err(is_there(path)),
        Err(error) => Err(Failure::of_file("cannot write", path, &error.error)),
    }
}

/// Of a file that is not to be lost.
pub fn is_there(path: &Path) -> Failure {
    let shown = printable(&path.display().to_string());
    Failure::Usage(format!("{shown} is there already: replace it with --force"))
}

/// The whole content beside its place.
fn temporary(path: &Path, content: &[u8]) -> Result<NamedTempFile, Failure> {
    let failed = |error: &io::Error| Failure::of_file("cannot write", path, error);
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o600))
        .tempfile_in(folder)
        .map_err(|error| failed(&error))?;
    file.write_all(content).map_err(|error| failed(&error))?;
    file.as_file().sync_all().map_err(|error| failed(&error))?;
    Ok(file)
}

/// A reader that has seen enough is no failure.
pub fn written(outcome: io::Result<()>) -> Result<(), Failure> {
    match outcome {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::Machine(format!(
            "standard output could not be written: {error}"
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other_with_colours_or_without() {
        let rows = || {
            let cell = |text: &str, tone| Toned::new(text, tone);
            let first = [cell("prüfen", Tone::Plain), cell("bad", Tone::Bad)];
            [first, [cell("b", Tone::Good), cell("", Tone::Plain)]].into_iter()
        };
        let plain = table_lines(["A", "RESULT"], rows(), false);
        assert_eq!(plain, ["A       RESULT", "prüfen  bad", "b"]);
        let coloured = table_lines(["A", "RESULT"], rows(), true);
        assert_ne!(coloured, plain);
        let stripped: Vec<String> = coloured
            .iter()
            .map(|line| anstream::adapter::strip_str(line).to_string())
            .collect();
        assert_eq!(stripped, plain);
    }
}
