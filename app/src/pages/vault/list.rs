use std::time::Duration;

use keyarc_vault::Scope;
use leptos::{ev, html, prelude::*};

use super::{
    actions::use_actions,
    arrange::SelectionTold,
    arranging::use_arranging,
    filters::{KindMenu, SortMenu},
    folders::drag_row,
    onboarding::{Onboarding, SampleNote, is_new_vault},
    pace::Pace,
    row::{ItemRow, practise, press_row},
    tools_part::{Piece, ToolsPart},
    views::SaveView,
};
use crate::{
    state::{Debounce, ListStatus, Place, use_go, use_items, use_place, use_selection},
    ui::{
        Button, Confirm, EmptyState, ErrorState, Icon, IconView, Kbd, Look, SkeletonRows,
        VirtualList,
    },
    words::{number, shortened},
    worker::{Arrangement, Target},
};

/// How long after the rows are there a search is practised: they stand on the screen, and nobody
/// has typed yet.
const PRACTISE_AFTER: Duration = Duration::from_millis(150);

/// Rows are 56 pixels and a gap of 1.
pub(super) const ROW_HEIGHT: u32 = 57;

/// The middle pane.
#[component]
pub(super) fn ListPane(
    /// The scrolling list.
    scroller: NodeRef<html::Div>,
    /// The search field.
    search: NodeRef<html::Input>,
) -> impl IntoView {
    let items = use_items();
    let place = use_place();
    let actions = use_actions();
    let title = Memo::new(move |_| place.with(Place::title));
    let in_trash = Memo::new(move |_| place.with(|place| place.scope == Scope::Trash));
    let selection = use_selection();
    view! { class="v",
        <section class="list" aria-label=t!("List")>
            <header class="bar">
                <h2 class="bar-title">
                    <bdi>{move || title.get()}</bdi>
                </h2>
                <small aria-live="polite">
                    {move || {
                        (items.status() == ListStatus::Ready).then(|| number(items.total()))
                    }}
                    <span class="sr-only">{t!(" items")}</span>
                </small>
                <span class="gap"></span>
                {move || {
                    if in_trash.get() {
                        view! { class="v", <EmptyTrash /> }.into_any()
                    } else {
                        view! { class="v",
                            <Button
                                look=Look::Go
                                icon=Icon::Plus
                                on_press=move |()| actions.new_item()
                            >
                                {t!("New")}
                            </Button>
                        }
                            .into_any()
                    }
                }}
            </header>
            <div class="list-tools">
                <SearchField search=search />
                <div class="list-order">
                    <KindMenu />
                    <span class="gap"></span>
                    <SaveView />
                    <SortMenu />
                    <span class="only-touch">
                        <Button look=Look::Bare on_press=move |()| selection.begin_touch()>
                            {t!("Select")}
                        </Button>
                    </span>
                </div>
            </div>
            <SampleNote />
            <Rows scroller=scroller />
            <SelectionTold />
            <ToolsPart piece=Piece::Bar />
        </section>
    }
}

/// The search field. Each key asks the worker at once; the URL follows when typing pauses.
#[component]
fn SearchField(search: NodeRef<html::Input>) -> impl IntoView {
    let items = use_items();
    let place = use_place();
    let go = use_go();
    let soon = Debounce::new(Duration::from_millis(400));
    on_cleanup(move || soon.cancel());
    let typed = move |event: ev::Event| {
        let next = Place {
            text: event_target_value(&event),
            ..place.get_untracked()
        };
        items.show(next.list_query());
        soon.call(move || {
            let here = place.get_untracked();
            let next = Place {
                text: untrack(|| items.text()),
                ..here.clone()
            };
            if next.to_path() != here.to_path() {
                go.instead(&next);
            }
        });
    };
    view! { class="v",
        <div class="search" role="search">
            <IconView icon=Icon::Search />
            <input
                r#type="search"
                aria-label=t!("Search")
                placeholder=t!("Search")
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                aria-keyshortcuts="/"
                prop:value=move || items.text()
                node_ref=search
                on:input=typed
                on:keydown=move |event| {
                    if event.key() == "ArrowDown" || event.key() == "Enter" {
                        event.prevent_default();
                        let _ = event
                            .target()
                            .map(|_| document().get_element_by_id("items"))
                            .and_then(|list| list.map(focus));
                    }
                }
            />
            <Kbd keys="/" />
        </div>
    }
}

fn focus(element: web_sys::Element) {
    use wasm_bindgen::JsCast;
    if let Ok(element) = element.dyn_into::<web_sys::HtmlElement>() {
        let _ = element.focus();
    }
}

/// The rows, or what is there instead.
#[component]
fn Rows(scroller: NodeRef<html::Div>) -> impl IntoView {
    let items = use_items();
    let total = Signal::derive(move || items.total());
    #[derive(Clone, PartialEq)]
    enum Shown {
        Loading,
        Failed(String),
        Empty,
        Rows,
    }
    let shown = Memo::new(move |_| match items.status() {
        ListStatus::Loading => Shown::Loading,
        ListStatus::Failed(failure) => Shown::Failed(failure.to_string()),
        ListStatus::Ready if total.get() == 0 => Shown::Empty,
        ListStatus::Ready => Shown::Rows,
    });
    let selection = use_selection();
    let arranging = use_arranging();
    let actions = use_actions();
    // A finger scrolls; it would drag rows by accident.
    let drags = has_pointer();
    let pace = Pace::new();
    // The effect's own, since it may run once more when the list is left.
    let mut practised = false;
    Effect::new(move |_| {
        let Some(item) = items.row(0) else { return };
        if !practised {
            practised = true;
            set_timeout(move || practise(&item), PRACTISE_AFTER);
        }
    });
    let active = move || {
        let id = items.id_at(items.cursor().get()?)?;
        Some(format!("row-{id}"))
    };
    view! { class="v",
        {move || match shown.get() {
            Shown::Loading => view! { class="v", <SkeletonRows count=10 /> }.into_any(),
            Shown::Failed(detail) => {
                view! { class="v",
                    <ErrorState title=t!("The list could not be read") detail=detail>
                        <Button on_press=move |()| items.refresh()>{t!("Try again")}</Button>
                    </ErrorState>
                }
                    .into_any()
            }
            Shown::Empty => view! { class="v", <NoRows /> }.into_any(),
            Shown::Rows => {
                view! { class="v",
                    <div
                        class="rows"
                        id="items"
                        class:is-picking=move || selection.is_on()
                        class:by-touch=move || selection.is_by_touch()
                        role="listbox"
                        aria-multiselectable="true"
                        aria-label=t!("Items")
                        tabindex="0"
                        aria-activedescendant=active
                        node_ref=scroller
                        on:mousedown=keep_text_unmarked
                        on:click=move |event| press_row(&event, items, selection, actions)
                        on:dragstart=move |event| drag_row(arranging, &event)
                        on:dragend=move |_| arranging.dragged.set(None)
                    >
                        <VirtualList
                            total=total
                            row_height=ROW_HEIGHT
                            scroller=scroller
                            on_rows=move |rows| items.need(&rows)
                            row=move |index| view! { class="v", <ItemRow index=index drags=drags pace=pace /> }
                        />
                    </div>
                }
                    .into_any()
            }
        }}
    }
}

/// Shift extends the selection of rows, and not one of text.
fn keep_text_unmarked(event: ev::MouseEvent) {
    if event.shift_key() {
        event.prevent_default();
        if let Some(list) = document().get_element_by_id("items") {
            focus(list);
        }
    }
}

fn has_pointer() -> bool {
    let query = window().match_media("(pointer: fine)").ok().flatten();
    query.is_some_and(|query| query.matches())
}

/// Why the list is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Empty {
    NewVault,
    NoMatch,
    Scope(Scope),
}

/// Why there are no rows, and what to do.
#[component]
fn NoRows() -> impl IntoView {
    let items = use_items();
    let place = use_place();
    let go = use_go();
    let actions = use_actions();
    let why = Memo::new(move |_| {
        let here = place.get();
        if items.facets().with(|facets| is_new_vault(facets, &here)) {
            Empty::NewVault
        } else if here.is_narrowed() || !items.text().is_empty() {
            // The search text may be ahead of the URL.
            Empty::NoMatch
        } else {
            Empty::Scope(here.scope)
        }
    });
    let clear = move |()| {
        let all = Place {
            text: String::new(),
            kind: None,
            ..place.get_untracked().closed()
        };
        items.show(all.list_query());
        go.to(&all);
    };
    move || {
        match why.get() {
        Empty::NewVault => view! { class="v", <Onboarding /> }.into_any(),
        Empty::NoMatch => view! { class="v",
            <EmptyState icon=Icon::Search title=t!("No item matches")>
                <p>{t!("Search looks at names, providers, folders, tags and names of fields, never at secrets.")}</p>
                <Button on_press=clear>{t!("Clear search and filters")}</Button>
            </EmptyState>
        }
        .into_any(),
        Empty::Scope(scope) => {
            let (icon, title, text) = empty_words(scope);
            view! { class="v",
                <EmptyState icon=icon title=title>
                    <p>{text}</p>
                    {(scope == Scope::All)
                        .then(|| {
                            view! { class="v",
                                <Button icon=Icon::Plus on_press=move |()| actions.new_item()>
                                    {t!("New item")}
                                </Button>
                            }
                        })}
                </EmptyState>
            }
            .into_any()
        }
    }
    }
}

fn empty_words(scope: Scope) -> (Icon, &'static str, &'static str) {
    match scope {
        Scope::Expiring => (
            Icon::Clock,
            t!("Nothing is due soon"),
            t!("Items that expire or are to be rotated come here 30 days before."),
        ),
        Scope::Favourites => (
            Icon::Star,
            t!("No favourites yet"),
            t!("Star what you need often, and it is here."),
        ),
        Scope::Recent => (
            Icon::Clock,
            t!("Nothing was used yet"),
            t!("What you open, copy or edit comes here, until the vault is locked."),
        ),
        Scope::Trash => (
            Icon::Trash,
            t!("The trash is empty"),
            t!("Deleted items wait here for 30 days, and can be restored until then."),
        ),
        Scope::All => (
            Icon::Folder,
            t!("Nothing is here"),
            t!("What you save appears here."),
        ),
    }
}

/// Deletes everything in the trash, after asking.
#[component]
fn EmptyTrash() -> impl IntoView {
    let items = use_items();
    let arranging = use_arranging();
    let asking = RwSignal::new(false);
    let total = move || items.facets().with(|facets| facets.trash);
    let detail = Signal::derive(move || {
        let first = items
            .row(0)
            .map(|row| shortened(&row.name))
            .unwrap_or_default();
        match total() {
            0 => String::new(),
            1 => t!(
                "{first} and its secret are lost. Nobody can bring it back.",
                first
            ),
            count => tn!(
                count - 1,
                "{first} and {count} other item are lost with their secrets. Nobody can bring them back.",
                "{first} and {count} other items are lost with their secrets. Nobody can bring them back.",
                first
            ),
        }
    });
    let empty = move |()| arranging.send(Target::Trash, Arrangement::Purge, None);
    view! { class="v",
        <Show when=move || { total() > 0 }>
            <Button look=Look::Danger on_press=move |()| asking.set(true)>
                {t!("Empty trash")}
            </Button>
        </Show>
        <Confirm
            open=asking
            title=t!("Empty the trash?")
            detail=detail
            verb=t!("Delete for good")
            on_confirm=empty
        />
    }
}
