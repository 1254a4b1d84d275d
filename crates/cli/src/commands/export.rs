//! Handing items out as a file.

use std::{
    io::{self, IsTerminal as _},
    path::PathBuf,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use clap::ValueEnum;
use keyarc_vault::export::{LeftOut, PlainFormat};
use zeroize::Zeroizing;

use super::{import::ask_for_long, ls::kind};
use crate::{
    args::Ls,
    failure::Failure,
    home::Home,
    open, output, prompt,
    secret::Secret,
    transfers::{GoingAs, Outgoing, Went},
    vault::{Answer, Question},
};

/// Characters of the shortest password of an archive, against which anybody who has the file can
/// try as many as they like.
const PASSWORD_MIN: usize = 12;

// `keyarc export`
#[derive(Debug, clap::Args)]
pub struct Export {
    /// As what.
    #[arg(long, value_enum, default_value_t = ExportFormat::Archive)]
    pub format: ExportFormat,
    /// Where to, for your eyes only; standard output without it.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Put it in the place of a file that is there.
    #[arg(long, requires = "output")]
    pub force: bool,
    /// Agree to have secrets in clear.
    #[arg(long)]
    pub yes: bool,
    /// Read the password of the archive from standard input.
    #[arg(long)]
    pub stdin: bool,
    /// Seal the archive under the account's setup code and not under a password.
    #[arg(long, conflicts_with = "stdin")]
    pub setup_code: bool,
    #[command(flatten)]
    pub which: Ls,
}

/// As what items are handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// KeyArc's own, sealed; all of it, the trash too.
    Archive,
    /// Variables, in clear.
    Env,
    /// All that an item has, in clear.
    Json,
    /// A table, in clear.
    Csv,
    /// What Bitwarden imports, in clear.
    Bitwarden,
}

impl ExportFormat {
    fn plain(self) -> Option<PlainFormat> {
        match self {
            Self::Archive => None,
            Self::Env => Some(PlainFormat::Dotenv),
            Self::Json => Some(PlainFormat::Json),
            Self::Csv => Some(PlainFormat::Csv),
            Self::Bitwarden => Some(PlainFormat::BitwardenJson),
        }
    }
}

/// Makes a file of what is wanted.
pub async fn run(home: &Home, wish: Export) -> Result<(), Failure> {
    if wish.setup_code && wish.format != ExportFormat::Archive {
        return Err(Failure::Usage(
            "--setup-code belongs to an archive".to_owned(),
        ));
    }
    // Before anything is asked of anybody.
    if let Some(path) = wish.output.as_ref().filter(|_| !wish.force)
        && path.symlink_metadata().is_ok()
    {
        return Err(output::is_there(path));
    }
    let is_sealed = wish.format.plain().is_none();
    if is_sealed && wish.output.is_none() && io::stdout().is_terminal() {
        return Err(Failure::Usage(
            "an archive is nothing to read: name a file with --output".to_owned(),
        ));
    }
    let items = wanted(home, &wish).await?;
    let going = match wish.format.plain() {
        Some(format) => {
            agree(&wish)?;
            GoingAs::Plain(format)
        }
        None if wish.setup_code => GoingAs::ArchiveForCode,
        None => GoingAs::ArchiveForPassword(Secret(password(wish.stdin)?.as_str().to_owned())),
    };
    let question = Question::Export(Outgoing { items, going });
    let answer = ask_for_long(home, &question, "Reading").await?;
    let Answer::Export(went) = &answer else {
        return Err(Failure::Other("no file came".to_owned()));
    };
    let bytes = BASE64_STANDARD.decode(went.file.as_bytes());
    let bytes = Zeroizing::new(
        bytes.map_err(|_| Failure::Other("the file did not come whole".to_owned()))?,
    );
    match &wish.output {
        Some(path) if wish.force => output::private_file(path, &bytes)?,
        Some(path) => output::new_private_file(path, &bytes)?,
        None => output::secret(&bytes)?,
    }
    tell(went, is_sealed);
    Ok(())
}

/// Which items; `None` for all.
async fn wanted(home: &Home, wish: &Export) -> Result<Option<Vec<String>>, Failure> {
    let which = &wish.which;
    if which.words.is_empty() && which.folder.is_none() && which.environment.is_none() {
        return Ok(None);
    }
    let answer = open::ask(home, &Question::Items).await?;
    let Answer::Items(rows) = &answer else {
        return Err(Failure::Other("no list came".to_owned()));
    };
    let rows = rows.iter().filter(|row| which.wants(row));
    let ids: Vec<String> = rows.map(|row| row.id.clone()).collect();
    match ids.is_empty() {
        true => Err(Failure::NotFound {
            what: "item that these words and filters mean".to_owned(),
            nearest: Vec::new(),
        }),
        false => Ok(Some(ids)),
    }
}

fn agree(wish: &Export) -> Result<(), Failure> {
    if wish.yes {
        return Ok(());
    }
    let meaning = "whoever reads it has your secrets";
    if !prompt::is_possible() {
        return Err(Failure::Usage(format!(
            "what is exported as this stands there in clear, and {meaning}: agree with --yes, or make an archive"
        )));
    }
    let question = format!("The secrets stand there in clear: {meaning}. Go on?");
    match prompt::agrees(&question)? {
        true => Ok(()),
        false => Err(Failure::Usage("nothing was exported".to_owned())),
    }
}

/// That of the archive, typed twice.
fn password(by_script: bool) -> Result<Zeroizing<String>, Failure> {
    let password = match by_script {
        true => {
            let [password] = prompt::lines::<1>()?;
            password
        }
        false if !prompt::is_possible() => {
            return Err(Failure::Usage(
                "give the password of the archive with --stdin, or seal it under the setup code with --setup-code".to_owned(),
            ));
        }
        false => {
            let first = prompt::secret("Password of the archive: ")?;
            let again = prompt::secret("Once more: ")?;
            if *first != *again {
                return Err(Failure::Usage("these are not the same".to_owned()));
            }
            first
        }
    };
    match password.chars().count() < PASSWORD_MIN {
        true => Err(Failure::Usage(format!(
            "the password of an archive has at least {PASSWORD_MIN} characters"
        ))),
        false => Ok(password),
    }
}

fn tell(went: &Went, is_sealed: bool) {
    eprintln!("{}.", output::items(went.written.items));
    if is_sealed {
        eprintln!("What items were before is not in it; a browser makes an archive with that.");
    }
    if went.without_files > 0 {
        eprintln!(
            "The attached files of {} are not in it; a browser makes an archive with them.",
            output::items(went.without_files)
        );
    }
    if went.unreadable > 0 {
        eprintln!(
            "Not in it, because nothing opens them: {}.",
            output::items(went.unreadable)
        );
    }
    for (what, count) in &went.written.left_out {
        // Everything has dates, and nobody misses them.
        if *what != LeftOut::Dates {
            eprintln!("Not in it: {} ({count})", words(*what));
        }
    }
    if went.written.formulas > 0 {
        eprintln!(
            "A spreadsheet takes {} values for formulas: have it read the columns as text.",
            went.written.formulas
        );
    }
}

fn words(what: LeftOut) -> String {
    let words = match what {
        LeftOut::Items(is) => return format!("items of the kind {}", kind(is)),
        LeftOut::Kind(is) => return format!("that items are of the kind {}", kind(is)),
        LeftOut::Values => "values with characters that it cannot write",
        LeftOut::Numbered => "names that stood there before, which have a number behind them",
        LeftOut::Name => "names for people",
        LeftOut::Folder => "folders",
        LeftOut::Tags => "tags",
        LeftOut::Environment => "environments",
        LeftOut::Provider => "providers",
        LeftOut::Variable => "names for programs",
        LeftOut::Favourite => "stars",
        LeftOut::Expiry => "expiry dates",
        LeftOut::Rotation => "rotations",
        LeftOut::Notes => "notes",
        LeftOut::Fields => "fields of your own",
        LeftOut::FieldTypes => "what such fields are",
        LeftOut::Places => "where secrets are used",
        LeftOut::Check => "how keys are tested",
        LeftOut::CheckResults => "what tests found",
        LeftOut::Attachments => "attached files",
        LeftOut::Dates => "dates",
    };
    words.to_owned()
}
