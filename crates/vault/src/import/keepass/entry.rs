//! An entry of KeePass as an item.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::super::shape;
use super::{Element, Reading, Sheet};
use crate::{Day, FieldType, ItemDraft, Totp};

/// Seconds from the beginning of the year 1 to that of 1970.
const YEAR_ONE: i64 = 62_135_596_800;

/// What KeePass 2.51 and later call the parts of a one-time code.
const TIME_OTP: [&str; 4] = [
    "TimeOtp-Secret-Base32",
    "TimeOtp-Length",
    "TimeOtp-Period",
    "TimeOtp-Algorithm",
];

/// The item to be of an entry.
pub(super) fn draft(entry: &Element, folder: &str) -> ItemDraft {
    let mut sheet = Sheet {
        folder: folder.to_owned(),
        ..Sheet::default()
    };
    let strings: Vec<(&str, &Element)> = entry
        .named("String")
        .filter_map(|string| Some((string.word("Key"), string.child("Value")?)))
        .collect();
    let code = code(&strings);
    for (name, value) in &strings {
        let text = value.text.as_str();
        match *name {
            "Title" => text.clone_into(&mut sheet.name),
            "UserName" => text.clone_into(&mut sheet.username),
            "Password" => text.clone_into(&mut sheet.password),
            "URL" => text.trim().clone_into(&mut sheet.url),
            "Notes" => sheet.note(text),
            "otp" | "TOTP Seed" if code.is_none() && sheet.totp.is_none() && !text.is_empty() => {
                sheet.totp = Some(text.trim().to_owned());
            }
            name if code.is_some() && TIME_OTP.contains(&name) => {}
            name => {
                let concealed = value.is_secret || shape::is_secret_title(name);
                let field_type = match concealed {
                    true => FieldType::Secret,
                    false => FieldType::Text,
                };
                sheet.filled(name, field_type, text);
            }
        }
    }
    if let Some(code) = code {
        match sheet.totp {
            None => sheet.totp = Some(code),
            Some(_) => sheet.field("One-time code of KeePass", FieldType::Totp, &code),
        }
    }
    sheet.filled("Override URL", FieldType::Text, entry.word("OverrideURL"));
    let tags = entry.word("Tags").split([';', ',']).map(str::trim);
    sheet
        .tags
        .extend(tags.filter(|tag| !tag.is_empty()).map(str::to_owned));
    sheet.expires_on = expiry(entry);
    sheet.guess()
}

/// Says of an entry which of it is not imported.
pub(super) fn tell_of_attachments(reading: &mut Reading, place: u32, entry: &Element) {
    let reason = match entry.named("Binary").count() {
        0 => return,
        1 => "has an attachment, which is not imported".to_owned(),
        count => format!("has {count} attachments, which are not imported"),
    };
    reading.tell(place, reason);
}

/// The address of a one-time code out of its parts, when they give one.
fn code(strings: &[(&str, &Element)]) -> Option<String> {
    let get = |wanted: &str| {
        let found = strings.iter().find(|(name, _)| *name == wanted);
        found.map_or("", |(_, value)| value.text.trim())
    };
    let [secret, digits, period, algorithm] = TIME_OTP.map(get);
    if secret.is_empty() {
        return None;
    }
    let or = |text: &'static str, given: &str| match given.is_empty() {
        true => text.to_owned(),
        false => given.to_owned(),
    };
    let secret: String = secret.split_whitespace().collect();
    let address = format!(
        "otpauth://totp/KeePass?secret={}&digits={}&period={}&algorithm={}",
        secret.trim_end_matches('='),
        or("6", digits),
        or("30", period),
        or("SHA1", &algorithm.replace("HMAC-", "").replace('-', "")),
    );
    Totp::parse(&address).is_ok().then_some(address)
}

fn expiry(entry: &Element) -> Option<Day> {
    let times = entry.child("Times")?;
    if times.word("Expires").trim() != "True" {
        return None;
    }
    let text = times.word("ExpiryTime").trim();
    shape::day(text).or_else(|| {
        // Version 4 counts seconds, in Base64.
        let bytes = STANDARD.decode(text).ok()?;
        let seconds = i64::from_le_bytes(bytes.try_into().ok()?);
        let ms = seconds.checked_sub(YEAR_ONE)?.checked_mul(1_000)?;
        let day = Day::from_unix_ms(ms, 0);
        (Day::FIRST..=Day::LAST).contains(&day).then_some(day)
    })
}
