//! How things are said: days, times, counts, devices.

use keyarc_vault::{Day, FieldType, Kind, TRASH_KEPT_DAYS};

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
    match (days, minutes) {
        (_, 0) => "just now".to_owned(),
        (_, 1..=59) => format!("{minutes} min ago"),
        (..=0, _) => format!("{} h ago", minutes / 60),
        (1, _) => "yesterday".to_owned(),
        (2..=30, _) => format!("{days} days ago"),
        (31..=59, _) => "last month".to_owned(),
        (60..=364, _) => format!("{} months ago", days / 30),
        (365..=729, _) => "last year".to_owned(),
        _ => format!("{} years ago", days / 365),
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
        0 => format!("Today {time}"),
        1 => format!("Yesterday {time}"),
        _ => format!("{}, {time}", day.long()),
    }
}

/// How long an item stays in the trash that went there at some time. `now_ms` may be before it:
/// clocks differ.
pub fn days_left(trashed_at_ms: u64, now_ms: u64) -> String {
    let lay = now_ms.saturating_sub(trashed_at_ms) / (24 * 3_600_000);
    let lay = u32::try_from(lay).unwrap_or(u32::MAX);
    match TRASH_KEPT_DAYS.saturating_sub(lay) {
        0 => "goes next".to_owned(),
        left => format!("{} left", counted(left, "day")),
    }
}

/// A count with its noun: `1 item`, `12 items`, `1,204 items`.
pub fn counted(count: u32, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", number(count))
}

/// A number with commas.
pub fn number(value: u32) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
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
        Kind::ApiKey => "API key",
        Kind::Login => "Login",
        Kind::Note => "Note",
        Kind::EnvironmentSet => "Environment set",
        Kind::Totp => "One-time code",
        Kind::Certificate => "Certificate",
        Kind::SshKey => "SSH key",
    }
}

/// Kinds of items.
pub fn kinds(kind: Kind) -> &'static str {
    match kind {
        Kind::ApiKey => "API keys",
        Kind::Login => "Logins",
        Kind::Note => "Notes",
        Kind::EnvironmentSet => "Environment sets",
        Kind::Totp => "One-time codes",
        Kind::Certificate => "Certificates",
        Kind::SshKey => "SSH keys",
    }
}

/// A plan for rotation: `Every day`, `Every 90 days`.
pub fn every_days(days: u16) -> String {
    match days {
        1 => "Every day".to_owned(),
        days => format!("Every {} days", number(u32::from(days))),
    }
}

/// A type of field.
pub fn field_type(field_type: FieldType) -> &'static str {
    match field_type {
        FieldType::Text => "Text",
        FieldType::Secret => "Secret",
        FieldType::Url => "Address",
        FieldType::Lines => "Several lines",
        FieldType::ConcealedLines => "Several secret lines",
        FieldType::Totp => "One-time code",
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
        () => "Browser",
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
    format!("{browser} on {system}")
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn numbers_get_commas() {
        assert_eq!(number(7), "7");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_204), "1,204");
        assert_eq!(number(50_000_000), "50,000,000");
        assert_eq!(counted(1, "item"), "1 item");
        assert_eq!(counted(0, "item"), "0 items");
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
