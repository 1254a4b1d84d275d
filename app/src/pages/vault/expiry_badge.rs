use keyarc_vault::{Day, Due, DueReason, ExpiryBadge as Expiry, expiry_badge};
use leptos::prelude::*;

use crate::{
    ui::{Badge, BadgeTone},
    words::today,
};

/// How long until an item stops working. Later than a month needs no colour.
#[component]
pub fn ExpiryBadge(
    /// The day it stops working.
    expires_on: Day,
) -> impl IntoView {
    let expiry = expiry_badge(expires_on, today());
    let spoken = match expiry {
        Expiry::Expired { .. } => "",
        Expiry::Today | Expiry::Soon { .. } | Expiry::Later { .. } => t!("expires: "),
    };
    view! { class="v",
        <Badge tone=tone(expiry)>
            <span class="sr-only">{spoken}</span>
            {left(expiry)}
        </Badge>
    }
}

/// How long until an item expires or is to be rotated, whichever is first.
#[component]
pub fn DueBadge(
    /// The day, and why.
    due: Due,
    /// Without the word that a narrow column has no room for; it is still spoken.
    #[prop(optional)]
    short: bool,
) -> impl IntoView {
    if due.why == DueReason::Expiry {
        return view! { class="v", <ExpiryBadge expires_on=due.on /> }.into_any();
    }
    let badge = expiry_badge(due.on, today());
    let (spoken, words) = match badge {
        Expiry::Later { .. } => (t!("rotation due: "), left(badge)),
        Expiry::Soon { days } if short => (
            t!("rotate "),
            tn!(days, "in {count} day", "in {count} days"),
        ),
        Expiry::Soon { days } => {
            let words = tn!(days, "rotate in {count} day", "rotate in {count} days");
            ("", words)
        }
        Expiry::Expired { .. } | Expiry::Today => ("", t!("rotate now").to_owned()),
    };
    // Nothing stops working when a secret is changed late.
    let tone = match badge {
        Expiry::Later { .. } => BadgeTone::Mute,
        _ => BadgeTone::Warn,
    };
    view! { class="v",
        <Badge tone=tone>
            <span class="sr-only">{spoken}</span>
            {words}
        </Badge>
    }
    .into_any()
}

/// How long that is: `expired`, `today`, `14 days`, `3 months`.
fn left(expiry: Expiry) -> String {
    let months = |months: u32| tn!(months, "{count} month", "{count} months");
    match expiry {
        Expiry::Expired { .. } => t!("expired").to_owned(),
        Expiry::Today => t!("today").to_owned(),
        Expiry::Soon { days } => tn!(days, "{count} day", "{count} days"),
        Expiry::Later { days: ..=44 } => months(1),
        Expiry::Later {
            days: days @ ..=729,
        } => months((days + 15) / 30),
        Expiry::Later { days } => tn!(days / 365, "{count} year", "{count} years"),
    }
}

fn tone(expiry: Expiry) -> BadgeTone {
    match expiry {
        Expiry::Expired { .. } => BadgeTone::Bad,
        Expiry::Today | Expiry::Soon { .. } => BadgeTone::Warn,
        Expiry::Later { .. } => BadgeTone::Mute,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_badge_reads_as_the_vault_says_it() {
        let today = Day(20_778);
        for days in [-1, 0, 1, 30, 31, 44, 45, 90, 729, 730, 800] {
            let expiry = expiry_badge(Day(today.0 + days), today);
            assert_eq!(left(expiry), expiry.to_string(), "{days}");
        }
    }
}
