//! A part of the vault, for a program that is to know of no more: whatever is outside of it is not
//! there.

use keyarc_client::{Host as _, NativeHost};
use keyarc_lookup::{Wanted, find, is_below};
use keyarc_vault::ItemSummary;
use keyarc_wire::ItemId;
use serde::{Deserialize, Serialize};

use crate::{
    failure::Failure,
    values::values,
    vault::{Answer, Row, Source, read, rows},
};

/// Folders and environments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// These folders and those in them; the empty one is the whole vault.
    pub folders: Vec<String>,
    /// These environments, and none in particular; `None` for all.
    pub environments: Option<Vec<String>>,
}

/// What is asked of a part of the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Within {
    /// [`Answer::Items`]
    Items,
    /// [`Answer::Fields`]
    Fields(Wanted),
    /// [`Answer::Values`], in the order of what is wanted.
    Values(Vec<Wanted>),
}

impl Scope {
    fn has(&self, row: &ItemSummary) -> bool {
        let is_in = |folder: &String| folder.is_empty() || is_below(&row.folder, folder);
        let own = row.environment.as_ref();
        self.folders.iter().any(is_in)
            && self
                .environments
                .as_ref()
                .is_none_or(|all| own.is_none_or(|own| all.contains(own)))
    }
}

/// Answers as if there were nothing else.
pub async fn answer(source: Source<'_>, scope: &Scope, within: &Within) -> Result<Answer, Failure> {
    let mut rows = rows(source);
    rows.retain(|row| scope.has(row));
    match within {
        Within::Items => Ok(Answer::Items(rows.into_iter().map(Row::of).collect())),
        Within::Fields(wanted) => {
            let item = source.reveal(find(&rows, wanted)?).await?;
            let all = values(&item, NativeHost.now_ms());
            Ok(Answer::Fields {
                row: Row::of(item.summary.clone()),
                names: all.into_iter().map(|value| value.name).collect(),
            })
        }
        Within::Values(wanted) => {
            let ids = wanted.iter().map(|one| find(&rows, one));
            let ids: Vec<ItemId> = ids.collect::<Result<_, _>>()?;
            Ok(Answer::Values(read(source, &ids, wanted).await?))
        }
    }
}
