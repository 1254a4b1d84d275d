//! Taking items out as a file: choose, prove the password, look at what the file will not hold,
//! save.

mod choose;
mod ready;
mod words;
mod work;

use leptos::prelude::*;
use leptos_meta::Title;

use self::{
    choose::Choose,
    ready::Ready,
    work::{Step, provide_export},
};
use super::frame::{Section, VaultFrame};
use crate::{
    pages::account::UnlockProgress,
    ui::{Button, EmptyState, Icon, Problem, SkeletonLines},
};

/// Takes items out as a file.
#[component]
pub fn ExportPage() -> impl IntoView {
    view! { class="v",
        <Title text=t!("Export · KeyArc") />
        <VaultFrame section=Section::Export>
            <Export />
        </VaultFrame>
    }
}

#[component]
fn Export() -> impl IntoView {
    let work = provide_export();
    // Nothing of a file stays in the worker when the page is left.
    on_cleanup(move || work.leave());
    view! { class="v",
        <main class="page" id="main">
            <div class="page-body">
                <h1>{t!("Export")}</h1>
                <Problem words=Signal::derive(move || work.problem()) />
                {move || match work.step() {
                    Step::Looking => view! { class="v", <SkeletonLines /> }.into_any(),
                    Step::Empty => view! { class="v", <Nothing /> }.into_any(),
                    Step::Choose(facts) => view! { class="v", <Choose facts=facts /> }.into_any(),
                    Step::Building => view! { class="v", <Building /> }.into_any(),
                    Step::Ready(built) => view! { class="v", <Ready built=built /> }.into_any(),
                }}
            </div>
        </main>
    }
}

#[component]
fn Nothing() -> impl IntoView {
    view! { class="v",
        <EmptyState icon=Icon::Download title=t!("There is nothing to export yet")>
            <p>{t!("Once the vault holds items, they can be taken out here as a file.")}</p>
            <a class="btn" href="/vault">
                {t!("To the vault")}
            </a>
        </EmptyState>
    }
}

/// The file is being made.
#[component]
fn Building() -> impl IntoView {
    let work = work::use_export();
    view! { class="v",
        <p class="lead" role="status">
            {t!("The file is being made. Nothing has been saved yet.")}
        </p>
        <footer class="page-foot">
            <Button
                disabled=Signal::derive(move || work.stopping())
                on_press=move |()| work.stop()
            >
                {move || if work.stopping() { t!("Stopping…") } else { t!("Cancel") }}
            </Button>
            <UnlockProgress />
        </footer>
    }
}
