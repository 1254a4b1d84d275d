//! What Git holds: blobs that are to be committed, and all that were. Git itself reads them, as a
//! process of its own; nothing that a repository configures is run by it.

use std::{
    ffi::OsStr,
    io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write as _},
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
};

use keyarc_lookup::printable;

use super::{Ignored, LARGEST, Looked, in_bytes};
use crate::failure::Failure;

/// Git, which neither runs nor fetches what a repository says.
fn git(words: &[&str]) -> Command {
    let mut command = Command::new("git");
    command
        .args([
            "-c",
            "core.fsmonitor=false",
            "-c",
            "core.hooksPath=/dev/null",
        ])
        .args(words)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdin(Stdio::null());
    command
}

fn failed(error: &io::Error) -> Failure {
    Failure::Machine(format!("git cannot be run: {error}"))
}

/// The top of the work tree in which somebody stands; `None` outside of any.
pub fn top_level() -> Result<Option<PathBuf>, Failure> {
    let out = match git(&["rev-parse", "--show-toplevel"]).output() {
        Ok(out) => out,
        // Files can be looked through without it.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(&error)),
    };
    let path = out.stdout.strip_suffix(b"\n").unwrap_or(&out.stdout);
    let is_there = out.status.success() && !path.is_empty();
    Ok(is_there.then(|| PathBuf::from(OsStr::from_bytes(path))))
}

/// Looks through what is to be committed: each file that differs from the last commit, whole.
pub fn staged(ignored: &Ignored) -> Result<Looked, Failure> {
    let words = [
        "diff",
        "--cached",
        "--name-only",
        "-z",
        "--no-ext-diff",
        "--no-textconv",
        "--no-renames",
        "--no-relative",
        "--diff-filter=ACMT",
    ];
    let out = git(&words).output().map_err(|error| failed(&error))?;
    if !out.status.success() {
        return Err(no_repository(&out.stderr));
    }
    let paths = out
        .stdout
        .split(|byte| *byte == 0)
        .filter(|path| !path.is_empty());
    let wanted: Vec<(Vec<u8>, PathBuf)> = paths
        .map(|path| ([b":0:", path].concat(), OsStr::from_bytes(path).into()))
        .filter(|(_, path): &(_, PathBuf)| !ignored.has(path, false))
        .collect();
    let (names, paths): (Vec<_>, Vec<_>) = wanted.into_iter().unzip();
    let mut blobs = Blobs::begin()?;
    let mut looked = Looked::default();
    for (name, path) in names.into_iter().zip(paths) {
        blobs.look(&name, &path, false, ignored, &mut looked)?;
    }
    Ok(looked)
}

/// Looks through every blob that any reference reaches, each once.
pub fn in_history(ignored: &Ignored) -> Result<Looked, Failure> {
    let words = [
        "rev-list",
        "--objects",
        "--filter=object:type=blob",
        "--filter-provided-objects",
        "--all",
        // The reflog has what was thrown away since, which whoever copies the folder has, too.
        "--reflog",
    ];
    let mut list = git(&words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(&error))?;
    let (Some(names), Some(errors)) = (list.stdout.take(), list.stderr.take()) else {
        return Err(Failure::Machine("git tells nothing".to_owned()));
    };
    let said = thread::spawn(move || {
        let mut said = Vec::new();
        let _ = errors.take(4_096).read_to_end(&mut said);
        said
    });
    let mut blobs = Blobs::begin()?;
    let mut looked = Looked::default();
    for line in BufReader::new(names).split(b'\n') {
        let line = line.map_err(|error| failed(&error))?;
        let (name, path) = match line.iter().position(|byte| *byte == b' ') {
            Some(at) => (&line[..at], &line[at + 1..]),
            None => (&line[..], &[][..]),
        };
        let path = Path::new(OsStr::from_bytes(path));
        if !ignored.has(path, false) {
            blobs.look(name, path, true, ignored, &mut looked)?;
        }
    }
    let status = list.wait().map_err(|error| failed(&error))?;
    match status.success() {
        true => Ok(looked),
        false => Err(no_repository(&said.join().unwrap_or_default())),
    }
}

fn no_repository(said: &[u8]) -> Failure {
    let said = String::from_utf8_lossy(said);
    let line = said.lines().next().unwrap_or("it says nothing");
    Failure::Machine(format!("git: {}", printable(line)))
}

/// Git that gives blobs by their names, one after the other.
struct Blobs {
    child: Child,
    to: BufWriter<ChildStdin>,
    from: BufReader<ChildStdout>,
}

impl Blobs {
    fn begin() -> Result<Self, Failure> {
        let mut child = git(&["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| failed(&error))?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Failure::Machine("git tells nothing".to_owned()));
        };
        Ok(Self {
            child,
            to: BufWriter::new(to),
            from: BufReader::new(from),
        })
    }

    fn look(
        &mut self,
        name: &[u8],
        path: &Path,
        in_history: bool,
        ignored: &Ignored,
        looked: &mut Looked,
    ) -> Result<(), Failure> {
        let shown = path.to_string_lossy().into_owned();
        // Git asks for one name a line.
        if name.contains(&b'\n') {
            looked
                .left_out
                .push(format!("{shown}: a line end in its name"));
            return Ok(());
        }
        match self.blob(name).map_err(|error| failed(&error))? {
            Blob::Text(id, bytes) => {
                let blob = in_history.then_some(id.as_str());
                looked
                    .findings
                    .extend(in_bytes(&shown, blob, &bytes, ignored));
            }
            Blob::Large => looked.left_out.push(format!("{shown}: larger than 10 MB")),
            Blob::Missing => looked
                .left_out
                .push(format!("{shown}: git does not have it")),
            Blob::Other => {}
        }
        Ok(())
    }

    fn blob(&mut self, name: &[u8]) -> io::Result<Blob> {
        self.to.write_all(name)?;
        self.to.write_all(b"\n")?;
        self.to.flush()?;
        let mut head = Vec::new();
        self.from.read_until(b'\n', &mut head)?;
        let head = String::from_utf8_lossy(&head).trim_end().to_owned();
        let mut words = head.rsplitn(3, ' ');
        let (size, kind, id) = (words.next(), words.next(), words.next());
        let size = size.and_then(|size| size.parse::<u64>().ok());
        let (Some(size), Some(kind), Some(id)) = (size, kind, id) else {
            return match head.is_empty() {
                true => Err(io::ErrorKind::UnexpectedEof.into()),
                false => Ok(Blob::Missing),
            };
        };
        let mut content = (&mut self.from).take(size + 1);
        if kind != "blob" || size > LARGEST {
            io::copy(&mut content, &mut io::sink())?;
            return Ok(match kind {
                "blob" => Blob::Large,
                _ => Blob::Other,
            });
        }
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes)?;
        bytes.pop();
        Ok(Blob::Text(id.to_owned(), bytes))
    }
}

impl Drop for Blobs {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What Git has under a name.
enum Blob {
    /// Its id and its bytes, whatever they are.
    Text(String, Vec<u8>),
    Large,
    Missing,
    /// A commit of another repository, for example.
    Other,
}
