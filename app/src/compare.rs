//! Two states of an item side by side, field by field: for a person who has to choose one, and for
//! one who looks back.

use std::collections::{HashMap, HashSet};

use keyarc_vault::{Content, ItemDraft, Variable};
use serde::{Deserialize, Serialize};

use crate::words::{every_days, kind, listed, long_day, part_label};

/// What stands in the place of a concealed value.
pub const CONCEALED: &str = "••••••••";
/// Most variables that are shown one by one. What differs beyond is counted.
const VARIABLES_MAX: usize = 200;

/// One field in both states.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The field's name.
    pub field: String,
    /// What it is in the first.
    pub mine: String,
    /// What it is in the second.
    pub theirs: String,
    /// Whether they differ.
    pub differs: bool,
    /// Whether it is hidden until asked for.
    pub concealed: bool,
}

impl std::fmt::Debug for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Difference({}, redacted)", self.differs)
    }
}

impl Difference {
    /// The same without what is to be hidden.
    pub fn without_secrets(mut self) -> Self {
        if self.concealed {
            for value in [&mut self.mine, &mut self.theirs] {
                if !value.is_empty() {
                    *value = CONCEALED.to_owned();
                }
            }
        }
        self
    }
}

/// Both states field by field; only fields that say something in one of them. Of variables only
/// those that differ, and how many there are.
pub fn differences(mine: &ItemDraft, theirs: &ItemDraft) -> Vec<Difference> {
    let mut rows: Vec<(Origin, Difference)> = Vec::new();
    for (draft, is_mine) in [(mine, true), (theirs, false)] {
        for (origin, field, concealed, text) in texts(draft) {
            let same = |row: &(Origin, Difference)| row.0 == origin && row.1.field == field;
            let at = rows.iter().position(same).unwrap_or_else(|| {
                let row = Difference {
                    field,
                    mine: String::new(),
                    theirs: String::new(),
                    differs: false,
                    concealed: false,
                };
                rows.push((origin, row));
                rows.len() - 1
            });
            let (_, row) = &mut rows[at];
            row.concealed |= concealed;
            *(if is_mine {
                &mut row.mine
            } else {
                &mut row.theirs
            }) = text;
        }
    }
    let mut rows = told_apart(rows);
    let after_kind = rows.len().min(2);
    rows.splice(after_kind..after_kind, variables(mine, theirs));
    for row in &mut rows {
        row.differs = row.mine != row.theirs;
    }
    rows.retain(|row| !(row.mine.is_empty() && row.theirs.is_empty()));
    rows
}

/// Where a field comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// Every item of the kind has it.
    Kind,
    /// Somebody added it, and may have called it as one of the others.
    Added,
}

/// The rows, with other names for added fields that are called as those of the kind: who reads one must
/// not take it for the other.
fn told_apart(rows: Vec<(Origin, Difference)>) -> Vec<Difference> {
    let of_kind: HashSet<String> = rows
        .iter()
        .filter(|(origin, _)| *origin == Origin::Kind)
        .map(|(_, row)| row.field.to_lowercase())
        .collect();
    let named = |(origin, mut row): (Origin, Difference)| {
        if origin == Origin::Added && of_kind.contains(&row.field.to_lowercase()) {
            row.field = t!("{name} (added field)", name = &row.field);
        }
        row
    };
    rows.into_iter().map(named).collect()
}

/// The fields of a draft as text: where it comes from, name, whether it is concealed, value.
fn texts(draft: &ItemDraft) -> Vec<(Origin, String, bool, String)> {
    let open = |name: &str, value: String| (Origin::Kind, name.to_owned(), false, value);
    let expires = draft.expires_on.map(long_day);
    let rotated = draft.rotation.rotated_on.map(long_day);
    let every = draft.rotation.every_days.map(every_days);
    let test = draft.check.as_ref();
    let test = test.map(|check| format!("{} {}", check.method.word(), check.url));
    let files: Vec<&str> = draft
        .attachments
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    let mut texts = vec![
        open(t!("Name"), draft.name.clone()),
        open(t!("Kind"), kind(draft.content.kind()).to_owned()),
    ];
    if let Content::EnvironmentSet { variables } = &draft.content {
        let count = u32::try_from(variables.len()).unwrap_or(u32::MAX);
        let count = tn!(count, "{count} variable", "{count} variables");
        texts.push(open(t!("Variables"), count));
    }
    texts.extend(draft.content.kind().parts().iter().map(|part| {
        let value = draft.content.part(part.key).unwrap_or_default();
        let concealed = part.field_type.is_concealed();
        (
            Origin::Kind,
            part_label(part).to_owned(),
            concealed,
            value.to_owned(),
        )
    }));
    texts.extend(draft.fields.iter().map(|field| {
        let concealed = field.field_type.is_concealed();
        (
            Origin::Added,
            field.name.clone(),
            concealed,
            field.value.clone(),
        )
    }));
    let favourite = if draft.favourite { t!("Yes") } else { "" };
    texts.extend([
        open(t!("Folder"), draft.folder.clone()),
        open(t!("Tags"), listed(&draft.tags)),
        open(
            t!("Environment"),
            draft.environment.clone().unwrap_or_default(),
        ),
        open(t!("Provider"), draft.provider.clone().unwrap_or_default()),
        open(t!("Expires"), expires.unwrap_or_default()),
        open(t!("Rotation"), every.unwrap_or_default()),
        open(t!("Last rotated"), rotated.unwrap_or_default()),
        open(t!("Where it is used"), listed(&draft.kept_places())),
        open(t!("Favourite"), favourite.to_owned()),
        open(t!("Notes"), draft.notes.clone()),
        open(t!("Test"), test.unwrap_or_default()),
        open(t!("Files"), listed(&files)),
    ]);
    texts
}

fn variables_of(draft: &ItemDraft) -> &[Variable] {
    match &draft.content {
        Content::EnvironmentSet { variables } => variables,
        _ => &[],
    }
}

/// The variables that differ, in the order of the first state and then of the second.
fn variables(mine: &ItemDraft, theirs: &ItemDraft) -> Vec<Difference> {
    let (mine, theirs) = (variables_of(mine), variables_of(theirs));
    let (in_mine, in_theirs) = (by_name(mine), by_name(theirs));
    let only_theirs = theirs
        .iter()
        .filter(|variable| !in_mine.contains_key(variable.name.as_str()));
    let mut rows: Vec<Difference> = mine
        .iter()
        .chain(only_theirs)
        .map(|variable| {
            let name = variable.name.as_str();
            let (mine, theirs) = (in_mine.get(name), in_theirs.get(name));
            Difference {
                field: name.to_owned(),
                differs: mine != theirs,
                mine: shown(mine),
                theirs: shown(theirs),
                concealed: true,
            }
        })
        .filter(|row| row.differs)
        .collect();
    let more = rows.len().saturating_sub(VARIABLES_MAX);
    if more > 0 {
        rows.truncate(VARIABLES_MAX);
        let more = u32::try_from(more).unwrap_or(u32::MAX);
        rows.push(Difference {
            field: t!("And").to_owned(),
            mine: tn!(
                more,
                "{count} variable more that differ",
                "{count} variables more that differ"
            ),
            theirs: String::new(),
            differs: true,
            concealed: false,
        });
    }
    rows
}

fn by_name(all: &[Variable]) -> HashMap<&str, &str> {
    let pairs = all
        .iter()
        .map(|one| (one.name.as_str(), one.value.as_str()));
    pairs.collect()
}

/// A variable may be there and empty.
fn shown(value: Option<&&str>) -> String {
    match value {
        None => String::new(),
        Some(&"") => t!("(empty)").to_owned(),
        Some(value) => (*value).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use keyarc_vault::{Field, FieldType};
    use keyarc_wire::ItemId;

    use super::*;

    fn draft(name: &str, secret: &str) -> ItemDraft {
        ItemDraft {
            id: Some(ItemId([1; 16])),
            base_version: 1,
            ..ItemDraft::new(
                name,
                Content::ApiKey {
                    value: secret.into(),
                },
            )
        }
    }

    fn set(variables: &[(&str, &str)]) -> ItemDraft {
        let variable = |(name, value): &(&str, &str)| Variable {
            name: (*name).into(),
            value: (*value).into(),
        };
        let variables = variables.iter().map(variable).collect();
        ItemDraft::new("Set", Content::EnvironmentSet { variables })
    }

    #[test]
    fn an_added_field_hides_none_of_the_kind() {
        // Whoever hands a change in may call a field as they like.
        let handed_in = ItemDraft {
            fields: ["Secret", "notes"]
                .map(|name| Field {
                    name: name.into(),
                    field_type: FieldType::Secret,
                    value: "old".into(),
                })
                .to_vec(),
            notes: "as before".into(),
            ..draft("A", "new")
        };
        let now = ItemDraft {
            notes: "as before".into(),
            ..draft("A", "old")
        };
        let differing: Vec<(String, String, String)> = differences(&handed_in, &now)
            .into_iter()
            .filter(|row| row.differs)
            .map(|row| (row.field, row.mine, row.theirs))
            .collect();
        let row = |field: &str, mine: &str, theirs: &str| {
            (field.to_owned(), mine.to_owned(), theirs.to_owned())
        };
        assert_eq!(
            differing,
            [
                row("Secret", "new", "old"),
                row("Secret (added field)", "old", ""),
                row("notes (added field)", "old", ""),
            ]
        );
    }

    #[test]
    fn fields_that_a_person_added_are_compared_by_name() {
        let with = |value: &str| ItemDraft {
            fields: vec![Field {
                name: "PIN".into(),
                field_type: FieldType::Secret,
                value: value.into(),
            }],
            ..draft("A", "x")
        };
        let rows = differences(&with("1"), &with("2"));
        let pin = rows.iter().find(|row| row.field == "PIN").expect("there");
        assert!(pin.differs && pin.concealed);
        let gone = differences(&with("1"), &draft("A", "x"));
        let pin = gone.iter().find(|row| row.field == "PIN").expect("there");
        assert_eq!((pin.mine.as_str(), pin.theirs.as_str()), ("1", ""));
    }

    #[test]
    fn fields_that_are_empty_on_both_sides_are_left_out() {
        let rows = differences(&draft("A", "x"), &draft("B", "x"));
        let fields: Vec<&str> = rows.iter().map(|row| row.field.as_str()).collect();
        assert_eq!(fields, ["Name", "Kind", "Secret"]);
        assert!(rows[0].differs);
        assert!(!rows[2].differs);
    }

    #[test]
    fn variables_are_compared_one_by_one() {
        let before = set(&[("A", "1"), ("B", "2"), ("GONE", "3"), ("EMPTY", "")]);
        let after = set(&[("B", "2"), ("A", "9"), ("NEW", "4")]);
        let rows = differences(&before, &after);
        let rows: Vec<_> = rows
            .iter()
            .filter(|row| row.differs)
            .map(|row| (row.field.as_str(), row.mine.as_str(), row.theirs.as_str()))
            .collect();
        assert_eq!(
            rows,
            [
                ("A", "1", "9"),
                ("GONE", "3", ""),
                ("EMPTY", "(empty)", ""),
                ("NEW", "", "4"),
                ("Variables", "4 variables", "3 variables"),
            ]
        );
    }

    #[test]
    fn thousands_of_variables_that_differ_are_counted() {
        let names: Vec<String> = (0..5_000).map(|at| format!("V{at}")).collect();
        let all: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "x")).collect();
        let rows = differences(&set(&all), &set(&[]));
        assert_eq!(rows.len(), 2 + VARIABLES_MAX + 1 + 1);
        let last = rows.iter().find(|row| row.field == "And").expect("there");
        assert_eq!(last.mine, "4,800 variables more that differ");
    }

    #[test]
    fn secrets_can_be_left_out() {
        let rows = differences(&draft("A", "hush"), &draft("B", ""));
        let rows: Vec<_> = rows.into_iter().map(Difference::without_secrets).collect();
        let secret = rows
            .iter()
            .find(|row| row.field == "Secret")
            .expect("there");
        assert_eq!(
            (secret.mine.as_str(), secret.theirs.as_str()),
            (CONCEALED, "")
        );
        assert!(secret.differs);
        assert_eq!(rows[0].mine, "A");
    }
}
