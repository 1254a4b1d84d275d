//! Bitwarden's JSON in clear, as its own export writes it: what it has no kind for becomes a login
//! or a note with hidden fields.

use std::collections::BTreeSet;

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::out::Out;
use crate::{Content, Day, FieldType, Item, MaterialFacts, inspect_material};

/// The folders that items lie in.
#[derive(Default)]
pub(super) struct Folders(BTreeSet<String>);

pub(super) fn begin(out: &mut Out) {
    out.text("{\"encrypted\": false, \"items\": [");
}

pub(super) fn put(item: &Item, first: bool, folders: &mut Folders, out: &mut Out) {
    let folder = &item.summary.folder;
    if !folder.is_empty() && !folders.0.contains(folder) {
        folders.0.insert(folder.clone());
    }
    out.text(if first { "\n" } else { ",\n" });
    let fingerprint = fingerprint(&item.content);
    let notes = notes(item);
    out.json(&Object::of(item, &notes, &fingerprint));
}

/// Whether the fields of an item are what they were: the first setup key of a login is, an address
/// and any other setup key are not.
pub(super) fn fits_types(item: &Item) -> bool {
    let login = matches!(item.content, Content::Login { .. } | Content::ApiKey { .. });
    let count = |wanted| {
        let fields = item.fields.iter();
        fields.filter(|field| field.field_type == wanted).count()
    };
    count(FieldType::Url) == 0 && count(FieldType::Totp) <= usize::from(login)
}

pub(super) fn end(folders: &Folders, out: &mut Out) {
    out.text("\n], \"folders\": ");
    let folder = |name: &String| Folder {
        id: folder_id(name),
        name: name.clone(),
    };
    out.json(&folders.0.iter().map(folder).collect::<Vec<_>>());
    out.text("}\n");
}

#[derive(Serialize)]
struct Folder {
    id: String,
    name: String,
}

/// An item, by the names of the file.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<'a> {
    id: String,
    organization_id: Option<&'a str>,
    collection_ids: Option<&'a str>,
    folder_id: Option<String>,
    #[serde(rename = "type")]
    kind: u8,
    reprompt: u8,
    name: &'a str,
    notes: Option<&'a str>,
    favorite: bool,
    fields: Vec<Field<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    login: Option<Login<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secure_note: Option<SecureNote>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ssh_key: Option<SshKey<'a>>,
    revision_date: String,
    creation_date: String,
    deleted_date: Option<String>,
}

#[derive(Serialize)]
struct Field<'a> {
    name: &'a str,
    value: &'a str,
    /// 0 text, 1 hidden.
    #[serde(rename = "type")]
    kind: u8,
}

#[derive(Serialize)]
struct Login<'a> {
    uris: Vec<Uri<'a>>,
    username: Option<&'a str>,
    password: Option<&'a str>,
    totp: Option<&'a str>,
}

#[derive(Serialize)]
struct Uri<'a> {
    #[serde(rename = "match")]
    how: Option<u8>,
    uri: &'a str,
}

#[derive(Serialize)]
struct SecureNote {
    #[serde(rename = "type")]
    kind: u8,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SshKey<'a> {
    private_key: &'a str,
    public_key: &'a str,
    key_fingerprint: &'a str,
}

const LOGIN: u8 = 1;
const NOTE: u8 = 2;
const SSH_KEY: u8 = 5;

impl<'a> Object<'a> {
    fn of(item: &'a Item, notes: &'a str, fingerprint: &'a str) -> Self {
        let summary = &item.summary;
        let mut object = Self {
            id: uuid(summary.id.0),
            organization_id: None,
            collection_ids: None,
            folder_id: (!summary.folder.is_empty()).then(|| folder_id(&summary.folder)),
            kind: LOGIN,
            reprompt: 0,
            name: &summary.name,
            notes: some(notes),
            favorite: summary.favourite,
            fields: Vec::new(),
            login: None,
            secure_note: None,
            ssh_key: None,
            revision_date: time(summary.updated_at_ms),
            creation_date: time(summary.created_at_ms),
            deleted_date: summary.trashed_at_ms.map(time),
        };
        match &item.content {
            Content::ApiKey { value } => object.sign_in("", value, "", ""),
            Content::Login {
                username,
                password,
                url,
            } => object.sign_in(username, password, url, ""),
            Content::Totp { key } => object.sign_in("", "", "", key),
            Content::Note { .. } => object.note(&[]),
            Content::EnvironmentSet { variables } => {
                object.note(&[]);
                let hidden = variables.iter().map(|one| Field {
                    name: &one.name,
                    value: &one.value,
                    kind: 1,
                });
                object.fields.extend(hidden);
            }
            Content::Certificate { chain, private_key } => {
                object.note(&[("Certificates", chain, 0), ("Private key", private_key, 1)]);
            }
            Content::SshKey {
                private_key,
                public_key,
            } => {
                object.kind = SSH_KEY;
                object.ssh_key = Some(SshKey {
                    private_key,
                    public_key,
                    key_fingerprint: fingerprint,
                });
            }
        }
        object.added(item);
        object
    }

    fn sign_in(&mut self, username: &'a str, password: &'a str, url: &'a str, totp: &'a str) {
        self.login = Some(Login {
            uris: some(url)
                .map(|uri| Uri { how: None, uri })
                .into_iter()
                .collect(),
            username: some(username),
            password: some(password),
            totp: some(totp),
        });
    }

    fn note(&mut self, fields: &[(&'a str, &'a str, u8)]) {
        self.kind = NOTE;
        self.secure_note = Some(SecureNote { kind: 0 });
        let filled = fields.iter().filter(|(_, value, _)| !value.is_empty());
        self.fields.extend(filled.map(|(name, value, kind)| Field {
            name,
            value,
            kind: *kind,
        }));
    }

    /// The fields that a person added. The first setup key of a login goes where codes belong.
    fn added(&mut self, item: &'a Item) {
        for field in &item.fields {
            let is_code = field.field_type == FieldType::Totp;
            if let Some(login) = self
                .login
                .as_mut()
                .filter(|login| is_code && login.totp.is_none())
            {
                login.totp = Some(&field.value);
                continue;
            }
            self.fields.push(Field {
                name: &field.name,
                value: &field.value,
                kind: u8::from(is_code || field.field_type.is_concealed()),
            });
        }
    }
}

/// The text of a note stands in its notes, and what it has beside that after a blank line.
fn notes(item: &Item) -> Zeroizing<String> {
    Zeroizing::new(match &item.content {
        Content::Note { text } if item.notes.is_empty() => text.clone(),
        Content::Note { text } => format!("{text}\n\n{}", item.notes),
        _ => item.notes.clone(),
    })
}

/// Bitwarden asks for it of every SSH key.
fn fingerprint(content: &Content) -> String {
    if !matches!(content, Content::SshKey { .. }) {
        return String::new();
    }
    match inspect_material(content, None) {
        Some(Ok(read)) => match read.facts {
            MaterialFacts::Ssh(facts) => facts.fingerprint,
            MaterialFacts::Certificate(_) => String::new(),
        },
        _ => String::new(),
    }
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// The same folder has the same id in every file, without anything random.
fn folder_id(name: &str) -> String {
    let hash = Sha256::digest(name.as_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    uuid(id)
}

fn uuid(id: [u8; 16]) -> String {
    let hex: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    parts.join("-")
}

/// ISO 8601, in UTC.
fn time(ms: u64) -> String {
    let day = Day::from_unix_ms(i64::try_from(ms).unwrap_or(i64::MAX), 0);
    let of_day = ms % 86_400_000;
    let (hours, minutes) = (of_day / 3_600_000, of_day / 60_000 % 60);
    let (seconds, ms) = (of_day / 1_000 % 60, of_day % 1_000);
    format!("{day}T{hours:02}:{minutes:02}:{seconds:02}.{ms:03}Z")
}
