//! The vault at a glance, and what each check of its health found.

mod findings;
mod glance;
mod health;
mod words;

use keyarc_vault::{Check, Dashboard};
use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use self::{
    findings::CheckView,
    glance::{Counts, DueList, NextDays, Recent},
    health::HealthPart,
    words::check_from,
};
use super::{
    actions::use_actions,
    frame::{Section, VaultFrame},
};
use crate::{
    state::{Place, use_items},
    ui::{Button, EmptyState, ErrorState, Icon, Look, SkeletonLines},
    worker::{Command, HealthCommand, HealthReply, Reply, use_worker},
};

/// Counts, what is due, the next 90 days, health, and what changed last.
#[component]
pub fn DashboardPage() -> impl IntoView {
    view! { class="v",
        <Title text=t!("Dashboard · KeyArc") />
        <VaultFrame section=Section::Dashboard>
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
    let check = Memo::new(move |_| query.with(|query| check_from(&query.get("check")?)));
    view! { class="v",
        <main class="page" id="main">
            {move || match check.get() {
                Some(check) => view! { class="v", <CheckView check=check /> }.into_any(),
                None => view! { class="v", <Glance /> }.into_any(),
            }}
        </main>
    }
}

/// What the worker says, asked again when the vault or what is known of it changes.
fn use_dashboard() -> (RwSignal<Option<Result<Dashboard, String>>>, Callback<()>) {
    let worker = use_worker();
    let view = RwSignal::new(None);
    let asked = StoredValue::new(0_u32);
    let ask = Callback::new(move |()| {
        let number = asked.try_update_value(|asked| {
            *asked += 1;
            *asked
        });
        spawn_local(async move {
            let reply = worker.call(Command::Health(HealthCommand::Dashboard)).await;
            if asked.try_get_value() != number {
                return;
            }
            match reply {
                Ok(Reply::Health(reply)) => {
                    if let HealthReply::Dashboard(found) = *reply {
                        let _ = view.try_set(Some(Ok(found)));
                    }
                }
                Ok(_) => {}
                Err(failure) => drop(view.try_set(Some(Err(failure.to_string())))),
            }
        });
    });
    let facets = use_items().facets();
    Effect::new(move |_| {
        facets.track();
        ask.run(());
    });
    (view, ask)
}

#[component]
fn Glance() -> impl IntoView {
    let (view, ask) = use_dashboard();
    #[derive(Clone, PartialEq)]
    enum Shown {
        Loading,
        Failed(String),
        Empty,
        All,
    }
    let shown = Memo::new(move |_| {
        view.with(|view| match view {
            None => Shown::Loading,
            Some(Err(detail)) => Shown::Failed(detail.clone()),
            Some(Ok(view)) if view.all == 0 => Shown::Empty,
            Some(Ok(_)) => Shown::All,
        })
    });
    let dashboard = Memo::new(move |_| {
        let known = view.with(|view| view.as_ref().and_then(|view| view.clone().ok()));
        known.unwrap_or_default()
    });
    view! { class="v",
        <div class="page-body page-wide dash">
            <h1>{t!("Dashboard")}</h1>
            {move || match shown.get() {
                Shown::Loading => {
                    view! { class="v",
                        <div aria-busy="true">
                            <SkeletonLines count=10 />
                        </div>
                    }
                        .into_any()
                }
                Shown::Failed(detail) => {
                    view! { class="v",
                        <ErrorState title=t!("The dashboard could not be made") detail=detail>
                            <Button on_press=ask>{t!("Try again")}</Button>
                        </ErrorState>
                    }
                        .into_any()
                }
                Shown::Empty => view! { class="v", <Nothing /> }.into_any(),
                Shown::All => {
                    view! { class="v",
                        <Counts view=dashboard />
                        <DueList view=dashboard />
                        <NextDays view=dashboard />
                        <HealthPart view=dashboard on_rated=ask />
                        <Recent view=dashboard />
                    }
                        .into_any()
                }
            }}
        </div>
    }
}

#[component]
fn Nothing() -> impl IntoView {
    let actions = use_actions();
    view! { class="v",
        <EmptyState icon=Icon::Chart title=t!("Nothing to show yet")>
            <p>{t!("Once the vault has items, this page tells what is due, and what is weak, old or used twice.")}</p>
            <div class="button-row">
                <Button look=Look::Go icon=Icon::Plus on_press=move |()| actions.new_item()>
                    {t!("New item")}
                </Button>
                <a class="btn" href="/vault/import">
                    {t!("Import")}
                </a>
            </div>
        </EmptyState>
    }
}

/// Findings of a check, from a dashboard.
fn count_of(view: &Dashboard, check: Check) -> u32 {
    let found = view.checks.iter().find(|(one, _)| *one == check);
    found.map_or(0, |(_, count)| *count)
}
