use leptos::prelude::*;

use super::shortcuts::HELP;
use crate::ui::{Dialog, Kbd};

/// What each key does.
#[component]
pub fn HelpDialog(
    /// Whether it is open.
    open: RwSignal<bool>,
) -> impl IntoView {
    view! { class="v",
        <Dialog open=open title="Keyboard" class="dialog-narrow">
            <dl class="keys">
                {HELP
                    .into_iter()
                    .map(|(keys, does)| {
                        view! { class="v",
                            <dt>
                                <span class="sr-only">{keys.join(" or ")}</span>
                                {keys
                                    .iter()
                                    .map(|key| view! { class="v", <Kbd keys=*key /> })
                                    .collect_view()}
                            </dt>
                            <dd>{does}</dd>
                        }
                    })
                    .collect_view()}
            </dl>
        </Dialog>
    }
}
