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

/// Answers of these endpoints were spoilt, all of them in every field.
pub fn walked(endpoints: &BTreeSet<&str>) {
    let list: Vec<_> = endpoints.iter().copied().collect();
    write("walked", &list.join("\n"));
}

/// All cases, as JSON.
pub fn table(json: &str) {
    write("cases.json", json);
}
