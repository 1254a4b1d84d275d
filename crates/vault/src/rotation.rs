//! When a secret is to be changed, and where it has to be changed then.
//!
//! A day is a calendar day of the person who was there: it means the same date in every time
//! zone, as an expiry date does.

use serde::{Deserialize, Serialize};

use crate::{Day, EXPIRING_WITHIN, ExpiryBadge, ItemSummary, expiry_badge};

/// Longest time between two changes, in days.
pub const ROTATION_DAYS_MAX: u16 = 3_650;
/// Times between two changes that are offered, in days.
pub const ROTATION_CHOICES: [u16; 5] = [30, 60, 90, 180, 365];
/// Most places in which one secret is used.
pub const PLACES_MAX: usize = 50;
/// Longest place in characters.
pub const PLACE_MAX: usize = 200;

/// When a secret was changed, and how often it is to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rotation {
    /// The day it was changed last; `None` when the item still has the secret it was made with.
    /// Set by itself when another secret is saved, unless the draft names another day than the
    /// item did.
    pub rotated_on: Option<Day>,
    /// Days from one change to the next, 1 to [`ROTATION_DAYS_MAX`]; `None` without a plan.
    pub every_days: Option<u16>,
}

impl Rotation {
    /// The day on which the secret is to be changed next; `None` without a plan.
    pub fn due_on(self) -> Option<Day> {
        let (from, days) = (self.rotated_on?, self.every_days?);
        Some(Day(from.0.saturating_add(i32::from(days))).min(Day::LAST))
    }
}

/// How far somebody is in walking through a rotation. It is kept with a half-written form and
/// never with an item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    /// The step shown, from 0.
    pub step: u8,
    /// The places that have the new value already.
    pub done: Vec<String>,
}

/// Why an item needs somebody on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DueReason {
    /// It stops working.
    Expiry,
    /// Its secret is to be changed.
    Rotation,
}

/// The day on which an item needs somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Due {
    /// The day.
    pub on: Day,
    /// Why.
    pub why: DueReason,
}

/// The earlier of the day it expires and the day its secret is to be changed; the expiry when
/// both fall on one day.
pub(crate) fn due(expires_on: Option<Day>, rotation: Rotation) -> Option<Due> {
    let expiry = expires_on.map(|on| Due {
        on,
        why: DueReason::Expiry,
    });
    let change = rotation.due_on().map(|on| Due {
        on,
        why: DueReason::Rotation,
    });
    match (expiry, change) {
        (Some(expiry), Some(change)) if change.on < expiry.on => Some(change),
        (None, change) => change,
        (expiry, _) => expiry,
    }
}

impl ItemSummary {
    /// The day on which the item needs somebody, if there is one.
    pub fn due(&self) -> Option<Due> {
        due(self.expires_on, self.rotation)
    }
}

/// What the day of the next change means today, as a badge reads: `rotate now`,
/// `rotate in 1 day`, `rotate in 14 days`; beyond [`EXPIRING_WITHIN`] days `3 months`.
pub fn rotation_badge(due_on: Day, today: Day) -> (ExpiryBadge, String) {
    let badge = expiry_badge(due_on, today);
    let words = match badge {
        ExpiryBadge::Expired { .. } | ExpiryBadge::Today => "rotate now".to_owned(),
        ExpiryBadge::Soon { .. } => format!("rotate in {badge}"),
        ExpiryBadge::Later { .. } => badge.to_string(),
    };
    (badge, words)
}

/// The last day whose items need somebody soon.
pub(crate) fn due_until(today: Day) -> Day {
    Day(today.0.saturating_add(EXPIRING_WITHIN))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plan(rotated_on: i32, every_days: u16) -> Rotation {
        Rotation {
            rotated_on: Some(Day(rotated_on)),
            every_days: Some(every_days),
        }
    }

    #[test]
    fn what_comes_first_is_due() {
        let on = |expires: Option<i32>, rotation| {
            due(expires.map(Day), rotation).map(|due| (due.on.0, due.why))
        };
        let none = Rotation::default();
        assert_eq!(on(None, none), None);
        assert_eq!(on(Some(9), none), Some((9, DueReason::Expiry)));
        assert_eq!(on(None, plan(0, 30)), Some((30, DueReason::Rotation)));
        assert_eq!(on(Some(29), plan(0, 30)), Some((29, DueReason::Expiry)));
        assert_eq!(on(Some(30), plan(0, 30)), Some((30, DueReason::Expiry)));
        assert_eq!(on(Some(31), plan(0, 30)), Some((30, DueReason::Rotation)));
    }

    #[test]
    fn badges_say_what_to_do() {
        let today = Day(20_778);
        let words = |days: i32| rotation_badge(Day(today.0 + days), today).1;
        assert_eq!(words(-400), "rotate now");
        assert_eq!(words(0), "rotate now");
        assert_eq!(words(1), "rotate in 1 day");
        assert_eq!(words(30), "rotate in 30 days");
        assert_eq!(words(90), "3 months");
    }

    #[test]
    fn a_clock_that_is_a_day_off_moves_the_badge_by_a_day() {
        let due = Day(20_778);
        let words = |skew: i32| rotation_badge(due, Day(due.0 + skew)).1;
        assert_eq!(words(-1), "rotate in 1 day");
        assert_eq!(words(0), "rotate now");
        assert_eq!(words(1), "rotate now");
        // At the border of a day the time zone decides which day it is, and nothing else.
        let midnight = i64::from(due.0) * 86_400_000;
        for (ms, offset, expected) in [
            (midnight, 0, "rotate now"),
            (midnight - 1, 0, "rotate in 1 day"),
            (midnight - 1, 60, "rotate now"),
            (midnight, -60, "rotate in 1 day"),
            (midnight + 86_400_000, -14 * 60, "rotate now"),
        ] {
            let today = Day::from_unix_ms(ms, offset);
            assert_eq!(rotation_badge(due, today).1, expected, "{ms} {offset}");
        }
    }

    proptest! {
        #[test]
        fn no_plan_leads_beyond_the_calendar(from in any::<i32>(), days in any::<u16>()) {
            let on = plan(from, days).due_on().expect("planned");
            prop_assert!(on <= Day::LAST);
            prop_assert!(on >= Day(from).min(Day::LAST));
        }
    }
}
