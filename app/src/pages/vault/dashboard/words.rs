//! How checks and their reasons are said.

use keyarc_vault::{Check, Reason, Weakness};

use crate::words::counted;

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
        Check::Expired => "Expired",
        Check::Expiring => "Expires within 30 days",
        Check::RotationDue => "Rotation due",
        Check::Reused => "Used in several items",
        Check::Weak => "Weak",
        Check::Old => "Not changed for a year",
    }
}

/// What to do about what a check found.
pub(super) fn check_help(check: Check) -> &'static str {
    match check {
        Check::Expired => "These do not work any more. Rotate them, or delete what is not needed.",
        Check::Expiring => "These stop working soon. Rotate them before they do.",
        Check::RotationDue => "You wanted to change these by now.",
        Check::Reused => {
            "Whoever gets one of these has the others too. Give each a secret of its own."
        }
        Check::Weak => "These can be guessed. Have longer ones made.",
        Check::Old => "Nobody knows who has seen these by now. Rotate what matters.",
    }
}

/// Why an item stands in a check.
pub(super) fn reason_words(reason: Reason) -> String {
    match reason {
        Reason::Expires(on) => format!("Expiry: {}", on.long()),
        Reason::Rotate(on) => format!("Was due on {}", on.long()),
        Reason::Reused { group, items } => {
            format!("Secret {}, in {}", group + 1, counted(items, "item"))
        }
        Reason::Weak(Weakness::Guessable) => "A password that can be guessed".to_owned(),
        Reason::Weak(Weakness::Short) => "Fewer than 16 characters".to_owned(),
        Reason::Weak(Weakness::Repetitive) => "Few different characters".to_owned(),
        Reason::Unchanged(since) => format!("The same since {}", since.long()),
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
