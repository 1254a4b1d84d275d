use std::ops::Range;

use keyarc_vault::{MomentRow, ThenIs};
use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;

use super::{
    super::{actions::use_actions, history::said},
    work::use_moment,
};
use crate::{
    state::{WINDOW, Window, Windowed},
    ui::{Button, EmptyState, Icon, Look, Segmented, VirtualList},
    words::{kind, number},
    worker::{MomentCommand, MomentFacts, MomentQuery, MomentReply},
};

const ROW_HEIGHT: u32 = 44;

/// What the items were. Only the visible rows exist, and only a window of them is in the page.
#[component]
pub(super) fn MomentTable(facts: MomentFacts) -> impl IntoView {
    let work = use_moment();
    let differing = RwSignal::new(facts.differing > 0);
    let text = RwSignal::new(String::new());
    let scroller = NodeRef::<html::Div>::new();
    let total = match facts.differing {
        0 => facts.items,
        count => count,
    };
    let list = Windowed::new(total, move |offset| {
        let query = MomentQuery {
            differing: differing.get_untracked(),
            text: text.get_untracked(),
            offset,
            limit: WINDOW,
        };
        async move {
            match work.ask(MomentCommand::Rows(query)).await {
                Ok(MomentReply::Rows(window)) => Some(Window {
                    total: window.total,
                    offset: window.offset,
                    rows: window.rows,
                }),
                _ => None,
            }
        }
    });
    let from_the_top = move || {
        if let Some(scroller) = scroller.get_untracked() {
            scroller.set_scroll_top(0);
        }
        list.ask(0);
    };
    let need = move |rows: Range<u32>| list.need(&rows);
    let total = Signal::derive(move || list.total());
    let none = move || work.count() == 0;
    let all = move || work.count() == facts.returnable && !none();
    let filters = [
        (
            "other",
            t!("Different now ({count})", count = number(facts.differing)),
        ),
        ("all", t!("All ({count})", count = number(facts.items))),
    ];
    view! { class="v",
        <div class="moment-filter">
            <Segmented
                name="moment-only"
                label=t!("Show")
                options=filters.map(|(value, words)| (value.to_owned(), words)).to_vec()
                value=Signal::derive(move || if differing.get() { "other" } else { "all" }.to_owned())
                on_change=move |word: String| {
                    differing.set(word == "other");
                    from_the_top();
                }
            />
            <input
                class="input"
                r#type="search"
                aria-label=t!("Search by name")
                placeholder=t!("Search by name")
                autocomplete="off"
                spellcheck="false"
                on:input=move |event| {
                    text.set(event_target_value(&event));
                    from_the_top();
                }
            />
        </div>
        <div
            class="import-table"
            role="table"
            aria-label=t!("What the items were")
            aria-rowcount=move || (total.get() + 1).to_string()
        >
            <div class="import-row moment-row import-head" role="row">
                <span role="columnheader">
                    <input
                        r#type="checkbox"
                        aria-label=t!("Select all that can be restored")
                        disabled=facts.returnable == 0
                        prop:checked=all
                        prop:indeterminate=move || !all() && !none()
                        on:change=move |event| work.set_all(event_target_checked(&event))
                    />
                </span>
                <span role="columnheader">{t!("Name then")}</span>
                <span role="columnheader" class="moment-kind">{t!("Kind")}</span>
                <span role="columnheader">{t!("Changed since")}</span>
                <span role="columnheader">
                    <span class="sr-only">{t!("History")}</span>
                </span>
            </div>
            <div class="import-rows" role="rowgroup" node_ref=scroller tabindex="0" aria-label=t!("Rows")>
                <VirtualList
                    total=total
                    row_height=ROW_HEIGHT
                    scroller=scroller
                    on_rows=need
                    row=move |at| view! { class="v", <Row at=at list=list /> }
                />
            </div>
        </div>
        <Show when=move || total.get() == 0>
            <EmptyState icon=Icon::Search title=t!("No item matches")>
                <p>{t!("Show all of them, or search for something else.")}</p>
            </EmptyState>
        </Show>
    }
}

/// The row at a position, when it is in the window. What it shows follows the window.
#[component]
fn Row(at: u32, list: Windowed<MomentRow>) -> impl IntoView {
    let row = Memo::new(move |_| list.row(at));
    move || match row.get() {
        Some(row) => view! { class="v", <Entry at=at row=row /> }.into_any(),
        None => {
            view! { class="v", <div class="import-row moment-row" role="row"></div> }.into_any()
        }
    }
}

#[component]
fn Entry(at: u32, row: MomentRow) -> impl IntoView {
    let work = use_moment();
    let actions = use_actions();
    let MomentRow { summary, then } = row;
    let id = summary.id;
    let can_return = matches!(then, ThenIs::Other { .. });
    let on = Memo::new(move |_| can_return && work.has(id));
    // The whole row is easier to hit than its box; what can be pressed has its own event.
    let on_row = move |event: ev::MouseEvent| {
        let elsewhere = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
            .is_some_and(|target| matches!(target.closest("input, button"), Ok(None)));
        if can_return && elsewhere {
            work.set(id, !on.get_untracked());
        }
    };
    let since = match &then {
        ThenIs::Same => t!("as it is now").to_owned(),
        ThenIs::Other { changes } => said(Some(changes)),
        ThenIs::Unreadable => t!("does not open: not what was saved").to_owned(),
        ThenIs::NotKept => t!("not known: versions so old are not kept").to_owned(),
    };
    let words = since.clone();
    let is_quiet = matches!(then, ThenIs::Same);
    let is_bad = matches!(then, ThenIs::Unreadable);
    let name = summary.name.clone();
    let trashed = summary.trashed_at_ms.is_some();
    view! { class="v",
        <div
            class="import-row moment-row"
            role="row"
            aria-rowindex=(at + 2).to_string()
            on:click=on_row
        >
            <span role="cell">
                <input
                    r#type="checkbox"
                    aria-label=t!("Restore {name}", name)
                    disabled=!can_return
                    prop:checked=move || on.get()
                    on:change=move |event| work.set(id, event_target_checked(&event))
                />
            </span>
            <span role="cell">
                <bdi>{name.clone()}</bdi>
                {trashed.then(|| view! { class="v", <span class="quiet">{t!(" (in the trash)")}</span> })}
            </span>
            <span role="cell" class="quiet moment-kind">
                {summary.provider_name.clone().unwrap_or_else(|| kind(summary.kind).to_owned())}
            </span>
            <span role="cell" class:quiet=is_quiet class:is-bad=is_bad title=since>
                {words}
            </span>
            <span role="cell">
                <Button look=Look::Bare on_press=move |()| actions.history(id)>
                    {t!("History")}
                    <span class="sr-only">{t!(" of {name}", name)}</span>
                </Button>
            </span>
        </div>
    }
}
