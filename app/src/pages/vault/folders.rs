use keyarc_vault::Count;
use leptos::{ev, prelude::*};

use super::{
    arranging::{Arranging, Dragged, Question, use_arranging},
    nav::{Here, NavLink},
};
use crate::{
    state::Place,
    ui::{Icon, Menu, MenuItem},
    worker::Target,
};

/// A folder in the navigation. It can be dragged, things can be dropped on it, and its menu does
/// the same without a pointer.
#[component]
pub(super) fn FolderLink(folder: Count, here: Here) -> impl IntoView {
    let arranging = use_arranging();
    let Count { name: path, count } = folder;
    let depth = path.matches('/').count();
    let words = path.rsplit('/').next().unwrap_or(&path).to_owned();
    let label = t!("Change folder {name}", name = words);
    let over = RwSignal::new(false);
    let stored = StoredValue::new(path.clone());
    let ask = move |question: fn(String) -> Question| {
        let path = stored.get_value();
        arranging.ask(question(path.clone()), Target::Folder(path));
    };
    let item = move |icon: Icon, label: &str, question: fn(String) -> Question| MenuItem {
        icon: Some(icon),
        label: label.to_owned(),
        checked: None,
        danger: false,
        run: Callback::new(move |()| ask(question)),
    };
    let items = Signal::derive(move || {
        vec![
            item(Icon::Edit, t!("Rename…"), Question::RenameFolder),
            item(Icon::Folder, t!("Move…"), Question::MoveFolder),
        ]
    });
    let drag = move |event: ev::DragEvent| {
        begin(arranging, &event, Dragged::Folder(stored.get_value()));
    };
    view! { class="v",
        <li
            class="nav-folder"
            class:is-over=move || over.get()
            draggable="true"
            on:dragstart=drag
            on:dragend=move |_| arranging.dragged.set(None)
            on:dragover=move |event| {
                let takes = arranging.takes(&stored.read_value());
                over.set(takes);
                if takes {
                    event.prevent_default();
                }
            }
            on:dragleave=move |_| over.set(false)
            on:drop=move |event| {
                event.prevent_default();
                over.set(false);
                arranging.drop_on(&stored.get_value());
            }
        >
            <NavLink
                icon=Icon::Folder
                words=words
                depth=depth
                place=Place { folder: Some(path.clone()), ..Place::default() }
                here=here
                count=Signal::derive(move || count)
            />
            <Menu id=format!("folder-{path}") label=label icon=Icon::More items=items />
        </li>
    }
}

/// Something is dragged. What the browser carries says nothing of it: it might be dropped on
/// another program.
fn begin(arranging: Arranging, event: &ev::DragEvent, dragged: Dragged) {
    if let Some(data) = event.data_transfer() {
        // Without any data some browsers drag nothing.
        let _ = data.set_data("text/plain", "KeyArc");
        data.set_effect_allowed("move");
    }
    arranging.dragged.set(Some(dragged));
}

/// Begins to drag a row: the selected ones with it, if it is one of them.
pub(super) fn drag_row(arranging: Arranging, event: &ev::DragEvent) {
    use wasm_bindgen::JsCast;
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let row = target.and_then(|target| target.closest(".row").ok().flatten());
    let id = row.and_then(|row| row.id().strip_prefix("row-")?.parse().ok());
    let Some(id) = id else { return };
    let target = if arranging.has_selected(id) {
        Target::Selection
    } else {
        Target::Items(vec![id])
    };
    begin(arranging, event, Dragged::Items(target));
}
