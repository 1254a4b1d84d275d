//! Readers of other products' files on files of theirs, and on what is done to such files.

mod archives;
mod databases;
mod names;
mod text_formats;

use super::{Reading, Unreadable};
use crate::{Content, ItemDraft};

/// All that a reading says, an item and an error a line. Values stand there as they are.
fn told(reading: &Reading) -> Vec<String> {
    let found = reading.found.iter().map(|found| {
        let variable = found.variable.as_deref().unwrap_or("-");
        format!("{} {variable} {}", found.place, draft(&found.draft))
    });
    let errors = reading.errors.iter();
    found
        .chain(errors.map(|error| format!("{} ! {}", error.line, error.reason)))
        .collect()
}

fn draft(draft: &ItemDraft) -> String {
    let mut text = format!("{:?} {}/{}", draft.content.kind(), draft.folder, draft.name);
    match &draft.content {
        Content::EnvironmentSet { variables } => text.push_str(&format!(" {}", variables.len())),
        content => {
            for part in content.kind().parts() {
                let value = content.part(part.key).unwrap_or_default();
                text.push_str(&format!(" {}={value:?}", part.key));
            }
        }
    }
    for field in &draft.fields {
        text.push_str(&format!(
            " {}:{:?}={:?}",
            field.name, field.field_type, field.value
        ));
    }
    if !draft.notes.is_empty() {
        text.push_str(&format!(" notes={:?}", draft.notes));
    }
    for tag in &draft.tags {
        text.push_str(&format!(" #{tag}"));
    }
    if let Some(environment) = &draft.environment {
        text.push_str(&format!(" in {environment}"));
    }
    if let Some(day) = draft.expires_on {
        text.push_str(&format!(" until {day}"));
    }
    if draft.favourite {
        text.push_str(" *");
    }
    text
}

type Read = fn(&str) -> Result<Reading, Unreadable>;

/// Cuts a file off everywhere and changes every byte of it: whatever comes of it, nothing panics,
/// and nothing is found in a text that is not there.
fn spoil(text: &str, read: Read) {
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        drop(read(&text[..end]));
    }
    for at in 0..text.len() {
        let mut bytes = text.as_bytes().to_vec();
        for change in [b'"', b'{', b']', b'\n', b'<', b'\\', 0x7f] {
            bytes[at] = change;
            if let Ok(text) = std::str::from_utf8(&bytes) {
                drop(read(text));
            }
        }
    }
}

/// Reads a megabyte that tempts a reader to begin anew again and again. One that does would not
/// come to an end in hours.
fn megabyte(part: &str, read: Read) {
    drop(read(&part.repeat(1_000_000 / part.len())));
}
