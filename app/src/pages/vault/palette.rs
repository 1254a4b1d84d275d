use std::sync::Arc;

use keyarc_vault::{ItemSummary, Scope};
use leptos::{ev, html, prelude::*, task::spawn_local};

use super::{
    actions::{Actions, use_actions},
    deeds::{Deed, use_deeds},
    frame::use_panels,
    page::{is_there, press},
    row::RowFace,
};
use crate::{
    state::{Go, Place, Session, ThemeState, use_go, use_place, use_session, use_theme},
    theme::Theme,
    ui::{Icon, IconView, Kbd},
    worker::{Command, Reply, use_worker},
};

/// Items offered at a time.
const MOST_ITEMS: u32 = 8;
/// Things to do in the list, and places of it, offered at a time.
const MOST_DEEDS: usize = 20;

#[derive(Clone)]
enum Entry {
    Item(Box<ItemSummary>),
    Action(Action),
    Deed(Deed),
}

/// Finds any item and does anything, from the keyboard.
#[component]
pub(super) fn Palette(
    /// Whether its window is open.
    open: RwSignal<bool>,
    /// What is typed.
    text: RwSignal<String>,
) -> impl IntoView {
    let worker = use_worker();
    let actions = use_actions();
    let input = NodeRef::<html::Input>::new();
    let found = RwSignal::new(Vec::<ItemSummary>::new());
    let active = RwSignal::new(0_usize);
    let asked = StoredValue::new(0_u32);
    // What is shown may be of fewer letters than were typed. Whoever presses Enter by then means
    // what will be shown.
    let answered = StoredValue::new(0_u32);
    let pressed = StoredValue::new(None::<bool>);
    let verbs = use_verbs();
    // As things are when the palette opens.
    let deeds = StoredValue::new(use_deeds().all());
    crate::ui::focus_on_mount(input);
    let entries = Memo::new_with_compare(
        move |_| {
            let items = found.get().into_iter().map(Box::new).map(Entry::Item);
            let actions = Action::ALL
                .into_iter()
                .filter(|a| matches(a.words(), &text.read()) && verbs.offers(*a));
            let found = deeds.with_value(|deeds| {
                let text = &text.read();
                let found = deeds.iter().filter(|deed| matches(&deed.words, text));
                // Without a text they are too many to look through.
                let most = if text.trim().is_empty() {
                    0
                } else {
                    MOST_DEEDS
                };
                found
                    .take(most)
                    .cloned()
                    .map(Entry::Deed)
                    .collect::<Vec<_>>()
            });
            items
                .chain(actions.map(Entry::Action))
                .chain(found)
                .collect::<Vec<_>>()
        },
        |_, _| true,
    );
    let choose = move |entry: Entry, copy: bool| {
        open.set(false);
        match entry {
            Entry::Item(item) if copy => actions.copy(&item),
            Entry::Item(item) => actions.open_anywhere(item.id),
            Entry::Action(action) => verbs.run(action),
            Entry::Deed(deed) => deed.run.run(()),
        }
    };
    let choose_active = move |copy: bool| {
        let now = active.get_untracked();
        let entry = entries.with_untracked(|entries| entries.get(now).cloned());
        if let Some(entry) = entry {
            choose(entry, copy);
        }
    };
    Effect::new(move |_| {
        let mut query = Place {
            text: text.get(),
            ..Place::default()
        }
        .list_query();
        query.limit = MOST_ITEMS;
        asked.update_value(|asked| *asked += 1);
        // More was typed after it.
        pressed.set_value(None);
        let number = asked.get_value();
        spawn_local(async move {
            let reply = worker.call(Command::List(query)).await;
            if asked.try_get_value() != Some(number) {
                return;
            }
            // What was found for fewer letters is not to be chosen by accident.
            found.set(match reply {
                Ok(Reply::List(view)) => view.rows,
                _ => Vec::new(),
            });
            active.set(0);
            answered.set_value(number);
            if let Some(copy) = pressed.try_update_value(Option::take).flatten() {
                choose_active(copy);
            }
        });
    });
    let keydown = move |event: ev::KeyboardEvent| {
        let count = entries.with_untracked(Vec::len);
        let now = active.get_untracked();
        match event.key().as_str() {
            "ArrowDown" => active.set(if now + 1 < count { now + 1 } else { 0 }),
            "ArrowUp" => active.set(now.checked_sub(1).unwrap_or(count.saturating_sub(1))),
            "Enter" => {
                let copy = !(event.ctrl_key() || event.meta_key());
                if answered.get_value() == asked.get_value() {
                    choose_active(copy);
                } else {
                    pressed.set_value(Some(copy));
                }
            }
            _ => return,
        }
        event.prevent_default();
        show_active();
    };
    let option_id = |at: usize| format!("palette-{at}");
    view! { class="v",
        <div class="palette-input">
            <IconView icon=Icon::Search />
            <input
                r#type="text"
                role="combobox"
                aria-label=t!("Find anything")
                aria-expanded="true"
                aria-autocomplete="list"
                aria-controls="palette-list"
                aria-activedescendant=move || option_id(active.get())
                placeholder=t!("Find an item or an action")
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                prop:value=move || text.get()
                node_ref=input
                on:input=move |event| text.set(event_target_value(&event))
                on:keydown=keydown
            />
            <Kbd keys="Esc" />
        </div>
        <div class="palette-list" id="palette-list" role="listbox" aria-label=t!("Results")>
            {move || {
                entries
                    .get()
                    .into_iter()
                    .enumerate()
                    .map(|(at, entry)| {
                        let chosen = entry.clone();
                        view! { class="v",
                            <div
                                class="palette-row"
                                role="option"
                                id=option_id(at)
                                aria-selected=move || if active.get() == at { "true" } else { "false" }
                                on:click=move |_| choose(chosen.clone(), false)
                                on:mousemove=move |_| {
                                    if active.get_untracked() != at {
                                        active.set(at);
                                    }
                                }
                            >
                                {face(entry)}
                            </div>
                        }
                    })
                    .collect_view()
            }}
            <Show when=move || entries.with(Vec::is_empty)>
                <p class="palette-none">{t!("Nothing matches.")}</p>
            </Show>
        </div>
        <footer class="palette-foot" aria-hidden="true">
            <span>
                <Kbd keys="↵" />
                {t!("copies")}
            </span>
            <span>
                <Kbd keys="Ctrl ↵" />
                {t!("opens")}
            </span>
            <span>
                <Kbd keys="↑" />
                <Kbd keys="↓" />
                {t!("moves")}
            </span>
        </footer>
    }
}

fn face(entry: Entry) -> AnyView {
    match entry {
        Entry::Item(item) => view! { class="v", <RowFace item=Arc::new(*item) /> }.into_any(),
        Entry::Action(action) => view! { class="v",
            <span class="palette-icon">
                <IconView icon=action.icon() />
            </span>
            <span class="row-text">{action.words()}</span>
        }
        .into_any(),
        Entry::Deed(deed) => view! { class="v",
            <span class="palette-icon">
                <IconView icon=deed.icon />
            </span>
            <span class="row-text">
                <bdi>{deed.words}</bdi>
            </span>
        }
        .into_any(),
    }
}

/// Keeps the active row in view, once it is marked.
fn show_active() {
    request_animation_frame(|| {
        let row = document()
            .query_selector(".palette-row[aria-selected=true]")
            .ok()
            .flatten();
        if let Some(row) = row {
            row.scroll_into_view_with_bool(false);
        }
    });
}

/// Every word of the text begins a word of the action.
fn matches(words: &str, text: &str) -> bool {
    let words = words.to_lowercase();
    text.to_lowercase()
        .split_whitespace()
        .all(|part| words.split_whitespace().any(|word| word.starts_with(part)))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    New,
    History,
    Import,
    Export,
    Moment,
    Check,
    Checks,
    All,
    Dashboard,
    Reminders,
    Expiring,
    Favourites,
    Recent,
    Trash,
    Lock,
    Settings,
    Keyboard,
    Theme,
}

impl Action {
    const ALL: [Self; 18] = [
        Self::New,
        Self::History,
        Self::Import,
        Self::Export,
        Self::Moment,
        Self::Check,
        Self::Checks,
        Self::All,
        Self::Dashboard,
        Self::Reminders,
        Self::Expiring,
        Self::Favourites,
        Self::Recent,
        Self::Trash,
        Self::Lock,
        Self::Settings,
        Self::Keyboard,
        Self::Theme,
    ];

    fn words(self) -> &'static str {
        match self {
            Self::New => t!("New item"),
            Self::History => t!("Show the history of the open item"),
            Self::Import => t!("Import a .env file"),
            Self::Export => t!("Export the vault"),
            Self::Moment => t!("Look at the vault as it was"),
            Self::Check => t!("Test this key"),
            Self::Checks => t!("Test all keys"),
            Self::All => t!("Go to all items"),
            Self::Dashboard => t!("Go to dashboard"),
            Self::Reminders => t!("Go to reminders"),
            Self::Expiring => t!("Go to what is due soon"),
            Self::Favourites => t!("Go to favourites"),
            Self::Recent => t!("Go to recent"),
            Self::Trash => t!("Go to the trash"),
            Self::Lock => t!("Lock the vault"),
            Self::Settings => t!("Open settings"),
            Self::Keyboard => t!("Show keyboard shortcuts"),
            Self::Theme => t!("Switch between light and dark theme"),
        }
    }

    fn icon(self) -> Icon {
        match self {
            Self::New => Icon::Plus,
            Self::History => Icon::Clock,
            Self::Import => Icon::Import,
            Self::Export => Icon::Download,
            Self::Check | Self::Checks => Icon::Check,
            Self::All => Icon::List,
            Self::Dashboard => Icon::Chart,
            Self::Reminders => Icon::Bell,
            Self::Expiring | Self::Moment => Icon::Clock,
            Self::Favourites => Icon::Star,
            Self::Recent => Icon::Undo,
            Self::Trash => Icon::Trash,
            Self::Lock => Icon::Lock,
            Self::Settings => Icon::Settings,
            Self::Keyboard => Icon::Keyboard,
            Self::Theme => Icon::Contrast,
        }
    }
}

#[derive(Clone, Copy)]
struct Verbs {
    actions: Actions,
    go: Go,
    session: Session,
    theme: ThemeState,
    help: RwSignal<bool>,
    place: Memo<Place>,
}

fn use_verbs() -> Verbs {
    Verbs {
        actions: use_actions(),
        go: use_go(),
        session: use_session(),
        theme: use_theme(),
        help: use_panels().help,
        place: use_place(),
    }
}

impl Verbs {
    /// Whether there is something to do it with: only an open item has a history, and some have
    /// something to press.
    fn offers(self, action: Action) -> bool {
        match action {
            Action::History => self.place.with_untracked(|place| place.item.is_some()),
            Action::Check => is_there("check"),
            _ => true,
        }
    }

    fn run(self, action: Action) {
        let scope = |scope: Scope| {
            self.go.to(&Place {
                scope,
                ..Place::default()
            })
        };
        match action {
            Action::New => self.actions.new_item(),
            Action::History => {
                if let Some(item) = self.place.with_untracked(|place| place.item) {
                    self.actions.history(item);
                }
            }
            Action::Import => self.go.path("/vault/import"),
            Action::Export => self.go.path("/vault/export"),
            Action::Moment => self.go.path("/vault/moment"),
            Action::Check => drop(press("check")),
            Action::Checks => self.go.path("/vault/checks"),
            Action::All => scope(Scope::All),
            Action::Dashboard => self.go.path("/vault/dashboard"),
            Action::Reminders => self.go.path("/vault/reminders"),
            Action::Expiring => scope(Scope::Expiring),
            Action::Favourites => scope(Scope::Favourites),
            Action::Recent => scope(Scope::Recent),
            Action::Trash => scope(Scope::Trash),
            Action::Lock => self.session.lock(),
            Action::Settings => self.go.path("/settings"),
            Action::Keyboard => self.help.set(true),
            Action::Theme => {
                let dark = match untrack(|| self.theme.get()) {
                    Theme::Dark => true,
                    Theme::Light => false,
                    Theme::System => window()
                        .match_media("(prefers-color-scheme: dark)")
                        .ok()
                        .flatten()
                        .is_some_and(|query| query.matches()),
                };
                self.theme
                    .set(if dark { Theme::Light } else { Theme::Dark });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_found_by_the_beginnings_of_their_words() {
        assert!(matches("Go to the trash", "tra"));
        assert!(matches("Go to the trash", "GO tr"));
        assert!(matches("Import a .env file", ".env"));
        assert!(!matches("Go to the trash", "rash"));
        assert!(matches("anything", ""));
    }
}
