//! The rules for what a person enters. A draft that breaks one is refused whole, with the field
//! and the rule; nothing is cut off silently.
//!
//! Markup is plain text and stays as typed. In single-line fields control characters are
//! refused, and so are the characters that turn the direction of text around (they make a name
//! read as another one). Secrets and notes are kept byte for byte.
//!
//! The longest that these rules let through fits, sealed, into the limits of
//! [`keyarc_wire::limits`]; a test holds that.

use std::collections::HashSet;

use crate::{
    Content, Day, DraftError, FIELDS_MAX, Field, FieldType, ItemDraft, LABEL_MAX, NAME_MAX,
    PLACE_MAX, PLACES_MAX, ROTATION_DAYS_MAX, Rotation, TAGS_MAX, Totp,
    attachment::check_attachments, check::check_definition, recognise, record::ENVIRONMENTS,
};

/// Most bytes of text (secrets, variables, notes) in one item. Sealed and padded it stays below
/// [`keyarc_wire::limits::DETAILS`].
pub const DETAILS_TEXT_MAX: usize = 900 * 1024;
/// Most variables in one environment set.
pub const VARIABLES_MAX: usize = 5_000;
/// Longest user name in characters.
pub(crate) const USERNAME_MAX: usize = 500;
/// Longest address in characters.
pub(crate) const URL_MAX: usize = 2_000;
/// Deepest folder.
const FOLDER_DEPTH_MAX: usize = 10;

/// A draft that keeps the rules, in its normal form.
pub(crate) struct CheckedDraft {
    pub(crate) name: String,
    pub(crate) folder: String,
    pub(crate) tags: Vec<String>,
    pub(crate) environment: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) fields: Vec<Field>,
    pub(crate) places: Vec<String>,
}

/// Checks a draft without saving it. `field` of the error is a field of [`ItemDraft`], or of
/// its content (see [`Kind::parts`](crate::Kind::parts)), `variables`, or `fields[2].name` and
/// `fields[2].value`.
pub fn check_draft(draft: &ItemDraft) -> Result<(), DraftError> {
    normalise_typed(draft).map(|_| ())
}

/// As [`normalise`], and a secret may be missing in what was imported, but not in what is typed
/// in anew.
pub(crate) fn normalise_typed(draft: &ItemDraft) -> Result<CheckedDraft, DraftError> {
    let checked = normalise(draft)?;
    match &draft.content {
        Content::ApiKey { value } if value.is_empty() && draft.id.is_none() => {
            Err(broken("value", "needs a secret"))
        }
        Content::Certificate { chain, .. } if chain.trim().is_empty() && draft.id.is_none() => {
            Err(broken("chain", "needs a certificate"))
        }
        Content::SshKey {
            private_key,
            public_key,
        } if draft.id.is_none()
            && private_key.trim().is_empty()
            && public_key.trim().is_empty() =>
        {
            Err(broken("ssh_private_key", "needs a key"))
        }
        _ => Ok(checked),
    }
}

pub(crate) fn normalise(draft: &ItemDraft) -> Result<CheckedDraft, DraftError> {
    let checked = CheckedDraft {
        name: name(&draft.name)?,
        folder: folder(&draft.folder)?,
        tags: tags(&draft.tags)?,
        environment: environment(draft.environment.as_deref())?,
        provider: provider(draft.provider.as_deref())?,
        fields: draft.kept_fields(),
        places: draft.kept_places(),
    };
    fields(&draft.fields)?;
    rotation(draft.rotation)?;
    places(&checked.places)?;
    if let Some(check) = &draft.check {
        check_definition(check)?;
    }
    check_attachments(&draft.attachments)?;
    check_day(draft.expires_on)?;
    content(
        &draft.content,
        &draft.notes,
        &checked.fields,
        &checked.places,
    )?;
    Ok(checked)
}

pub(crate) fn broken(field: &str, rule: impl Into<String>) -> DraftError {
    DraftError {
        field: field.to_owned(),
        rule: rule.into(),
    }
}

pub(crate) fn check_day(day: Option<Day>) -> Result<(), DraftError> {
    match day {
        Some(day) if !(Day::FIRST..=Day::LAST).contains(&day) => {
            Err(broken("expires_on", "lies outside the years 1970 to 9999"))
        }
        _ => Ok(()),
    }
}

fn name(text: &str) -> Result<String, DraftError> {
    let name = text.trim();
    if !name.chars().any(is_visible) {
        return Err(broken("name", "needs a name"));
    }
    single_line("name", name, NAME_MAX)?;
    Ok(name.to_owned())
}

pub(crate) fn folder(text: &str) -> Result<String, DraftError> {
    let mut path = String::new();
    let mut depth = 0;
    for segment in text
        .split('/')
        .map(str::trim)
        .filter(|segment| !segment.is_empty())
    {
        single_line("folder", segment, LABEL_MAX)?;
        depth += 1;
        if depth > FOLDER_DEPTH_MAX {
            return Err(broken(
                "folder",
                format!("is deeper than {FOLDER_DEPTH_MAX} folders"),
            ));
        }
        if !path.is_empty() {
            path.push('/');
        }
        path.push_str(segment);
    }
    Ok(path)
}

pub(crate) fn tags(given: &[String]) -> Result<Vec<String>, DraftError> {
    let mut seen = HashSet::new();
    let mut tags = Vec::new();
    for tag in given
        .iter()
        .map(|tag| tag.trim())
        .filter(|tag| !tag.is_empty())
    {
        single_line("tags", tag, LABEL_MAX)?;
        if seen.insert(tag.to_lowercase()) {
            tags.push(tag.to_owned());
        }
        if tags.len() > TAGS_MAX {
            return Err(broken("tags", format!("are more than {TAGS_MAX}")));
        }
    }
    tags.sort_unstable();
    Ok(tags)
}

pub(crate) fn environment(given: Option<&str>) -> Result<Option<String>, DraftError> {
    let Some(name) = given.map(str::trim).filter(|name| !name.is_empty()) else {
        return Ok(None);
    };
    single_line("environment", name, LABEL_MAX)?;
    let known = ENVIRONMENTS
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(name));
    Ok(Some(known.unwrap_or(name).to_owned()))
}

/// A provider id, known here or to a newer client. What is merely a shape (a JWT, say) is no
/// provider.
fn provider(given: Option<&str>) -> Result<Option<String>, DraftError> {
    let Some(id) = given.filter(|id| !id.is_empty()) else {
        return Ok(None);
    };
    let slug = id.len() <= 40
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !slug {
        return Err(broken("provider", "is not a provider's id"));
    }
    let generic = recognise::provider(id).is_some_and(|provider| provider.generic);
    Ok((!generic).then(|| id.to_owned()))
}

/// Fields without name and value were begun and left; a value needs a name.
fn fields(given: &[Field]) -> Result<(), DraftError> {
    let mut names = HashSet::new();
    for (at, field) in given.iter().enumerate() {
        let place = format!("fields[{at}]");
        let name = field.name.trim();
        if name.is_empty() && field.value.is_empty() {
            continue;
        }
        if !name.chars().any(is_visible) {
            return Err(broken(&format!("{place}.name"), "needs a name"));
        }
        single_line(&format!("{place}.name"), name, LABEL_MAX)?;
        if !names.insert(name.to_lowercase()) {
            let rule = "is the name of another field";
            return Err(broken(&format!("{place}.name"), rule));
        }
        let place = format!("{place}.value");
        match field.field_type {
            FieldType::Text => single_line(&place, &field.value, NAME_MAX.max(USERNAME_MAX))?,
            FieldType::Url => single_line(&place, &field.value, URL_MAX)?,
            FieldType::Secret if field.value.contains(['\n', '\r']) => {
                return Err(broken(&place, "holds a line break"));
            }
            FieldType::Totp => setup_key(&place, &field.value)?,
            FieldType::Secret | FieldType::Lines | FieldType::ConcealedLines => {}
        }
    }
    if names.len() > FIELDS_MAX {
        return Err(broken("fields", format!("are more than {FIELDS_MAX}")));
    }
    Ok(())
}

fn rotation(given: Rotation) -> Result<(), DraftError> {
    let day = given.rotated_on;
    if day.is_some_and(|day| !(Day::FIRST..=Day::LAST).contains(&day)) {
        return Err(broken("rotated_on", "lies outside the years 1970 to 9999"));
    }
    let days = given.every_days;
    if days.is_some_and(|days| !(1..=ROTATION_DAYS_MAX).contains(&days)) {
        let rule = format!("is a number of days from 1 to {ROTATION_DAYS_MAX}");
        return Err(broken("every_days", rule));
    }
    Ok(())
}

fn places(given: &[String]) -> Result<(), DraftError> {
    for place in given {
        single_line("places", place, PLACE_MAX)?;
    }
    if given.len() > PLACES_MAX {
        return Err(broken("places", format!("are more than {PLACES_MAX}")));
    }
    Ok(())
}

fn setup_key(field: &str, key: &str) -> Result<(), DraftError> {
    match Totp::parse(key) {
        Ok(_) => Ok(()),
        Err(error) => Err(broken(field, error.to_string())),
    }
}

fn content(
    content: &Content,
    notes: &str,
    fields: &[Field],
    places: &[String],
) -> Result<(), DraftError> {
    let (field, mut size) = match content {
        Content::ApiKey { value } => ("value", value.len()),
        Content::Login {
            username,
            password,
            url,
        } => {
            single_line("username", username, USERNAME_MAX)?;
            single_line("url", url, URL_MAX)?;
            if password.contains(['\n', '\r']) {
                return Err(broken("password", "holds a line break"));
            }
            ("password", username.len() + password.len() + url.len())
        }
        Content::Note { text } => ("text", text.len()),
        Content::Totp { key } => {
            setup_key("totp", key)?;
            ("totp", key.len())
        }
        Content::Certificate { chain, private_key } => ("chain", chain.len() + private_key.len()),
        Content::SshKey {
            private_key,
            public_key,
        } => ("ssh_private_key", private_key.len() + public_key.len()),
        Content::EnvironmentSet { variables } => {
            if variables.len() > VARIABLES_MAX {
                return Err(broken(
                    "variables",
                    format!("are more than {VARIABLES_MAX}"),
                ));
            }
            let mut names = HashSet::new();
            let mut size = 0;
            for variable in variables {
                if !is_variable_name(&variable.name) {
                    let rule = "need names of letters, digits, “_”, “.” and “-”, not starting \
                                with a digit";
                    return Err(broken("variables", rule));
                }
                if !names.insert(variable.name.as_str()) {
                    return Err(broken("variables", "name one variable twice"));
                }
                size += variable.name.len() + variable.value.len();
            }
            ("variables", size)
        }
    };
    if size > DETAILS_TEXT_MAX {
        return Err(too_large(field));
    }
    size += notes.len();
    if size > DETAILS_TEXT_MAX {
        return Err(too_large("notes"));
    }
    let added = fields
        .iter()
        .map(|field| field.name.len() + field.value.len());
    size += added.sum::<usize>();
    if size > DETAILS_TEXT_MAX {
        return Err(too_large("fields"));
    }
    size += places.iter().map(String::len).sum::<usize>();
    if size > DETAILS_TEXT_MAX {
        return Err(too_large("places"));
    }
    Ok(())
}

fn too_large(field: &str) -> DraftError {
    broken(
        field,
        format!("is larger than {} KB", DETAILS_TEXT_MAX / 1024),
    )
}

/// A name that a shell or a `.env` file takes: a letter or `_`, then letters, digits, `_`, `.`
/// and `-`, at most [`NAME_MAX`].
pub(crate) fn is_variable_name(name: &str) -> bool {
    name.len() <= NAME_MAX
        && name.bytes().enumerate().all(|(at, byte)| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'_' => true,
            b'0'..=b'9' | b'.' | b'-' => at > 0,
            _ => false,
        })
        && !name.is_empty()
}

pub(crate) fn single_line(field: &str, text: &str, longest: usize) -> Result<(), DraftError> {
    if text.chars().count() > longest {
        return Err(broken(
            field,
            format!("is longer than {longest} characters"),
        ));
    }
    for c in text.chars() {
        if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
            return Err(broken(field, "holds a control character"));
        }
        if turns_direction(c) {
            return Err(broken(
                field,
                "holds a character that turns the direction of text",
            ));
        }
    }
    Ok(())
}

/// Embeddings, overrides and isolates. Arabic and Hebrew need none of them in a name.
pub(crate) fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character leaves a mark: a name of zero-width characters looks like none.
pub(crate) fn is_visible(c: char) -> bool {
    !c.is_whitespace()
        && !c.is_control()
        && !matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}
