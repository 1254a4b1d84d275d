//! What the tests found, for `docs/malicious-server.md`. `cargo x malicious-server` reads it.

use std::{collections::BTreeSet, fs, path::PathBuf};

/// A folder in Cargo's target folder that belongs to this program.
fn folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("malicious-server");
    fs::create_dir_all(&folder).expect("the target folder can be written");
    folder
}

fn write(name: &str, text: &str) {
    fs::write(folder().join(name), text).expect("the target folder can be written");
}

/// A named case holds.
pub fn held(test: &str) {
    write(&format!("{test}.held"), "");
}

/// Answers of these endpoints were spoilt, all of them in every field; no journey reaches the
/// others.
pub fn walked(endpoints: &BTreeSet<&str>, others: &BTreeSet<&str>) {
    let lines = |names: &BTreeSet<&str>| names.iter().copied().collect::<Vec<_>>().join("\n");
    write("walked", &lines(endpoints));
    write("not-walked", &lines(others));
}

/// All cases, as JSON.
pub fn table(json: &str) {
    write("cases.json", json);
}
