//! What is due and was not put away, and where a link in a reminder leads.

mod find;
mod lead;
mod list;
mod work;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use self::{find::FindView, lead::LeadDays, list::List, work::provide_reminders};
use super::frame::{Section, VaultFrame};
use crate::{
    state::{Place, use_items},
    ui::{Button, ErrorState, SkeletonLines},
};

/// Reminders, or the item that one of them is for.
#[component]
pub fn RemindersPage() -> impl IntoView {
    view! { class="v",
        <Title text=t!("Reminders · KeyArc") />
        <VaultFrame section=Section::Reminders>
            <Page />
        </VaultFrame>
    }
}

#[component]
fn Page() -> impl IntoView {
    let items = use_items();
    let query = use_query_map();
    // The counts of the navigation come with a list, and follow it.
    if untrack(|| items.is_idle()) {
        items.show(Place::default().list_query());
    }
    let id = Memo::new(move |_| query.with(|query| query.get("id")));
    view! { class="v",
        <main class="page" id="main">
            <div class="page-body page-wide">
                {move || match id.get() {
                    Some(id) => view! { class="v", <FindView id=id /> }.into_any(),
                    None => view! { class="v", <All /> }.into_any(),
                }}
            </div>
        </main>
    }
}

#[component]
fn All() -> impl IntoView {
    let work = provide_reminders();
    let facets = use_items().facets();
    Effect::new(move |_| {
        facets.track();
        work.ask();
    });
    let problem = Memo::new(move |_| work.problem());
    let is_here = Memo::new(move |_| work.is_here());
    view! { class="v",
        <h1>{t!("Reminders")}</h1>
        <p class="quiet">
            {t!("What has expired, expires soon, or is to be rotated. It can come by e-mail, webhook or calendar, too: see ")}
            <a href="/settings#reminders">{t!("Settings")}</a> "."
        </p>
        {move || match (problem.get(), is_here.get()) {
            (Some(detail), _) => {
                view! { class="v",
                    <ErrorState title=t!("The reminders did not arrive") detail=detail>
                        <Button on_press=move |()| work.ask()>{t!("Try again")}</Button>
                    </ErrorState>
                }
                    .into_any()
            }
            (None, false) => {
                view! { class="v",
                    <div aria-busy="true">
                        <SkeletonLines count=6 />
                    </div>
                }
                    .into_any()
            }
            (None, true) => {
                view! { class="v",
                    <List />
                    <LeadDays />
                }
                    .into_any()
            }
        }}
    }
}
