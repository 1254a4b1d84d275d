//! How checks and their reasons are said.

use keyarc_vault::{Check, Reason, Weakness};

use crate::words::long_day;

/// A check as the URL writes it.
pub(super) fn check_word(check: Check) -> &'static str {
    match check {
        Check::Expired => "expired",
        Check::Expiring => "expiring",
        Check::RotationDue => "rotation-due",
        Check::Reused => "reused",
        Check::Weak => "weak",
        Check::Old => "old",
    }
}

/// The reverse of [`check_word`].
pub(super) fn check_from(word: &str) -> Option<Check> {
    Check::ALL
        .into_iter()
        .find(|check| check_word(*check) == word)
}

/// A check, for people.
pub(super) fn check_name(check: Check) -> &'static str {
    match check {
        Check::Expired => t!("Expired"),
        Check::Expiring => t!("Expires within 30 days"),
        Check::RotationDue => t!("Rotation due"),
        Check::Reused => t!("Used in several items"),
        Check::Weak => t!("Weak"),
        Check::Old => t!("Not changed for a year"),
    }
}

/// What to do about what a check found.
pub(super) fn check_help(check: Check) -> &'static str {
    match check {
        Check::Expired => {
            t!("These do not work any more. Rotate them, or delete what is not needed.")
        }
        Check::Expiring => t!("These stop working soon. Rotate them before they do."),
        Check::RotationDue => t!("You wanted to change these by now."),
        Check::Reused => {
            t!("Whoever gets one of these has the others too. Give each a secret of its own.")
        }
        Check::Weak => t!("These can be guessed. Have longer ones made."),
        Check::Old => t!("Nobody knows who has seen these by now. Rotate what matters."),
    }
}

/// Why an item stands in a check.
pub(super) fn reason_words(reason: Reason) -> String {
    match reason {
        Reason::Expires(on) => t!("Expiry: {day}", day = long_day(on)),
        Reason::Rotate(on) => t!("Was due on {day}", day = long_day(on)),
        Reason::Reused { group, items } => tn!(
            items,
            "Secret {number}, in {count} item",
            "Secret {number}, in {count} items",
            number = group + 1
        ),
        Reason::Weak(Weakness::Guessable) => t!("A password that can be guessed").to_owned(),
        Reason::Weak(Weakness::Short) => t!("Fewer than 16 characters").to_owned(),
        Reason::Weak(Weakness::Repetitive) => t!("Few different characters").to_owned(),
        Reason::Unchanged(since) => t!("The same since {day}", day = long_day(since)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_an_address_of_its_own() {
        for check in Check::ALL {
            assert_eq!(check_from(check_word(check)), Some(check));
        }
        assert_eq!(check_from("none"), None);
    }

    #[test]
    fn groups_count_from_one() {
        let reason = Reason::Reused { group: 0, items: 2 };
        assert_eq!(reason_words(reason), "Secret 1, in 2 items");
    }
}
