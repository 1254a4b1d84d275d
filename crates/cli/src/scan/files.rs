//! Files and folders.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use ignore::{DirEntry, WalkBuilder, WalkState};

use super::{Finding, Ignored, LARGEST, in_bytes, shown};

/// Files that are read at the same time. What is read is held in memory.
const AT_ONCE: usize = 4;

/// What a look at many files came to.
#[derive(Debug, Default)]
pub struct Looked {
    /// By their paths and lines.
    pub findings: Vec<Finding>,
    /// What could not be looked at, and why.
    pub left_out: Vec<String>,
}

impl Looked {
    fn sorted(mut self) -> Self {
        self.findings
            .sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
        self.left_out.sort();
        self
    }
}

/// Looks through files, and through folders without what `.gitignore` leaves out, unless that is
/// wanted, too. A file that is named is looked through whatever leaves it out.
pub fn in_files(paths: &[PathBuf], ignored: &Ignored, everything: bool) -> Looked {
    let Some((first, rest)) = paths.split_first() else {
        return Looked::default();
    };
    let mut walk = WalkBuilder::new(first);
    for path in rest {
        walk.add(path);
    }
    // Hidden files are where secrets stand.
    walk.hidden(false)
        .ignore(false)
        .parents(!everything)
        .git_ignore(!everything)
        .git_exclude(!everything)
        .git_global(!everything)
        .require_git(false)
        .threads(AT_ONCE)
        .filter_entry(|entry| entry.depth() == 0 || entry.file_name() != ".git");
    let looked = Mutex::new(Looked::default());
    walk.build_parallel().run(|| {
        Box::new(|entry| {
            let (findings, left_out) = match entry {
                Ok(entry) => of_entry(&entry, ignored),
                Err(error) => (Vec::new(), Some(error.to_string())),
            };
            let mut looked = looked.lock().unwrap_or_else(PoisonError::into_inner);
            looked.findings.extend(findings);
            looked.left_out.extend(left_out);
            WalkState::Continue
        })
    });
    looked
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
        .sorted()
}

fn of_entry(entry: &DirEntry, ignored: &Ignored) -> (Vec<Finding>, Option<String>) {
    // Neither links, whose target is looked at where it stands, nor devices and pipes.
    let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
    let path = entry.path();
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if !is_file || ignored.has(&whole, false) {
        return (Vec::new(), None);
    }
    let name = shown(path);
    match read(path) {
        Ok(Some(bytes)) => (in_bytes(&name, None, &bytes, ignored), None),
        Ok(None) => (Vec::new(), Some(format!("{name}: larger than 10 MB"))),
        Err(error) => (Vec::new(), Some(format!("{name}: {error}"))),
    }
}

/// The bytes of a file; `None` for more than are looked at.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = File::open(path)?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= LARGEST).then_some(bytes))
}
