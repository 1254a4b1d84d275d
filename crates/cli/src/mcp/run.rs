//! Running a command for an agent, with secrets in its environment and without them in its output.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    env, fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use keyarc_lookup::{Wanted, printable};
use keyarc_reference::{Reference, SCHEME};
use keyarc_vault::import;
use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    process::Command,
    task::{JoinHandle, spawn_local},
};
use zeroize::Zeroizing;

use super::{config::Config, tools::Tools};
use crate::{
    approval,
    failure::Failure,
    mask::{LEAST, Masker, Needles},
    process::code,
    scope::Within,
    variables::is_name,
    vault::Answer,
};

/// Of each stream so many bytes are told; the rest is read and dropped.
const TOLD: usize = 64 * 1024;
/// The longest file of variables that is read, in bytes.
const FILE_MAX: u64 = 1024 * 1024;
/// For so long the output of a command that has ended is waited for: something that it started may
/// still hold it.
const LINGER: Duration = Duration::from_secs(2);
/// The longest command that a person is asked about, in characters as they are shown.
const SHOWN_MAX: usize = 2_000;
/// Variables of this process that are about the vault, and for nobody else.
const OWN: &str = "KEYARC_";

/// What an agent wants to run.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunCommand {
    argv: Vec<String>,
    #[serde(default)]
    variables: BTreeMap<String, String>,
    env_file: Option<PathBuf>,
    environment: Option<String>,
}

/// Runs a command if it is allowed and, where that is wanted, somebody says yes.
pub async fn run(
    tools: &Tools,
    config: &Config,
    wish: &RunCommand,
    client: &str,
) -> Result<Value, Failure> {
    let refused = |why: &str| Err(Failure::Usage(why.to_owned()));
    if wish.argv.iter().any(|word| word.contains('\0')) {
        return refused("an argument has a NUL in it");
    }
    let allowed = config
        .commands
        .iter()
        .find(|allowed| allowed.is(&wish.argv));
    let (Some(allowed), Some(name)) = (allowed, wish.argv.first()) else {
        return refused(
            "this command is not among those that a person has allowed, word by word; ask them to allow it in mcp.toml",
        );
    };
    let program = found(name)?;
    let references = references(wish)?;
    let mut wanted = Vec::with_capacity(references.len());
    for (name, reference) in &references {
        let reference: Reference = reference
            .parse()
            .map_err(|error| Failure::Usage(format!("{name}: {error}")))?;
        wanted.push(Wanted::from(reference).of_environment(wish.environment.as_deref()));
    }
    let values = values(tools, wanted).await?;
    for (name, value) in references.keys().zip(&values) {
        if value.len() < LEAST || value.contains('\0') {
            return refused(&format!(
                "{name}: a value of fewer than {LEAST} bytes, or with a NUL in it, is not given to commands here: it could not be masked"
            ));
        }
    }
    if allowed.approval {
        let question = question(client, &wish.argv, &references)?;
        if !approval::is_given(&question, &config.whom).await {
            return Err(Failure::Refused(
                "nobody said yes to this command: do not try it again unless you are asked to"
                    .to_owned(),
            ));
        }
    }
    let mut command = Command::new(program);
    command.args(&wish.argv[1..]);
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with(OWN) {
            command.env_remove(name);
        }
    }
    let given = references.keys().zip(&values);
    command.envs(given.map(|(name, value)| (name, value.as_str())));
    let needles = Arc::new(Needles::of(values.iter().map(|value| value.as_str())));
    let ran = Ran::wait(command, &needles, allowed.timeout()).await?;
    Ok(ran.told())
}

/// The program of a name, in PATH where that names a folder by its whole path: a relative one would
/// be in the hands of whoever writes where this runs.
fn found(name: &str) -> Result<PathBuf, Failure> {
    if name.starts_with('/') {
        return Ok(name.into());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders = env::split_paths(&path).filter(|folder| folder.is_absolute());
    let at = folders.find_map(|folder| Some(folder.join(name)).filter(|path| path.is_file()));
    at.ok_or_else(|| Failure::NotFound {
        what: format!("command {name}"),
        nearest: Vec::new(),
    })
}

/// Names and references, of the file and of what was said beside it. What the file sets otherwise
/// is left out: an agent that can write files could set what makes a program run another one.
fn references(wish: &RunCommand) -> Result<BTreeMap<String, String>, Failure> {
    let mut all = BTreeMap::new();
    if let Some(path) = &wish.env_file {
        let text = file(path)?;
        let parsed = import::parse(&text);
        if let Some(wrong) = parsed.errors.first() {
            return Err(Failure::Usage(format!(
                "line {}: {}",
                wrong.line, wrong.reason
            )));
        }
        let assigned = parsed.assignments.iter();
        let assigned = assigned.filter(|one| one.value.starts_with(SCHEME));
        all.extend(assigned.map(|one| (one.name.clone(), one.value.clone())));
    }
    all.extend(wish.variables.clone());
    let wrong = |(name, value): &(&String, &String)| !is_name(name) || !value.starts_with(SCHEME);
    match all.iter().find(wrong) {
        Some((name, _)) => Err(Failure::Usage(format!(
            "{}: variables have letters, digits and _ in their names, and references for values",
            printable(name)
        ))),
        None => Ok(all),
    }
}

fn file(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let failed = |error: std::io::Error| Failure::of_file("cannot read", path, &error);
    // Neither a device nor a pipe, which might never end.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(Failure::Machine(format!("{} is no file", path.display())));
    }
    let mut text = Zeroizing::new(String::new());
    let file = fs::File::open(path).map_err(failed)?;
    file.take(FILE_MAX)
        .read_to_string(&mut text)
        .map_err(failed)?;
    Ok(text)
}

async fn values(tools: &Tools, wanted: Vec<Wanted>) -> Result<Vec<Zeroizing<String>>, Failure> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let count = wanted.len();
    let mut answer = tools.ask(Within::Values(wanted)).await?;
    match &mut answer {
        Answer::Values(values) if values.len() == count => {
            let values = std::mem::take(values).into_iter();
            Ok(values.map(Zeroizing::new).collect())
        }
        _ => Err(Failure::Other(
            "other values came than were wanted".to_owned(),
        )),
    }
}

/// What a person is asked: all of the command and of what it gets, or nothing is asked.
fn question(
    client: &str,
    argv: &[String],
    references: &BTreeMap<String, String>,
) -> Result<String, Failure> {
    let words: Vec<String> = argv.iter().map(|word| quoted(word)).collect();
    let given = references
        .iter()
        .map(|(name, reference)| format!("\n  {name} = {}", printable(reference)));
    let client = match printable(client) {
        name if name.is_empty() => "A coding agent".to_owned(),
        name => format!("A coding agent that calls itself {}", quoted(&name)),
    };
    let folder = env::current_dir().unwrap_or_default();
    let question = format!(
        "{client} wants to run, in {}:\n  {}{}\nAllow it once?",
        printable(&folder.to_string_lossy()),
        words.join(" "),
        given.collect::<String>()
    );
    match question.chars().count() <= SHOWN_MAX {
        true => Ok(question),
        false => Err(Failure::Usage(
            "this command is too long to be read by the person who is asked".to_owned(),
        )),
    }
}

/// A word as it is told apart from its neighbours.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+%".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", printable(word).replace('\'', r"'\''")),
    }
}

/// How a command ended.
struct Ran {
    /// `None` when it was ended because of the time.
    status: Option<ExitStatus>,
    streams: [Heard; 2],
}

/// What a command has printed, masked.
#[derive(Default)]
struct Heard {
    text: Vec<u8>,
    is_cut: bool,
}

/// Ends a command and all that it started in its group.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Ran {
    async fn wait(
        mut command: Command,
        needles: &Arc<Needles>,
        timeout: Duration,
    ) -> Result<Self, Failure> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        let cannot =
            |error: std::io::Error| Failure::Machine(format!("the command cannot be run: {error}"));
        let mut child = command.spawn().map_err(cannot)?;
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        let group = Group(id.and_then(Pid::from_raw));
        let (out, out_ends) = Heard::listen(child.stdout.take(), needles);
        let (err, err_ends) = Heard::listen(child.stderr.take(), needles);
        let status = match tokio::time::timeout(timeout, child.wait()).await {
            Ok(status) => Some(status.map_err(cannot)?),
            Err(_) => None,
        };
        drop(group);
        let streams = async { tokio::join!(out_ends, err_ends) };
        let _ = tokio::time::timeout(LINGER, streams).await;
        Ok(Self {
            status,
            streams: [out.take(), err.take()],
        })
    }

    fn told(&self) -> Value {
        let [out, err] = &self.streams;
        json!({
            "exit_code": self.status.map(code),
            "timed_out": self.status.is_none(),
            "stdout": String::from_utf8_lossy(&out.text),
            "stderr": String::from_utf8_lossy(&err.text),
            "truncated": out.is_cut || err.is_cut,
        })
    }
}

impl Heard {
    /// Reads a stream to its end, masks it, and keeps the beginning.
    fn listen(
        stream: Option<impl AsyncRead + Unpin + 'static>,
        needles: &Arc<Needles>,
    ) -> (Rc<RefCell<Self>>, JoinHandle<()>) {
        let heard = Rc::new(RefCell::new(Self::default()));
        let kept = Rc::clone(&heard);
        let mut masker = Masker::new(Arc::clone(needles));
        let task = spawn_local(async move {
            let Some(mut stream) = stream else { return };
            let mut piece = Zeroizing::new(vec![0; 16 * 1024]);
            let mut masked = Vec::new();
            loop {
                match stream.read(&mut piece).await {
                    Ok(0) | Err(_) => break,
                    Ok(read) => masker.push(&piece[..read], &mut masked),
                }
                kept.borrow_mut().keep(&mut masked);
            }
            masker.finish(&mut masked);
            kept.borrow_mut().keep(&mut masked);
        });
        (heard, task)
    }

    fn keep(&mut self, masked: &mut Vec<u8>) {
        let room = TOLD - self.text.len();
        self.is_cut |= masked.len() > room;
        masked.truncate(room);
        self.text.append(masked);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_shows_where_a_word_ends_and_speaks_to_no_terminal() {
        let argv = ["npm", "run", "a b", "", "it's", "\u{1b}[2J", "x\ny"].map(str::to_owned);
        let references = [("KEY".to_owned(), "keyarc://personal/A/value".to_owned())].into();
        let question = question("an agent\u{1b}[1m", &argv, &references).expect("is short");
        assert!(!question.contains('\u{1b}'), "{question}");
        assert!(
            question.contains("npm run 'a b' '' 'it'\\''s' '\u{fffd}[2J' 'x\u{fffd}y'\n  KEY = keyarc://personal/A/value\n"),
            "{question}"
        );
        let long = vec!["x".repeat(SHOWN_MAX)];
        assert!(super::question("", &long, &BTreeMap::new()).is_err());
    }
}
