//! Editing an item in the person's editor.

use std::{env, fs, io, path::Path, process::Command, time::Duration};

use keyarc_lookup::{Wanted, printable};
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::write::{changed, told};
use crate::{
    args::Printed,
    failure::Failure,
    forms::Form,
    home::Home,
    memory::MemoryFolder,
    open, output, prompt,
    signals::Signals,
    vault::{Answer, Question, Row},
    writes::{Change, Edited},
};

/// Where nothing else is named; POSIX has it everywhere.
const FALLBACK: &str = "vi";
/// How long an editor may take to end when it is told to.
const PATIENCE: Duration = Duration::from_secs(2);

// `keyarc edit`
#[derive(Debug, clap::Args)]
pub struct Edit {
    /// A name, or folder/name.
    pub item: String,
    /// Of which environment, where several items have the name.
    #[arg(long, short, env = "KEYARC_ENVIRONMENT", value_name = "NAME")]
    pub environment: Option<String>,
    #[command(flatten)]
    pub printed: Printed,
}

/// Opens an editor on an item, and saves what was changed.
pub async fn run(home: &Home, wish: Edit) -> Result<(), Failure> {
    let wanted =
        Wanted::typed(&wish.item, None).map_err(|error| Failure::Usage(error.to_string()))?;
    let wanted = wanted.of_environment(wish.environment.as_deref());
    let answer = open::ask(home, &Question::Form(wanted)).await?;
    let Answer::Form { row, form } = &answer else {
        return Err(Failure::Other("no item came".to_owned()));
    };
    let text = form.written().ok_or_else(|| {
        Failure::Usage(format!(
            "{} has control characters in it, which no .env file can hold: use `keyarc set`",
            printable(&row.name)
        ))
    })?;
    let folder = MemoryFolder::make()?;
    let path = folder.write(form.shape.file_name(), text.as_bytes())?;
    let mut signals = Signals::listen().map_err(|error| Failure::Machine(error.to_string()))?;
    let edited = edited(home, row, form, &path, &mut signals).await;
    match edited {
        Ok(Some(rows)) => told("Changed", &rows, wish.printed.json),
        Ok(None) => {
            eprintln!("Nothing was changed.");
            match wish.printed.json {
                true => output::json(&[row]),
                false => Ok(()),
            }
        }
        Err(GivenUp { failure, is_lost }) => {
            if !is_lost {
                eprintln!(
                    "What you wrote is kept in {}, in memory alone, until the machine restarts or you remove it.",
                    path.display()
                );
                folder.keep();
            }
            Err(failure)
        }
    }
}

/// Why nothing was saved.
struct GivenUp {
    failure: Failure,
    /// Whether what was written may go, too: nobody wants it.
    is_lost: bool,
}

impl GivenUp {
    fn for_good(failure: Failure) -> Self {
        Self {
            failure,
            is_lost: true,
        }
    }

    fn kept(failure: Failure) -> Self {
        Self {
            failure,
            is_lost: false,
        }
    }
}

/// What became of it; `None` when nothing is different.
async fn edited(
    home: &Home,
    row: &Row,
    form: &Form,
    path: &Path,
    signals: &mut Signals,
) -> Result<Option<Vec<Row>>, GivenUp> {
    loop {
        edit(path, signals).await.map_err(GivenUp::for_good)?;
        let mistake = match read(path).and_then(|text| form.read(&text)) {
            Ok(edited) if edited == *form => return Ok(None),
            Ok(form) => {
                let change = Change::Edit(Edited {
                    item: row.id.clone(),
                    version: row.version,
                    form,
                });
                tokio::select! {
                    saved = changed(home, change) => match saved {
                        Ok(rows) => return Ok(Some(rows)),
                        Err(Failure::Usage(mistake)) => mistake,
                        Err(failure) => return Err(GivenUp::kept(failure)),
                    },
                    which = signals.end() => return Err(GivenUp::kept(ended_by(which))),
                }
            }
            Err(mistake) => mistake,
        };
        if !prompt::is_possible() {
            return Err(GivenUp::kept(Failure::Usage(mistake)));
        }
        eprintln!("keyarc: {mistake}");
        eprint!("Edit it again? [Y/n] ");
        tokio::select! {
            answer = line() => {
                if answer.is_none_or(|answer| answer.trim().eq_ignore_ascii_case("n")) {
                    return Err(GivenUp::for_good(Failure::Usage(
                        "nothing was changed".to_owned(),
                    )));
                }
            }
            which = signals.end() => return Err(GivenUp::for_good(ended_by(which))),
        }
    }
}

fn ended_by(which: Signal) -> Failure {
    Failure::Other(format!("ended by signal {}", which.as_raw()))
}

/// A line of standard input; `None` at its end. The thread that waits for it ends with this process.
async fn line() -> Option<String> {
    let (tell, told) = oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        if matches!(io::stdin().read_line(&mut line), Ok(1..)) {
            let _ = tell.send(line);
        }
    });
    told.await.ok()
}

fn read(path: &Path) -> Result<Zeroizing<String>, String> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(error) => Err(format!("what the editor wrote cannot be read: {error}")),
    }
}

/// Runs the editor, and waits for it.
async fn edit(path: &Path, signals: &mut Signals) -> Result<(), Failure> {
    let given = |name| env::var(name).ok().filter(|value| !value.trim().is_empty());
    let editor = given("VISUAL")
        .or_else(|| given("EDITOR"))
        .unwrap_or_else(|| FALLBACK.to_owned());
    let mut command = Command::new("sh");
    command
        // In the place of the shell, so that a signal reaches it; it may begin with variables.
        .args(["-c", &format!("exec env {editor} \"$@\""), "sh"])
        .args(discreet(&editor))
        .arg(path);
    let failed = |error: io::Error| Failure::Machine(format!("cannot run the editor: {error}"));
    let mut child = tokio::process::Command::from(command)
        .spawn()
        .map_err(failed)?;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status.map_err(failed)?,
            which = signals.end() => match which {
                // Keys are the editor's, which gets them, too.
                Signal::INT | Signal::QUIT => {}
                which => {
                    let id = child.id().and_then(|id| i32::try_from(id).ok());
                    if let Some(id) = id.and_then(Pid::from_raw) {
                        let _ = kill_process(id, Signal::TERM);
                    }
                    let _ = tokio::time::timeout(PATIENCE, child.wait()).await;
                    return Err(ended_by(which));
                }
            },
        }
    };
    match status.success() {
        true => Ok(()),
        false => Err(Failure::Other(format!(
            "the editor {} ended with {status}; nothing was changed",
            printable(&editor)
        ))),
    }
}

/// What keeps an editor from writing copies to a disk, for those that would by themselves.
fn discreet(editor: &str) -> &'static [&'static str] {
    let program = editor.split_whitespace().next().unwrap_or_default();
    match program.rsplit('/').next() {
        Some("vim" | "nvim") => &[
            "-n",
            "-i",
            "NONE",
            "--cmd",
            "set noundofile nobackup nowritebackup",
        ],
        _ => &[],
    }
}
