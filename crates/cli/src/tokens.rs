//! Machine tokens, as the owner of an account looks after them.

use keyarc_client::{
    ClientError, NewToken, TakenChange, TokenBehind, TokenError, TokenRow, TokenState,
};
use keyarc_lookup::{nearest, printable};
use keyarc_vault::{DraftError, MachineNote, MachineScope};
use keyarc_wire::{MachineTokenId, MachineUseKind};
use serde::{Deserialize, Serialize};

use crate::{failure::Failure, host::Open, vault::Answer};

/// A token that is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenWish {
    /// What it is to be called.
    pub name: String,
    /// What it reads.
    pub scope: MachineScope,
    /// When it ends, Unix milliseconds; absent for never.
    pub expires_at_ms: Option<u64>,
    /// Where it may be used, as `10.0.0.0/8`.
    pub networks: Vec<String>,
    /// Whether its holder may hand in changes.
    pub writes: bool,
}

/// A token as a list shows it. The JSON of `token ls` is made of it and keeps its members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenLine {
    /// Thirty-two hexadecimal digits.
    pub id: String,
    /// What it is called; absent where that cannot be opened.
    pub name: Option<String>,
    /// The folders that it reads; all without one.
    pub folders: Vec<String>,
    /// The environments that it reads; all without one.
    pub environments: Vec<String>,
    /// Unix milliseconds.
    pub created_at_ms: u64,
    /// Unix milliseconds; absent for never.
    pub expires_at_ms: Option<u64>,
    /// Where it may be used; anywhere without any.
    pub networks: Vec<String>,
    /// Whether its holder may hand in changes.
    pub writes: bool,
    /// How many of them wait to be taken.
    pub waiting: u32,
    /// The last time that somebody used it, or tried to.
    pub last_use: Option<UseLine>,
    /// `current`, `behind`, `expired` or `revoked`.
    pub state: String,
    /// How many items it reads; absent unless it is current.
    pub items: Option<u32>,
    /// Why it is behind.
    pub problem: Option<String>,
}

/// A use of a token. The JSON of `token uses` is made of it and keeps its members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UseLine {
    /// Unix milliseconds.
    pub at_ms: u64,
    /// From where, as coarse as `203.0.x.x`.
    pub address: String,
    /// `opened`, `details`, `refused_address`, …
    pub kind: MachineUseKind,
}

impl From<keyarc_wire::MachineUse> for UseLine {
    fn from(one: keyarc_wire::MachineUse) -> Self {
        Self {
            at_ms: one.at_ms,
            address: one.address,
            kind: one.kind,
        }
    }
}

impl TokenLine {
    fn of(row: TokenRow) -> Self {
        let (state, items, problem) = match row.state {
            TokenState::Current { items } => ("current", Some(items), None),
            TokenState::Behind(why) => ("behind", None, Some(why.to_string())),
            TokenState::Expired => ("expired", None, None),
            TokenState::Revoked { .. } => ("revoked", None, None),
        };
        let writes = row.note.as_ref().is_some_and(MachineNote::writes);
        let (name, scope) = match row.note {
            Some(note) => (Some(note.name), note.scope),
            None => (None, MachineScope::default()),
        };
        Self {
            id: row.id.to_string(),
            name,
            folders: scope.folders,
            environments: scope.environments,
            created_at_ms: row.created_at_ms,
            expires_at_ms: row.expires_at_ms,
            networks: row.networks,
            writes,
            waiting: row.waiting,
            last_use: row.last_use.map(UseLine::from),
            state: state.to_owned(),
            items,
            problem,
        }
    }
}

/// Makes a token.
pub async fn make(session: &Open, wish: &TokenWish) -> Result<Answer, Failure> {
    let new = NewToken {
        name: &wish.name,
        scope: &wish.scope,
        expires_at_ms: wish.expires_at_ms,
        networks: &wish.networks,
        writes: wish.writes,
    };
    let made = session
        .make_token(&new)
        .await
        .map_err(|error| match error {
            TokenError::Draft(DraftError { field, rule }) => {
                Failure::Usage(format!("{field}: {rule}"))
            }
            TokenError::NoItem => Failure::NotFound {
                what: "item in the folders and environments that the token is to read".to_owned(),
                nearest: Vec::new(),
            },
            TokenError::Client(error) => error.into(),
        })?;
    Ok(Answer::Token {
        text: made.text.as_str().to_owned(),
        id: made.id.to_string(),
        items: made.items,
    })
}

/// All tokens, their copies brought up to date.
pub async fn list(session: &Open) -> Result<Vec<TokenLine>, Failure> {
    let rows = session.tokens().await?;
    Ok(rows.into_iter().map(TokenLine::of).collect())
}

/// Revokes tokens: all of them, or none when one is not there.
pub async fn remove(session: &Open, names: &[String]) -> Result<Vec<String>, Failure> {
    let mut ids = Vec::with_capacity(names.len());
    for name in names {
        ids.push(find(session, name).await?);
    }
    for id in ids {
        session.revoke_token(id).await?;
    }
    Ok(names.to_vec())
}

/// The newest uses of a token.
pub async fn uses(session: &Open, name: &str) -> Result<Vec<UseLine>, Failure> {
    let id = find(session, name).await?;
    let page = session.token_uses(id, None).await?;
    Ok(page.uses.into_iter().map(UseLine::from).collect())
}

/// The token of a name, or of an id.
async fn find(session: &Open, name: &str) -> Result<MachineTokenId, Failure> {
    let names = session.token_names().await?;
    let called = |(_, own): &&(MachineTokenId, Option<String>)| own.as_deref() == Some(name);
    let of_id = |(id, _): &&(MachineTokenId, Option<String>)| id.to_string() == name;
    match names
        .iter()
        .find(called)
        .or_else(|| names.iter().find(of_id))
    {
        Some((id, _)) => Ok(*id),
        None => Err(Failure::NotFound {
            what: format!("machine token {name}"),
            nearest: nearest(name, names.iter().filter_map(|(_, own)| own.as_deref())),
        }),
    }
}

/// Takes what was handed in with tokens that write, and says what that was, and what waits for a person.
/// Nothing is asked where none writes.
pub async fn take(session: &Open) -> Vec<String> {
    let outcome = match session.take_changes().await {
        Ok(outcome) => outcome,
        Err(ClientError::SessionEnded) => return Vec::new(),
        Err(error) => {
            return vec![format!(
                "what machine tokens handed in may not be taken yet: {error}"
            )];
        }
    };
    let said = |one: TakenChange| {
        let (token, name) = (printable(&one.token), printable(&one.name));
        match one.trashed {
            true => format!("the machine token {token} moved {name} to the trash"),
            false => format!("the machine token {token} changed {name}"),
        }
    };
    let mut all: Vec<String> = outcome.taken.into_iter().map(said).collect();
    match outcome.waiting.len() {
        0 => {}
        waiting => all.push(format!(
            "{waiting} of what machine tokens handed in waits for you: look at the settings in a browser"
        )),
    }
    all
}

/// Brings the copies of all tokens to what the vault holds now, and says which still have older
/// values; before that, takes what was handed in. That is no failure of what was changed.
pub async fn behind(session: &Open) -> Vec<String> {
    let said = |one: TokenBehind| {
        let name = one.name.unwrap_or_else(|| one.id.to_string());
        format!(
            "the machine token {} still reads older values: {}",
            printable(&name),
            one.why
        )
    };
    let mut all = take(session).await;
    match session.update_tokens().await {
        Ok(behind) => all.extend(behind.into_iter().map(said)),
        Err(ClientError::SessionEnded) => {}
        Err(error) => all.push(format!(
            "machine tokens may still read older values: {error}"
        )),
    }
    all
}
