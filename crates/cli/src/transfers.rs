//! Files into the vault and out of it, by whoever holds the keys. What is attached to items stays
//! behind both ways: pieces of files come and go in a browser.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use keyarc_client::{Host as _, NativeHost, SaveError};
use keyarc_lookup::printable;
use keyarc_vault::{
    FilePassword, ImportLineError, ImportPlan, ImportPreview, ImportQuery, ImportRow, ImportWish,
    WINDOW_MAX,
    archive::{ArchiveLock, ArchiveWriter},
    export::{Exported, PlainFormat, Writer, Written},
    import::{Format, Import, Unreadable, open},
};
use keyarc_wire::ItemId;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{failure::Failure, host::Open, secret::Secret, tokens, writes::not_saved};

/// Items whose details are fetched at once.
const BATCH: usize = 200;
/// How often items that changed while they were fetched are fetched anew.
const TRIES: u32 = 3;
/// Entries compared with the vault in one step.
const SORT_AT_ONCE: usize = 1_000;

/// A file that is to come in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incoming {
    /// Its bytes, in Base64.
    pub file: Secret,
    /// What it is called, without its folder.
    pub name: Option<String>,
    /// What it is; `None` to find out.
    pub format: Option<Format>,
    /// What opens it, if it is protected.
    pub password: Option<Secret>,
    /// How its entries become items.
    pub plan: Plan,
    /// Whether the items are written, or only looked at.
    pub write: bool,
}

/// How entries of a file become items.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The folder above those that the file names; empty for the top.
    pub folder: String,
    /// Tags for all of them.
    pub tags: Vec<String>,
    /// The environment of those that name none themselves.
    pub environment: Option<String>,
    /// One environment set of this name in the place of an item for each entry.
    pub as_set: Option<String>,
}

/// What became of a file that was to come in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Came {
    /// It was read.
    Read(Box<Looked>),
    /// It is protected.
    Protected {
        /// By the setup code of an account, and not by a password.
        by_code: bool,
        /// What was given does not open it.
        wrong: bool,
    },
}

/// What a file holds, without any value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looked {
    /// At a glance.
    pub preview: ImportPreview,
    /// All of its rows.
    pub rows: Vec<ImportRow>,
    /// What could not be read.
    pub errors: Vec<ImportLineError>,
    /// How many items were written; `None` when it was only looked at.
    pub added: Option<u32>,
    /// What is to be said of machine tokens that still read what was before.
    pub behind: Vec<String>,
}

/// Reads a file, compares it with the vault, and writes what is new in one write, if that is wished.
pub async fn come_in(session: &Open, file: &Incoming) -> Result<Came, Failure> {
    let bytes = Zeroizing::new(
        BASE64_STANDARD
            .decode(file.file.0.as_bytes())
            .map_err(|_| Failure::Other("the file did not come whole".to_owned()))?,
    );
    let wish = ImportWish {
        format: file.format,
        password: file
            .password
            .as_ref()
            .map(|password| FilePassword(password.0.clone())),
        ..ImportWish::default()
    };
    let opened = match open(&bytes, file.name.as_deref(), &wish) {
        Ok(opened) => opened,
        Err(why) => return protected(file, why),
    };
    let mut sorting = session.look(|vault| opened.sort(vault));
    while session.look(|vault| sorting.step(vault, SORT_AT_ONCE)) < 100 {}
    let import = sorting.finish();
    let added = match file.write {
        false => None,
        true => {
            let plan = ImportPlan {
                folder: file.plan.folder.clone(),
                tags: file.plan.tags.clone(),
                environment: file.plan.environment.clone(),
                as_set: file.plan.as_set.clone(),
                without_files: true,
                ..ImportPlan::default()
            };
            let planned = session.look(|vault| vault.plan_import(&import, &plan));
            let planned = planned.map_err(|error| not_saved(SaveError::Draft(error)))?;
            Some(session.import(&planned).await.map_err(not_saved)?)
        }
    };
    let behind = match added {
        Some(1..) => tokens::behind(session).await,
        _ => Vec::new(),
    };
    Ok(Came::Read(Box::new(Looked {
        preview: import.preview(),
        rows: rows(&import),
        errors: import.errors(0, u32::MAX).to_vec(),
        added,
        behind,
    })))
}

fn protected(file: &Incoming, why: Unreadable) -> Result<Came, Failure> {
    let (by_code, wrong) = match why {
        Unreadable::PasswordNeeded => (false, false),
        Unreadable::WrongPassword => (false, true),
        Unreadable::CodeNeeded => (true, false),
        Unreadable::WrongCode => (true, true),
        other => {
            let name = file.name.as_deref().unwrap_or("the file");
            return Err(Failure::Usage(format!("{} {other}", printable(name))));
        }
    };
    Ok(Came::Protected { by_code, wrong })
}

fn rows(import: &Import) -> Vec<ImportRow> {
    let mut rows = Vec::new();
    loop {
        let window = import.window(&ImportQuery {
            only: None,
            offset: u32::try_from(rows.len()).unwrap_or(u32::MAX),
            limit: WINDOW_MAX,
        });
        if window.rows.is_empty() {
            return rows;
        }
        rows.extend(window.rows);
    }
}

/// As what items go out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum GoingAs {
    /// In clear.
    Plain(PlainFormat),
    /// An archive for a password of its own.
    ArchiveForPassword(Secret),
    /// An archive for the account's setup code.
    ArchiveForCode,
}

/// What is to go out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// Ids: thirty-two hexadecimal digits each. `None` for all, and those in the trash with an
    /// archive.
    pub items: Option<Vec<String>>,
    /// As what.
    pub going: GoingAs,
}

/// What went out.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Went {
    /// The file's bytes, in Base64.
    pub file: String,
    /// What it holds, and what it has no place for.
    #[zeroize(skip)]
    pub written: Written,
    /// Items whose files are not in it.
    #[zeroize(skip)]
    pub without_files: u32,
    /// Items of the vault that do not open.
    #[zeroize(skip)]
    pub unreadable: u32,
}

/// Makes a file of items.
pub async fn go_out(session: &Open, wish: &Outgoing) -> Result<Went, Failure> {
    let is_plain = matches!(wish.going, GoingAs::Plain(_));
    let mut ids: Vec<ItemId> = session.look(|vault| vault.item_ids());
    if let Some(items) = &wish.items {
        let wanted: std::collections::HashSet<&str> = items.iter().map(String::as_str).collect();
        ids.retain(|id| wanted.contains(id.to_string().as_str()));
    } else if is_plain {
        session.look(|vault| {
            ids.retain(|id| {
                let row = vault.summary(*id);
                row.is_some_and(|row| row.trashed_at_ms.is_none())
            });
        });
    }
    let mut items = Vec::with_capacity(ids.len());
    for batch in ids.chunks(BATCH) {
        items.extend(read(session, batch).await?);
    }
    let place = |one: &Exported| {
        let summary = &one.item.summary;
        (summary.folder.clone(), summary.name.clone(), summary.id)
    };
    items.sort_by_cached_key(place);
    let has_files = |one: &&Exported| !one.item.attachments.is_empty();
    let without_files = u32::try_from(items.iter().filter(has_files).count()).unwrap_or(u32::MAX);
    let (bytes, written) = match &wish.going {
        GoingAs::Plain(format) => {
            let mut writer = Writer::new(*format);
            items.iter().for_each(|item| writer.put(item));
            writer.finish()
        }
        GoingAs::ArchiveForPassword(password) => {
            archive(session, ArchiveLock::Password(&password.0), &items)?
        }
        GoingAs::ArchiveForCode => {
            let code = session.setup_code(session.suite());
            archive(session, ArchiveLock::Code(&code), &items)?
        }
    };
    Ok(Went {
        file: BASE64_STANDARD.encode(&*bytes),
        written,
        without_files: if is_plain { 0 } else { without_files },
        unreadable: match wish.items {
            None => session.look(|vault| vault.unreadable()),
            Some(_) => 0,
        },
    })
}

/// Items as they are now, whoever changes them meanwhile. What is gone is passed over.
async fn read(session: &Open, ids: &[ItemId]) -> Result<Vec<Exported>, Failure> {
    let mut left = ids.to_vec();
    let mut read = Vec::with_capacity(ids.len());
    for _ in 0..TRIES {
        let items = session.read_many(&left).await?;
        session.look(|vault| {
            read.extend(items.into_iter().filter_map(|item| vault.exported(item)));
        });
        let have: std::collections::HashSet<ItemId> = read
            .iter()
            .map(|one: &Exported| one.item.summary.id)
            .collect();
        left.retain(|id| !have.contains(id) && session.look(|vault| vault.summary(*id).is_some()));
        if left.is_empty() {
            return Ok(read);
        }
        session.sync().await?;
    }
    Err(Failure::Changed)
}

fn archive(
    session: &Open,
    lock: ArchiveLock<'_>,
    items: &[Exported],
) -> Result<(Zeroizing<Vec<u8>>, Written), Failure> {
    let failed = |error: keyarc_vault::archive::ArchiveRefused| Failure::Other(error.to_string());
    let rng = &mut NativeHost.rng();
    let mut out = Vec::new();
    let mut writer =
        ArchiveWriter::begin(lock, NativeHost.today(), &mut out, rng).map_err(failed)?;
    for item in items {
        writer.put(item, &mut out, rng).map_err(failed)?;
    }
    let revision = session.look(|vault| vault.revision());
    let facts = writer
        .finish(NativeHost.now_ms(), revision, &mut out, rng)
        .map_err(failed)?;
    let written = Written {
        items: facts.items,
        ..Written::default()
    };
    Ok((Zeroizing::new(out), written))
}
