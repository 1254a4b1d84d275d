use std::collections::BTreeSet;

use keyarc_reference::{NoReference, Reference, SCHEME};
use keyarc_vault::ItemSummary;
use keyarc_wire::ItemId;
use serde::{Deserialize, Serialize};

use crate::{Row, printable};

/// How near a name must be to be offered, of 1.
const NEAR: f64 = 0.8;
/// How many are offered.
const OFFERED: usize = 3;

/// Why there is no answer to what somebody means. Nothing in it is secret: it is printed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// Nothing is called so.
    #[error("{}", absent(what, nearest))]
    NotFound {
        /// What was asked for, as it was written.
        what: String,
        /// What is called nearly so.
        nearest: Vec<String>,
    },
    /// Several items are called so.
    #[error("{}", several(what, candidates))]
    Ambiguous {
        /// What was asked for.
        what: String,
        /// The items of that name.
        candidates: Vec<String>,
    },
}

/// That something is not there, with the names that are nearly so.
pub fn absent(what: &str, nearest: &[String]) -> String {
    let what = printable(what);
    match nearest {
        [] => format!("there is no {what}"),
        some => format!("there is no {what}. Did you mean {}?", each(some)),
    }
}

/// That several items have a name, with where they stand.
pub fn several(what: &str, candidates: &[String]) -> String {
    let what = printable(what);
    format!("{what} is the name of several items: {}", each(candidates))
}

fn each(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().map(|name| printable(name)).collect();
    shown.join(", ")
}

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
    /// What it is called.
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
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
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
pub fn find(rows: &[ItemSummary], wanted: &Wanted) -> Result<ItemId, LookupError> {
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

fn found(rows: &[ItemSummary], wanted: &Wanted) -> Result<Option<ItemId>, LookupError> {
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
                return Err(LookupError::Ambiguous {
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
pub fn not_found(rows: &[ItemSummary], wanted: &Wanted) -> LookupError {
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
    LookupError::NotFound {
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

#[cfg(test)]
mod tests {
    use keyarc_vault::{Kind, Rotation};

    use super::*;

    fn item(id: u8, folder: &str, name: &str, environment: Option<&str>) -> ItemSummary {
        ItemSummary {
            id: ItemId([id; 16]),
            version: 1,
            kind: Kind::ApiKey,
            name: name.to_owned(),
            provider: None,
            provider_name: None,
            mark: String::new(),
            environment: environment.map(str::to_owned),
            hint: String::new(),
            folder: folder.to_owned(),
            tags: Vec::new(),
            favourite: false,
            expires_on: None,
            rotation: Rotation::default(),
            created_at_ms: 0,
            updated_at_ms: 0,
            trashed_at_ms: None,
            field_names: Vec::new(),
            checks: Vec::new(),
            files: Vec::new(),
            matches: Vec::new(),
            found: Vec::new(),
        }
    }

    fn vault() -> Vec<ItemSummary> {
        vec![
            item(1, "Payments", "Stripe", Some("production")),
            item(2, "Payments", "Stripe", Some("test")),
            item(3, "Payments/EU", "Adyen", None),
            item(4, "", "Adyen", Some("test")),
            item(5, "", "adyen", Some("staging")),
        ]
    }

    fn found(typed: &str, environment: Option<&str>) -> Result<u8, LookupError> {
        let wanted = Wanted::typed(typed, None).expect("a name");
        find(&vault(), &wanted.of_environment(environment)).map(|id| id.0[0])
    }

    fn nearest_of(outcome: Result<u8, LookupError>) -> Vec<String> {
        match outcome {
            Err(LookupError::NotFound { nearest, .. }) => nearest,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_item_is_found_by_its_folder_name_and_environment() {
        assert_eq!(found("Payments/Stripe", Some("test")), Ok(2));
        assert_eq!(found("stripe", Some("Production")), Ok(1));
        assert_eq!(found("Payments/EU/Adyen", None), Ok(3));
        let reference = "keyarc://personal/Payments/Stripe/value";
        assert_eq!(found(&format!("{reference}?environment=test"), None), Ok(2));
        // What a reference says itself goes before what is said for all.
        let both = found(&format!("{reference}?environment=test"), Some("production"));
        assert_eq!(both, Ok(2));
    }

    #[test]
    fn none_in_particular_takes_the_place_of_an_environment_and_another_does_not() {
        assert_eq!(found("Payments/EU/Adyen", Some("production")), Ok(3));
        assert_eq!(found("Adyen", Some("test")), Ok(4));
        let reference = "keyarc://personal/Payments/EU/Adyen/value?environment=production";
        assert!(nearest_of(found(reference, None)).contains(&"Payments/EU/Adyen".to_owned()));
        assert_eq!(nearest_of(found("Stripe", Some("staging"))), ["Stripe"]);
    }

    #[test]
    fn several_of_a_name_are_told_with_where_they_stand() {
        let told = found("Stripe", None)
            .expect_err("there are two")
            .to_string();
        assert_eq!(
            told,
            "Stripe is the name of several items: Payments/Stripe (production), \
             Payments/Stripe (test)"
        );
        // As it is written goes before other letters.
        assert!(found("ADYEN", None).is_err());
        assert_eq!(found("adyen", None), Ok(5));
    }

    #[test]
    fn the_folder_that_comes_first_is_looked_into_first() {
        let wanted = Wanted {
            first: Some("Payments/EU".to_owned()),
            ..Wanted::typed("Adyen", None).expect("a name")
        };
        assert_eq!(find(&vault(), &wanted).map(|id| id.0[0]), Ok(3));
    }

    #[test]
    fn what_is_nearly_right_is_offered() {
        assert_eq!(nearest_of(found("Stripr", None)), ["Stripe"]);
        let reference = "keyarc://personal/Payment/Stripe/value";
        assert_eq!(nearest_of(found(reference, None))[0], "Payments/Stripe");
        let told = found("a\u{1b}[2J", None).expect_err("none").to_string();
        assert!(!told.contains('\u{1b}'), "{told:?}");
    }
}
