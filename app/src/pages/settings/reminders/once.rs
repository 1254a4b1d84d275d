use keyarc_wire::ReminderChannel;
use leptos::prelude::*;

use super::desk::use_desk;
use crate::{
    state::use_clipboard,
    ui::{Banner, BannerTone, Button, Icon, Look},
};

/// Something that is shown once, until somebody says that they have it.
#[component]
pub(super) fn ShownOnce(
    /// Whose.
    channel: ReminderChannel,
    /// What it is, for the toast and for tests.
    what: &'static str,
    /// What to do with it.
    words: &'static str,
    /// How it is written.
    written: fn(&str) -> String,
) -> impl IntoView {
    let desk = use_desk();
    let clipboard = use_clipboard();
    move || {
        desk.secret_of(channel).map(|secret| {
            let text = written(&secret);
            let to_copy = StoredValue::new(text.clone());
            let copy = move |()| {
                let text = to_copy.get_value();
                clipboard.copy(what.to_owned(), async move { Ok(text) });
            };
            view! { class="v",
                <Banner tone=BannerTone::Warn icon=Icon::Key>
                    {words}
                </Banner>
                <p class="totp-secret">
                    <code data-testid="reminder-secret" translate="no">
                        {text}
                    </code>
                </p>
                <div class="button-row">
                    <Button icon=Icon::Copy on_press=copy>
                        {t!("Copy")}
                    </Button>
                    <Button look=Look::Go on_press=move |()| desk.forget_secret()>
                        {t!("I have saved it")}
                    </Button>
                </div>
            }
        })
    }
}
