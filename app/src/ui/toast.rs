use leptos::prelude::*;

use super::{Icon, IconButton, IconView};
use crate::state::{Toast, Tone, use_toasts};

/// The messages at the lower edge. The region is always there, so that assistive technology
/// hears what comes into it.
#[component]
pub fn ToastStack() -> impl IntoView {
    let toasts = use_toasts();
    view! { class="v",
        <div class="toasts" role="status" aria-live="polite" aria-relevant="additions">
            <For
                each=move || toasts.list()
                key=|toast| toast.id
                children=move |toast| view! { class="v", <ToastView toast=toast /> }
            />
        </div>
    }
}

/// One message.
#[component]
fn ToastView(toast: Toast) -> impl IntoView {
    let toasts = use_toasts();
    let Toast {
        id,
        text,
        countdown,
        seconds,
        left,
        tone,
        action,
    } = toast;
    let ring = match seconds {
        ..=5 => "ring ring-5",
        6..=10 => "ring ring-10",
        _ => "ring ring-30",
    };
    view! { class="v",
        <div class="toast" class:toast-bad=tone == Tone::Bad>
            {if tone == Tone::Bad {
                view! { class="v", <IconView icon=Icon::Warning /> }.into_any()
            } else {
                view! { class="v",
                    <svg class=ring viewBox="0 0 16 16" aria-hidden="true">
                        <circle cx="8" cy="8" r="6" pathLength="100"></circle>
                        <circle cx="8" cy="8" r="6" pathLength="100"></circle>
                    </svg>
                }
                    .into_any()
            }}
            <span class="toast-words">
                {text}
                {countdown
                    .then(|| {
                        view! { class="v",
                            // Spoken once, seen every second.
                            <span class="sr-only">
                                " "
                                {tn!(seconds, "Clears in {count} second.", "Clears in {count} seconds.")}
                            </span>
                            <span class="toast-left" aria-hidden="true">
                                " " {move || t!("Clears in {seconds} s.", seconds = left.get())}
                            </span>
                        }
                    })}
            </span>
            {action
                .map(|action| {
                    view! { class="v",
                        <button
                            class="toast-action"
                            r#type="button"
                            on:click=move |_| {
                                toasts.dismiss(id);
                                (action.run)();
                            }
                        >
                            {action.label}
                        </button>
                    }
                })}
            <IconButton
                icon=Icon::Close
                label=t!("Dismiss")
                class="toast-close"
                on_press=move |()| toasts.dismiss(id)
            />
        </div>
    }
}
