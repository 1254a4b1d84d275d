use std::ops::Range;

use keyarc_vault::{ImportQuery, ImportRow, ImportStatus};
use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;

use super::{preview::Selection, work::use_import};
use crate::{
    state::{WINDOW, Window, Windowed},
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
    let only = RwSignal::new(None::<ImportStatus>);
    let scroller = NodeRef::<html::Div>::new();
    let list = Windowed::new(selection.total(), move |offset| {
        let query = ImportQuery {
            only: only.get_untracked(),
            offset,
            limit: WINDOW,
        };
        async move {
            match work.ask(ImportCommand::Rows(query)).await {
                Ok(ImportReply::Rows(window)) => Some(Window {
                    total: window.total,
                    offset: window.offset,
                    rows: window.rows,
                }),
                _ => None,
            }
        }
    });
    let show = move |word: String| {
        only.set(match word.as_str() {
            "new" => Some(ImportStatus::New),
            "known" => Some(ImportStatus::Duplicate),
            _ => None,
        });
        if let Some(scroller) = scroller.get_untracked() {
            scroller.set_scroll_top(0);
        }
        list.ask(0);
    };
    let shown = move || match only.get() {
        None => "all",
        Some(ImportStatus::New) => "new",
        Some(ImportStatus::Duplicate) => "known",
    };
    let need = move |rows: Range<u32>| list.need(&rows);
    let total = Signal::derive(move || list.total());
    let all = move || selection.count() == selection.total();
    let none = move || selection.count() == 0;
    let filters = [
        ("all", t!("All")),
        ("new", t!("New")),
        ("known", t!("In the vault")),
    ];
    view! { class="v",
        <div class="import-filter">
            <Segmented
                name="import-only"
                label=t!("Show")
                options=filters.map(|(value, words)| (value.to_owned(), words.to_owned())).to_vec()
                value=Signal::derive(move || shown().to_owned())
                on_change=show
            />
        </div>
        <div
            class="import-table"
            role="table"
            aria-label=t!("What will be imported")
            aria-rowcount=move || (total.get() + 1).to_string()
        >
            <div class="import-row import-head" role="row">
                <span role="columnheader">
                    <input
                        r#type="checkbox"
                        aria-label=t!("Select all")
                        prop:checked=all
                        prop:indeterminate=move || !all() && !none()
                        on:change=move |event| selection.set_all(event_target_checked(&event))
                    />
                </span>
                <span role="columnheader">{t!("Name")}</span>
                <span role="columnheader">{t!("Recognised as")}</span>
                <span role="columnheader">{t!("Value")}</span>
                <span role="columnheader" class="import-status">{t!("Status")}</span>
            </div>
            <div class="import-rows" role="rowgroup" node_ref=scroller tabindex="0" aria-label=t!("Rows")>
                <VirtualList
                    total=total
                    row_height=ROW_HEIGHT
                    scroller=scroller
                    on_rows=need
                    row=move |at| {
                        view! { class="v", <Row at=at list=list selection=selection lines=lines /> }
                    }
                />
            </div>
        </div>
    }
}

/// The row at a position, when it is in the window. What it shows follows the window.
#[component]
fn Row(at: u32, list: Windowed<ImportRow>, selection: Selection, lines: bool) -> impl IntoView {
    let row = Memo::new(move |_| list.row(at));
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
        .as_deref()
        .map(crate::language::known)
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
        (true, true) => t!("Line {number}", number = row.line),
        (true, false) => t!(
            "Line {number}, in {folder}",
            number = row.line,
            folder = row.folder
        ),
        (false, true) => t!("Entry {number}", number = row.line),
        (false, false) => t!(
            "Entry {number}, in {folder}",
            number = row.line,
            folder = row.folder
        ),
    };
    view! { class="v",
        <div class="import-row" role="row" aria-rowindex=(at + 2).to_string() on:click=on_row>
            <span role="cell">
                <input
                    r#type="checkbox"
                    aria-label=t!("Import {name}", name)
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
                        view! { class="v", <Badge tone=BadgeTone::Ok>{t!("new")}</Badge> }.into_any()
                    }
                    ImportStatus::Duplicate => {
                        view! { class="v", <Badge>{t!("in the vault")}</Badge> }.into_any()
                    }
                }}
            </span>
        </div>
    }
}
