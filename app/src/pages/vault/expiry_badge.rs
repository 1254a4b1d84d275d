use keyarc_vault::Day;
use leptos::prelude::*;

use crate::{
    ui::{Badge, BadgeTone},
    words::{Expiry, expiry, today},
};

/// How long until an item stops working. Later than a month needs no colour.
#[component]
pub fn ExpiryBadge(
    /// The day it stops working.
    expires_on: Day,
) -> impl IntoView {
    let (how, words) = expiry(expires_on, today());
    let tone = match how {
        Expiry::Over => BadgeTone::Bad,
        Expiry::Soon => BadgeTone::Warn,
        Expiry::Later => BadgeTone::Mute,
    };
    let spoken = match how {
        Expiry::Over => "",
        Expiry::Soon | Expiry::Later => "expires: ",
    };
    view! { class="v",
        <Badge tone=tone>
            <span class="sr-only">{spoken}</span>
            {words}
        </Badge>
    }
}
