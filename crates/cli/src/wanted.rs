//! Which item and which value somebody means, and which item of a list that is.

use std::collections::BTreeSet;

use keyarc_reference::{NoReference, Reference, SCHEME};
use keyarc_vault::ItemSummary;
use keyarc_wire::ItemId;
use serde::{Deserialize, Serialize};

use crate::{failure::Failure, vault::Row};

/// How near a name must be to be offered, of 1.
const NEAR: f64 = 0.8;
/// How many are offered.
const OFFERED: usize = 3;

/// Which value of which item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// The item's folder, `/` between its parts; empty for none, `None` for any.
    pub folder: Option<String>,
    /// Where any folder will do: the one in which it is looked for first.
    #[serde(default)]
    pub first: Option<String>,
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
            first: None,
            item: reference.item,
            field: Some(reference.field),
            environment: reference.environment.map(Environment::This),
            version: None,
        }
    }
}

impl Wanted {
    /// What an item may be called that is meant, in lower case: its whole name, or what stands behind
    /// a folder.
    pub fn names(&self) -> impl Iterator<Item = String> {
        let below = self.item.match_indices('/').map(|(at, _)| at + 1);
        [0].into_iter()
            .chain(below)
            .map(|from| self.item[from..].to_lowercase())
    }

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
            first: None,
            item: text.to_owned(),
            field,
            environment: None,
            version: None,
        })
    }
}

/// Whether a folder is this one or in it.
pub fn is_below(place: &str, folder: &str) -> bool {
    let rest = place.strip_prefix(folder);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The one item that is meant: in the folder that comes first, or else anywhere; as it is written, or
/// else whatever the case of its letters; of the environment that is wanted, or else of none where
/// that will do.
pub fn find(rows: &[ItemSummary], wanted: &Wanted) -> Result<ItemId, Failure> {
    let first = wanted.first.as_deref().filter(|first| !first.is_empty());
    if let (None, Some(first)) = (&wanted.folder, first) {
        let (below, item) = match wanted.item.rsplit_once('/') {
            Some((below, item)) => (format!("{first}/{below}"), item),
            None => (first.to_owned(), wanted.item.as_str()),
        };
        let there = Wanted {
            folder: Some(below),
            item: item.to_owned(),
            ..wanted.clone()
        };
        if let Some(found) = found(rows, &there)? {
            return Ok(found);
        }
    }
    found(rows, wanted)?.ok_or_else(|| not_found(rows, wanted))
}

fn found(rows: &[ItemSummary], wanted: &Wanted) -> Result<Option<ItemId>, Failure> {
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
            [one] => return Ok(Some(one.id)),
            several => {
                let several = several.iter();
                return Err(Failure::Ambiguous {
                    what: wanted.item.clone(),
                    candidates: several.map(|row| Row::of((*row).clone()).place()).collect(),
                });
            }
        }
    }
    Ok(None)
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

/// That nothing is what was meant, with the names that are nearly so.
pub fn not_found(rows: &[ItemSummary], wanted: &Wanted) -> Failure {
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
