//! What is handed out, as what, and what a file says about itself before it leaves.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{FieldType, Item, Kind, UnlockedVault, check::CheckLog};

/// A format that holds secrets in clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlainFormat {
    /// Names and values, one a line, as programs read them.
    Dotenv,
    /// All that an item has, in KeyArc's own JSON.
    Json,
    /// A table, for spreadsheets and whatever reads none of the others.
    Csv,
    /// What Bitwarden and many others import.
    BitwardenJson,
}

impl PlainFormat {
    /// Every format, in the order the page offers them.
    pub const ALL: [Self; 4] = [Self::Json, Self::Csv, Self::Dotenv, Self::BitwardenJson];

    /// Its name in addresses and documents.
    pub fn id(self) -> &'static str {
        match self {
            Self::Dotenv => "env",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::BitwardenJson => "bitwarden-json",
        }
    }

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dotenv => ".env",
            Self::Json => "JSON",
            Self::Csv => "CSV",
            Self::BitwardenJson => "Bitwarden (JSON)",
        }
    }

    /// How its files end, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Dotenv => "env",
            Self::Json | Self::BitwardenJson => "json",
            Self::Csv => "csv",
        }
    }
}

/// An item with all that its vault has of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Exported {
    /// The item with its secret.
    pub item: Item,
    /// The name under which programs know it.
    pub variable: Option<String>,
    /// What tests of its key found, and of whom they asked.
    pub(crate) checks: Option<CheckLog>,
}

impl fmt::Debug for Exported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exported({})", self.item.summary.id)
    }
}

impl UnlockedVault {
    /// Adds to a revealed item what no page shows of it. `None` when it is gone from the vault, or
    /// has another version by now.
    pub fn exported(&self, item: Item) -> Option<Exported> {
        let entry = self.items.get(item.summary.id)?;
        (entry.version == item.summary.version).then(|| Exported {
            item,
            variable: entry.record.variable.clone(),
            checks: entry.record.checks.clone(),
        })
    }
}

/// What a format has no place for, or holds as something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// Whole items of a kind.
    Items(Kind),
    /// Values with a character that the format cannot write.
    Values,
    /// What kind of item it is: it stands there as something else.
    Kind(Kind),
    /// Names of variables that stood there before: they have a number behind them.
    Numbered,
    /// Names for people, where only names for programs stand.
    Name,
    /// The folder.
    Folder,
    /// The tags, or such as hold what stands between two tags there.
    Tags,
    /// The environment.
    Environment,
    /// The provider, which is recognised again where the key shows it.
    Provider,
    /// The name under which programs know it.
    Variable,
    /// The star.
    Favourite,
    /// The expiry date.
    Expiry,
    /// When it was rotated, and how often it is to be.
    Rotation,
    /// The notes.
    Notes,
    /// Fields that a person added.
    Fields,
    /// What such fields are: they stand there as text or as a secret.
    FieldTypes,
    /// Where the secret is used.
    Places,
    /// How its key is tested.
    Check,
    /// What tests of its key found.
    CheckResults,
    /// Files that are attached to it.
    Attachments,
    /// When it was made and changed.
    Dates,
}

/// What a file holds, and what it does not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Items that stand in it.
    pub items: u32,
    /// What does not, and of how many items or values.
    pub left_out: Vec<(LeftOut, u32)>,
    /// Values that a spreadsheet would take for a formula. They stand there as they are.
    pub formulas: u32,
}

/// The parts that an item has beside its name and its content.
pub(super) fn parts_of(exported: &Exported) -> impl Iterator<Item = LeftOut> {
    let Exported { item, .. } = exported;
    let summary = &item.summary;
    let typed = |field: &crate::Field| matches!(field.field_type, FieldType::Url | FieldType::Totp);
    [
        (LeftOut::Folder, !summary.folder.is_empty()),
        (LeftOut::Tags, !summary.tags.is_empty()),
        (LeftOut::Environment, summary.environment.is_some()),
        (LeftOut::Provider, summary.provider.is_some()),
        (
            LeftOut::Variable,
            exported
                .variable
                .as_ref()
                .is_some_and(|name| *name != summary.name),
        ),
        (LeftOut::Favourite, summary.favourite),
        (LeftOut::Expiry, summary.expires_on.is_some()),
        (
            LeftOut::Rotation,
            summary.rotation.rotated_on.is_some() || summary.rotation.every_days.is_some(),
        ),
        (LeftOut::Notes, !item.notes.is_empty()),
        (LeftOut::Fields, !item.fields.is_empty()),
        (LeftOut::FieldTypes, item.fields.iter().any(typed)),
        (LeftOut::Places, !item.places.is_empty()),
        (LeftOut::Check, item.check.is_some()),
        (LeftOut::CheckResults, !summary.checks.is_empty()),
        (LeftOut::Attachments, !item.attachments.is_empty()),
        (LeftOut::Dates, true),
    ]
    .into_iter()
    .filter(|(_, has)| *has)
    .map(|(part, _)| part)
}
