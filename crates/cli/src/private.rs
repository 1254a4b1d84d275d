//! Files and folders that are one's own, and no others'.

use std::{
    fs::Metadata,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
};

use keyarc_lookup::printable;
use rustix::process::geteuid;

/// Whoever may read or write something besides its owner.
const OTHERS: u32 = 0o077;

/// Refuses what others may read or write, and what is somebody else's: whoever could put a file there
/// could put an older one there, or look at what is written.
pub fn refuse_others(path: &Path, known: &Metadata) -> Result<(), String> {
    match known.uid() == geteuid().as_raw() {
        true => refuse_open(path, known),
        false => Err(format!("{} belongs to another user", shown(path))),
    }
}

/// Refuses what others may read or write.
pub fn refuse_open(path: &Path, known: &Metadata) -> Result<(), String> {
    if known.permissions().mode() & OTHERS == 0 {
        return Ok(());
    }
    let shown = shown(path);
    let mode = if known.is_dir() { "700" } else { "600" };
    Err(format!(
        "others on this machine may read {shown}: run `chmod {mode} {shown}`"
    ))
}

fn shown(path: &Path) -> String {
    printable(&path.display().to_string())
}
