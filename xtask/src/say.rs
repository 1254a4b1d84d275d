//! What the commands tell a person.

use std::io::Write as _;

/// One thing that is about to happen.
pub fn step(text: &str) {
    line(&format!("• {text}"));
}

/// Something worth knowing that is not an error.
pub fn note(text: &str) {
    line(&format!("  {text}"));
}

/// One line exactly as given.
pub fn line(text: &str) {
    plain(&format!("{text}\n"));
}

/// Text exactly as given. A closed pipe is no reason to stop a build.
pub fn plain(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

/// What went wrong.
pub fn error(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "error: {text}");
}
