use keyarc_vault::ItemSummary;
use leptos::{prelude::*, task::spawn_local};

use super::{
    history_part::HistoryPart,
    item_part::{ItemPart, Pane},
};
use crate::{
    state::{Mode, Place, use_go, use_items, use_open_form, use_place},
    ui::{Button, EmptyState, ErrorState, Icon, SkeletonLines},
    worker::{Command, Reply, use_worker},
};

/// The right pane: the open item, a form, or nothing.
#[component]
pub(super) fn Detail() -> impl IntoView {
    let place = use_place();
    let form = use_open_form();
    let what = Memo::new(move |_| (place.with(|place| (place.item, place.mode)), form.starts()));
    view! { class="v",
        <section class="detail" aria-labelledby="detail-title">
            {move || match what.get().0 {
                (_, Mode::New) => view! { class="v", <ItemPart pane=Pane::Form(None) /> }.into_any(),
                (Some(id), Mode::Edit) => view! { class="v", <ItemPart pane=Pane::Form(Some(id)) /> }.into_any(),
                (Some(id), Mode::Rotate) => view! { class="v", <ItemPart pane=Pane::Rotate(id) /> }.into_any(),
                (Some(id), Mode::History) => view! { class="v", <HistoryPart item=id /> }.into_any(),
                (Some(id), Mode::View) => view! { class="v", <OpenItem id=id /> }.into_any(),
                (None, _) => view! { class="v", <NothingOpen /> }.into_any(),
            }}
        </section>
    }
}

#[component]
fn NothingOpen() -> impl IntoView {
    let items = use_items();
    let empty = Memo::new(move |_| items.facets().with(|f| f.all == 0));
    view! { class="v",
        <div class="nothing">
            {move || {
                if empty.get() {
                    view! { class="v",
                        <EmptyState icon=Icon::Lock title=t!("Sealed before it is sent")>
                            <p>
                                {t!("Names, folders, tags and dates too. The server keeps what it cannot read.")}
                            </p>
                        </EmptyState>
                    }
                        .into_any()
                } else {
                    view! { class="v",
                        <EmptyState icon=Icon::Key title=t!("No item is open")>
                            <p>{t!("Choose one from the list, or press Ctrl K and type three letters.")}</p>
                        </EmptyState>
                    }
                        .into_any()
                }
            }}
        </div>
    }
}

/// The open item, from the list when it is there.
#[component]
fn OpenItem(id: keyarc_wire::ItemId) -> impl IntoView {
    let items = use_items();
    let place = use_place();
    let go = use_go();
    let worker = use_worker();
    let summary = RwSignal::new(None::<ItemSummary>);
    let problem = RwSignal::new(None::<String>);
    // The effect's own, since it may run once more when the item is left.
    let mut asked = false;
    Effect::new(move |_| {
        let row = items.find(id);
        // An item that leaves the list (another scope, deleted elsewhere) stays as it was.
        if let Some(row) = row {
            let mut row = ItemSummary::clone(&row);
            row.matches.clear();
            if summary.try_with_untracked(|s| s.as_ref() != Some(&row)) == Some(true) {
                summary.set(Some(row));
            }
            return;
        }
        if asked || summary.try_with_untracked(Option::is_some) != Some(false) {
            return;
        }
        asked = true;
        spawn_local(async move {
            // A link can lead to an item beyond the window of the list. Only what a row shows
            // is kept of the answer.
            let reply = worker.call(Command::Reveal(id)).await;
            match reply {
                // The list may have come first; to be told of it again would draw everything anew.
                Ok(Reply::Item(item)) => {
                    if summary.try_with_untracked(Option::is_none) == Some(true) {
                        summary.set(Some(item.summary));
                    }
                }
                Ok(_) => {}
                Err(failure) => drop(problem.try_set(Some(failure.to_string()))),
            }
        });
    });
    let close = move |()| go.to(&place.with_untracked(Place::closed));
    let shown = Memo::new(move |_| summary.with(Option::is_some));
    view! { class="v",
        {move || {
            if shown.get() {
                let summary = Signal::derive(move || summary.get());
                let pane = Pane::View(summary);
                return view! { class="v", <ItemPart pane=pane /> }.into_any();
            }
            match problem.get() {
                Some(detail) => {
                    view! { class="v",
                        <ErrorState title=t!("The item could not be opened") detail=detail>
                            <Button on_press=close>{t!("Back to the list")}</Button>
                        </ErrorState>
                    }
                        .into_any()
                }
                None => {
                    view! { class="v",
                        <div class="doc" aria-busy="true">
                            <SkeletonLines count=6 />
                        </div>
                    }
                        .into_any()
                }
            }
        }}
    }
}
