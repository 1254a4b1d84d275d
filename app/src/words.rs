//! How things are said: days, times, counts, devices.

use keyarc_vault::{Day, Kind};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A calendar date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    /// Full year.
    pub year: i32,
    /// From 1.
    pub month: u32,
    /// From 1.
    pub day: u32,
}

impl Date {
    /// From days since 1970-01-01, by Howard Hinnant's `civil_from_days`.
    pub fn from_day(day: Day) -> Self {
        let shifted = i64::from(day.0) + 719_468;
        let era = shifted.div_euclid(146_097);
        let of_era = shifted.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 {
            month_from_march + 3
        } else {
            month_from_march - 9
        };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        // All three are in range for any i32 of days.
        Self {
            year: year as i32,
            month: month as u32,
            day: day as u32,
        }
    }

    /// Days since 1970-01-01, by Howard Hinnant's `days_from_civil`.
    pub fn to_day(self) -> Day {
        let year = i64::from(self.year) - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let month = i64::from(self.month);
        let from_march = if month > 2 { month - 3 } else { month + 9 };
        let of_year = (153 * from_march + 2) / 5 + i64::from(self.day) - 1;
        let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
        Day((era * 146_097 + of_era - 719_468) as i32)
    }

    /// As `<input type="date">` writes it, `2026-12-05`.
    pub fn to_iso(self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }

    /// The reverse of [`Date::to_iso`]; `None` for days that do not exist.
    pub fn from_iso(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-');
        let year = parts
            .next()?
            .parse()
            .ok()
            .filter(|year| (1970..=9999).contains(year))?;
        let month = parts.next()?.parse().ok()?;
        let day = parts.next()?.parse().ok()?;
        let date = Self { year, month, day };
        (Self::from_day(date.to_day()) == date).then_some(date)
    }

    /// For example `5 December 2026`.
    pub fn in_words(self) -> String {
        let month = usize::try_from(self.month)
            .ok()
            .and_then(|m| MONTHS.get(m.checked_sub(1)?));
        format!(
            "{} {} {}",
            self.day,
            month.copied().unwrap_or(""),
            self.year
        )
    }
}

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
    let now = js_sys::Date::new_0();
    let date = Date {
        year: i32::try_from(now.get_full_year()).unwrap_or(1970),
        month: now.get_month() + 1,
        day: now.get_date(),
    };
    date.to_day()
}

/// The local day of a moment. For the browser only.
pub fn local_date(unix_ms: u64) -> Date {
    let then = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(unix_ms as f64));
    Date {
        year: i32::try_from(then.get_full_year()).unwrap_or(1970),
        month: then.get_month() + 1,
        day: then.get_date(),
    }
}

/// How near an expiry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// It is past.
    Over,
    /// Within 30 days.
    Soon,
    /// Later.
    Later,
}

/// How near an expiry is, and in words for a badge.
pub fn expiry(expires_on: Day, today: Day) -> (Expiry, String) {
    let days = i64::from(expires_on.0) - i64::from(today.0);
    match days {
        ..0 => (Expiry::Over, "expired".to_owned()),
        0 => (Expiry::Soon, "today".to_owned()),
        1 => (Expiry::Soon, "1 day".to_owned()),
        2..=30 => (Expiry::Soon, format!("{days} days")),
        31..=44 => (Expiry::Later, "1 month".to_owned()),
        45..=729 => (Expiry::Later, format!("{} months", (days + 15) / 30)),
        _ => (Expiry::Later, format!("{} years", days / 365)),
    }
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
    let days = today().0 - local_date(then_ms).to_day().0;
    ago(then_ms, now_ms() as u64, days)
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
    }
}

/// Kinds of items.
pub fn kinds(kind: Kind) -> &'static str {
    match kind {
        Kind::ApiKey => "API keys",
        Kind::Login => "Logins",
        Kind::Note => "Notes",
        Kind::EnvironmentSet => "Environment sets",
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
    fn dates_round_trip_over_leap_years_and_centuries() {
        for day in (-800_000..800_000).step_by(17) {
            assert_eq!(Date::from_day(Day(day)).to_day(), Day(day));
        }
        assert_eq!(
            Date::from_day(Day(0)),
            Date {
                year: 1970,
                month: 1,
                day: 1
            }
        );
        assert_eq!(Date::from_day(Day(11_016)).to_iso(), "2000-02-29");
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        assert_eq!(
            Date::from_iso("2026-12-05").map(Date::in_words),
            Some("5 December 2026".into())
        );
        for text in [
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "0001-01-01",
            "",
            "12/05/2026",
        ] {
            assert_eq!(Date::from_iso(text), None, "{text}");
        }
    }

    #[test]
    fn expiry_is_said_in_days_then_months_then_years() {
        let words = |days: i32| expiry(Day(20_000 + days), Day(20_000));
        assert_eq!(words(-1), (Expiry::Over, "expired".to_owned()));
        assert_eq!(words(0), (Expiry::Soon, "today".to_owned()));
        assert_eq!(words(1), (Expiry::Soon, "1 day".to_owned()));
        assert_eq!(words(30), (Expiry::Soon, "30 days".to_owned()));
        assert_eq!(words(31), (Expiry::Later, "1 month".to_owned()));
        assert_eq!(words(90), (Expiry::Later, "3 months".to_owned()));
        assert_eq!(words(800), (Expiry::Later, "2 years".to_owned()));
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
