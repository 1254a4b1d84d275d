//! What is said of the outcome of a test.

use keyarc_vault::CheckOutcome;

use crate::ui::BadgeTone;

/// For a badge.
pub(super) fn outcome_word(outcome: CheckOutcome) -> &'static str {
    match outcome {
        CheckOutcome::Valid => t!("Valid"),
        CheckOutcome::Invalid => t!("Invalid"),
        CheckOutcome::Expired => t!("Expired"),
        CheckOutcome::RateLimited => t!("Rate-limited"),
        CheckOutcome::Unreachable => t!("Unreachable"),
        CheckOutcome::Blocked => t!("Blocked"),
        CheckOutcome::Unexpected => t!("Unclear"),
    }
}

/// What a badge's colour means.
pub(super) fn outcome_tone(outcome: CheckOutcome) -> BadgeTone {
    match outcome {
        CheckOutcome::Valid => BadgeTone::Ok,
        CheckOutcome::Invalid | CheckOutcome::Expired => BadgeTone::Bad,
        CheckOutcome::RateLimited
        | CheckOutcome::Unreachable
        | CheckOutcome::Blocked
        | CheckOutcome::Unexpected => BadgeTone::Warn,
    }
}
