use keyarc_vault::{ImportRow, ImportStatus};
use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;

use crate::{
    ui::{Badge, BadgeTone, VirtualList},
    words::kind,
};

const ROW_HEIGHT: u32 = 44;

/// What an import found, one row each; only the visible rows exist.
#[component]
pub(super) fn ImportTable(rows: Vec<ImportRow>, selected: RwSignal<Vec<bool>>) -> impl IntoView {
    let count = rows.len();
    let total = u32::try_from(count).unwrap_or(u32::MAX);
    let scroller = NodeRef::<html::Div>::new();
    let stored = StoredValue::new(rows);
    let all = move || selected.with(|selected| selected.iter().all(|on| *on));
    let none = move || selected.with(|selected| !selected.iter().any(|on| *on));
    let row = move |index: u32| {
        let at = usize::try_from(index).unwrap_or(usize::MAX);
        let row = stored.with_value(|rows| rows.get(at).cloned());
        row.map(|row| view! { class="v", <Row row=row at=at selected=selected /> })
    };
    view! { class="v",
        <div class="import-table" role="table" aria-label="What will be imported" aria-rowcount=(count + 1).to_string()>
            <div class="import-row import-head" role="row">
                <span role="columnheader">
                    <input
                        r#type="checkbox"
                        aria-label="Select all"
                        prop:checked=all
                        prop:indeterminate=move || !all() && !none()
                        on:change=move |event| {
                            let on = event_target_checked(&event);
                            selected.update(|selected| selected.fill(on));
                        }
                    />
                </span>
                <span role="columnheader">"Variable"</span>
                <span role="columnheader">"Recognised as"</span>
                <span role="columnheader">"Value"</span>
                <span role="columnheader" class="import-status">"Status"</span>
            </div>
            <div class="import-rows" role="rowgroup" node_ref=scroller tabindex="0" aria-label="Rows">
                <VirtualList
                    total=Signal::derive(move || total)
                    row_height=ROW_HEIGHT
                    scroller=scroller
                    on_rows=|_| ()
                    row=row
                />
            </div>
        </div>
    }
}

#[component]
fn Row(row: ImportRow, at: usize, selected: RwSignal<Vec<bool>>) -> impl IntoView {
    let on =
        Memo::new(move |_| selected.with(|selected| selected.get(at).copied().unwrap_or(false)));
    let recognised = row
        .label
        .clone()
        .or_else(|| row.provider_name.clone())
        .unwrap_or_else(|| kind(row.kind).to_owned());
    let known = row.provider_name.is_some();
    let tick = move |ticked: bool| {
        selected.update(|selected| {
            if let Some(slot) = selected.get_mut(at) {
                *slot = ticked;
            }
        });
    };
    // The whole row is easier to hit than its box; the box itself has its own event.
    let on_row = move |event: ev::MouseEvent| {
        let on_box = event
            .target()
            .is_some_and(|t| t.has_type::<web_sys::HtmlInputElement>());
        if !on_box {
            tick(!on.get_untracked());
        }
    };
    view! { class="v",
        <div class="import-row" role="row" aria-rowindex=(at + 2).to_string() on:click=on_row>
            <span role="cell">
                <input
                    r#type="checkbox"
                    aria-label=format!("Import {}", row.variable)
                    prop:checked=move || on.get()
                    on:change=move |event| tick(event_target_checked(&event))
                />
            </span>
            <code role="cell" title=format!("Line {}", row.line)>
                <bdi>{row.variable.clone()}</bdi>
            </code>
            <span role="cell" class:quiet=!known>
                {recognised}
            </span>
            <code role="cell" class="quiet" translate="no">
                {row.hint.clone()}
            </code>
            <span role="cell" class="import-status">
                {match row.status {
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
