//! What commands ask of an open vault, wherever it is open: here, or in the process that holds the
//! keys.

use std::collections::BTreeSet;

use keyarc_client::{ClientError, Host as _, NativeHost};
use keyarc_reference::{NoReference, Reference, SCHEME};
use keyarc_vault::{Change as VersionChange, Item, ItemSummary, Kind, Version};
use keyarc_wire::ItemId;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    credentials::{self, Asked},
    failure::Failure,
    host::{Open, doubt},
    scope::{self, Scope, Within},
    ssh,
    values::{one_time_code, value, values, variables},
    writes::{self, Change},
};

/// How near a name must be to be offered, of 1.
const NEAR: f64 = 0.8;
/// How many are offered.
const OFFERED: usize = 3;

/// Which value of which item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// The item's folder, `/` between its parts; empty for none, `None` for any.
    pub folder: Option<String>,
    /// The item's name; where any folder will do, its folder may stand before it.
    pub item: String,
    /// The field's name; `None` for the item's secret.
    pub field: Option<String>,
    /// The item's environment; `None` for any.
    pub environment: Option<Environment>,
    /// As it was at this version; `None` for as it is.
    pub version: Option<u64>,
}

/// Of which environment an item is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// Of this one: a reference says so.
    This(String),
    /// Of this one, or of none in particular where there is none of this one: a whole command says
    /// so. Never of another.
    ThisOrNone(String),
}

impl Environment {
    pub fn name(&self) -> &str {
        match self {
            Self::This(name) | Self::ThisOrNone(name) => name,
        }
    }
}

impl From<Reference> for Wanted {
    fn from(reference: Reference) -> Self {
        Self {
            folder: Some(reference.folder),
            item: reference.item,
            field: Some(reference.field),
            environment: reference.environment.map(Environment::This),
            version: None,
        }
    }
}

impl Wanted {
    /// The same, of the environment that a command names for all that name none.
    pub fn of_environment(self, name: Option<&str>) -> Self {
        let rather = name.map(|name| Environment::ThisOrNone(name.to_owned()));
        Self {
            environment: self.environment.or(rather),
            ..self
        }
    }

    /// What a person types: a reference, `folder/item` or an item's name.
    pub fn typed(text: &str, field: Option<String>) -> Result<Self, NoReference> {
        if text.starts_with(SCHEME) {
            let wanted = Self::from(text.parse::<Reference>()?);
            let field = field.or(wanted.field.clone());
            return Ok(Self { field, ..wanted });
        }
        if text.is_empty() {
            return Err(NoReference::Empty);
        }
        Ok(Self {
            folder: None,
            item: text.to_owned(),
            field,
            environment: None,
            version: None,
        })
    }
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// [`Answer::Status`].
    Status,
    /// [`Answer::Items`], without the trash.
    Items,
    /// [`Answer::Values`], in the order of what is wanted, by one request however many they are.
    Values(Vec<Wanted>),
    /// [`Answer::Item`]: all values of one item.
    Item(Wanted),
    /// [`Answer::Item`] with the variables of an environment set and nothing else.
    Variables(Wanted),
    /// [`Answer::Code`].
    Code(Wanted),
    /// [`Answer::Items`]: those that the change made or changed.
    Change(Change),
    /// [`Answer::Versions`], the newest first.
    History(Wanted),
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
    /// [`Answer::Done`]; the keys are forgotten.
    Lock,
}

/// What is answered.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The vault at a glance.
    Status(#[zeroize(skip)] Status),
    /// Rows.
    Items(#[zeroize(skip)] Vec<Row>),
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
    /// A one-time code.
    Code {
        /// Decimal digits.
        code: String,
        /// Seconds for which it is good, from 1.
        #[zeroize(skip)]
        seconds_left: u32,
    },
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
}

/// An item as a list shows it. The JSON of `ls` is made of it and keeps its members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Thirty-two hexadecimal digits.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Empty for none.
    pub folder: String,
    /// Absent for none.
    pub environment: Option<String>,
    /// `api_key`, `login`, …
    pub kind: Kind,
    /// Who it is of, if that is known.
    pub provider: Option<String>,
    /// Labels.
    pub tags: Vec<String>,
    /// `2027-01-31`; absent for never.
    pub expires_on: Option<String>,
    /// Counts its changes, from 1.
    pub version: u64,
}

impl Row {
    pub fn of(summary: ItemSummary) -> Self {
        Self {
            id: summary.id.to_string(),
            name: summary.name,
            folder: summary.folder,
            environment: summary.environment,
            kind: summary.kind,
            provider: summary.provider_name,
            tags: summary.tags,
            expires_on: summary.expires_on.map(|day| day.to_string()),
            version: summary.version,
        }
    }

    /// The item where it stands: `folder/name (environment)`.
    pub fn place(&self) -> String {
        let mut place = self.name.clone();
        if !self.folder.is_empty() {
            place = format!("{}/{place}", self.folder);
        }
        match &self.environment {
            Some(environment) => format!("{place} ({environment})"),
            None => place,
        }
    }
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

/// Answers from a vault that is open in this process, whose state was fetched before.
pub async fn answer(session: &Open, question: &Question) -> Result<Answer, Failure> {
    if let Some(doubt) = doubt(session.trust()) {
        return Err(Failure::Untrusted(doubt.to_owned()));
    }
    match question {
        Question::Status => Ok(Answer::Status(status(session))),
        Question::Items => Ok(Answer::Items(
            rows(session).into_iter().map(Row::of).collect(),
        )),
        Question::Values(wanted) => {
            Ok(Answer::Values(read(session, &rows(session), wanted).await?))
        }
        Question::Item(wanted) => {
            let id = find(&rows(session), wanted)?;
            let item = match wanted.version {
                Some(version) => as_it_was(session, id, wanted, version).await?,
                None => session.reveal(id).await?,
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
            let item = session.reveal(find(&rows(session), wanted)?).await?;
            Ok(Answer::Item {
                values: variables(&item)?,
                row: Row::of(item.summary.clone()),
            })
        }
        Question::Code(wanted) => {
            let item = session.reveal(find(&rows(session), wanted)?).await?;
            let code = one_time_code(&item, wanted.field.as_deref(), NativeHost.now_ms())?;
            Ok(Answer::Code {
                seconds_left: code.seconds_left,
                code: code.code,
            })
        }
        Question::Change(change) => Ok(Answer::Items(writes::change(session, change).await?)),
        Question::History(wanted) => {
            let id = find(&rows(session), wanted)?;
            let versions = session.versions(id).await?;
            Ok(Answer::Versions(
                versions.into_iter().map(VersionLine::of).collect(),
            ))
        }
        Question::Credential(asked) => credentials::find(session, asked).await,
        Question::Registries(of) => credentials::registries(session, of.as_ref()).await,
        Question::SshIdentities(which) => ssh::identities(session, which).await,
        Question::SshSign(wish) => ssh::signature(session, wish).await,
        Question::Within(scope, within) => scope::answer(session, scope, within).await,
        Question::Lock => Ok(Answer::Done),
    }
}

fn status(session: &Open) -> Status {
    let glance = session.unlocked();
    Status {
        account: glance.label,
        items: glance.items,
        unreadable: glance.unreadable,
        freshness_verified: glance.trust == keyarc_client::Trust::Fresh,
        memory_locked: false,
        not_kept: None,
    }
}

/// Whether a folder is this one or in it.
pub fn is_below(place: &str, folder: &str) -> bool {
    let rest = place.strip_prefix(folder);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Items outside the trash, by folder and name.
pub fn rows(session: &Open) -> Vec<ItemSummary> {
    let mut rows: Vec<ItemSummary> = session.look(|vault| {
        let all = vault.item_ids().into_iter();
        all.filter_map(|id| vault.summary(id))
            .filter(|row| row.trashed_at_ms.is_none())
            .collect()
    });
    let place = |row: &ItemSummary| {
        let environment = row.environment.clone();
        (row.folder.clone(), row.name.clone(), environment, row.id)
    };
    rows.sort_by_cached_key(place);
    rows
}

/// The values of all that is wanted among some items. Nothing is given when one of them is not
/// there.
pub async fn read(
    session: &Open,
    rows: &[ItemSummary],
    wanted: &[Wanted],
) -> Result<Vec<String>, Failure> {
    let ids: Vec<ItemId> = wanted
        .iter()
        .map(|wanted| find(rows, wanted))
        .collect::<Result<_, _>>()?;
    let present = wanted.iter().zip(&ids);
    let present = present.filter(|(wanted, _)| wanted.version.is_none());
    let different: Vec<ItemId> = present
        .map(|(_, id)| *id)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let mut items = session.read_many(&different).await?;
    // What was changed in this very moment is read once more by itself.
    for id in &different {
        if !items.iter().any(|item| item.summary.id == *id) {
            items.push(session.reveal(*id).await?);
        }
    }
    let now = NativeHost.now_ms();
    let mut found = Vec::with_capacity(wanted.len());
    for (wanted, id) in wanted.iter().zip(&ids) {
        let then;
        let item = match wanted.version {
            Some(version) => {
                then = as_it_was(session, *id, wanted, version).await?;
                Some(&then)
            }
            None => items.iter().find(|item| item.summary.id == *id),
        };
        let item = item.ok_or_else(|| not_found(rows, wanted))?;
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

/// The one item that is meant: as it is written, or else whatever the case of its letters; of the
/// environment that is wanted, or else of none where that will do.
pub fn find(rows: &[ItemSummary], wanted: &Wanted) -> Result<ItemId, Failure> {
    let same: fn(&str, &str) -> bool = |a, b| a == b;
    let alike: fn(&str, &str) -> bool = |a, b| a.to_lowercase() == b.to_lowercase();
    let environment = wanted.environment.as_ref();
    let without = matches!(environment, Some(Environment::ThisOrNone(_)));
    for is in [same, alike] {
        let named = || rows.iter().filter(|row| is_named(row, wanted, is));
        let of = |row: &&ItemSummary| {
            environment.is_none_or(|wish| {
                let own = row.environment.as_deref();
                own.is_some_and(|own| is(own, wish.name()))
            })
        };
        let mut found: Vec<&ItemSummary> = named().filter(of).collect();
        if found.is_empty() && without {
            found = named().filter(|row| row.environment.is_none()).collect();
        }
        match found.as_slice() {
            [] => {}
            [one] => return Ok(one.id),
            several => {
                let several = several.iter();
                return Err(Failure::Ambiguous {
                    what: wanted.item.clone(),
                    candidates: several.map(|row| Row::of((*row).clone()).place()).collect(),
                });
            }
        }
    }
    Err(not_found(rows, wanted))
}

fn is_named(row: &ItemSummary, wanted: &Wanted, is: fn(&str, &str) -> bool) -> bool {
    match &wanted.folder {
        Some(folder) => is(&row.folder, folder) && is(&row.name, &wanted.item),
        None => {
            is(&row.name, &wanted.item)
                || (!row.folder.is_empty()
                    && is(&format!("{}/{}", row.folder, row.name), &wanted.item))
        }
    }
}

fn not_found(rows: &[ItemSummary], wanted: &Wanted) -> Failure {
    let names: BTreeSet<String> = rows
        .iter()
        .map(|row| match (&wanted.folder, row.folder.as_str()) {
            (Some(_), folder) if !folder.is_empty() => format!("{folder}/{}", row.name),
            _ => row.name.clone(),
        })
        .collect();
    let written = match wanted.folder.as_deref() {
        None | Some("") => wanted.item.clone(),
        Some(folder) => format!("{folder}/{}", wanted.item),
    };
    let of = wanted
        .environment
        .as_ref()
        .map_or_else(String::new, |of| format!(" of {}", of.name()));
    Failure::NotFound {
        nearest: nearest(&written, names.iter().map(String::as_str)),
        what: format!("item {written}{of}"),
    }
}

/// Names that are nearly the one that was written, the nearest first.
pub fn nearest<'a>(written: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let written = written.to_lowercase();
    let mut near: Vec<(f64, &str)> = names
        .map(|name| (strsim::jaro_winkler(&written, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness >= NEAR)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.into_iter()
        .take(OFFERED)
        .map(|(_, name)| name.to_owned())
        .collect()
}
