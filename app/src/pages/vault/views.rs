use keyarc_vault::{SavedView, ViewStep};
use leptos::{prelude::*, task::spawn_local};

use super::arranging::{Arranging, Question, use_arranging};
use crate::{
    state::{Place, use_items, use_place, use_toasts, use_views},
    ui::{Icon, IconButton, IconView, Menu, MenuItem},
    worker::Target,
};

/// The saved views in the navigation; nothing when there are none.
#[component]
pub(super) fn SavedViews() -> impl IntoView {
    let views = use_views();
    view! { class="v",
        <Show when=move || !views.list().is_empty()>
            <h2>{t!("Views")}</h2>
            <ul class="nav-list">
                <For
                    each=move || views.list()
                    key=|view| (view.name.clone(), view.path.clone())
                    children=|view| view! { class="v", <ViewLink view=view /> }
                />
            </ul>
        </Show>
    }
}

#[component]
fn ViewLink(view: SavedView) -> impl IntoView {
    let arranging = use_arranging();
    let views = use_views();
    let toasts = use_toasts();
    let place = use_place();
    let SavedView { name, path } = view.clone();
    let label = t!("Change view {name}", name);
    let id = format!("view-{name}");
    let stored = StoredValue::new(view);
    let own = Place::from_path(&path);
    let href = own.to_path();
    let current = move || (place.get().closed() == own).then_some("page");
    let change = move |step: ViewStep| {
        spawn_local(async move {
            if let Err(failure) = views.change(step).await {
                toasts.failed(&failure);
            }
        });
    };
    let item = |icon: Icon, label: &str, danger: bool, run: Callback<()>| MenuItem {
        icon: Some(icon),
        label: label.to_owned(),
        checked: None,
        danger,
        run,
    };
    let rename = Callback::new(move |()| {
        let question = Question::RenameView(stored.get_value());
        arranging.ask(question, Target::Items(Vec::new()));
    });
    let replace = Callback::new(move |()| {
        let name = stored.with_value(|view| view.name.clone());
        let view = SavedView {
            name: name.clone(),
            path: place.get_untracked().closed().to_path(),
        };
        change(ViewStep::Put {
            view,
            instead_of: Some(name),
        });
    });
    let remove = Callback::new(move |()| {
        let view = stored.get_value();
        spawn_local(async move {
            let name = view.name.clone();
            match views.change(ViewStep::Remove(name.clone())).await {
                Ok(()) => toasts.undoable(t!("View {name} removed.", name), move || {
                    change(ViewStep::Put {
                        view: view.clone(),
                        instead_of: None,
                    });
                }),
                Err(failure) => toasts.failed(&failure),
            }
        });
    });
    let items = Signal::derive(move || {
        vec![
            item(Icon::Edit, t!("Rename…"), false, rename),
            item(Icon::Check, t!("Show what is shown now"), false, replace),
            item(Icon::Trash, t!("Remove"), true, remove),
        ]
    });
    view! { class="v",
        <li class="nav-folder">
            <a class="nav-link" href=href aria-current=current>
                <IconView icon=Icon::List />
                <span class="nav-words">
                    <bdi>{name}</bdi>
                </span>
            </a>
            <Menu id=id label=label icon=Icon::More items=items />
        </li>
    }
}

/// Asks for the name under which to keep the list that is shown.
pub(super) fn ask_to_save(arranging: Arranging, place: &Place, text: String) {
    let shown = Place {
        text,
        ..place.closed()
    };
    let question = Question::SaveView(shown.to_path());
    arranging.ask(question, Target::Items(Vec::new()));
}

/// Keeps the list that is shown under a name. There while it is narrowed or sorted by something.
#[component]
pub(super) fn SaveView() -> impl IntoView {
    let arranging = use_arranging();
    let items = use_items();
    let place = use_place();
    let worth_it =
        Memo::new(move |_| place.get().closed() != Place::default() || !items.text().is_empty());
    view! { class="v",
        <Show when=move || worth_it.get()>
            <IconButton
                icon=Icon::Plus
                label=t!("Save this view")
                on_press=move |()| {
                    ask_to_save(arranging, &place.get_untracked(), untrack(|| items.text()));
                }
            />
        </Show>
    }
}
