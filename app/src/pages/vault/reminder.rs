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
        1 => "1 item has expired or is due within 30 days. ".to_owned(),
        count => format!(
            "{} have expired or are due within 30 days. ",
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
