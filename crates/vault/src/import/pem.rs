//! Files of PEM blocks (RFC 7468): certificates, private and public keys, whatever else. Each block
//! is an item: a certificate and a key of OpenSSH of their kinds, any other private key a secret,
//! the rest notes. What stands before a block (`Bag Attributes` of OpenSSL, a comment) goes to its
//! notes.

use super::{Reading, Unreadable, shape::Sheet};
use crate::{Day, ItemDraft, Kind, read_material};

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
/// Largest block, in bytes: far above any key or chain.
const BLOCK_MAX: usize = 512 * 1024;

/// Whether a text is such a file.
pub(super) fn fits(text: &str, is_named: bool) -> bool {
    match is_named {
        true => text.lines().any(|line| label(line, BEGIN).is_some()),
        false => text.trim_start().starts_with(BEGIN),
    }
}

/// Reads the blocks of a text.
pub(crate) fn read_pem(text: &str) -> Result<Reading, Unreadable> {
    let mut reading = Reading::default();
    let mut before = String::new();
    let mut lines = (1..).zip(text.lines()).peekable();
    let mut has_begun = false;
    while let Some((begin, line)) = lines.next() {
        let Some(what) = label(line, BEGIN) else {
            before.push_str(line.trim_end());
            before.push('\n');
            continue;
        };
        has_begun = true;
        let mut block = format!("{}\n", line.trim());
        let mut is_whole = false;
        // A block within a block is one that was cut off.
        while let Some((_, line)) = lines.next_if(|(_, line)| label(line, BEGIN).is_none()) {
            block.push_str(line.trim());
            block.push('\n');
            if let Some(end) = label(line, END) {
                is_whole = end == what;
                break;
            }
        }
        let notes = std::mem::take(&mut before);
        if reading.is_full() {
            return Ok(reading);
        }
        let problem = if !is_whole {
            Some("is a block that does not end as it begins")
        } else if block.len() > BLOCK_MAX {
            Some("is a block that is larger than any key")
        } else if !is_base64(&block) {
            Some("is a block with other characters than Base64")
        } else {
            None
        };
        match problem {
            Some(reason) if !reading.miss(begin, reason) => return Ok(reading),
            Some(_) => {}
            None => reading.add(begin, draft_of_block(what, block, notes.trim()), None),
        }
    }
    if !has_begun {
        return Err(Unreadable::Malformed(
            "it holds no block that begins with -----BEGIN",
        ));
    }
    if !before.trim().is_empty() {
        let line = text.lines().count() as u32;
        reading.tell(line, "has text after the last block, which was left out");
    }
    Ok(reading)
}

/// The item to be of a block: what has its own kind, and what has not.
fn draft_of_block(label: &str, block: String, notes: &str) -> ItemDraft {
    let mut sheet = Sheet {
        name: name(label),
        ..Sheet::default()
    };
    sheet.note(notes);
    let given = friendly_name(notes);
    if let Some(given) = given {
        sheet.name = given.to_owned();
    }
    let kind = match label {
        "CERTIFICATE" => Some(Kind::Certificate),
        "OPENSSH PRIVATE KEY" => Some(Kind::SshKey),
        _ => None,
    };
    // What its own reader does not take is kept as the text that it is.
    let material = kind.and_then(|kind| read_material(kind, block.as_bytes(), None).ok());
    if let Some(material) = material {
        if let (None, Some(name)) = (given, material.facts.name()) {
            sheet.name = name.to_owned();
        }
        let day = material.facts.ends_at().map(|seconds| {
            let ms = seconds.saturating_mul(1_000);
            Day::from_unix_ms(ms, 0)
        });
        sheet.expires_on = day.filter(|day| (Day::FIRST..=Day::LAST).contains(day));
        let mut draft = sheet.text();
        draft.notes = notes.to_owned();
        draft.content = material.content;
        return draft;
    }
    if label.contains("PRIVATE KEY") {
        sheet.password = block;
        return sheet.secret();
    }
    let notes = std::mem::replace(&mut sheet.notes, block);
    let mut draft = sheet.text();
    draft.notes = notes;
    draft
}

/// `RSA PRIVATE KEY` → `RSA private key`.
fn name(label: &str) -> String {
    const WORDS: [&str; 8] = ["RSA", "EC", "DSA", "DH", "X509", "X9.42", "PKCS7", "PGP"];
    let words = label
        .split_whitespace()
        .map(|word| match WORDS.contains(&word) {
            true => word.to_owned(),
            false => match word {
                "OPENSSH" => "OpenSSH".to_owned(),
                word => word.to_lowercase(),
            },
        });
    let name = words.collect::<Vec<_>>().join(" ");
    let mut letters = name.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => "PEM block".to_owned(),
    }
}

/// What OpenSSL writes above a block out of a PKCS#12 file.
fn friendly_name(notes: &str) -> Option<&str> {
    let mut lines = notes.lines();
    let name = lines
        .find_map(|line| line.trim().strip_prefix("friendlyName:"))?
        .trim();
    (!name.is_empty()).then_some(name)
}

fn label<'a>(line: &'a str, start: &str) -> Option<&'a str> {
    line.trim().strip_prefix(start)?.strip_suffix(DASHES)
}

/// Whether all between the first and last line is Base64, after headers and an empty line as
/// RFC 1421 has them.
fn is_base64(block: &str) -> bool {
    let inside = || block.lines().filter(|line| !line.starts_with(DASHES));
    let has_headers = inside().next().is_some_and(|line| line.contains(':'));
    let mut data = inside()
        .skip_while(|line| has_headers && !line.is_empty())
        .filter(|line| !line.is_empty())
        .peekable();
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
    data.peek().is_some() && data.all(|line| line.bytes().all(is_base64))
}
