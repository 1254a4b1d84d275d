use keyarc_vault::{ItemSummary, Kind, UnlockedVault};
use keyarc_wire::ItemId;
use serde::{Deserialize, Serialize};

use crate::{LookupError, Wanted, find};

/// An item as a list shows it. The JSON of `keyarc ls` and what the client for TypeScript lists are
/// made of it and keep its members.
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
    /// What of an item a list shows.
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

/// Items outside the trash, by folder and name.
pub fn rows(vault: &UnlockedVault) -> Vec<ItemSummary> {
    let all = vault.item_ids().into_iter();
    let mut rows: Vec<ItemSummary> = all
        .filter_map(|id| vault.summary(id))
        .filter(|row| row.trashed_at_ms.is_none())
        .collect();
    sort(&mut rows);
    rows
}

/// The item that is meant. In a large vault few items have one of the names: only where it is not found
/// by its name all of them are looked at, so that what is called nearly so can be told.
pub fn find_in(vault: &UnlockedVault, wanted: &Wanted) -> Result<ItemId, LookupError> {
    let called = wanted.names().flat_map(|name| vault.called(&name));
    let mut near: Vec<ItemSummary> = called.collect();
    sort(&mut near);
    match find(&near, wanted) {
        Err(LookupError::NotFound { .. }) => find(&rows(vault), wanted),
        found => found,
    }
}

fn sort(rows: &mut [ItemSummary]) {
    fn place(row: &ItemSummary) -> (&str, &str, Option<&str>, ItemId) {
        (&row.folder, &row.name, row.environment.as_deref(), row.id)
    }
    rows.sort_by(|a, b| place(a).cmp(&place(b)));
}
