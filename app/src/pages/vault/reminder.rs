use leptos::prelude::*;

use crate::{
    state::{use_items, use_reminder},
    ui::{Banner, BannerTone, Icon},
    words::counted,
};

/// Reminds of what is due, once a day.
#[component]
pub(super) fn DueBanner() -> impl IntoView {
    let reminder = use_reminder();
    let facets = use_items().facets();
    let count = move || facets.with(|facets| facets.expiring);
    let words = move || match count() {
        1 => "1 item expires or is to be rotated within 30 days, or was to be already. ".to_owned(),
        count => format!(
            "{} expire or are to be rotated within 30 days, or were to be already. ",
            counted(count, "item"),
        ),
    };
    view! { class="v",
        <Show when=move || reminder.is_shown()>
            <Banner
                tone=BannerTone::Warn
                icon=Icon::Clock
                on_dismiss=move |()| reminder.dismiss()
            >
                {words}
                <a href="/vault?scope=expiring&sort=expiry" on:click=move |_| reminder.dismiss()>
                    "Look at them"
                </a>
            </Banner>
        </Show>
    }
}
