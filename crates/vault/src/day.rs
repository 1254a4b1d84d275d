//! Calendar days: the civil calendar over [`Day`], and what an expiry date means today.
//!
//! The algorithms are Howard Hinnant's (`days_from_civil` and `civil_from_days`, in
//! "chrono-compatible low-level date algorithms"); they need no tables and no time-zone data.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Day;

/// Days before its expiry from which an item counts as expiring.
pub const EXPIRING_WITHIN: i32 = 30;

/// The text given is not a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a day as YYYY-MM-DD")]
pub struct DayParseError;

impl Day {
    /// 1970-01-01, the first day an expiry date may have.
    pub const FIRST: Self = Self(0);
    /// 9999-12-31, the last day that has four digits for its year.
    pub const LAST: Self = Self(2_932_896);

    /// The day on which a moment falls. `utc_offset_minutes` is east-positive: 60 in Zürich in
    /// winter (a browser's `getTimezoneOffset` with its sign changed).
    pub fn from_unix_ms(ms: i64, utc_offset_minutes: i32) -> Self {
        let local = ms.saturating_add(i64::from(utc_offset_minutes) * 60_000);
        let day = local.div_euclid(86_400_000);
        Self(i32::try_from(day).unwrap_or(if day < 0 { i32::MIN } else { i32::MAX }))
    }

    /// The day of a year, a month from 1 and a day of the month from 1, when there is one.
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Option<Self> {
        if !(0..=9999).contains(&year) || !(1..=12).contains(&month) || day == 0 {
            return None;
        }
        let shifted_year = if month <= 2 { year - 1 } else { year };
        let era = shifted_year.div_euclid(400);
        let year_of_era = shifted_year.rem_euclid(400);
        let month_from_march = (month + 9) % 12;
        let day_of_year = (153 * month_from_march + 2).div_euclid(5) + day - 1;
        let day_of_era =
            year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year as i32;
        let result = Self(era * 146_097 + day_of_era - 719_468);
        // A day past the end of its month comes back as another date.
        (result.to_ymd() == (i64::from(year), month, day)).then_some(result)
    }

    /// Year, month from 1, day of the month from 1.
    pub fn to_ymd(self) -> (i64, u32, u32) {
        let shifted = i64::from(self.0) + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u32;
        let month = if month_from_march < 10 {
            month_from_march + 3
        } else {
            month_from_march - 9
        };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        (year, month as u32, day)
    }

    /// For people, for example `5 December 2026`.
    pub fn long(self) -> String {
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
        let (year, month, day) = self.to_ymd();
        let name = MONTHS.get(month as usize - 1).copied().unwrap_or_default();
        format!("{day} {name} {year}")
    }
}

/// ISO 8601, for example `2026-12-05`.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.to_ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl FromStr for Day {
    type Err = DayParseError;

    /// Takes `YYYY-MM-DD` and nothing else.
    fn from_str(text: &str) -> Result<Self, DayParseError> {
        let bytes = text.as_bytes();
        let shape = bytes.len() == 10
            && bytes.iter().enumerate().all(|(at, byte)| match at {
                4 | 7 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !shape {
            return Err(DayParseError);
        }
        let number = |from: usize, to: usize| {
            bytes[from..to]
                .iter()
                .fold(0_u32, |sum, digit| sum * 10 + u32::from(digit - b'0'))
        };
        Self::from_ymd(number(0, 4) as i32, number(5, 7), number(8, 10)).ok_or(DayParseError)
    }
}

/// What an expiry date means today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpiryBadge {
    /// The day has passed.
    Expired {
        /// How many days ago, at least 1.
        days: u32,
    },
    /// The last day on which the item works.
    Today,
    /// Within [`EXPIRING_WITHIN`] days.
    Soon {
        /// Days left, at least 1.
        days: u32,
    },
    /// Later than that.
    Later {
        /// Days left.
        days: u32,
    },
}

/// What `expires_on` means on the day `today`.
pub fn expiry_badge(expires_on: Day, today: Day) -> ExpiryBadge {
    let days = i64::from(expires_on.0) - i64::from(today.0);
    match days {
        ..0 => ExpiryBadge::Expired {
            days: days.unsigned_abs() as u32,
        },
        0 => ExpiryBadge::Today,
        _ if days <= i64::from(EXPIRING_WITHIN) => ExpiryBadge::Soon { days: days as u32 },
        _ => ExpiryBadge::Later { days: days as u32 },
    }
}

/// As a badge reads: `expired`, `today`, `1 day`, `14 days`, `3 months`, `2 years`.
impl fmt::Display for ExpiryBadge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired { .. } => f.write_str("expired"),
            Self::Today => f.write_str("today"),
            Self::Soon { days: 1 } => f.write_str("1 day"),
            Self::Soon { days } => write!(f, "{days} days"),
            Self::Later { days: ..=44 } => f.write_str("1 month"),
            Self::Later {
                days: days @ ..=729,
            } => write!(f, "{} months", (days + 15) / 30),
            Self::Later { days } => write!(f, "{} years", days / 365),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_days() {
        for (day, text) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (20_778, "2026-11-21"),
            (Day::LAST.0, "9999-12-31"),
        ] {
            assert_eq!(Day(day).to_string(), text);
            assert_eq!(text.parse(), Ok(Day(day)), "{text}");
        }
        assert_eq!(Day(20_792).long(), "5 December 2026");
    }

    #[test]
    fn what_is_not_a_day_is_refused() {
        for text in [
            "",
            "2026-1-1",
            "2026-02-29",
            "2026-02-30",
            "2026-13-01",
            "2026-00-10",
            "2026-01-00",
            "2026/01/01",
            "+026-01-01",
            "2026-01-011",
            "２０２６-01",
            "1900-02-29",
        ] {
            assert_eq!(text.parse::<Day>(), Err(DayParseError), "{text}");
        }
        assert!("2024-02-29".parse::<Day>().is_ok());
    }

    #[test]
    fn a_moment_falls_on_the_local_day() {
        let midnight_utc = 20_778 * 86_400_000;
        assert_eq!(Day::from_unix_ms(midnight_utc, 0), Day(20_778));
        assert_eq!(Day::from_unix_ms(midnight_utc - 1, 0), Day(20_777));
        assert_eq!(Day::from_unix_ms(midnight_utc - 1, 60), Day(20_778));
        assert_eq!(Day::from_unix_ms(midnight_utc, -60), Day(20_777));
        assert_eq!(Day::from_unix_ms(i64::MAX, 0), Day(i32::MAX));
    }

    #[test]
    fn badges() {
        let today = Day(20_778);
        let badge = |days: i32| expiry_badge(Day(today.0 + days), today).to_string();
        assert_eq!(badge(-1), "expired");
        assert_eq!(badge(0), "today");
        assert_eq!(badge(1), "1 day");
        assert_eq!(badge(30), "30 days");
        assert_eq!(badge(31), "1 month");
        assert_eq!(badge(90), "3 months");
        assert_eq!(badge(729), "24 months");
        assert_eq!(badge(800), "2 years");
        assert_eq!(
            expiry_badge(Day(i32::MIN), Day(i32::MAX)).to_string(),
            "expired"
        );
    }

    proptest! {
        #[test]
        fn text_and_day_agree(day in Day::FIRST.0..=Day::LAST.0) {
            prop_assert_eq!(Day(day).to_string().parse(), Ok(Day(day)));
        }

        #[test]
        fn every_number_is_some_date(day in any::<i32>()) {
            let (_, month, of_month) = Day(day).to_ymd();
            prop_assert!((1..=12).contains(&month) && (1..=31).contains(&of_month));
        }
    }
}
