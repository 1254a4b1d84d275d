//! What commands change in an open vault. What was there before stays in the item's history, and
//! what is removed stays in the trash.

use keyarc_client::{ClientError, SaveError};
use keyarc_lookup::{Wanted, find, nearest, printable};
use keyarc_vault::{BulkChange, Content, DraftError, Item, ItemDraft, Kind, Variable, import};
use keyarc_wire::ItemId;
use serde::{Deserialize, Serialize};

use crate::{
    failure::Failure,
    forms::Form,
    host::Open,
    secret::Secret,
    values::meant,
    vault::{Row, Source, item_meant, rows},
};

/// How often a change is made anew on top of what somebody else wrote at the same time.
const TRIES: u32 = 3;

/// An item that is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewItem {
    /// What it is called.
    pub name: String,
    /// Its folder; empty for none.
    pub folder: String,
    /// Its environment.
    pub environment: Option<String>,
    /// Labels.
    pub tags: Vec<String>,
    /// What it is.
    pub kind: Kind,
    /// Its secret: the lines of a `.env` file for an environment set.
    pub secret: Secret,
    /// Of a login.
    pub username: String,
    /// Of a login.
    pub url: String,
    /// `2027-01-31`.
    pub expires_on: Option<String>,
}

/// What an item is to be, by what was edited of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edited {
    /// Its id: thirty-two hexadecimal digits.
    pub item: String,
    /// The version that the edit began from.
    pub version: u64,
    /// What was edited.
    pub form: Form,
}

/// A change of the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Makes an item. One of the same name may be there.
    New(NewItem),
    /// Sets a value of an item.
    Set(Wanted, Secret),
    /// Saves what was edited of an item.
    Edit(Edited),
    /// Moves items into a folder; empty for the top.
    Move(Vec<Wanted>, String),
    /// Moves items to the trash.
    Remove(Vec<Wanted>),
}

/// Makes a change, and returns the items that it made or changed, as they are now.
pub async fn change(session: &Open, change: &Change) -> Result<Vec<Row>, Failure> {
    match change {
        Change::New(new) => {
            let saved = session.save(&draft_of(new)?).await.map_err(not_saved)?;
            Ok(vec![Row::of(saved.summary.clone())])
        }
        Change::Set(wanted, value) => {
            let id = item_meant(Source::Account(session), wanted)?;
            let item = set(session, id, wanted.field.as_deref(), value).await?;
            Ok(vec![Row::of(item.summary.clone())])
        }
        Change::Edit(edited) => {
            let item = edit(session, edited).await?;
            Ok(vec![Row::of(item.summary.clone())])
        }
        Change::Move(wanted, folder) => {
            let ids = all(Source::Account(session), wanted)?;
            let moved = BulkChange::Folder(folder.clone());
            let moved = session.change_many(&ids, &moved).await;
            moved.map_err(not_saved)?;
            Ok(rows_of(session, &ids))
        }
        Change::Remove(wanted) => {
            let ids = all(Source::Account(session), wanted)?;
            session.trash(&ids).await?;
            Ok(rows_of(session, &ids))
        }
    }
}

/// Every one that is meant, or nothing is done.
pub fn all(source: Source<'_>, wanted: &[Wanted]) -> Result<Vec<ItemId>, Failure> {
    let rows = rows(source);
    let mut ids = Vec::with_capacity(wanted.len());
    for one in wanted {
        let id = find(&rows, one)?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

fn rows_of(session: &Open, ids: &[ItemId]) -> Vec<Row> {
    session.look(|vault| {
        let rows = ids.iter().filter_map(|id| vault.summary(*id));
        rows.map(Row::of).collect()
    })
}

async fn set(
    session: &Open,
    id: ItemId,
    field: Option<&str>,
    value: &Secret,
) -> Result<Item, Failure> {
    let mut tries = 0;
    loop {
        let item = session.reveal(id).await?;
        let mut draft = ItemDraft::of(&item);
        put(&mut draft, field, &value.0)?;
        tries += 1;
        match session.save(&draft).await {
            Err(SaveError::Conflict { current: Some(_) }) if tries < TRIES => {}
            saved => return saved.map_err(not_saved),
        }
    }
}

/// Puts a value into its place. A variable that an environment set does not have is added to it;
/// anything else must be there.
pub fn put(draft: &mut ItemDraft, field: Option<&str>, value: &str) -> Result<(), Failure> {
    let name = printable(&draft.name);
    let Some(field) = field.or(meant(&draft.content)) else {
        return Err(Failure::Usage(format!(
            "{name} is an environment set: name one of its variables with --field"
        )));
    };
    if let Content::EnvironmentSet { variables } = &mut draft.content {
        match variables.iter_mut().find(|one| one.name == field) {
            Some(variable) => value.clone_into(&mut variable.value),
            None => variables.push(Variable {
                name: field.to_owned(),
                value: value.to_owned(),
            }),
        }
        return Ok(());
    }
    let Parts(parts) = Parts::of(&mut draft.content);
    let own = draft.fields.iter_mut();
    let own = own.map(|own| (own.name.as_str(), &mut own.value));
    let notes = [("notes", &mut draft.notes)];
    let mut places: Vec<(&str, &mut String)> = parts.into_iter().chain(own).chain(notes).collect();
    let at = places
        .iter()
        .position(|(name, _)| *name == field)
        .or_else(|| {
            let alike = |(name, _): &(&str, &mut String)| name.eq_ignore_ascii_case(field);
            places.iter().position(alike)
        });
    match at {
        Some(at) => {
            value.clone_into(places[at].1);
            Ok(())
        }
        None => Err(Failure::NotFound {
            what: format!("field {field} in {name}"),
            nearest: nearest(field, places.iter().map(|(name, _)| *name)),
        }),
    }
}

/// The values of a kind, by the names that they have. An environment set has none but its variables.
pub struct Parts<'a>(pub Vec<(&'static str, &'a mut String)>);

impl<'a> Parts<'a> {
    /// Of a content.
    pub fn of(content: &'a mut Content) -> Self {
        Self(match content {
            Content::ApiKey { value } => vec![("value", value)],
            Content::Login {
                username,
                password,
                url,
            } => vec![("password", password), ("username", username), ("url", url)],
            Content::Note { text } => vec![("text", text)],
            Content::EnvironmentSet { .. } => Vec::new(),
            Content::Totp { key } => vec![("setup-key", key)],
            Content::Certificate { chain, private_key } => {
                vec![("chain", chain), ("private-key", private_key)]
            }
            Content::SshKey {
                private_key,
                public_key,
            } => vec![("private-key", private_key), ("public-key", public_key)],
        })
    }
}

/// Saves what was edited of an item, if that is still what it was edited from.
async fn edit(session: &Open, edited: &Edited) -> Result<Item, Failure> {
    let id = edited
        .item
        .parse()
        .map_err(|_| Failure::Other("the item that was edited is not known any more".to_owned()))?;
    let item = session.reveal(id).await?;
    if item.summary.version != edited.version {
        return Err(Failure::Changed);
    }
    let mut draft = ItemDraft::of(&item);
    edited.form.fill(&mut draft);
    session.save(&draft).await.map_err(not_saved)
}

/// A new item as it is saved.
pub fn draft_of(new: &NewItem) -> Result<ItemDraft, Failure> {
    let secret = new.secret.0.clone();
    let content = match new.kind {
        Kind::ApiKey => Content::ApiKey { value: secret },
        Kind::Login => Content::Login {
            username: new.username.clone(),
            password: secret,
            url: new.url.clone(),
        },
        Kind::Note => Content::Note { text: secret },
        Kind::EnvironmentSet => Content::EnvironmentSet {
            variables: variables(&secret)?,
        },
        Kind::Totp => Content::Totp { key: secret },
        Kind::Certificate => Content::Certificate {
            chain: secret,
            private_key: String::new(),
        },
        Kind::SshKey => Content::SshKey {
            private_key: secret,
            public_key: String::new(),
        },
    };
    let expires_on = match &new.expires_on {
        None => None,
        Some(day) => Some(
            day.parse()
                .map_err(|_| Failure::Usage("a day is written as 2027-01-31".to_owned()))?,
        ),
    };
    let mut draft = ItemDraft {
        folder: new.folder.clone(),
        environment: new.environment.clone(),
        tags: new.tags.clone(),
        expires_on,
        ..ItemDraft::new(new.name.clone(), content)
    };
    draft.name_provider();
    Ok(draft)
}

fn variables(text: &str) -> Result<Vec<Variable>, Failure> {
    let parsed = import::parse(text);
    if let Some(wrong) = parsed.errors.first() {
        return Err(Failure::Usage(format!(
            "line {}: {}",
            wrong.line, wrong.reason
        )));
    }
    let all = parsed.assignments.iter();
    Ok(all
        .map(|one| Variable {
            name: one.name.clone(),
            value: one.value.clone(),
        })
        .collect())
}

/// Why something was not saved.
pub fn not_saved(error: SaveError) -> Failure {
    match error {
        SaveError::Draft(error) => broken_rule(&error),
        SaveError::Conflict { .. } => Failure::Changed,
        SaveError::Client(ClientError::ReadOnly) => Failure::Untrusted(
            "the vault is read-only until what the server shows was looked into, in a browser"
                .to_owned(),
        ),
        SaveError::Client(error) => error.into(),
    }
}

/// What breaks a rule.
pub fn broken_rule(DraftError { field, rule }: &DraftError) -> Failure {
    Failure::Usage(format!("{}: {rule}", field.replace('_', " ")))
}
