use leptos::prelude::*;

use crate::{state::use_session, ui::Mark, worker::Stage};

/// One card in the middle, as every page before the vault has it.
#[component]
pub(super) fn AccountFrame(
    /// The card.
    children: Children,
    /// Below the card.
    #[prop(optional)]
    below: Option<AnyView>,
) -> impl IntoView {
    view! { class="v",
        <div class="account">
            <header class="account-head">
                <a class="brand" href="/" rel="external">
                    <Mark />
                    "KeyArc"
                </a>
            </header>
            <main class="account-main" id="main">
                <div class="card">{children()}</div>
                {below.map(|below| view! { class="v", <div class="account-below">{below}</div> })}
            </main>
        </div>
    }
}

/// How far deriving, fetching and opening are; nothing while none of it goes on.
#[component]
pub fn UnlockProgress() -> impl IntoView {
    let session = use_session();
    // What another form reached is not where this one stands.
    session.clear_progress();
    view! { class="v",
        <div class="progress-line" aria-live="polite">
            {move || {
                session
                    .progress()
                    .map(|progress| {
                        view! { class="v",
                            <progress max="100" value=progress.percent.to_string() aria-label=t!("Progress")>
                            </progress>
                            <span>{stage_words(progress.stage)}</span>
                        }
                    })
            }}
        </div>
    }
}

fn stage_words(stage: Stage) -> &'static str {
    match stage {
        Stage::Deriving => t!("Deriving keys from your password"),
        Stage::Fetching => t!("Fetching sealed items"),
        Stage::Opening => t!("Opening items"),
        Stage::Sealing => t!("Sealing"),
        Stage::Sending => t!("Sending"),
        Stage::Verifying => t!("Checking signatures"),
        Stage::Reading => t!("Reading the file"),
        Stage::Files => t!("Attached files"),
    }
}

/// What went wrong, said where focus readers hear it.
#[component]
pub(crate) fn FormError(
    /// The sentence, if there is one.
    #[prop(into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    view! { class="v",
        <div role="alert" class="form-error-slot">
            {move || error.get().map(|error| view! { class="v", <p class="form-error">{error}</p> })}
        </div>
    }
}

/// What this browser calls itself, for the list of sessions.
pub(super) fn this_device() -> String {
    crate::words::device_name(&window().navigator().user_agent().unwrap_or_default())
}
