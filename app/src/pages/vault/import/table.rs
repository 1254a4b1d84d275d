use std::ops::Range;

use keyarc_vault::{ImportQuery, ImportRow, ImportStatus, ImportWindow};
use leptos::{ev, html, prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;

use super::{preview::Selection, work::use_import};
use crate::{
    state::{WINDOW, window_for},
    ui::{Badge, BadgeTone, Segmented, VirtualList},
    words::kind,
    worker::{ImportCommand, ImportReply},
};

const ROW_HEIGHT: u32 = 44;

/// What an import found, one row each. Only the visible rows exist, and only a window of them is
/// in the page.
#[component]
pub(super) fn ImportTable(
    /// Which rows are chosen.
    selection: Selection,
    /// Places are lines of a text.
    lines: bool,
) -> impl IntoView {
    let work = use_import();
    let view = RwSignal::new(ImportWindow {
        total: selection.total(),
        ..ImportWindow::default()
    });
    let only = RwSignal::new(None::<ImportStatus>);
    let asked = StoredValue::new(0_u32);
    let scroller = NodeRef::<html::Div>::new();
    let ask = move |offset: u32| {
        let question = asked.try_update_value(|asked| {
            *asked += 1;
            *asked
        });
        let query = ImportQuery {
            only: only.get_untracked(),
            offset,
            limit: WINDOW,
        };
        spawn_local(async move {
            let reply = work.ask(ImportCommand::Rows(query)).await;
            // A late answer to an older question is dropped, and so is any when the page is left.
            if asked.try_get_value() == question
                && let Ok(ImportReply::Rows(window)) = reply
            {
                let _ = view.try_set(window);
            }
        });
    };
    let need = move |visible: Range<u32>| {
        let (loaded, total) = view.with_untracked(|view| {
            let length = view.rows.len() as u32;
            (view.offset..view.offset + length, view.total)
        });
        if let Some(offset) = window_for(&visible, &loaded, total) {
            ask(offset);
        }
    };
    let show = move |word: String| {
        only.set(match word.as_str() {
            "new" => Some(ImportStatus::New),
            "known" => Some(ImportStatus::Duplicate),
            _ => None,
        });
        if let Some(scroller) = scroller.get_untracked() {
            scroller.set_scroll_top(0);
        }
        ask(0);
    };
    let shown = move || match only.get() {
        None => "all",
        Some(ImportStatus::New) => "new",
        Some(ImportStatus::Duplicate) => "known",
    };
    let total = Signal::derive(move || view.with(|view| view.total));
    let all = move || selection.count() == selection.total();
    let none = move || selection.count() == 0;
    let filters = [("all", "All"), ("new", "New"), ("known", "In the vault")];
    view! { class="v",
        <div class="import-filter">
            <Segmented
                name="import-only"
                label="Show"
                options=filters.map(|(value, words)| (value.to_owned(), words.to_owned())).to_vec()
                value=Signal::derive(move || shown().to_owned())
                on_change=show
            />
        </div>
        <div
            class="import-table"
            role="table"
            aria-label="What will be imported"
            aria-rowcount=move || (total.get() + 1).to_string()
        >
            <div class="import-row import-head" role="row">
                <span role="columnheader">
                    <input
                        r#type="checkbox"
                        aria-label="Select all"
                        prop:checked=all
                        prop:indeterminate=move || !all() && !none()
                        on:change=move |event| selection.set_all(event_target_checked(&event))
                    />
                </span>
                <span role="columnheader">"Name"</span>
                <span role="columnheader">"Recognised as"</span>
                <span role="columnheader">"Value"</span>
                <span role="columnheader" class="import-status">"Status"</span>
            </div>
            <div class="import-rows" role="rowgroup" node_ref=scroller tabindex="0" aria-label="Rows">
                <VirtualList
                    total=total
                    row_height=ROW_HEIGHT
                    scroller=scroller
                    on_rows=need
                    row=move |at| {
                        view! { class="v", <Row at=at view=view selection=selection lines=lines /> }
                    }
                />
            </div>
        </div>
    }
}

/// The row at a position, when it is in the window. What it shows follows the window.
#[component]
fn Row(at: u32, view: RwSignal<ImportWindow>, selection: Selection, lines: bool) -> impl IntoView {
    let row = Memo::new(move |_| {
        view.with(|view| {
            let place = at.checked_sub(view.offset)?;
            view.rows.get(place as usize).cloned()
        })
    });
    move || match row.get() {
        Some(row) => {
            view! { class="v", <Entry at=at row=row selection=selection lines=lines /> }.into_any()
        }
        None => view! { class="v", <div class="import-row" role="row"></div> }.into_any(),
    }
}

#[component]
fn Entry(at: u32, row: ImportRow, selection: Selection, lines: bool) -> impl IntoView {
    let (index, status) = (row.index, row.status);
    let on = Memo::new(move |_| selection.has(index, status));
    let recognised = row
        .label
        .clone()
        .or_else(|| row.provider_name.clone())
        .unwrap_or_else(|| kind(row.kind).to_owned());
    let known = row.provider_name.is_some();
    // The whole row is easier to hit than its box; the box itself has its own event.
    let on_row = move |event: ev::MouseEvent| {
        let on_box = event
            .target()
            .is_some_and(|t| t.has_type::<web_sys::HtmlInputElement>());
        if !on_box {
            selection.set(index, status, !on.get_untracked());
        }
    };
    let name = row.variable.unwrap_or(row.name);
    let place = match (lines, row.folder.is_empty()) {
        (true, true) => format!("Line {}", row.line),
        (true, false) => format!("Line {}, in {}", row.line, row.folder),
        (false, true) => format!("Entry {}", row.line),
        (false, false) => format!("Entry {}, in {}", row.line, row.folder),
    };
    view! { class="v",
        <div class="import-row" role="row" aria-rowindex=(at + 2).to_string() on:click=on_row>
            <span role="cell">
                <input
                    r#type="checkbox"
                    aria-label=format!("Import {name}")
                    prop:checked=move || on.get()
                    on:change=move |event| {
                        selection.set(index, status, event_target_checked(&event));
                    }
                />
            </span>
            <code role="cell" title=place>
                <bdi>{name}</bdi>
            </code>
            <span role="cell" class:quiet=!known>
                {recognised}
            </span>
            <code role="cell" class="quiet" translate="no">
                {row.hint}
            </code>
            <span role="cell" class="import-status">
                {match status {
                    ImportStatus::New => {
                        view! { class="v", <Badge tone=BadgeTone::Ok>"new"</Badge> }.into_any()
                    }
                    ImportStatus::Duplicate => {
                        view! { class="v", <Badge>"in the vault"</Badge> }.into_any()
                    }
                }}
            </span>
        </div>
    }
}
