//! How things are said: days, times, lists, devices.

use std::borrow::Borrow;

use keyarc_vault::{Day, FieldType, Kind, Part, TRASH_KEPT_DAYS};

pub use crate::language::number;

/// The browser's clock, Unix milliseconds. Times on screen are the person's own; what is sealed
/// or sent takes the worker's clock.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the page reads the clock"
)]
pub fn now_ms() -> f64 {
    js_sys::Date::now()
}

/// Today in the person's own time zone. For the browser only.
pub fn today() -> Day {
    local_day_of(&js_sys::Date::new_0())
}

/// The local day of a moment. For the browser only.
pub fn local_day(unix_ms: u64) -> Day {
    let then = wasm_bindgen::JsValue::from_f64(unix_ms as f64);
    local_day_of(&js_sys::Date::new(&then))
}

/// The time zone's rules are the browser's: they differ from day to day.
fn local_day_of(date: &js_sys::Date) -> Day {
    Day::from_unix_ms(date.get_time() as i64, -date.get_timezone_offset() as i32)
}

/// How long ago something was, as people say it. `days` are calendar days between then and now.
pub fn ago(then_ms: u64, now_ms: u64, days: i32) -> String {
    let minutes = now_ms.saturating_sub(then_ms) / 60_000;
    let past = days.unsigned_abs();
    match (days, minutes) {
        (_, 0) => t!("just now").to_owned(),
        (_, 1..=59) => t!("{minutes} min ago", minutes),
        (..=0, _) => t!("{hours} h ago", hours = minutes / 60),
        (1, _) => t!("yesterday").to_owned(),
        (2..=30, _) => tn!(past, "{count} day ago", "{count} days ago"),
        (31..=59, _) => t!("last month").to_owned(),
        (60..=364, _) => tn!(past / 30, "{count} month ago", "{count} months ago"),
        (365..=729, _) => t!("last year").to_owned(),
        _ => tn!(past / 365, "{count} year ago", "{count} years ago"),
    }
}

/// How long ago something was, from the browser's clock.
pub fn ago_now(then_ms: u64) -> String {
    let days = today().0 - local_day(then_ms).0;
    ago(then_ms, now_ms() as u64, days)
}

/// A moment of the past to the minute: `Today 14:03`, `Yesterday 09:12`, `12 November 2026, 14:03`.
pub fn moment(unix_ms: u64) -> String {
    let then = wasm_bindgen::JsValue::from_f64(unix_ms as f64);
    let then = js_sys::Date::new(&then);
    let (day, today) = (local_day_of(&then), today());
    moment_of(day, today, then.get_hours(), then.get_minutes())
}

fn moment_of(day: Day, today: Day, hours: u32, minutes: u32) -> String {
    let time = format!("{hours:02}:{minutes:02}");
    match today.0 - day.0 {
        0 => t!("Today {time}", time),
        1 => t!("Yesterday {time}", time),
        _ => t!("{day}, {time}", day = long_day(day), time),
    }
}

/// A day: `5 December 2026`.
pub fn long_day(day: Day) -> String {
    let (year, month, day) = day.to_ymd();
    t!("{day} {month} {year}", day, month = month_name(month), year)
}

/// A month, from 1.
pub fn month_name(month: u32) -> &'static str {
    match month {
        1 => t!("January"),
        2 => t!("February"),
        3 => t!("March"),
        4 => t!("April"),
        5 => t!("May"),
        6 => t!("June"),
        7 => t!("July"),
        8 => t!("August"),
        9 => t!("September"),
        10 => t!("October"),
        11 => t!("November"),
        12 => t!("December"),
        _ => "",
    }
}

/// How long an item stays in the trash that went there at some time. `now_ms` may be before it:
/// clocks differ.
pub fn days_left(trashed_at_ms: u64, now_ms: u64) -> String {
    let lay = now_ms.saturating_sub(trashed_at_ms) / (24 * 3_600_000);
    let lay = u32::try_from(lay).unwrap_or(u32::MAX);
    match TRASH_KEPT_DAYS.saturating_sub(lay) {
        0 => t!("goes next").to_owned(),
        left => tn!(left, "{count} day left", "{count} days left"),
    }
}

/// Things one after another: `a, b, c`.
pub fn listed<S: Borrow<str>>(things: &[S]) -> String {
    things.join(tc!("between things of a list", ", "))
}

/// A length of a file: `74 bytes`, `34 KB`, `1.2 MB`.
pub fn size(bytes: u64) -> String {
    const KB: u64 = 1024;
    const MB: u64 = KB * KB;
    match bytes {
        0..KB => tn!(bytes, "{count} byte", "{count} bytes"),
        KB..MB => t!("{number} KB", number = bytes.div_ceil(KB)),
        _ => {
            let tenths = bytes.saturating_mul(10).div_ceil(MB);
            match (tenths / 10, tenths % 10) {
                (whole, 0) => t!("{number} MB", number = whole),
                (whole, tenth) => t!("{whole}.{tenth} MB", whole, tenth),
            }
        }
    }
}

/// The first letter in upper case.
pub fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// A kind of item.
pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::ApiKey => t!("API key"),
        Kind::Login => t!("Login"),
        Kind::Note => t!("Note"),
        Kind::EnvironmentSet => t!("Environment set"),
        Kind::Totp => t!("One-time code"),
        Kind::Certificate => t!("Certificate"),
        Kind::SshKey => t!("SSH key"),
    }
}

/// Kinds of items.
pub fn kinds(kind: Kind) -> &'static str {
    match kind {
        Kind::ApiKey => t!("API keys"),
        Kind::Login => t!("Logins"),
        Kind::Note => t!("Notes"),
        Kind::EnvironmentSet => t!("Environment sets"),
        Kind::Totp => t!("One-time codes"),
        Kind::Certificate => t!("Certificates"),
        Kind::SshKey => t!("SSH keys"),
    }
}

/// A plan for rotation: `Every day`, `Every 90 days`.
pub fn every_days(days: u16) -> String {
    match days {
        1 => t!("Every day").to_owned(),
        days => tn!(days, "Every {count} day", "Every {count} days"),
    }
}

/// A field that every item of a kind has.
pub fn part_label(part: &Part) -> &'static str {
    match part.key {
        "value" => t!("Secret"),
        "username" => t!("Username"),
        "password" => t!("Password"),
        "url" => t!("Address"),
        "text" => t!("Text"),
        "totp" => t!("Setup key"),
        "chain" => t!("Certificates"),
        "certificate_key" | "ssh_private_key" => t!("Private key"),
        "ssh_public_key" => t!("Public key"),
        _ => part.label,
    }
}

/// A type of field.
pub fn field_type(field_type: FieldType) -> &'static str {
    match field_type {
        FieldType::Text => t!("Text"),
        FieldType::Secret => t!("Secret"),
        FieldType::Url => t!("Address"),
        FieldType::Lines => t!("Several lines"),
        FieldType::ConcealedLines => t!("Several secret lines"),
        FieldType::Totp => t!("One-time code"),
    }
}

/// Cuts a name for a sentence.
pub fn shortened(name: &str) -> String {
    const MOST: usize = 48;
    if name.chars().count() <= MOST {
        return name.to_owned();
    }
    let mut cut: String = name.chars().take(MOST - 1).collect();
    cut.push('…');
    cut
}

/// What a browser calls itself, for the list of sessions: `Firefox on Linux`.
pub fn device_name(user_agent: &str) -> String {
    let has = |word: &str| user_agent.contains(word);
    let browser = match () {
        () if has("Edg/") => "Edge",
        () if has("Firefox/") => "Firefox",
        () if has("Chrome/") => "Chrome",
        () if has("Safari/") => "Safari",
        () => t!("Browser"),
    };
    let system = match () {
        () if has("Android") => "Android",
        () if has("iPhone") || has("iPad") => "iOS",
        () if has("Windows") => "Windows",
        () if has("Mac OS X") => "macOS",
        () if has("CrOS") => "ChromeOS",
        () if has("Linux") => "Linux",
        () => return browser.to_owned(),
    };
    t!("{browser} on {system}", browser, system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_what_fits_and_never_too_small() {
        assert_eq!(size(0), "0 bytes");
        assert_eq!(size(1), "1 byte");
        assert_eq!(size(1_023), "1,023 bytes");
        assert_eq!(size(1_024), "1 KB");
        assert_eq!(size(1_025), "2 KB");
        assert_eq!(size(1_200_000), "1.2 MB");
        assert_eq!(size(100 * 1024 * 1024), "100 MB");
        assert_eq!(size(100 * 1024 * 1024 + 1), "100.1 MB");
    }

    #[test]
    fn a_moment_is_told_by_its_day_and_time() {
        let moment = |day: i32| moment_of(Day(day), Day(20_000), 9, 5);
        assert_eq!(moment(20_000), "Today 09:05");
        assert_eq!(moment(19_999), "Yesterday 09:05");
        assert_eq!(moment(19_998), format!("{}, 09:05", Day(19_998).long()));
        // Somebody's clock is ahead.
        assert_eq!(moment(20_001), format!("{}, 09:05", Day(20_001).long()));
    }

    #[test]
    fn the_trash_says_how_long_it_keeps_something() {
        let day = 24 * 3_600_000;
        assert_eq!(days_left(day, day), "30 days left");
        assert_eq!(days_left(day, 2 * day), "29 days left");
        assert_eq!(days_left(0, 29 * day + 1), "1 day left");
        assert_eq!(days_left(0, 30 * day), "goes next");
        assert_eq!(days_left(0, u64::MAX), "goes next");
        // Somebody's clock is ahead.
        assert_eq!(days_left(99 * day, day), "30 days left");
    }

    #[test]
    fn time_past_is_said_as_people_do() {
        let minute = 60_000;
        assert_eq!(ago(0, minute - 1, 0), "just now");
        assert_eq!(ago(0, 5 * minute, 0), "5 min ago");
        assert_eq!(ago(0, 5 * minute, 1), "5 min ago");
        assert_eq!(ago(0, 150 * minute, 0), "2 h ago");
        assert_eq!(ago(0, 600 * minute, 1), "yesterday");
        assert_eq!(ago(0, 5_000 * minute, 3), "3 days ago");
        // A clock that runs behind the server's.
        assert_eq!(ago(10 * minute, 0, 0), "just now");
    }

    #[test]
    fn a_day_is_written_as_the_vault_writes_it() {
        assert_eq!(long_day(Day(20_792)), "5 December 2026");
        for month in 0..12 {
            let day = Day(20_778 + 30 * month);
            assert_eq!(long_day(day), day.long());
        }
        assert_eq!(long_day(Day::LAST), "31 December 9999");
    }

    #[test]
    fn every_part_of_every_kind_has_a_name() {
        for part in Kind::ALL.into_iter().flat_map(Kind::parts) {
            assert_eq!(part_label(part), part.label);
        }
        let unknown = Part {
            key: "",
            label: "Said by the vault",
            field_type: FieldType::Text,
        };
        assert_eq!(part_label(&unknown), "Said by the vault");
    }

    #[test]
    fn things_are_listed() {
        assert_eq!(listed::<&str>(&[]), "");
        assert_eq!(listed(&["a", "b", "c"]), "a, b, c");
    }

    #[test]
    fn browsers_are_named_from_the_narrowest_word() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/156 Safari/537.36 Edg/156";
        assert_eq!(device_name(edge), "Edge on Windows");
        let phone = "Mozilla/5.0 (Linux; Android 15) Chrome/156 Mobile Safari/537.36";
        assert_eq!(device_name(phone), "Chrome on Android");
        assert_eq!(device_name("curl/8"), "Browser");
    }
}
