use keyarc_vault::TRASH_KEPT_DAYS;
use leptos::{ev, html, prelude::*, task::spawn_local};
use leptos_meta::Title;

use super::{
    actions::use_actions,
    arranging::use_arranging,
    detail::Detail,
    files_part::fetch_files_soon,
    frame::{Section, VaultFrame, pressed, use_panels},
    item_part::fetch_item_soon,
    list::{ListPane, ROW_HEIGHT},
    shortcuts::Shortcut,
    verbs::Verb,
};
use crate::{
    state::{Mode, Place, use_go, use_items, use_place, use_selection, use_session, use_toasts},
    ui::scroll_to_row,
    worker::{Command, Reply, use_worker},
};

/// The list and the open item.
#[component]
pub fn VaultPage() -> impl IntoView {
    view! { class="v",
        <Title text=t!("Vault · KeyArc") />
        <VaultFrame section=Section::Vault>
            <Panes />
        </VaultFrame>
    }
}

#[component]
fn Panes() -> impl IntoView {
    let items = use_items();
    let place = use_place();
    let scroller = NodeRef::<html::Div>::new();
    let search = NodeRef::<html::Input>::new();
    let query = Memo::new(move |_| place.with(|place| place.list_query()));
    Effect::new(move |_| {
        let mut query = query.get();
        // A search text that is kept out of the URL is not ended by the URL's silence.
        let typed = Place {
            text: untrack(|| items.text()),
            ..Place::default()
        };
        if typed.url_text() == query.text {
            query.text = typed.text;
        }
        items.show(query);
    });
    follow_keys(scroller, search);
    take_up_draft();
    empty_old_trash();
    fetch_item_soon();
    fetch_files_soon();
    // What is selected belongs to the list that is shown, however it is searched and sorted.
    let selection = use_selection();
    let list = Memo::new(move |_| place.with(Place::list));
    Effect::new(move |before: Option<Place>| {
        let now = list.get();
        if before.is_some_and(|before| before != now) {
            selection.clear();
        }
        now
    });
    let has_detail = move || place.with(|place| place.item.is_some() || place.mode == Mode::New);
    view! { class="v",
        <main class="panes" id="main" class:has-detail=has_detail>
            // On a phone the list gives way to the item, and its title with it.
            <h1 class="sr-only">{t!("Vault")}</h1>
            <ListPane scroller=scroller search=search />
            <Detail />
        </main>
    }
}

/// Opens the form that was half-written when the vault was locked.
fn take_up_draft() {
    let session = use_session();
    let worker = use_worker();
    let actions = use_actions();
    let toasts = use_toasts();
    Effect::new(move |_| {
        if !session.take_has_draft() {
            return;
        }
        spawn_local(async move {
            if let Ok(Reply::Draft(Some(draft))) = worker.call(Command::TakeDraft).await {
                actions.resume(*draft);
                toasts.say(t!("Your unsaved form is back."));
            }
        });
    });
}

/// Once the vault is open and something lies in the trash: what has been there for long enough
/// goes, and that is said.
fn empty_old_trash() {
    let facets = use_items().facets();
    let worker = use_worker();
    let toasts = use_toasts();
    // The effect's own, since it may run once more when the page is left.
    let mut asked = false;
    Effect::new(move |_| {
        if facets.with(|facets| facets.trash) == 0 || asked {
            return;
        }
        asked = true;
        spawn_local(async move {
            // Nothing is lost where it does not work: another time will do.
            let reply = worker.call(Command::EmptyOldTrash).await;
            if let Ok(Reply::TrashEmptied(count @ 1..)) = reply {
                toasts.say(tn!(
                    count,
                    "{count} item from the trash deleted for good, {days} days after being moved there.",
                    "{count} items from the trash deleted for good, {days} days after being moved there.",
                    days = TRASH_KEPT_DAYS
                ));
            }
        });
    });
}

/// Keys that belong to the list and the open item.
fn follow_keys(scroller: NodeRef<html::Div>, search: NodeRef<html::Input>) {
    let actions = use_actions();
    let items = use_items();
    let place = use_place();
    let go = use_go();
    let current = move || {
        let id = place.with_untracked(|place| place.item);
        let id = id.or_else(|| {
            items
                .cursor()
                .get_untracked()
                .and_then(|at| items.id_at(at))
        });
        id.and_then(|id| untrack(|| items.find(id)))
    };
    let move_to = move |row: u32| {
        items.cursor().set(Some(row));
        if let Some(scroller) = scroller.get_untracked() {
            scroll_to_row(&scroller, row, ROW_HEIGHT);
        }
        // On a phone the item would cover the list.
        let viewing = place.with_untracked(|place| place.mode == Mode::View);
        if let Some(id) = items.id_at(row)
            && viewing
            && is_wide()
        {
            go.instead(&place.get_untracked().with_item(id));
        }
    };
    let arranging = use_arranging();
    let selection = use_selection();
    let panels = use_panels();
    let extend = move |shortcut: Shortcut| {
        let total = untrack(|| items.total());
        let now = items.cursor().get_untracked();
        let Some(row) = next_row(shortcut, now, total) else {
            return;
        };
        items.cursor().set(Some(row));
        if let Some(scroller) = scroller.get_untracked() {
            scroll_to_row(&scroller, row, ROW_HEIGHT);
        }
        selection.extend(now.unwrap_or(row), row);
    };
    let arrange = move |verb: Verb| {
        let in_trash = untrack(|| arranging.in_trash());
        let Some(target) = arranging.target().filter(|_| verb.is_for(in_trash)) else {
            return false;
        };
        arranging.run(verb, target);
        true
    };
    let step = move |shortcut: Shortcut| {
        let total = untrack(|| items.total());
        let now = items.cursor().get_untracked();
        let now = now.or_else(|| {
            place
                .with_untracked(|p| p.item)
                .and_then(|id| items.index_of(id))
        });
        next_row(shortcut, now, total).map(move_to)
    };
    let handle = move |event: Option<&ev::KeyboardEvent>, shortcut: Shortcut| -> bool {
        match shortcut {
            Shortcut::Next | Shortcut::Previous | Shortcut::First | Shortcut::Last => {
                step(shortcut);
            }
            Shortcut::Search => {
                if let Some(search) = search.get_untracked() {
                    let _ = search.focus();
                    search.select();
                }
            }
            Shortcut::Open => {
                let Some(item) = current() else { return false };
                if place.with_untracked(|place| place.item) != Some(item.id) {
                    actions.open(item.id);
                }
                focus_detail();
            }
            Shortcut::Copy => {
                // Text that is marked is what somebody wants to copy.
                let Some(item) = current() else { return false };
                actions.copy(&item);
            }
            Shortcut::Edit => {
                let Some(item) = current().filter(|item| item.trashed_at_ms.is_none()) else {
                    return false;
                };
                let mut place = place.get_untracked().with_item(item.id);
                place.mode = Mode::Edit;
                go.to(&place);
            }
            Shortcut::Duplicate => {
                let Some(item) = current().filter(|item| item.trashed_at_ms.is_none()) else {
                    return false;
                };
                actions.duplicate(&item);
            }
            Shortcut::Print => {
                let Some(item) = current().filter(|item| item.trashed_at_ms.is_none()) else {
                    return false;
                };
                if place.with_untracked(|place| place.item) != Some(item.id) {
                    actions.open(item.id);
                }
                panels.printing.set(Some(item.id));
            }
            Shortcut::History => {
                let Some(item) = current() else { return false };
                actions.history(item.id);
            }
            Shortcut::Reveal => return press("reveal"),
            Shortcut::Rotate => return press("rotate"),
            Shortcut::Check => return press("check"),
            Shortcut::Select => {
                let open = place.with_untracked(|place| place.item);
                let row = items.cursor().get_untracked();
                let row = row.or_else(|| items.index_of(open?)).unwrap_or(0);
                let Some(id) = items.id_at(row) else {
                    return false;
                };
                items.cursor().set(Some(row));
                selection.toggle(id, row);
            }
            Shortcut::ExtendNext | Shortcut::ExtendPrevious => extend(shortcut),
            Shortcut::SelectAll => selection.all(),
            Shortcut::Move => return arrange(Verb::Move),
            Shortcut::Tag => return arrange(Verb::AddTags),
            Shortcut::Star => arranging.star(),
            Shortcut::Delete if untrack(|| selection.count()) > 0 => {
                return arrange(Verb::Trash);
            }
            Shortcut::Delete => {
                let Some(item) = current().filter(|item| item.trashed_at_ms.is_none()) else {
                    return false;
                };
                actions.trash(&item);
            }
            Shortcut::Back => {
                if event.is_some_and(|event| back(event, scroller, search)) {
                    return true;
                }
                let selecting = selection.is_begun();
                if selecting {
                    selection.clear();
                }
                return selecting;
            }
            Shortcut::Palette
            | Shortcut::New
            | Shortcut::Help
            | Shortcut::Dashboard
            | Shortcut::Vault => return false,
        }
        true
    };
    let back_to_list = move || {
        let here = place.get_untracked();
        if here.mode == Mode::View && here.item.is_some() {
            go.to(&here.closed());
            return true;
        }
        false
    };
    panels
        .keys
        .set_value(Some(Callback::new(move |shortcut| handle(None, shortcut))));
    on_cleanup(move || {
        let _ = panels.keys.try_set_value(None);
    });
    let listener = StoredValue::new(None);
    Effect::new(move |_| {
        let handle = window_event_listener(ev::keydown, move |event| {
            let Some(shortcut) = pressed(&event) else {
                return;
            };
            let editing = place.with_untracked(|place| place.mode != Mode::View);
            let of_list = matches!(
                shortcut,
                Shortcut::Search | Shortcut::Next | Shortcut::Previous
            );
            if editing && shortcut != Shortcut::Back && !of_list {
                return;
            }
            let done = handle(Some(&event), shortcut)
                || (shortcut == Shortcut::Back && editing && press("form-cancel"))
                || (shortcut == Shortcut::Back && editing && press("history-back"))
                || (shortcut == Shortcut::Back && !editing && back_to_list());
            if done {
                event.prevent_default();
            }
        });
        listener.set_value(Some(handle));
    });
    on_cleanup(move || {
        if let Some(Some(handle)) = listener.try_update_value(Option::take) {
            handle.remove();
        }
    });
}

/// From the search field back to the list.
fn back(
    event: &ev::KeyboardEvent,
    scroller: NodeRef<html::Div>,
    search: NodeRef<html::Input>,
) -> bool {
    use wasm_bindgen::JsCast;
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let in_search = search.get_untracked().is_some_and(|search| {
        let search: &web_sys::Element = search.as_ref();
        target.as_ref() == Some(search)
    });
    if in_search && let Some(list) = scroller.get_untracked() {
        let _ = list.focus();
    }
    in_search
}

/// Whether list and item stand side by side.
pub(super) fn is_wide() -> bool {
    let query = window().match_media("(min-width: 900px)").ok().flatten();
    query.is_none_or(|query| query.matches())
}

/// Moves the focus to the open item, for those who read or go on by keyboard there.
pub(super) fn focus_detail() {
    use wasm_bindgen::JsCast;
    // The item is shown after the effects of this turn.
    request_animation_frame(|| {
        let heading = document().get_element_by_id("detail-title");
        if let Some(heading) = heading.and_then(|el| el.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = heading.focus();
        }
    });
}

/// Some buttons know what they are about, and keys press them.
pub(super) fn press(id: &str) -> bool {
    use wasm_bindgen::JsCast;
    let button = document().get_element_by_id(id);
    match button.and_then(|el| el.dyn_into::<web_sys::HtmlElement>().ok()) {
        Some(button) => {
            button.click();
            true
        }
        None => false,
    }
}

/// Whether something of that id is on the page.
pub(super) fn is_there(id: &str) -> bool {
    document().get_element_by_id(id).is_some()
}

fn next_row(shortcut: Shortcut, now: Option<u32>, total: u32) -> Option<u32> {
    let last = total.checked_sub(1)?;
    Some(match (shortcut, now) {
        (Shortcut::Last, _) => last,
        (Shortcut::Next | Shortcut::ExtendNext, Some(now)) => now.saturating_add(1).min(last),
        (Shortcut::Previous | Shortcut::ExtendPrevious, Some(now)) => {
            now.saturating_sub(1).min(last)
        }
        _ => 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_stepped_within_the_list() {
        assert_eq!(next_row(Shortcut::Next, None, 5), Some(0));
        assert_eq!(next_row(Shortcut::Next, Some(4), 5), Some(4));
        assert_eq!(next_row(Shortcut::Previous, Some(0), 5), Some(0));
        assert_eq!(next_row(Shortcut::Previous, Some(9), 5), Some(4));
        assert_eq!(next_row(Shortcut::Last, None, 5), Some(4));
        assert_eq!(next_row(Shortcut::Next, Some(1), 0), None);
    }
}
