use std::time::Duration;

use keyarc_vault::{Due, DueReason, Item, ItemSummary, Kind, Rotation};
use leptos::{prelude::*, task::spawn_local};

use super::{
    actions::Actions,
    check_part::{CheckSection, Tests, is_testable},
    expiry_badge::{DueBadge, ExpiryBadge},
    files_part::FilesPart,
    frame::use_panels,
    material_part::MaterialPart,
    note_part::NotePart,
    print::PrintDialog,
    rotate::can_rotate,
    secret::SecretBody,
};
use crate::{
    state::{Mode, Place, use_go, use_place, use_toasts},
    ui::{
        Button, Confirm, EnvironmentDot, Icon, IconButton, IconView, Look, Menu, MenuItem, Tag,
        after_picture,
    },
    words::{
        ago_now, capitalised, days_left, every_days, kind, local_day, long_day, now_ms, shortened,
    },
    worker::{Command, Reply, use_worker},
};

/// A revealed secret is hidden again after this long.
pub(super) const HIDE_AFTER_SECONDS: u32 = 30;

/// An item: what the list knows of it, and its secret when asked for.
#[component]
pub(super) fn ItemView(
    /// What the list knows.
    summary: Signal<Option<ItemSummary>>,
    /// What can be done.
    actions: Actions,
) -> impl IntoView {
    let revealed = RwSignal::new(None::<Item>);
    let tests = Tests::new();
    let version = Memo::new(move |_| summary.with(|s| s.as_ref().map(|s| (s.id, s.version))));
    let printing = RwSignal::new(false);
    let panels = use_panels();
    Effect::new(move |_| {
        let here = version.get().map(|(id, _)| id);
        if here.is_some() && panels.printing.get() == here {
            panels.printing.set(None);
            printing.set(true);
        }
    });
    // Not for each change of the item: what stands there would go and come.
    let rest = after_picture();
    // What changed meanwhile is not shown as if it were current.
    Effect::new(move |before: Option<_>| {
        let now = version.get();
        if before.is_some_and(|before| before != now) {
            revealed.set(None);
        }
        now
    });
    // Not while something is typed into a dialog of it, which would be drawn anew with the rest.
    let held = Memo::new(move |before: Option<&Option<ItemSummary>>| {
        let id = |summary: &Option<ItemSummary>| summary.as_ref().map(|summary| summary.id);
        let is_asked = tests.editing.get() || printing.get();
        match before {
            Some(before) if is_asked && summary.with(|now| id(now) == id(before)) => before.clone(),
            _ => summary.get(),
        }
    });
    view! { class="v",
        {move || {
            held
                .get()
                .map(|summary| {
                    view! { class="v",
                        <div class="item">
                            <ItemBar summary=summary.clone() actions=actions printing=printing />
                            <PrintDialog open=printing item=summary.id />
                            <div class="doc">
                                <ItemHead summary=summary.clone() />
                                <SecretCard
                                    summary=summary.clone()
                                    revealed=revealed
                                    actions=actions
                                />
                                {move || {
                                    rest.get()
                                        .then(|| {
                                            view! { class="v",
                                                <Rest
                                                    summary=summary.clone()
                                                    revealed=revealed
                                                    tests=tests
                                                    actions=actions
                                                />
                                            }
                                        })
                                }}
                            </div>
                        </div>
                    }
                })
        }}
    }
}

/// What stands below the secret.
#[component]
fn Rest(
    summary: ItemSummary,
    revealed: RwSignal<Option<Item>>,
    tests: Tests,
    actions: Actions,
) -> impl IntoView {
    view! { class="v",
        {(is_testable(summary.kind) && summary.trashed_at_ms.is_none())
            .then(|| view! { class="v", <CheckSection summary=summary.clone() tests=tests /> })}
        {matches!(summary.kind, Kind::Certificate | Kind::SshKey)
            .then(|| view! { class="v", <MaterialPart summary=summary.clone() /> })}
        <FilesPart summary=summary.clone() />
        <Facts summary=summary revealed=revealed actions=actions />
    }
}

/// The actions above an item.
#[component]
fn ItemBar(
    summary: ItemSummary,
    actions: Actions,
    /// Whether the item is being put on paper.
    printing: RwSignal<bool>,
) -> impl IntoView {
    let place = use_place();
    let go = use_go();
    let trashed = summary.trashed_at_ms.is_some();
    let (id, favourite, kind_of) = (summary.id, summary.favourite, summary.kind);
    let name = shortened(&summary.name);
    let asking = RwSignal::new(false);
    let stored = StoredValue::new(summary);
    let edit = move |()| {
        let mut place = place.get_untracked().with_item(id);
        place.mode = Mode::Edit;
        go.to(&place);
    };
    let star = if favourite {
        t!("Remove from favourites")
    } else {
        t!("Add to favourites")
    };
    let restored = t!("{name} restored.", name);
    let more = move || {
        vec![
            MenuItem {
                icon: Some(Icon::Duplicate),
                label: t!("Duplicate").to_owned(),
                checked: None,
                danger: false,
                run: Callback::new(move |()| stored.with_value(|s| actions.duplicate(s))),
            },
            MenuItem {
                icon: Some(Icon::Print),
                label: t!("Print…").to_owned(),
                checked: None,
                danger: false,
                run: Callback::new(move |()| printing.set(true)),
            },
        ]
    };
    view! { class="v",
        <header class="bar">
            <span class="only-narrow">
                <IconButton
                    icon=Icon::Back
                    label=t!("Back to the list")
                    on_press=move |()| go.to(&place.with_untracked(Place::closed))
                />
            </span>
            <span class="gap"></span>
            {if trashed {
                view! { class="v",
                    <Button
                        icon=Icon::Undo
                        on_press=move |()| actions.restore(vec![id], Some(restored.clone()))
                    >
                        {t!("Restore")}
                    </Button>
                    <Button look=Look::Danger on_press=move |()| asking.set(true)>
                        {t!("Delete for good")}
                    </Button>
                    <Confirm
                        open=asking
                        title=t!("Delete for good?")
                        detail=t!("{name}, its secret and its history are lost. Nobody can bring it back.", name)
                        verb=t!("Delete for good")
                        on_confirm=move |()| actions.purge(id)
                    />
                }
                    .into_any()
            } else {
                view! { class="v",
                    <IconButton
                        icon=Icon::Star
                        label=star
                        pressed=Signal::derive(move || favourite)
                        class="star"
                        on_press=move |()| actions.set_favourite(id, !favourite)
                    />
                    <IconButton
                        icon=Icon::Trash
                        label=t!("Delete")
                        key="Delete"
                        on_press=move |()| stored.with_value(|summary| actions.trash(summary))
                    />
                    <Menu
                        id="item-more"
                        label=t!("More actions")
                        icon=Icon::More
                        items=Signal::derive(more)
                    />
                    {can_rotate(kind_of)
                        .then(|| {
                            view! { class="v",
                                <Button
                                    icon=Icon::Rotate
                                    key="Shift+R"
                                    id="rotate"
                                    on_press=move |()| go
                                        .to(&place.get_untracked().with_rotation(id))
                                >
                                    {t!("Rotate…")}
                                </Button>
                            }
                        })}
                    <Button icon=Icon::Edit key="E" on_press=edit>
                        {t!("Edit")}
                    </Button>
                }
                    .into_any()
            }}
        </header>
    }
}

/// Folder, name and labels.
#[component]
fn ItemHead(summary: ItemSummary) -> impl IntoView {
    let crumbs: Vec<String> = summary
        .folder
        .split('/')
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect();
    view! { class="v",
        <div class="crumbs">
            {crumbs
                .into_iter()
                .map(|crumb| {
                    view! { class="v",
                        <span>
                            <bdi>{crumb}</bdi>
                        </span>
                    }
                })
                .collect_view()}
        </div>
        <h2 class="doc-title" id="detail-title" tabindex="-1">
            <bdi>{summary.name.clone()}</bdi>
        </h2>
        <div class="tags">
            <Tag>{kind(summary.kind)}</Tag>
            {summary.provider_name.clone().map(|name| view! { class="v", <Tag>{name}</Tag> })}
            {summary
                .environment
                .clone()
                .map(|name| {
                    view! { class="v",
                        <Tag>
                            <EnvironmentDot environment=name.clone() />
                            {capitalised(&name)}
                        </Tag>
                    }
                })}
            {summary
                .tags
                .iter()
                .map(|tag| {
                    let tag = tag.clone();
                    view! { class="v",
                        <Tag>
                            <bdi>{tag}</bdi>
                        </Tag>
                    }
                })
                .collect_view()}
        </div>
    }
}

/// The one card: the secret, masked until asked for.
#[component]
fn SecretCard(
    summary: ItemSummary,
    revealed: RwSignal<Option<Item>>,
    actions: Actions,
) -> impl IntoView {
    let worker = use_worker();
    let toasts = use_toasts();
    let id = summary.id;
    let busy = RwSignal::new(false);
    let left = RwSignal::new(0_u32);
    let shown = Memo::new(move |_| revealed.with(Option::is_some));
    // The countdown runs while something is shown, and ends with this view.
    Effect::new(move |_| {
        if !shown.get() {
            return;
        }
        left.set(HIDE_AFTER_SECONDS);
        let tick = move || {
            let seconds = left.try_get_untracked().unwrap_or(0).saturating_sub(1);
            let _ = left.try_set(seconds);
            if seconds == 0 {
                let _ = revealed.try_set(None);
            }
        };
        if let Ok(handle) = set_interval_with_handle(tick, Duration::from_secs(1)) {
            on_cleanup(move || handle.clear());
        }
    });
    let toggle = move |()| {
        if shown.get_untracked() {
            revealed.set(None);
            return;
        }
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        spawn_local(async move {
            let reply = worker.call(Command::Reveal(id)).await;
            let _ = busy.try_set(false);
            match reply {
                Ok(Reply::Item(item)) => drop(revealed.try_set(Some(*item))),
                Ok(_) => {}
                Err(failure) => toasts.failed(&failure),
            }
        });
    };
    let for_copy = StoredValue::new(summary.clone());
    let label = move || {
        if shown.get() {
            t!("Hide")
        } else {
            t!("Reveal")
        }
    };
    let buttons = view! { class="v",
        <span class="secret-buttons">
            <button
                class="btn btn-bare btn-icon"
                r#type="button"
                id="reveal"
                aria-label=label
                title=label
                aria-pressed=move || if shown.get() { "true" } else { "false" }
                aria-keyshortcuts="r"
                aria-busy=move || busy.get().then_some("true")
                on:click=move |_| toggle(())
            >
                <IconView icon=Signal::derive(move || {
                    if shown.get() { Icon::EyeOff } else { Icon::Eye }
                }) />
            </button>
            <Button
                look=Look::Go
                icon=Icon::Copy
                key="C"
                on_press=move |()| for_copy.with_value(|summary| actions.copy(summary))
            >
                {t!("Copy")}
            </Button>
        </span>
    }
    .into_any();
    view! { class="v",
        <div class="secret" class:is-open=move || shown.get()>
            <SecretBody summary=summary revealed=revealed actions=actions buttons=buttons />
            <div class="secret-low">
                <IconView icon=Signal::derive(move || {
                    if shown.get() { Icon::Clock } else { Icon::Lock }
                }) />
                {move || {
                    if shown.get() {
                        t!("Shown on this screen. Hidden again in {seconds} s.", seconds = left.get())
                    } else {
                        t!("Sealed. Opened on this device, only when you ask.").to_owned()
                    }
                }}
            </div>
        </div>
    }
}

/// Everything else that is known of an item.
#[component]
fn Facts(
    summary: ItemSummary,
    revealed: RwSignal<Option<Item>>,
    actions: Actions,
) -> impl IntoView {
    let id = summary.id;
    let history = move |()| actions.history(id);
    let notes = move || match revealed.with(|item| item.as_ref().map(|item| item.notes.clone())) {
        None => view! { class="v", <span class="quiet">{t!("Sealed with the secret")}</span> }
            .into_any(),
        Some(notes) if notes.is_empty() => {
            view! { class="v", <span class="quiet">{t!("None")}</span> }.into_any()
        }
        Some(notes) => view! { class="v", <NotePart text=notes /> }.into_any(),
    };
    let places = move || {
        revealed.with(|item| {
            let places = item.as_ref().map(|item| item.places.clone());
            places.filter(|places| !places.is_empty())
        })
    };
    view! { class="v",
        <dl class="facts">
            <dt>{t!("Expires")}</dt>
            <dd>
                {match summary.expires_on {
                    Some(day) => {
                        view! { class="v",
                            <span>{long_day(day)}</span>
                            <ExpiryBadge expires_on=day />
                        }
                            .into_any()
                    }
                    None => view! { class="v", <span class="quiet">{t!("Never")}</span> }.into_any(),
                }}
            </dd>
            <RotationFacts rotation=summary.rotation />
            {move || places().map(|places| view! { class="v", <Places places=places /> })}
            <dt>{t!("Notes")}</dt>
            <dd>{notes}</dd>
            <dt>{t!("Changed")}</dt>
            <dd>
                <span>{capitalised(&ago_now(summary.updated_at_ms))}</span>
                <span class="quiet">{t!("version {number}", number = summary.version)}</span>
                <Button look=Look::Bare icon=Icon::Clock key="H" on_press=history>
                    {t!("History")}
                </Button>
            </dd>
            <dt>{t!("Created")}</dt>
            <dd>{long_day(local_day(summary.created_at_ms))}</dd>
            {summary
                .trashed_at_ms
                .map(|at| {
                    view! { class="v",
                        <dt>{t!("Deleted")}</dt>
                        <dd>
                            <span>{capitalised(&ago_now(at))}</span>
                            <span class="quiet">{days_left(at, now_ms() as u64)}</span>
                        </dd>
                    }
                })}
        </dl>
    }
}

/// The plan of an item, and when its secret was changed last; nothing without either.
#[component]
fn RotationFacts(rotation: Rotation) -> impl IntoView {
    if rotation == Rotation::default() {
        return ().into_any();
    }
    let plan = rotation.every_days.map(every_days);
    let due = rotation.due_on().map(|on| Due {
        on,
        why: DueReason::Rotation,
    });
    let last = rotation
        .rotated_on
        .map(|day| t!("Last on {day}", day = long_day(day)));
    view! { class="v",
        <dt>{t!("Rotation")}</dt>
        <dd>
            {plan.map(|plan| view! { class="v", <span>{plan}</span> })}
            {due.map(|due| view! { class="v", <DueBadge due=due /> })}
            {last.map(|last| view! { class="v", <span class="quiet">{last}</span> })}
        </dd>
    }
    .into_any()
}

/// Where the secret is used.
#[component]
fn Places(places: Vec<String>) -> impl IntoView {
    let place = |place: String| {
        view! { class="v",
            <li>
                <bdi>{place}</bdi>
            </li>
        }
    };
    view! { class="v",
        <dt>{t!("Used in")}</dt>
        <dd>
            <ul class="places">{places.into_iter().map(place).collect_view()}</ul>
        </dd>
    }
}
