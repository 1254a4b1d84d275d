use keyarc_vault::{Day, ExpiryBadge as Expiry, expiry_badge};
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
    let (tone, spoken) = match expiry {
        Expiry::Expired { .. } => (BadgeTone::Bad, ""),
        Expiry::Today | Expiry::Soon { .. } => (BadgeTone::Warn, "expires: "),
        Expiry::Later { .. } => (BadgeTone::Mute, "expires: "),
    };
    view! { class="v",
        <Badge tone=tone>
            <span class="sr-only">{spoken}</span>
            {expiry.to_string()}
        </Badge>
    }
}
