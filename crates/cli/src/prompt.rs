//! What is asked of the person at the terminal. Secrets are typed unseen and never stand in
//! arguments, which every process of the machine may read.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};

use zeroize::Zeroizing;

use crate::failure::Failure;

/// The longest value that is taken from standard input.
const VALUE_MAX: u64 = 1024 * 1024;
/// The longest line, and the longest question of another program, that is taken from standard input.
const LONGEST: u64 = 64 * 1024;

/// Whether there is a terminal to ask at.
pub fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for a secret, which is not shown.
pub fn secret(question: &str) -> Result<Zeroizing<String>, Failure> {
    if !is_possible() {
        return Err(Failure::Locked);
    }
    rpassword::prompt_password(question)
        .map(Zeroizing::new)
        .map_err(|error| {
            Failure::Machine(format!("nothing could be asked at the terminal: {error}"))
        })
}

/// Asks whether something is to be done; nothing but a yes is one.
pub fn agrees(question: &str) -> Result<bool, Failure> {
    eprint!("{question} [y/N] ");
    let mut line = String::new();
    io::stdin()
        .lock()
        .take(LONGEST)
        .read_line(&mut line)
        .map_err(|error| {
            Failure::Machine(format!("nothing could be asked at the terminal: {error}"))
        })?;
    let answer = line.trim();
    Ok(answer.eq_ignore_ascii_case("y") || answer.eq_ignore_ascii_case("yes"))
}

/// A secret that is to be kept: typed at the terminal, or all of standard input without the line end
/// behind it.
pub fn value(question: &str) -> Result<Zeroizing<String>, Failure> {
    if is_possible() {
        return secret(question);
    }
    let mut text = input(VALUE_MAX, "a value has at most 1 MB")?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    match text.is_empty() {
        true => Err(Failure::Usage(
            "there is no value on standard input".to_owned(),
        )),
        false => Ok(text),
    }
}

/// What another program asks, which is all of standard input; `too_long` says how long that may be, which
/// is 64 kB.
pub fn asked(too_long: &str) -> Result<Zeroizing<String>, Failure> {
    input(LONGEST, too_long)
}

fn input(most: u64, too_long: &str) -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::new());
    let read = io::stdin().lock().take(most + 1).read_to_string(&mut text);
    read.map_err(|error| Failure::Usage(format!("standard input could not be read: {error}")))?;
    match text.len() as u64 > most {
        true => Err(Failure::Usage(too_long.to_owned())),
        false => Ok(text),
    }
}

/// Lines of standard input, for scripts: as many as are wanted, without their ends.
pub fn lines<const N: usize>() -> Result<[Zeroizing<String>; N], Failure> {
    let mut input = io::stdin().lock().take(LONGEST);
    let mut lines = std::array::from_fn(|_| Zeroizing::new(String::new()));
    for line in &mut lines {
        input.read_line(line).map_err(|error| {
            Failure::Usage(format!("standard input could not be read: {error}"))
        })?;
        let length = line.trim_end_matches(['\r', '\n']).len();
        line.truncate(length);
        if line.is_empty() {
            return Err(Failure::Usage(format!(
                "standard input must have {N} lines that are not empty"
            )));
        }
    }
    Ok(lines)
}
