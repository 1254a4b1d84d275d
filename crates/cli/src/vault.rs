//! What commands ask of an open vault, wherever it is open: here, or in the process that holds the
//! keys.

use std::collections::BTreeSet;

use keyarc_client::{ClientError, Host as _, NativeHost};
use keyarc_lookup::{Environment, Wanted, find_in, not_found};
use keyarc_vault::{
    Change as VersionChange, CheckOutcome, Item, ItemSummary, UnlockedVault, Version,
};
use keyarc_wire::ItemId;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    cache::Kept,
    checks::{self, Checked, ToCheck},
    commands::Listing,
    credentials::{self, Asked},
    failure::Failure,
    forms::Form,
    handing_in::{self, HANDED_IN},
    host::{Open, doubt},
    keyring,
    machine::{OpenedCopy, needs_account},
    scope::{self, Scope, Within},
    secret::Secret,
    ssh,
    tokens::{self, TokenLine, TokenWish, UseLine},
    transfers::{self, Came, Incoming, Outgoing, Went},
    values::{one_time_code, value, values, variables},
    writes::{self, Change},
};

pub use keyarc_lookup::Row;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// [`Answer::Status`].
    Status,
    /// [`Answer::Items`], without the trash.
    Items,
    /// [`Answer::Text`]: the same as somebody reads it.
    List(Listing),
    /// [`Answer::Values`], in the order of what is wanted, by one request however many they are.
    Values(Vec<Wanted>),
    /// [`Answer::Item`]: all values of one item.
    Item(Wanted),
    /// [`Answer::Item`] with the variables of an environment set and nothing else.
    Variables(Wanted),
    /// [`Answer::Form`].
    Form(Wanted),
    /// [`Answer::Code`].
    Code(Wanted),
    /// [`Answer::Checks`]: of these, or of all that have a test.
    Checks(Option<Vec<Wanted>>),
    /// [`Answer::Outcomes`], in the order of the answers, which are noted.
    Checked(Vec<Checked>),
    /// [`Answer::Import`].
    Import(Box<Incoming>),
    /// [`Answer::Export`].
    Export(Outgoing),
    /// [`Answer::Changed`].
    Change(Change),
    /// [`Answer::Versions`], the newest first.
    History(Wanted),
    /// [`Answer::Token`].
    MakeToken(TokenWish),
    /// [`Answer::Tokens`], with their copies brought up to date.
    Tokens,
    /// [`Answer::Removed`]: tokens of these names or ids are revoked.
    RemoveTokens(Vec<String>),
    /// [`Answer::Uses`] of the token of this name or id.
    TokenUses(String),
    /// [`Answer::Credential`]: what another program is to log in with.
    Credential(Asked),
    /// [`Answer::Registries`], of an environment or of none in particular.
    Registries(Option<Environment>),
    /// [`Answer::Identities`]
    SshIdentities(ssh::Which),
    /// [`Answer::Signature`]
    SshSign(ssh::ToSign),
    /// As if there were nothing but a part of the vault.
    Within(Scope, Within),
    /// [`Answer::Kept`]: it takes the password once more.
    KeepUnlock(Secret),
    /// [`Answer::Done`]; the keys are forgotten.
    Lock,
}

impl Question {
    /// What is looked for by name.
    pub fn wanted(&mut self) -> Vec<&mut Wanted> {
        match self {
            Self::Checks(several) => several.iter_mut().flatten().collect(),
            Self::Values(several)
            | Self::Change(Change::Move(several, _) | Change::Remove(several)) => {
                several.iter_mut().collect()
            }
            Self::Item(one)
            | Self::Variables(one)
            | Self::Form(one)
            | Self::Code(one)
            | Self::History(one)
            | Self::Change(Change::Set(one, _)) => vec![one],
            Self::Change(Change::New(_) | Change::Edit(_))
            | Self::Checked(_)
            | Self::Import(_)
            | Self::Export(_)
            | Self::MakeToken(_)
            | Self::Tokens
            | Self::RemoveTokens(_)
            | Self::TokenUses(_)
            | Self::Credential(_)
            | Self::Registries(_)
            | Self::SshIdentities(_)
            | Self::SshSign(_)
            // What is within a scope is named with it.
            | Self::Within(..)
            | Self::Status
            | Self::Items
            | Self::KeepUnlock(_)
            | Self::List(_)
            | Self::Lock => Vec::new(),
        }
    }
}

/// What is answered.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The vault at a glance.
    Status(#[zeroize(skip)] Status),
    /// Rows.
    Items(#[zeroize(skip)] Vec<Row>),
    /// What is to be printed, without a secret in it.
    Text(#[zeroize(skip)] String),
    /// Secrets.
    Values(Vec<String>),
    /// An item's values by name, and its row.
    Item {
        /// The item.
        #[zeroize(skip)]
        row: Row,
        /// Names and values.
        values: Vec<(String, String)>,
    },
    /// What of an item is edited, and its row.
    Form {
        /// The item.
        #[zeroize(skip)]
        row: Row,
        /// What is edited.
        form: Form,
    },
    /// A one-time code.
    Code {
        /// Decimal digits.
        code: String,
        /// Seconds for which it is good, from 1.
        #[zeroize(skip)]
        seconds_left: u32,
    },
    /// Requests that tell whether keys work.
    Checks(Vec<ToCheck>),
    /// What they told.
    Outcomes(#[zeroize(skip)] Vec<Option<CheckOutcome>>),
    /// What became of a file that was to come in.
    Import(#[zeroize(skip)] Came),
    /// A file of items.
    Export(Went),
    /// What was changed.
    Changed {
        /// The items that were made or changed, as they are now.
        #[zeroize(skip)]
        rows: Vec<Row>,
        /// What is to be said beside: of machine tokens that still read what was before, of what they
        /// changed, or that it was handed in.
        #[zeroize(skip)]
        behind: Vec<String>,
    },
    /// A machine token, which is shown once.
    Token {
        /// The token.
        text: String,
        /// Its id.
        #[zeroize(skip)]
        id: String,
        /// How many items it reads.
        #[zeroize(skip)]
        items: u32,
    },
    /// Machine tokens.
    Tokens(#[zeroize(skip)] Vec<TokenLine>),
    /// What was revoked, as it was named.
    Removed(#[zeroize(skip)] Vec<String>),
    /// Who used a machine token, the newest first.
    Uses(#[zeroize(skip)] Vec<UseLine>),
    /// What an item was.
    Versions(#[zeroize(skip)] Vec<VersionLine>),
    /// A user name, and what goes with it.
    Credential {
        /// The item.
        #[zeroize(skip)]
        row: Row,
        /// Never empty.
        username: String,
        /// The password or token.
        secret: String,
    },
    /// Registries of containers and user names there.
    Registries(#[zeroize(skip)] Vec<(String, String)>),
    /// What the values of an item are called.
    Fields {
        /// The item.
        #[zeroize(skip)]
        row: Row,
        /// As references call them.
        #[zeroize(skip)]
        names: Vec<String>,
    },
    /// SSH keys.
    Identities {
        /// Those that can be signed with.
        #[zeroize(skip)]
        identities: Vec<ssh::Identity>,
        /// The items that hold another, and why it is none of them.
        #[zeroize(skip)]
        left_out: Vec<String>,
    },
    /// As SSH has it.
    Signature(Vec<u8>),
    /// What stands for the password, for the system's keyring.
    Kept(String),
    /// It is done.
    Done,
}

/// The vault at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The e-mail address, or the beginning of the setup code.
    pub account: String,
    /// Items outside the trash.
    pub items: u32,
    /// Items that do not open.
    pub unreadable: u32,
    /// Whether something that was seen before tells that this is the newest state.
    pub freshness_verified: bool,
    /// Whether the keys are kept out of swap files.
    pub memory_locked: bool,
    /// Why what was seen of the vault could not be kept on this machine, if it could not.
    pub not_kept: Option<String>,
    /// When the machine token ends, Unix milliseconds; absent for an account, and for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at_ms: Option<u64>,
    /// What is kept for when the server cannot be reached; absent where nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Kept>,
}

/// A version of an item as a list shows it. The JSON of `history` is made of it and keeps its
/// members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionLine {
    /// Which version; the newest of several that are not there.
    pub version: u64,
    /// What the item was called; absent where that cannot be read.
    pub name: Option<String>,
    /// When it was written, Unix milliseconds; absent when nothing tells.
    pub written_at_ms: Option<u64>,
    /// What it changed of the version before.
    pub changes: Vec<VersionChange>,
    /// `unreadable` or `missing`; absent for one that opens.
    pub problem: Option<String>,
}

impl VersionLine {
    fn of(version: Version) -> Self {
        match version {
            Version::Read(row) => Self {
                version: row.version,
                name: Some(row.name),
                written_at_ms: row.written_at_ms,
                changes: row.changes.unwrap_or_default(),
                problem: None,
            },
            Version::Unreadable { version } => Self::of_problem(version, "unreadable"),
            Version::Missing { newest, .. } => Self::of_problem(newest, "missing"),
        }
    }

    fn of_problem(version: u64, problem: &str) -> Self {
        Self {
            version,
            name: None,
            written_at_ms: None,
            changes: Vec::new(),
            problem: Some(problem.to_owned()),
        }
    }
}

/// Where items come from: an account's vault, or the copy that a machine token opens. Both are open
/// in this process.
#[derive(Clone, Copy)]
pub enum Source<'a> {
    /// An account's vault.
    Account(&'a Open),
    /// A copy.
    Machine(&'a OpenedCopy),
}

impl<'a> Source<'a> {
    fn look<R>(self, look: impl FnOnce(&UnlockedVault) -> R) -> R {
        match self {
            Self::Account(session) => session.look(look),
            Self::Machine(copy) => copy.look(look),
        }
    }

    /// One item with its secret.
    pub async fn reveal(self, item: ItemId) -> Result<Item, Failure> {
        Ok(match self {
            Self::Account(session) => session.reveal(item).await?,
            Self::Machine(copy) => copy.reveal(item).await?,
        })
    }

    /// Many items with their secrets. What is gone meanwhile is left out.
    pub async fn read_many(self, items: &[ItemId]) -> Result<Vec<Item>, Failure> {
        Ok(match self {
            Self::Account(session) => session.read_many(items).await?,
            Self::Machine(copy) => copy.read_many(items).await?,
        })
    }

    /// What only an account can do is asked of it.
    fn account(self) -> Result<&'a Open, Failure> {
        match self {
            Self::Account(session) => Ok(session),
            Self::Machine(_) => Err(needs_account()),
        }
    }
}

/// Answers from what is open in this process, whose state was fetched before.
pub async fn answer(source: Source<'_>, question: &Question) -> Result<Answer, Failure> {
    if let Source::Account(session) = source
        && let Some(doubt) = doubt(session.trust())
    {
        return Err(Failure::Untrusted(doubt.to_owned()));
    }
    match question {
        Question::Status => Ok(Answer::Status(status(source))),
        Question::Items => Ok(Answer::Items(
            rows(source).into_iter().map(Row::of).collect(),
        )),
        Question::List(listing) => {
            let rows = rows(source).into_iter().map(Row::of);
            Ok(Answer::Text(listing.text(rows)?))
        }
        Question::Values(wanted) => {
            let ids = wanted.iter().map(|one| item_meant(source, one));
            let ids: Vec<ItemId> = ids.collect::<Result<_, _>>()?;
            Ok(Answer::Values(read(source, &ids, wanted).await?))
        }
        Question::Item(wanted) => {
            let id = item_meant(source, wanted)?;
            let item = match wanted.version {
                Some(version) => as_it_was(source.account()?, id, wanted, version).await?,
                None => source.reveal(id).await?,
            };
            let all = values(&item, NativeHost.now_ms());
            Ok(Answer::Item {
                row: Row::of(item.summary.clone()),
                values: all
                    .into_iter()
                    .map(|value| (value.name, value.text.as_str().to_owned()))
                    .collect(),
            })
        }
        Question::Variables(wanted) => {
            let item = source.reveal(item_meant(source, wanted)?).await?;
            Ok(Answer::Item {
                values: variables(&item)?,
                row: Row::of(item.summary.clone()),
            })
        }
        Question::Form(wanted) => {
            let item = source.reveal(item_meant(source, wanted)?).await?;
            Ok(Answer::Form {
                form: Form::of(&item),
                row: Row::of(item.summary.clone()),
            })
        }
        Question::Code(wanted) => {
            let item = source.reveal(item_meant(source, wanted)?).await?;
            let code = one_time_code(&item, wanted.field.as_deref(), NativeHost.now_ms())?;
            Ok(Answer::Code {
                seconds_left: code.seconds_left,
                code: code.code,
            })
        }
        Question::Checks(meant) => Ok(Answer::Checks(
            checks::begin(source.account()?, meant.as_deref()).await?,
        )),
        Question::Checked(checked) => Ok(Answer::Outcomes(
            checks::note(source.account()?, checked).await?,
        )),
        Question::Import(file) => Ok(Answer::Import(
            transfers::come_in(source.account()?, file).await?,
        )),
        Question::Export(wish) => Ok(Answer::Export(
            transfers::go_out(source.account()?, wish).await?,
        )),
        Question::Change(change) => Ok(match source {
            Source::Account(session) => Answer::Changed {
                rows: writes::change(session, change).await?,
                behind: tokens::behind(session).await,
            },
            Source::Machine(copy) => Answer::Changed {
                rows: handing_in::change(copy, change).await?,
                behind: vec![HANDED_IN.to_owned()],
            },
        }),
        Question::History(wanted) => {
            let id = item_meant(source, wanted)?;
            let versions = source.account()?.versions(id).await?;
            Ok(Answer::Versions(
                versions.into_iter().map(VersionLine::of).collect(),
            ))
        }
        Question::MakeToken(wish) => tokens::make(source.account()?, wish).await,
        Question::Tokens => Ok(Answer::Tokens(tokens::list(source.account()?).await?)),
        Question::RemoveTokens(names) => {
            let names = tokens::remove(source.account()?, names).await?;
            Ok(Answer::Removed(names))
        }
        Question::TokenUses(name) => Ok(Answer::Uses(tokens::uses(source.account()?, name).await?)),
        Question::Credential(asked) => credentials::find(source, asked).await,
        Question::Registries(of) => credentials::registries(source, of.as_ref()).await,
        Question::SshIdentities(which) => ssh::identities(source, which).await,
        Question::SshSign(wish) => ssh::signature(source, wish).await,
        Question::Within(scope, within) => scope::answer(source, scope, within).await,
        Question::KeepUnlock(Secret(password)) => keyring::make(source.account()?, password).await,
        Question::Lock => Ok(Answer::Done),
    }
}

fn status(source: Source<'_>) -> Status {
    let (account, fresh) = match source {
        Source::Account(session) => {
            let glance = session.unlocked();
            (glance.label, glance.trust == keyarc_client::Trust::Fresh)
        }
        // What is older than the token is refused, and there is nothing else to compare it with.
        Source::Machine(copy) => (format!("machine token {}", copy.id()), true),
    };
    let (items, unreadable) = source.look(|vault| (vault.live_items(), vault.unreadable()));
    Status {
        account,
        items,
        unreadable,
        freshness_verified: fresh,
        memory_locked: false,
        not_kept: None,
        expires_at_ms: match source {
            Source::Account(_) => None,
            Source::Machine(copy) => copy.expires_at_ms(),
        },
        kept: None,
    }
}

/// Items outside the trash, by folder and name.
pub fn rows(source: Source<'_>) -> Vec<ItemSummary> {
    source.look(keyarc_lookup::rows)
}

/// The item that is meant.
pub fn item_meant(source: Source<'_>, wanted: &Wanted) -> Result<ItemId, Failure> {
    Ok(source.look(|vault| find_in(vault, wanted))?)
}

/// The values of all that is wanted of the items that are meant. Nothing is given when one of them is
/// not there.
pub async fn read(
    source: Source<'_>,
    ids: &[ItemId],
    wanted: &[Wanted],
) -> Result<Vec<String>, Failure> {
    let present = wanted.iter().zip(ids);
    let present = present.filter(|(wanted, _)| wanted.version.is_none());
    let different: Vec<ItemId> = present
        .map(|(_, id)| *id)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let mut items = source.read_many(&different).await?;
    // What was changed in this very moment is read once more by itself.
    for id in &different {
        if !items.iter().any(|item| item.summary.id == *id) {
            items.push(source.reveal(*id).await?);
        }
    }
    let now = NativeHost.now_ms();
    let mut found = Vec::with_capacity(wanted.len());
    for (wanted, id) in wanted.iter().zip(ids) {
        let then;
        let item = match wanted.version {
            Some(version) => {
                then = as_it_was(source.account()?, *id, wanted, version).await?;
                Some(&then)
            }
            None => items.iter().find(|item| item.summary.id == *id),
        };
        let item = item.ok_or_else(|| not_found(&[], wanted))?;
        found.push(
            value(item, wanted.field.as_deref(), now)?
                .as_str()
                .to_owned(),
        );
    }
    Ok(found)
}

/// An item as it was at a version.
async fn as_it_was(
    session: &Open,
    id: ItemId,
    wanted: &Wanted,
    version: u64,
) -> Result<Item, Failure> {
    match session.version(id, version).await {
        Err(ClientError::NotFound) => Err(Failure::NotFound {
            what: format!("version {version} of {}", wanted.item),
            nearest: Vec::new(),
        }),
        item => Ok(item?),
    }
}
