use std::sync::Arc;

use keyarc_vault::{Day, Found, FoundIn, ItemSummary, Kind, Rotation};
use keyarc_wire::ItemId;
use leptos::{
    ev,
    mount::mount_to,
    prelude::*,
    task::{spawn_local, tick},
};
use wasm_bindgen::JsCast;

use super::{
    actions::Actions,
    check_words::{outcome_tone, outcome_word},
    expiry_badge::DueBadge,
    pace::{Pace, Waits},
};
use crate::{
    language::known,
    state::{Items, Selection, use_items, use_place, use_selection},
    ui::{Badge, EnvironmentDot, Icon, IconView, once_pictured},
    words::{ago_now, capitalised, days_left, kind, now_ms},
};

/// All that a row of the list shows.
#[derive(Clone, PartialEq)]
struct Shown {
    /// `None` while it is on its way.
    item: Option<Arc<ItemSummary>>,
    /// How many rows the list has.
    total: u32,
    /// The keyboard is on it.
    is_active: bool,
    is_open: bool,
    is_selected: bool,
}

/// A row of the list, by its position. What stands there changes; the element stays.
///
/// A row has one effect and not one for each of its parts: while somebody types a search, every
/// row shows another item at every key, and looking at all of it costs less than finding out
/// what of it to look at.
#[component]
pub(super) fn ItemRow(
    /// Position in the whole list.
    index: u32,
    /// It can be dragged to a folder.
    drags: bool,
    /// When what it shows may change.
    pace: Pace,
) -> impl IntoView {
    let items = use_items();
    let place = use_place();
    let selection = use_selection();
    let latest = Memo::new(move |_| {
        let item = items.row(index);
        let id = item.as_ref().map(|item| item.id);
        Shown {
            total: items.total(),
            is_active: items.cursor().get() == Some(index),
            is_open: id.is_some() && place.with(|place| place.item) == id,
            is_selected: id.is_some_and(|id| selection.has(id)),
            item,
        }
    });
    let shown = RwSignal::new(latest.get_untracked());
    let waits = Waits::default();
    Effect::new(move |_| {
        let differs = move || {
            let same = latest
                .try_with_untracked(|latest| shown.try_with_untracked(|shown| latest == shown));
            same.flatten() == Some(false)
        };
        latest.track();
        if differs() {
            pace.change(&waits, move || {
                if differs() {
                    shown.set(latest.get_untracked());
                }
            });
        }
    });
    move || row(index, drags, shown.get())
}

/// The element of a row.
fn row(index: u32, drags: bool, shown: Shown) -> impl IntoView {
    let Shown {
        item,
        total,
        is_active,
        is_open,
        is_selected,
    } = shown;
    let id = item.as_ref().map(|item| format!("row-{}", item.id));
    view! { class="v",
        <div
            class="row"
            class:is-active=is_active
            role="option"
            id=id
            aria-selected=if is_selected { "true" } else { "false" }
            aria-current=is_open.then_some("true")
            draggable=drags.then_some("true")
            aria-posinset=index + 1
            aria-setsize=total
        >
            <i class="row-check"></i>
            {match item {
                Some(item) => view! { class="v", <RowFace item=item /> }.into_any(),
                None => view! { class="v", <i class="skeleton skeleton-name"></i> }.into_any(),
            }}
        </div>
    }
}

/// Shows in a row that stands in no document, one after the other, what a search makes of an item.
///
/// A browser compiles code when it first runs. What changes rows would run at the first letter of
/// the first search, in the very picture that somebody waits for.
pub(super) fn practise(item: &ItemSummary) {
    let Ok(nowhere) = document().create_element("div") else {
        return;
    };
    let steps = practice(item);
    let shown = ArcRwSignal::new(Shown {
        item: None,
        total: 1,
        is_active: false,
        is_open: false,
        is_selected: false,
    });
    let mounted = mount_to(nowhere.unchecked_into(), {
        let shown = shown.clone();
        move || move || row(0, false, shown.get())
    });
    spawn_local(async move {
        for step in steps {
            shown.update(|shown| shown.item = Some(Arc::new(step)));
            tick().await;
        }
        drop(mounted);
    });
}

/// An item in the states that a row has a look of its own for.
fn practice(item: &ItemSummary) -> [ItemSummary; 5] {
    let found = |place| Found {
        place,
        text: "ab".to_owned(),
        matches: vec![0],
    };
    let plain = ItemSummary {
        name: "abc".to_owned(),
        environment: None,
        favourite: false,
        expires_on: None,
        rotation: Rotation::default(),
        matches: Vec::new(),
        found: Vec::new(),
        ..item.clone()
    };
    let by_name = ItemSummary {
        matches: vec![0, 2],
        environment: Some("production".to_owned()),
        ..plain.clone()
    };
    let by_folder = ItemSummary {
        found: vec![found(FoundIn::Folder)],
        favourite: true,
        expires_on: Some(Day(0)),
        ..plain.clone()
    };
    let by_provider = ItemSummary {
        provider_name: Some("abc".to_owned()),
        found: vec![found(FoundIn::Provider)],
        matches: vec![1],
        ..plain.clone()
    };
    [plain.clone(), by_name, by_folder, by_provider, plain]
}

/// What a press in the list does: it opens the item of the row, or selects it.
pub(super) fn press_row(
    event: &ev::MouseEvent,
    items: Items,
    selection: Selection,
    actions: Actions,
) {
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let closest = |selector: &str| {
        target
            .as_ref()
            .and_then(|target| target.closest(selector).ok().flatten())
    };
    // What the row shows, which may be a picture behind what stands there by now.
    let row = closest("[role=option]");
    let pressed = row.as_ref().and_then(|row| {
        let position: u32 = row.get_attribute("aria-posinset")?.parse().ok()?;
        let id: ItemId = row.id().strip_prefix("row-")?.parse().ok()?;
        Some((position.checked_sub(1)?, id))
    });
    let (Some(row), Some((index, id))) = (row, pressed) else {
        return;
    };
    let before = items.cursor().get_untracked();
    items.cursor().set(Some(index));
    // On its box, or anywhere while a finger selects.
    let picks = closest(".row-check, .row-mark, .by-touch").is_some();
    if event.shift_key() {
        selection.extend(before.unwrap_or(index), index);
    } else if event.ctrl_key() || event.meta_key() || picks {
        selection.toggle(id, index);
    } else {
        // That the row was pressed is seen first. A vault that was locked since opens nothing.
        once_pictured(move || {
            if row.is_connected() {
                actions.open(id);
            }
        });
    }
}

/// What a row shows of an item.
#[component]
pub fn RowFace(
    /// The item.
    item: Arc<ItemSummary>,
) -> impl IntoView {
    // What the provider itself refused stands before what is due: it does not work now.
    let refused = item.checks.first().map(|last| last.outcome);
    let refused = refused.filter(|outcome| outcome.is_refusal());
    view! { class="v",
        <span class="row-mark" aria-hidden="true">
            {item.mark.clone()}
        </span>
        <span class="row-text">
            <strong>
                {item
                    .favourite
                    .then(|| {
                        view! { class="v",
                            <span class="row-star">
                                <IconView icon=Icon::Star />
                                <span class="sr-only">{t!("favourite")}</span>
                            </span>
                        }
                    })}
                <bdi>{highlighted(runs(&item.name, &item.matches))}</bdi>
            </strong>
            <span class="row-sub">
                {item
                    .environment
                    .clone()
                    .map(|name| {
                        view! { class="v",
                            <EnvironmentDot environment=name.clone() />
                            <span class="sr-only">{capitalised(&name)}</span>
                        }
                    })}
                <span>
                    {match &item.provider_name {
                        Some(provider) => highlighted(runs(provider, provider_matches(&item))),
                        None => highlighted(runs(kind(item.kind), &[])),
                    }}
                </span>
                <RowHint hint=row_hint(&item) />
            </span>
        </span>
        {match (refused, item.trashed_at_ms, item.due()) {
            (_, Some(trashed), _) => {
                view! { class="v",
                    <span class="row-time">{days_left(trashed, now_ms() as u64)}</span>
                }
                    .into_any()
            }
            (Some(outcome), ..) => {
                view! { class="v",
                    <Badge tone=outcome_tone(outcome)>{outcome_word(outcome)}</Badge>
                }
                    .into_any()
            }
            (None, None, Some(due)) => {
                view! { class="v", <DueBadge due=due short=true /> }.into_any()
            }
            (None, None, None) => {
                view! { class="v", <span class="row-time">{ago_now(item.updated_at_ms)}</span> }
                    .into_any()
            }
        }}
    }
}

/// One element whatever it shows, so that it stays while a search is typed.
#[component]
fn RowHint(hint: Hint) -> impl IntoView {
    let (class, place, text) = match hint {
        Hint::Secret(hint) => ("row-hint", "", runs(&hint, &[])),
        Hint::Found(place, found) => ("row-found", place, found),
    };
    view! { class="v",
        <span class=class translate=(class == "row-hint").then_some("no")>
            {place}
            <bdi>{highlighted(text)}</bdi>
        </span>
    }
}

/// What stands last in a row.
enum Hint {
    /// A remainder of the secret.
    Secret(String),
    /// What a search found that the row does not show otherwise: where, and the text.
    Found(&'static str, Vec<Run>),
}

fn row_hint(summary: &ItemSummary) -> Hint {
    let unseen = summary
        .found
        .iter()
        .find_map(|found| Some((found_words(found.place)?, found)));
    match (unseen, summary.kind) {
        (Some((place, found)), _) => Hint::Found(place, runs(&found.text, &found.matches)),
        // The kind stands before it already.
        (None, Kind::Note) => Hint::Secret(String::new()),
        // What is said of a set are words, not a piece of it.
        (None, Kind::EnvironmentSet) => Hint::Secret(known(&summary.hint)),
        (None, _) => Hint::Secret(summary.hint.clone()),
    }
}

/// Before what was found. The provider stands in every row.
fn found_words(place: FoundIn) -> Option<&'static str> {
    match place {
        FoundIn::Provider => None,
        FoundIn::Folder => Some(t!("in folder: ")),
        FoundIn::Environment => Some(t!("in environment: ")),
        FoundIn::Tag => Some(t!("in tag: ")),
        FoundIn::Field => Some(t!("in field: ")),
        FoundIn::File => Some(t!("in file: ")),
    }
}

fn provider_matches(summary: &ItemSummary) -> &[u32] {
    let found = summary
        .found
        .iter()
        .find(|found| found.place == FoundIn::Provider);
    found.map_or(&[], |found| &found.matches)
}

/// A name with what the search matched set off. Its parts are of the same kinds in the same order
/// whatever matches, so that they stay while a search is typed.
fn highlighted(runs: Vec<Run>) -> impl IntoView + use<> {
    let parts = runs.into_iter().map(|Run { plain, matched }| {
        let matched = (!matched.is_empty()).then_some(matched);
        let mark = matched.map(|text| view! { class="v", <mark>{text}</mark> });
        (plain, mark)
    });
    parts.collect_view()
}

/// A part of a name: what does not match, and what matches after it.
#[derive(Default)]
struct Run {
    plain: String,
    matched: String,
}

/// Cuts a name into runs. `matches` are character positions in ascending order.
fn runs(name: &str, matches: &[u32]) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut run = Run::default();
    let mut matches = matches.iter().copied().peekable();
    for (at, c) in (0_u32..).zip(name.chars()) {
        while matches.next_if(|next| *next < at).is_some() {}
        if matches.peek() == Some(&at) {
            run.matched.push(c);
        } else {
            if !run.matched.is_empty() {
                runs.push(std::mem::take(&mut run));
            }
            run.plain.push(c);
        }
    }
    runs.push(run);
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
                .map(|Run { plain, matched }| match matched.as_str() {
                    "" => plain,
                    matched => format!("{plain}[{matched}]"),
                })
                .collect::<String>()
        };
        assert_eq!(cut("Stripe live", &[0, 1, 7]), "[St]ripe [l]ive");
        assert_eq!(cut("Müller", &[1, 2]), "M[ül]ler");
        assert_eq!(cut("abc", &[]), "abc");
        assert_eq!(cut("abc", &[2, 9]), "ab[c]");
        assert_eq!(cut("", &[0]), "");
        assert_eq!(cut("abab", &[0, 2]), "[a]b[a]b");
    }
}
