//! Bringing a file in: first it is shown what would be added, and nothing is written until somebody
//! agrees.

use std::{
    fs,
    io::{self, IsTerminal as _, Read as _},
    path::{Path, PathBuf},
    pin::pin,
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use keyarc_lookup::{nearest, printable};
use keyarc_vault::{
    ImportRow, ImportStatus,
    import::{Format, IMPORT_MAX},
};
use zeroize::Zeroizing;

use super::ls::kind;
use crate::{
    args::Printed,
    colour,
    failure::Failure,
    home::Home,
    open, output, prompt,
    secret::Secret,
    transfers::{Came, Incoming, Looked, Plan},
    vault::{Answer, Question},
};

/// Rows of the preview that somebody is shown before agreeing; `--dry-run` prints all of them.
const SHOWN: usize = 40;
const HEAD: [&str; 6] = ["LINE", "NAME", "FOLDER", "KIND", "PROVIDER", ""];

// `keyarc import`
#[derive(Debug, clap::Args)]
pub struct ImportFile {
    /// The file; - for standard input.
    pub file: PathBuf,
    /// What it is, where that is not found out: env, json, csv, bitwarden-json, 1pux, … (all of them
    /// stand in `docs/cli.md`).
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    pub format: Option<Format>,
    /// A folder for all of it, above those that the file names.
    #[arg(long, value_name = "FOLDER", default_value = "")]
    pub folder: String,
    /// A tag for all of it; may be given several times.
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    /// The environment of what names none itself.
    #[arg(long, short, env = "KEYARC_ENVIRONMENT", value_name = "NAME")]
    pub environment: Option<String>,
    /// Make one environment set of this name of all variables.
    #[arg(long, value_name = "NAME")]
    pub as_set: Option<String>,
    /// Print what would be added, and write nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Write without asking.
    #[arg(long, conflicts_with = "dry_run")]
    pub yes: bool,
    /// Read the file's password from standard input.
    #[arg(long)]
    pub stdin: bool,
    #[command(flatten)]
    pub printed: Printed,
}

fn format(text: &str) -> Result<Format, String> {
    let found = Format::ALL.into_iter().find(|format| format.id() == text);
    found.ok_or_else(|| {
        let near = nearest(text, Format::ALL.into_iter().map(Format::id));
        match near.first() {
            Some(near) => format!("there is none of this name; did you mean {near}?"),
            None => {
                let all: Vec<&str> = Format::ALL.into_iter().map(Format::id).collect();
                format!("one of {}", all.join(", "))
            }
        }
    })
}

/// Shows what a file holds, and writes it once somebody agreed.
pub async fn run(home: &Home, wish: ImportFile) -> Result<(), Failure> {
    let is_stdin = wish.file == Path::new("-");
    if is_stdin && wish.stdin {
        return Err(Failure::Usage(
            "standard input is either the file or its password".to_owned(),
        ));
    }
    let bytes = read(&wish.file)?;
    let name = wish.file.file_name().filter(|_| !is_stdin);
    let mut incoming = Incoming {
        file: Secret(BASE64_STANDARD.encode(&*bytes)),
        name: name.map(|name| name.to_string_lossy().into_owned()),
        format: wish.format,
        password: None,
        plan: Plan {
            folder: wish.folder.clone(),
            tags: wish.tag.clone(),
            environment: wish.environment.clone(),
            as_set: wish.as_set.clone(),
        },
        write: false,
    };
    let looked = look(home, &wish, &mut incoming).await?;
    if wish.dry_run {
        tell_errors(&looked);
        return match wish.printed.json {
            true => output::json(&looked),
            false => output::table(HEAD, looked.rows.iter().map(cells)),
        };
    }
    show(&looked);
    if looked.preview.new == 0 {
        return told(
            &wish,
            Looked {
                added: Some(0),
                ..looked
            },
        );
    }
    if !wish.yes {
        if is_stdin || !prompt::is_possible() {
            return Err(Failure::Usage(
                "nothing was written: agree with --yes, or look first with --dry-run".to_owned(),
            ));
        }
        if !prompt::agrees(&format!("Add {}?", output::items(looked.preview.new)))? {
            return Err(Failure::Usage("nothing was written".to_owned()));
        }
    }
    incoming.write = true;
    match ask(home, &incoming, "Writing").await? {
        Came::Read(looked) => told(&wish, *looked),
        Came::Protected { .. } => Err(Failure::Other("the file does not open any more".to_owned())),
    }
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let most = IMPORT_MAX as u64 + 1;
    let mut bytes = Zeroizing::new(Vec::new());
    let outcome = match path == Path::new("-") {
        true => io::stdin().lock().take(most).read_to_end(&mut bytes),
        false => fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes)),
    };
    outcome.map_err(|error| Failure::of_file("cannot read", path, &error))?;
    match bytes.len() > IMPORT_MAX {
        true => Err(Failure::Usage(format!(
            "{} is larger than {} MB: bring it in with a browser",
            printable(&path.display().to_string()),
            IMPORT_MAX >> 20
        ))),
        false => Ok(bytes),
    }
}

/// Reads the file, as often as it takes to find what opens it.
async fn look(home: &Home, wish: &ImportFile, incoming: &mut Incoming) -> Result<Looked, Failure> {
    let (mut own_tried, mut given) = (false, false);
    loop {
        let (by_code, wrong) = match ask(home, incoming, "Reading").await? {
            Came::Read(looked) => return Ok(*looked),
            Came::Protected { by_code, wrong } => (by_code, wrong),
        };
        let secret = match (by_code && !own_tried, wish.stdin) {
            // It may be of this very account.
            (true, _) => {
                own_tried = true;
                home.account()?.setup_code.clone()
            }
            (false, true) if given => return Err(wrong_secret()),
            (false, true) => {
                given = true;
                let [line] = prompt::lines::<1>()?;
                line.as_str().to_owned()
            }
            (false, false) if !prompt::is_possible() => {
                return Err(Failure::Usage(
                    "the file is protected: give its password or setup code with --stdin"
                        .to_owned(),
                ));
            }
            (false, false) => {
                let question = match (by_code, wrong && given) {
                    (true, false) => "Setup code of the archive: ",
                    (false, false) => "Password of the file: ",
                    (_, true) => "That does not open it. Another one: ",
                };
                given = true;
                prompt::secret(question)?.as_str().to_owned()
            }
        };
        incoming.password = Some(Secret(secret));
    }
}

fn wrong_secret() -> Failure {
    Failure::Refused("the file is not opened by what was given, or was changed".to_owned())
}

async fn ask(home: &Home, incoming: &Incoming, doing: &str) -> Result<Came, Failure> {
    let question = Question::Import(Box::new(incoming.clone()));
    let answer = ask_for_long(home, &question, doing).await?;
    match &answer {
        Answer::Import(came) => Ok(came.clone()),
        _ => Err(Failure::Other("no file came back".to_owned())),
    }
}

/// Asks what may take its time, and tells somebody at a terminal that it goes on.
pub async fn ask_for_long(
    home: &Home,
    question: &Question,
    doing: &str,
) -> Result<Answer, Failure> {
    let mut asking = pin!(open::ask(home, question));
    let mut seconds = 0;
    loop {
        tokio::select! {
            answer = &mut asking => {
                if seconds > 0 && io::stderr().is_terminal() {
                    eprint!("\r\x1b[K");
                }
                return answer;
            }
            () = tokio::time::sleep(Duration::from_secs(1)) => {
                seconds += 1;
                if io::stderr().is_terminal() {
                    eprint!("\r{doing}, {seconds} s");
                }
            }
        }
    }
}

fn cells(row: &ImportRow) -> [String; 6] {
    [
        row.line.to_string(),
        printable(&row.name),
        printable(&row.folder),
        kind(row.kind).to_owned(),
        row.provider_name
            .as_deref()
            .map(printable)
            .unwrap_or_default(),
        match row.status {
            ImportStatus::New => String::new(),
            ImportStatus::Duplicate => "there already".to_owned(),
        },
    ]
}

fn tell_errors(looked: &Looked) {
    for error in &looked.errors {
        eprintln!("keyarc: line {}: {}", error.line, printable(&error.reason));
    }
}

/// For somebody who is to agree: on standard error, since nothing is done yet.
fn show(looked: &Looked) {
    let rows = looked.rows.iter().take(SHOWN).map(cells);
    for line in output::table_lines(HEAD, rows, colour::on_stderr()) {
        eprintln!("{line}");
    }
    if let Some(more @ 1..) = looked.rows.len().checked_sub(SHOWN) {
        eprintln!("… and {more} more; --dry-run prints all of them");
    }
    tell_errors(looked);
    let preview = &looked.preview;
    eprintln!(
        "{}: {} new, {} in the vault already, {} not readable",
        preview.format.name(),
        preview.new,
        preview.duplicates,
        preview.broken
    );
    if preview.files + preview.files_missing > 0 {
        eprintln!(
            "{} attached files are left out: a browser brings them in",
            preview.files + preview.files_missing
        );
    }
}

fn told(wish: &ImportFile, looked: Looked) -> Result<(), Failure> {
    eprintln!("Added {}.", output::items(looked.added.unwrap_or_default()));
    for warning in &looked.behind {
        eprintln!("keyarc: {warning}");
    }
    match wish.printed.json {
        true => output::json(&looked),
        false => Ok(()),
    }
}
