//! The SSH keys of an open vault.

use keyarc_lookup::{Environment, is_below, printable};
use keyarc_vault::{
    Content, Item, ItemSummary, Kind,
    ssh::{SshSecretKey, read_ssh_secret},
};
use keyarc_wire::ItemId;
use serde::{Deserialize, Serialize};

use super::sign::sign;
use crate::{
    failure::Failure,
    vault::{Answer, Row, Source, rows},
};

/// Which keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Which {
    /// Of this folder and those in it; `None` for all.
    pub folder: Option<String>,
    /// Of this environment and of none in particular; `None` for all.
    pub environment: Option<Environment>,
}

/// A key that can be signed with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The bytes of its public key, as SSH has them.
    pub public: Vec<u8>,
    /// What people tell it by: what stands behind it, or where its item stands.
    pub comment: String,
}

/// What is to be signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToSign {
    /// Among these keys.
    pub which: Which,
    /// The bytes of the public key.
    pub public: Vec<u8>,
    /// What is signed.
    pub data: Vec<u8>,
    /// As an agent is told them.
    pub flags: u32,
}

/// The keys, and the items whose key cannot be signed with.
pub async fn identities(source: Source<'_>, which: &Which) -> Result<Answer, Failure> {
    let mut identities = Vec::new();
    let mut left_out = Vec::new();
    for item in items(source, which).await? {
        let place = Row::of(item.summary.clone()).place();
        match secret(&item) {
            Ok(key) => identities.push(Identity {
                comment: match key.comment.is_empty() {
                    true => printable(&place),
                    false => printable(&key.comment),
                },
                public: key.public,
            }),
            Err(Some(why)) => left_out.push(format!("{place}: {why}")),
            Err(None) => {}
        }
    }
    Ok(Answer::Identities {
        identities,
        left_out,
    })
}

/// A signature by one of the keys.
pub async fn signature(source: Source<'_>, wish: &ToSign) -> Result<Answer, Failure> {
    for item in items(source, &wish.which).await? {
        let Ok(key) = secret(&item) else { continue };
        if key.public != wish.public {
            continue;
        }
        let place = Row::of(item.summary.clone()).place();
        let signed = sign(&key, &wish.data, wish.flags);
        let signed =
            signed.map_err(|why| Failure::Usage(format!("{}: {why}", printable(&place))))?;
        return Ok(Answer::Signature(signed));
    }
    Err(Failure::NotFound {
        what: "such SSH key".to_owned(),
        nearest: Vec::new(),
    })
}

async fn items(source: Source<'_>, which: &Which) -> Result<Vec<Item>, Failure> {
    let is_meant = |row: &&ItemSummary| {
        let folder = which.folder.as_deref();
        let own = row.environment.as_deref();
        row.kind == Kind::SshKey
            && folder.is_none_or(|folder| is_below(&row.folder, folder))
            && which
                .environment
                .as_ref()
                .is_none_or(|of| own.is_none_or(|own| own == of.name()))
    };
    let rows = rows(source);
    let ids: Vec<ItemId> = rows.iter().filter(is_meant).map(|row| row.id).collect();
    let mut items = source.read_many(&ids).await?;
    items.sort_by_key(|item| ids.iter().position(|id| *id == item.summary.id));
    Ok(items)
}

/// The key; why not, unless the item has none.
fn secret(item: &Item) -> Result<SshSecretKey, Option<String>> {
    match &item.content {
        Content::SshKey { private_key, .. } if !private_key.is_empty() => {
            read_ssh_secret(private_key).map_err(|error| Some(error.to_string()))
        }
        _ => Err(None),
    }
}
