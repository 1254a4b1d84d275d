use std::sync::Arc;

use keyarc_vault::{FoundIn, ItemSummary, Kind};
use leptos::{ev, prelude::*};

use super::{
    actions::use_actions,
    check_words::{outcome_tone, outcome_word},
    expiry_badge::DueBadge,
};
use crate::{
    state::{use_items, use_place, use_selection},
    ui::{Badge, EnvironmentDot, Icon, IconView},
    words::{ago_now, capitalised, days_left, kind, now_ms},
};

/// A row of the list, by its position. What stands there changes; the element stays.
#[component]
pub(super) fn ItemRow(
    /// Position in the whole list.
    index: u32,
    /// It can be dragged to a folder.
    drags: bool,
) -> impl IntoView {
    let items = use_items();
    let place = use_place();
    let actions = use_actions();
    let summary = Memo::new(move |_| items.row(index));
    let known = Memo::new(move |_| summary.with(Option::is_some));
    let id = move || summary.with(|s| s.as_ref().map(|s| s.id));
    let selection = use_selection();
    // Open, and selected.
    let state = Memo::new(move |_| match id() {
        None => (false, false),
        Some(id) => (
            place.with(|place| place.item) == Some(id),
            selection.has(id),
        ),
    });
    let active = Memo::new(move |_| items.cursor().get() == Some(index));
    let press = move |event: ev::MouseEvent| {
        let Some(id) = untrack(id) else { return };
        let before = items.cursor().get_untracked();
        items.cursor().set(Some(index));
        if event.shift_key() {
            selection.extend(before.unwrap_or(index), index);
        } else if event.ctrl_key() || event.meta_key() || picks(&event) {
            selection.toggle(id, index);
        } else {
            actions.open(id);
        }
    };
    view! { class="v",
        <div
            class="row"
            class:is-active=move || active.get()
            role="option"
            id=move || id().map(|id| format!("row-{id}"))
            aria-selected=move || if state.get().1 { "true" } else { "false" }
            aria-current=move || state.get().0.then_some("true")
            draggable=drags.then_some("true")
            aria-posinset=(index + 1).to_string()
            aria-setsize=move || items.total().to_string()
            on:click=press
        >
            <i class="row-check"></i>
            {move || {
                if known.get() {
                    view! { class="v", <RowFace summary=summary /> }.into_any()
                } else {
                    view! { class="v", <i class="skeleton skeleton-name"></i> }.into_any()
                }
            }}
        </div>
    }
}

/// Whether a press on a row selects it: on its box, or anywhere while a finger selects.
fn picks(event: &ev::MouseEvent) -> bool {
    use wasm_bindgen::JsCast;
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let is_in = |selector: &str| {
        target
            .as_ref()
            .is_some_and(|target| target.closest(selector).ok().flatten().is_some())
    };
    is_in(".row-check, .row-mark") || is_in(".by-touch")
}

/// What a row shows of an item. Each part follows the item on its own: while somebody types a
/// search, every row shows another item at every key, and most parts of it stay.
#[component]
pub fn RowFace(
    /// The item; `None` shows nothing.
    #[prop(into)]
    summary: Signal<Option<Arc<ItemSummary>>>,
) -> impl IntoView {
    let mark = part(summary, |item| item.mark.clone());
    let name = part(summary, |item| runs(&item.name, &item.matches));
    let favourite = part(summary, |item| item.favourite);
    let environment = part(summary, |item| item.environment.clone());
    let who = part(summary, |item| match &item.provider_name {
        Some(provider) => (provider.clone(), provider_matches(item).to_vec()),
        None => (kind(item.kind).to_owned(), Vec::new()),
    });
    let hint = part(summary, row_hint);
    let when = part(summary, |item| {
        (item.trashed_at_ms, item.due(), item.updated_at_ms)
    });
    // What the provider itself refused.
    let refused = part(summary, |item| {
        let last = item.checks.first().map(|last| last.outcome);
        last.filter(|outcome| outcome.is_refusal())
    });
    view! { class="v",
        <span class="row-mark" aria-hidden="true">
            {move || mark.get()}
        </span>
        <span class="row-text">
            <strong>
                {move || {
                    favourite
                        .get()
                        .then(|| {
                            view! { class="v",
                                <span class="row-star">
                                    <IconView icon=Icon::Star />
                                    <span class="sr-only">"favourite"</span>
                                </span>
                            }
                        })
                }}
                <bdi>{move || highlighted(name.get())}</bdi>
            </strong>
            <span class="row-sub">
                {move || {
                    environment
                        .get()
                        .map(|name| {
                            view! { class="v",
                                <EnvironmentDot environment=name.clone() />
                                <span class="sr-only">{capitalised(&name)}</span>
                            }
                        })
                }}
                <span>
                    {move || match who.get() {
                        (who, matches) if matches.is_empty() => who.into_any(),
                        (who, matches) => highlighted(runs(&who, &matches)).into_any(),
                    }}
                </span>
                {move || match hint.get() {
                    Hint::Secret(hint) => {
                        view! { class="v",
                            <span class="row-hint" translate="no">
                                <bdi>{hint}</bdi>
                            </span>
                        }
                            .into_any()
                    }
                    Hint::Found(place, found) => {
                        view! { class="v",
                            <span class="row-found">
                                {place}
                                <bdi>{highlighted(found)}</bdi>
                            </span>
                        }
                            .into_any()
                    }
                }}
            </span>
        </span>
        {move || {
            refused
                .get()
                .map(|outcome| {
                    view! { class="v",
                        <Badge tone=outcome_tone(outcome)>{outcome_word(outcome)}</Badge>
                    }
                })
        }}
        {move || match when.get() {
            (Some(trashed), ..) => {
                view! { class="v",
                    <span class="row-time">{days_left(trashed, now_ms() as u64)}</span>
                }
                    .into_any()
            }
            (None, Some(due), _) => {
                view! { class="v", <DueBadge due=due short=true /> }.into_any()
            }
            (None, None, updated) => {
                view! { class="v", <span class="row-time">{ago_now(updated)}</span> }.into_any()
            }
        }}
    }
}

/// One part of what a row shows, which changes only when that part does.
fn part<T: Clone + Default + PartialEq + Send + Sync + 'static>(
    summary: Signal<Option<Arc<ItemSummary>>>,
    pick: fn(&ItemSummary) -> T,
) -> Memo<T> {
    Memo::new(move |_| summary.with(|item| item.as_deref().map(pick).unwrap_or_default()))
}

/// What stands last in a row.
#[derive(Debug, Clone, PartialEq)]
enum Hint {
    /// A remainder of the secret.
    Secret(String),
    /// What a search found that the row does not show otherwise: where, and the text.
    Found(&'static str, Vec<(String, bool)>),
}

impl Default for Hint {
    fn default() -> Self {
        Self::Secret(String::new())
    }
}

fn row_hint(summary: &ItemSummary) -> Hint {
    let unseen = summary
        .found
        .iter()
        .find_map(|found| Some((found_words(found.place)?, found)));
    match (unseen, summary.kind) {
        (Some((place, found)), _) => Hint::Found(place, runs(&found.text, &found.matches)),
        // The kind stands before it already.
        (None, Kind::Note) => Hint::default(),
        (None, _) => Hint::Secret(summary.hint.clone()),
    }
}

/// Before what was found. The provider stands in every row.
fn found_words(place: FoundIn) -> Option<&'static str> {
    match place {
        FoundIn::Provider => None,
        FoundIn::Folder => Some("in folder: "),
        FoundIn::Environment => Some("in environment: "),
        FoundIn::Tag => Some("in tag: "),
        FoundIn::Field => Some("in field: "),
    }
}

fn provider_matches(summary: &ItemSummary) -> &[u32] {
    let found = summary
        .found
        .iter()
        .find(|found| found.place == FoundIn::Provider);
    found.map_or(&[], |found| &found.matches)
}

/// A name with what the search matched set off.
fn highlighted(runs: Vec<(String, bool)>) -> impl IntoView + use<> {
    runs.into_iter()
        .map(|(text, matched)| {
            if matched {
                view! { class="v", <mark>{text}</mark> }.into_any()
            } else {
                text.into_any()
            }
        })
        .collect_view()
}

/// Cuts a name into runs that match and runs that do not. `matches` are character positions in
/// ascending order.
fn runs(name: &str, matches: &[u32]) -> Vec<(String, bool)> {
    let mut runs: Vec<(String, bool)> = Vec::new();
    let mut matches = matches.iter().copied().peekable();
    for (at, c) in (0_u32..).zip(name.chars()) {
        while matches.next_if(|next| *next < at).is_some() {}
        let matched = matches.peek() == Some(&at);
        match runs.last_mut() {
            Some((text, same)) if *same == matched => text.push(c),
            _ => runs.push((c.to_string(), matched)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cut_where_matches_begin_and_end() {
        let cut = |name: &str, matches: &[u32]| {
            runs(name, matches)
                .into_iter()
                .map(|(text, on)| if on { format!("[{text}]") } else { text })
                .collect::<String>()
        };
        assert_eq!(cut("Stripe live", &[0, 1, 7]), "[St]ripe [l]ive");
        assert_eq!(cut("Müller", &[1, 2]), "M[ül]ler");
        assert_eq!(cut("abc", &[]), "abc");
        assert_eq!(cut("abc", &[2, 9]), "ab[c]");
        assert_eq!(cut("", &[0]), "");
    }
}
