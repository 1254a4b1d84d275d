use leptos::prelude::*;

use crate::{
    state::{use_items, use_reminder},
    ui::{Banner, BannerTone, Icon},
};

/// Reminds of what is due, once a day.
#[component]
pub(super) fn DueBanner() -> impl IntoView {
    let reminder = use_reminder();
    let facets = use_items().facets();
    let count = move || facets.with(|facets| facets.expiring);
    let words = move || {
        tn!(
            count(),
            "{count} item has expired or is due within 30 days. ",
            "{count} items have expired or are due within 30 days. "
        )
    };
    view! { class="v",
        <Show when=move || reminder.is_shown()>
            <Banner
                tone=BannerTone::Warn
                icon=Icon::Clock
                on_dismiss=move |()| reminder.dismiss()
            >
                {words}
                <a href="/vault/reminders" on:click=move |_| reminder.dismiss()>
                    {t!("Look at them")}
                </a>
            </Banner>
        </Show>
    }
}
