//! The files `~/.aws/credentials` and `~/.aws/config`
//! (<https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html>):
//!
//! ```text
//! [default]
//! aws_access_key_id = AKIA…
//! aws_secret_access_key = …
//! # the same profile is called “profile name” in config
//! [profile dev]
//! region = eu-central-1
//! s3 =
//!   max_concurrent_requests = 20
//! ```
//! A profile with a secret key becomes an API key, its other settings fields of it; one without a
//! note with fields. The same profile in several sections is one.

use super::{Reading, Unreadable, shape::Sheet};
use crate::FieldType;

const ID: &str = "aws_access_key_id";
const SECRET: &str = "aws_secret_access_key";
const TOKEN: &str = "aws_session_token";
/// Settings of which at least one stands in every such file.
const KNOWN: [&str; 8] = [
    ID,
    SECRET,
    "region",
    "role_arn",
    "sso_session",
    "sso_start_url",
    "credential_process",
    "sso_account_id",
];
/// Longest text looked at to find out what it is, in lines.
const LOOKED_AT: usize = 200;

/// Whether a text looks like one of the files.
pub(super) fn fits(text: &str) -> bool {
    let lines = || text.lines().take(LOOKED_AT);
    let is_known = |line: &str| {
        let name = line.split('=').next().unwrap_or_default().trim();
        KNOWN.contains(&name) && line.contains('=')
    };
    lines().any(|line| section(line).is_some()) && lines().any(is_known)
}

struct Profile<'a> {
    line: u32,
    name: &'a str,
    settings: Vec<(&'a str, String)>,
}

/// Reads the files.
pub(crate) fn read_aws(text: &str) -> Result<Reading, Unreadable> {
    let mut reading = Reading::default();
    let mut profiles: Vec<Profile<'_>> = Vec::new();
    let mut by_name = std::collections::HashMap::new();
    let mut current: Option<usize> = None;
    for (line, text) in (1..).zip(text.lines()) {
        let content = text.trim();
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = section(text) {
            let at = *by_name.entry(name).or_insert_with(|| {
                profiles.push(Profile {
                    line,
                    name,
                    settings: Vec::new(),
                });
                profiles.len() - 1
            });
            current = Some(at);
            continue;
        }
        let Some(profile) = current.and_then(|at| profiles.get_mut(at)) else {
            if !reading.miss(line, "stands before the first profile") {
                return Ok(reading);
            }
            continue;
        };
        // What is indented belongs to the setting above it.
        if text.starts_with([' ', '\t'])
            && let Some((_, value)) = profile.settings.last_mut()
        {
            if !value.is_empty() {
                value.push('\n');
            }
            value.push_str(content);
            continue;
        }
        let Some((name, value)) = content.split_once('=') else {
            if !reading.miss(line, "has no “=” between a name and a value") {
                return Ok(reading);
            }
            continue;
        };
        let (name, value) = (name.trim(), value.trim().to_owned());
        let before = profile
            .settings
            .iter()
            .position(|(known, _)| *known == name);
        match before {
            Some(at) if profile.settings[at].1 != value => {
                profile.settings[at].1 = value;
                reading.tell(line, "sets something again; this later value was taken");
            }
            Some(_) => {}
            None if profile.settings.len() >= crate::FIELDS_MAX => {
                reading.tell(line, "is one of more settings than an item has fields");
            }
            None => profile.settings.push((name, value)),
        }
    }
    if profiles.is_empty() {
        return Err(Unreadable::Malformed(
            "it has no profile, a name in square brackets",
        ));
    }
    for profile in profiles {
        if reading.is_full() {
            break;
        }
        add(&mut reading, profile);
    }
    Ok(reading)
}

fn add(reading: &mut Reading, profile: Profile<'_>) {
    if profile.settings.iter().all(|(_, value)| value.is_empty()) {
        reading.tell(profile.line, "is a profile with nothing in it");
        return;
    }
    let mut sheet = Sheet {
        name: format!("AWS {}", profile.name),
        ..Sheet::default()
    };
    let mut secret = String::new();
    for (name, value) in profile.settings {
        match name {
            SECRET => secret = value,
            ID => sheet.filled("Access key ID", FieldType::Text, &value),
            TOKEN => sheet.filled("Session token", FieldType::Secret, &value),
            "region" => sheet.filled("Region", FieldType::Text, &value),
            name => sheet.filled(name, FieldType::Text, &value),
        }
    }
    let mut draft = match secret.is_empty() {
        true => sheet.text(),
        false => {
            sheet.password = secret;
            sheet.secret()
        }
    };
    draft.provider = Some("aws".to_owned());
    reading.add(profile.line, draft, None);
}

/// The name between square brackets, without the word that marks a profile.
fn section(line: &str) -> Option<&str> {
    let line = line.strip_prefix('[')?;
    let (name, after) = line.split_once(']')?;
    let after = after.trim_start();
    let name = name.trim();
    let name = match name.split_once(char::is_whitespace) {
        Some(("profile", rest)) => rest.trim().trim_matches('"'),
        _ => name,
    };
    (!name.is_empty() && (after.is_empty() || after.starts_with(['#', ';']))).then_some(name)
}
