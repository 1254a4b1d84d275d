use keyarc_vault::{Day, Due, DueReason, ExpiryBadge as Expiry, expiry_badge, rotation_badge};
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
        Expiry::Today | Expiry::Soon { .. } | Expiry::Later { .. } => "expires: ",
    };
    view! { class="v",
        <Badge tone=tone(expiry)>
            <span class="sr-only">{spoken}</span>
            {expiry.to_string()}
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
    let (badge, words) = rotation_badge(due.on, today());
    let (spoken, words) = match badge {
        Expiry::Later { .. } => ("rotation due: ", words),
        Expiry::Soon { .. } if short => ("rotate ", words.replacen("rotate ", "", 1)),
        Expiry::Expired { .. } | Expiry::Today | Expiry::Soon { .. } => ("", words),
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

fn tone(expiry: Expiry) -> BadgeTone {
    match expiry {
        Expiry::Expired { .. } => BadgeTone::Bad,
        Expiry::Today | Expiry::Soon { .. } => BadgeTone::Warn,
        Expiry::Later { .. } => BadgeTone::Mute,
    }
}
