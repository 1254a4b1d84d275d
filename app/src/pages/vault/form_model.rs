use std::collections::HashMap;

use keyarc_vault::{
    Attachment, CheckDefinition, Content, Day, DraftError, Field, FieldType, ItemDraft, Kind, Part,
    ROTATION_DAYS_MAX, Recognition, Rotation, SetupKey, Walk,
};
use keyarc_wire::ItemId;
use leptos::prelude::*;

use super::variables::{parse_variables, write_variables};
use crate::{
    language::{is_of_several, known},
    state::Place,
    words::capitalised,
};

/// The element ids of the fields that recognition fills in.
pub(super) const NAME_ID: &str = "form-name";
pub(super) const ENVIRONMENT_ID: &str = "form-environment";

/// The fields of the form, for every kind at once: changing the kind loses nothing.
#[derive(Clone, Copy)]
pub(super) struct FormModel {
    pub(super) id: Option<ItemId>,
    pub(super) base_version: RwSignal<u64>,
    pub(super) kind: RwSignal<Kind>,
    pub(super) name: RwSignal<String>,
    pub(super) folder: RwSignal<String>,
    pub(super) tags: RwSignal<String>,
    pub(super) environment: RwSignal<String>,
    pub(super) provider: RwSignal<Option<String>>,
    pub(super) favourite: RwSignal<bool>,
    pub(super) expires: RwSignal<String>,
    /// Days from one change to the next; empty without a plan.
    pub(super) every: RwSignal<String>,
    /// The day of the last change.
    pub(super) rotated: RwSignal<String>,
    /// Where the secret is used, one a line.
    pub(super) places: RwSignal<String>,
    /// How far a rotation is walked through.
    pub(super) walk: RwSignal<Option<Walk>>,
    pub(super) notes: RwSignal<String>,
    /// The parts of every kind, by their keys.
    parts: StoredValue<HashMap<&'static str, RwSignal<String>>>,
    pub(super) variables: RwSignal<String>,
    /// Fields that the person adds.
    pub(super) fields: RwSignal<Vec<FieldRow>>,
    /// How the key is tested, which the form keeps as it is.
    check: StoredValue<Option<CheckDefinition>>,
    /// Kept as they are: files come and go in the item's view.
    attachments: StoredValue<Vec<Attachment>>,
    pub(super) recognised: RwSignal<Option<Recognition>>,
    pub(super) error: RwSignal<Option<DraftError>>,
    /// What recognition filled in, which it may therefore replace.
    filled_name: StoredValue<Option<String>>,
    filled_environment: StoredValue<Option<String>>,
    filled_expires: StoredValue<Option<String>>,
}

impl FormModel {
    /// The form for a draft.
    pub(super) fn of(draft: &ItemDraft) -> Self {
        let parts = Kind::ALL.into_iter().flat_map(Kind::parts).map(|part| {
            let value = draft.content.part(part.key).unwrap_or_default();
            (part.key, RwSignal::new(value.to_owned()))
        });
        let variables = match &draft.content {
            Content::EnvironmentSet { variables } => write_variables(variables),
            _ => String::new(),
        };
        let fields = draft.fields.iter().enumerate();
        let expires = draft.expires_on.map(|day| day.to_string());
        let every = draft.rotation.every_days.map(|days| days.to_string());
        let rotated = draft.rotation.rotated_on.map(|day| day.to_string());
        Self {
            id: draft.id,
            base_version: RwSignal::new(draft.base_version),
            kind: RwSignal::new(draft.content.kind()),
            name: RwSignal::new(draft.name.clone()),
            folder: RwSignal::new(draft.folder.clone()),
            tags: RwSignal::new(draft.tags.join(", ")),
            environment: RwSignal::new(draft.environment.clone().unwrap_or_default()),
            provider: RwSignal::new(draft.provider.clone()),
            favourite: RwSignal::new(draft.favourite),
            expires: RwSignal::new(expires.unwrap_or_default()),
            every: RwSignal::new(every.unwrap_or_default()),
            rotated: RwSignal::new(rotated.unwrap_or_default()),
            places: RwSignal::new(draft.places.join("\n")),
            walk: RwSignal::new(draft.walk.clone()),
            notes: RwSignal::new(draft.notes.clone()),
            parts: StoredValue::new(parts.collect()),
            variables: RwSignal::new(variables),
            fields: RwSignal::new(fields.map(|(at, field)| FieldRow::of(at, field)).collect()),
            check: StoredValue::new(draft.check.clone()),
            attachments: StoredValue::new(draft.attachments.clone()),
            recognised: RwSignal::new(None),
            error: RwSignal::new(None),
            filled_name: StoredValue::new(None),
            filled_environment: StoredValue::new(None),
            filled_expires: StoredValue::new(None),
        }
    }

    /// What is to be saved. Tracks every field.
    pub(super) fn to_draft(self) -> Result<ItemDraft, DraftError> {
        let content = self.content()?;
        let expires_on = day_of("expires_on", &self.expires.read())?;
        let rotated_on = day_of("rotated_on", &self.rotated.read())?;
        let every_days = match self.every.read().trim() {
            "" => None,
            text => Some(text.parse().map_err(|_| {
                let rule = t!(
                    "is a number of days from 1 to {most}",
                    most = ROTATION_DAYS_MAX
                );
                wrong("every_days", &rule)
            })?),
        };
        let environment = Some(self.environment.get().trim().to_lowercase());
        Ok(ItemDraft {
            id: self.id,
            base_version: self.base_version.get(),
            name: self.name.get().trim().to_owned(),
            folder: self.folder.get().trim().trim_matches('/').to_owned(),
            tags: split_tags(&self.tags.read()),
            environment: environment.filter(|name| !name.is_empty()),
            provider: self.provider.get(),
            favourite: self.favourite.get(),
            expires_on,
            content,
            notes: self.notes.get(),
            fields: self
                .fields
                .get()
                .into_iter()
                .map(FieldRow::to_field)
                .collect(),
            rotation: Rotation {
                rotated_on,
                every_days,
            },
            places: self.places.read().lines().map(str::to_owned).collect(),
            walk: self.walk.get(),
            check: self.check.get_value(),
            attachments: self.attachments.get_value(),
        })
    }

    fn content(self) -> Result<Content, DraftError> {
        let kind = self.kind.get();
        if kind == Kind::EnvironmentSet {
            let variables = parse_variables(&self.variables.read()).map_err(|error| {
                let rule = t!(
                    "line {line} {reason}",
                    line = error.line,
                    reason = error.reason
                );
                wrong("variables", &rule)
            })?;
            return Ok(Content::EnvironmentSet { variables });
        }
        let mut content = Content::empty(kind);
        for part in kind.parts() {
            content.set_part(part.key, as_saved(*part, self.part(part.key).get()));
        }
        Ok(content)
    }

    /// What stands in a part, whichever kinds have it.
    pub(super) fn part(self, key: &str) -> RwSignal<String> {
        let known = self.parts.with_value(|parts| parts.get(key).copied());
        known.unwrap_or_default()
    }

    /// What is wrong with the `name` or the `value` of a field that the person added.
    pub(super) fn error_of_row(self, key: usize, part: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || {
            let at = self
                .fields
                .with(|rows| rows.iter().position(|row| row.key == key))?;
            let field = format!("fields[{at}].{part}");
            self.error.with(|error| {
                let error = error.as_ref().filter(|error| error.field == field)?;
                Some(capitalised(&known(&error.rule)))
            })
        })
    }

    /// What is wrong with the fields that the person added, all together.
    pub(super) fn error_of_all_rows(self) -> Signal<Option<String>> {
        Signal::derive(move || {
            self.error.with(|error| {
                let error = error.as_ref().filter(|error| error.field == "fields")?;
                let what = match is_of_several(&error.rule) {
                    true => t!("The fields"),
                    false => tc!("one of them", "The fields"),
                };
                Some(t!("{what} {rule}", what, rule = known(&error.rule)))
            })
        })
    }

    /// Adds an empty field and returns its key.
    pub(super) fn add_field(self) -> usize {
        let key = self
            .fields
            .with_untracked(|rows| rows.iter().map(|row| row.key + 1).max().unwrap_or_default());
        let row = FieldRow::of(key, &Field::empty("", FieldType::Text));
        self.fields.update(|rows| rows.push(row));
        key
    }

    /// Takes a field away.
    pub(super) fn remove_field(self, key: usize) {
        self.fields.update(|rows| rows.retain(|row| row.key != key));
    }

    /// What is wrong with a field, for people.
    pub(super) fn error_of(self, field: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || {
            self.error.with(|error| {
                let error = error
                    .as_ref()
                    .filter(|error| is_about(&error.field, field))?;
                Some(capitalised(&known(&error.rule)))
            })
        })
    }

    /// Fills in what a pasted value tells, wherever the person has not written something and is
    /// not writing now: `focused` is the id of the field that has the focus.
    pub(super) fn recognise(self, recognition: Option<Recognition>, focused: Option<&str>) {
        let Some(recognition) = recognition else {
            self.recognised.set(None);
            if self.filled_name.get_value().is_some() {
                self.provider.set(None);
            }
            return;
        };
        self.provider.set(Some(recognition.provider.clone()));
        if focused != Some(NAME_ID) {
            fill(self.name, self.filled_name, Some(&recognition.label));
        }
        if focused != Some(ENVIRONMENT_ID) {
            fill(
                self.environment,
                self.filled_environment,
                recognition.environment.as_ref(),
            );
        }
        let kind = self.kind.get_untracked();
        if self.id.is_none() && kind == Kind::ApiKey {
            let into = match recognition.kind {
                Kind::EnvironmentSet => Some(self.variables),
                Kind::Certificate => Some(self.part("chain")),
                Kind::SshKey => Some(self.part("ssh_private_key")),
                _ => None,
            };
            if let Some(into) = into {
                let secret = self.part("value");
                into.set(secret.get_untracked());
                secret.set(String::new());
                self.kind.set(recognition.kind);
            }
        }
        self.recognised.set(Some(recognition));
    }

    /// Takes over what was read of a certificate or an SSH key: its texts in their normal form, and
    /// its name and its end wherever the person has not written something.
    pub(super) fn take_material(self, content: &Content, name: Option<&str>, ends: Option<Day>) {
        let kind = content.kind();
        for part in kind.parts() {
            let (now, read) = (self.part(part.key), content.part(part.key));
            let read = read.unwrap_or_default();
            if now.with_untracked(|now| now != read) {
                now.set(read.to_owned());
            }
        }
        if self.kind.get_untracked() != kind {
            self.kind.set(kind);
        }
        let ends = ends.map(|day| day.to_string());
        fill(self.expires, self.filled_expires, ends.as_ref());
        fill(
            self.name,
            self.filled_name,
            name.map(str::to_owned).as_ref(),
        );
    }

    /// Takes over what a QR code for authenticator apps said.
    pub(super) fn take_setup_key(self, key: &SetupKey) {
        self.part("totp").set(key.address.clone());
        fill(self.name, self.filled_name, key.name.as_ref());
    }

    /// The end of what an edited item holds is replaced with it, unless the person gave another.
    pub(super) fn follow_end(self, ends: Option<Day>) {
        let ends = ends.map(|day| day.to_string());
        if ends.as_ref() == Some(&self.expires.get_untracked()) {
            self.filled_expires.set_value(ends);
        }
    }
}

/// Fills a field that is empty or still holds what was filled in before.
fn fill(field: RwSignal<String>, filled: StoredValue<Option<String>>, value: Option<&String>) {
    let now = field.get_untracked();
    let untouched = now.trim().is_empty() || filled.get_value().as_ref() == Some(&now);
    if untouched {
        field.set(value.cloned().unwrap_or_default());
        filled.set_value(value.cloned());
    }
}

/// A field that the person adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FieldRow {
    /// Names the row while the form is open.
    pub(super) key: usize,
    pub(super) name: RwSignal<String>,
    pub(super) field_type: RwSignal<FieldType>,
    pub(super) value: RwSignal<String>,
}

impl FieldRow {
    fn of(key: usize, field: &Field) -> Self {
        Self {
            key,
            name: RwSignal::new(field.name.clone()),
            field_type: RwSignal::new(field.field_type),
            value: RwSignal::new(field.value.clone()),
        }
    }

    fn to_field(self) -> Field {
        Field {
            name: self.name.get(),
            field_type: self.field_type.get(),
            value: self.value.get(),
        }
    }
}

/// Space around a key or an address was picked up with it; in a password it may be meant.
fn as_saved(part: Part, text: String) -> String {
    match part.field_type {
        FieldType::Url | FieldType::Totp => text.trim().to_owned(),
        FieldType::Secret if part.key == "value" => text.trim().to_owned(),
        FieldType::Text | FieldType::Secret | FieldType::Lines | FieldType::ConcealedLines => text,
    }
}

/// An empty form for the place it is opened from: its folder, tag, environment and kind.
pub(super) fn empty_draft(place: &Place) -> ItemDraft {
    let content = Content::empty(place.kind.unwrap_or(Kind::ApiKey));
    ItemDraft {
        folder: place.folder.clone().unwrap_or_default(),
        tags: place.tag.iter().cloned().collect(),
        environment: place.environment.clone(),
        ..ItemDraft::new("", content)
    }
}

/// Tags as typed, separated by commas.
fn split_tags(text: &str) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for tag in text.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
        if !tags.iter().any(|known| known == tag) {
            tags.push(tag.to_owned());
        }
    }
    tags
}

fn day_of(field: &str, text: &str) -> Result<Option<Day>, DraftError> {
    if text.is_empty() {
        return Ok(None);
    }
    let day = text.parse();
    day.map(Some)
        .map_err(|_| wrong(field, t!("is a date like 2027-01-31")))
}

fn wrong(field: &str, rule: &str) -> DraftError {
    DraftError {
        field: field.to_owned(),
        rule: rule.to_owned(),
    }
}

/// `content.value` and `tags[3]` are about `content` and `tags`.
fn is_about(error: &str, field: &str) -> bool {
    error == field
        || error
            .strip_prefix(field)
            .is_some_and(|rest| rest.starts_with(['.', '[']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_trimmed_and_counted_once() {
        assert_eq!(split_tags(" llm, billing ,,llm,"), ["llm", "billing"]);
        assert!(split_tags("  ").is_empty());
    }

    #[test]
    fn an_error_below_a_field_is_about_the_field() {
        assert!(is_about("name", "name"));
        assert!(is_about("tags[2]", "tags"));
        assert!(is_about("content.value", "content"));
        assert!(!is_about("names", "name"));
    }

    #[test]
    fn a_draft_passes_through_the_form_unchanged() {
        let owner = Owner::new();
        owner.set();
        let draft = ItemDraft {
            id: Some(ItemId([3; 16])),
            base_version: 4,
            name: "Orders database".into(),
            folder: "Checkout/Payments".into(),
            tags: vec!["a".into(), "b".into()],
            environment: Some("production".into()),
            provider: Some("postgres".into()),
            favourite: true,
            expires_on: Day::from_ymd(2027, 1, 31),
            content: Content::Login {
                username: "ann".into(),
                password: " spaces count ".into(),
                url: "https://example.org".into(),
            },
            notes: "line\nline".into(),
            fields: vec![Field {
                name: "Account number".into(),
                field_type: FieldType::Secret,
                value: "12 34".into(),
            }],
            rotation: Rotation {
                rotated_on: Day::from_ymd(2026, 11, 1),
                every_days: Some(90),
            },
            places: vec!["CI of the shop".into(), "https://ci.example.org".into()],
            walk: Some(Walk {
                step: 2,
                done: vec!["CI of the shop".into()],
            }),
            check: None,
            attachments: Vec::new(),
        };
        assert_eq!(FormModel::of(&draft).to_draft(), Ok(draft));
    }

    #[test]
    fn recognition_never_overwrites_what_was_typed() {
        let owner = Owner::new();
        owner.set();
        let form = FormModel::of(&empty_draft(&Place::default()));
        let stripe = Recognition {
            provider: "stripe".into(),
            provider_name: "Stripe".into(),
            label: "Stripe live secret key".into(),
            kind: Kind::ApiKey,
            environment: Some("production".into()),
            hint: "sk_live_…9aXe".into(),
        };
        form.recognise(Some(stripe.clone()), Some("form-secret"));
        assert_eq!(form.name.get_untracked(), "Stripe live secret key");
        let test_key = Recognition {
            label: "Stripe test key".into(),
            environment: None,
            ..stripe.clone()
        };
        form.recognise(Some(test_key.clone()), None);
        assert_eq!(form.name.get_untracked(), "Stripe test key");
        assert_eq!(form.environment.get_untracked(), "");
        form.name.set("Mine".into());
        form.recognise(Some(stripe.clone()), None);
        assert_eq!(form.name.get_untracked(), "Mine");
        // Somebody is about to write there.
        form.name.set(String::new());
        form.recognise(Some(test_key), Some(NAME_ID));
        assert_eq!(form.name.get_untracked(), "");
        form.recognise(Some(stripe), Some(ENVIRONMENT_ID));
        assert_eq!(form.name.get_untracked(), "Stripe live secret key");
        assert_eq!(form.environment.get_untracked(), "");
    }
}
