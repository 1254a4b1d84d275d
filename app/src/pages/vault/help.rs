use leptos::prelude::*;

use super::shortcuts::BINDINGS;
use crate::ui::{Dialog, Kbd};

/// What each key does.
#[component]
pub fn HelpDialog(
    /// Whether it is open.
    open: RwSignal<bool>,
) -> impl IntoView {
    view! { class="v",
        <Dialog open=open title=t!("Keyboard") class="dialog-narrow">
            <dl class="keys">
                {BINDINGS
                    .iter()
                    .map(|binding| {
                        view! { class="v",
                            <dt>
                                <span class="sr-only">{binding.keys.join(t!(" or "))}</span>
                                {binding
                                    .keys
                                    .iter()
                                    .map(|key| view! { class="v", <Kbd keys=*key /> })
                                    .collect_view()}
                            </dt>
                            <dd>{crate::language::text(binding.does)}</dd>
                        }
                    })
                    .collect_view()}
            </dl>
        </Dialog>
    }
}
