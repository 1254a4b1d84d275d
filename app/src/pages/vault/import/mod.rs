//! Bringing a file in: choose, look, choose, confirm.

mod columns;
mod preview;
mod source;
mod table;
mod unread;
mod work;

use leptos::prelude::*;
use leptos_meta::Title;

use self::{
    preview::Preview,
    source::Source,
    unread::NotRead,
    work::{Step, provide_import},
};
use super::frame::{Section, VaultFrame};
use crate::{
    pages::account::UnlockProgress,
    ui::{Button, Problem},
};

/// Brings what stands in a file in.
#[component]
pub fn ImportPage() -> impl IntoView {
    view! { class="v",
        <Title text=t!("Import · KeyArc") />
        <VaultFrame section=Section::Import>
            <Import />
        </VaultFrame>
    }
}

#[component]
fn Import() -> impl IntoView {
    let work = provide_import();
    // Nothing of a file stays in the worker when the page is left.
    on_cleanup(move || work.leave());
    view! { class="v",
        <main class="page" id="main">
            <div class="page-body page-wide">
                <h1>{t!("Import")}</h1>
                <Problem words=Signal::derive(move || work.problem()) />
                {move || match work.step() {
                    Step::Source => view! { class="v", <Source /> }.into_any(),
                    Step::Reading => view! { class="v", <Reading /> }.into_any(),
                    Step::Unread(format, why) => {
                        view! { class="v", <NotRead format=format why=why /> }.into_any()
                    }
                    Step::Preview(found) => view! { class="v", <Preview found=found /> }.into_any(),
                }}
            </div>
        </main>
    }
}

/// A file is being read.
#[component]
fn Reading() -> impl IntoView {
    let work = work::use_import();
    view! { class="v",
        <p class="lead" role="status">
            {move || work.reading_words()}
        </p>
        <footer class="page-foot">
            <Button on_press=move |()| work.back()>{t!("Cancel")}</Button>
            <UnlockProgress />
        </footer>
    }
}
