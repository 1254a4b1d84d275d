mod words;

use keyarc_vault::{Version, VersionRow};
use keyarc_wire::ItemId;
use leptos::{prelude::*, task::spawn_local};

use super::{
    actions::{Actions, use_actions},
    page::focus_detail,
};
use crate::{
    pages::comparison::Comparison,
    state::{use_go, use_items, use_place},
    ui::{Button, EmptyState, ErrorState, Icon, IconButton, IconView, SkeletonLines, Tag},
    words::moment,
    worker::{Command, CompareVersion, Failure, Reply, use_worker},
};

pub(super) use words::said;
use words::{beside_its_time, missing};

/// What an item was, newest first.
#[component]
pub(super) fn History(
    /// The item.
    item: ItemId,
) -> impl IntoView {
    let worker = use_worker();
    let items = use_items();
    let place = use_place();
    let go = use_go();
    let actions = use_actions();
    let versions = RwSignal::new(None::<Result<Vec<Version>, Failure>>);
    let asked = StoredValue::new(0_u32);
    let load = move || {
        asked.update_value(|asked| *asked += 1);
        let number = asked.get_value();
        spawn_local(async move {
            let reply = worker.call(Command::Versions(item)).await;
            // Another answer may be on its way by then, or the view gone.
            if asked.try_get_value() != Some(number) {
                return;
            }
            match reply {
                Ok(Reply::Versions(found)) => drop(versions.try_set(Some(Ok(found)))),
                Ok(_) => {}
                Err(failure) => drop(versions.try_set(Some(Err(failure)))),
            }
        });
    };
    // Each change of the item, here or elsewhere, is a version more.
    let now = Memo::new(move |_| items.find(item).map(|row| row.version));
    Effect::new(move |_| {
        // Read, because only a memo that was read once takes note of what it is made of.
        now.get();
        load();
    });
    let back = move |()| {
        go.to(&place.get_untracked().with_item(item));
        focus_detail();
    };
    let name = move || {
        versions.with(|versions| match versions {
            Some(Ok(all)) => all.first().and_then(|newest| match newest {
                Version::Read(row) => Some(row.name.clone()),
                Version::Unreadable { .. } | Version::Missing { .. } => None,
            }),
            _ => None,
        })
    };
    let again = move |()| {
        versions.set(None);
        load();
    };
    view! { class="v",
        <div class="item">
            <header class="bar">
                <IconButton
                    icon=Icon::Back
                    label=t!("Back to the item")
                    id="history-back"
                    on_press=back
                />
                <h2 class="bar-title" id="detail-title" tabindex="-1">
                    {t!("History")}
                    {move || {
                        name()
                            .map(|name| {
                                view! { class="v",
                                    <span>
                                        {t!(" of ")}
                                        <bdi>{name}</bdi>
                                    </span>
                                }
                            })
                    }}
                </h2>
            </header>
            <div class="doc" aria-busy=move || versions.with(Option::is_none).then_some("true")>
                {move || match versions.get() {
                    None => view! { class="v", <SkeletonLines count=6 /> }.into_any(),
                    Some(Err(failure)) => {
                        view! { class="v",
                            <ErrorState
                                title=t!("The history could not be fetched")
                                detail=failure.to_string()
                            >
                                <Button on_press=again>{t!("Try again")}</Button>
                            </ErrorState>
                        }
                            .into_any()
                    }
                    Some(Ok(all)) => {
                        view! { class="v", <Versions item=item all=all actions=actions /> }
                            .into_any()
                    }
                }}
            </div>
        </div>
    }
}

/// The versions, or that there is only one.
#[component]
fn Versions(item: ItemId, all: Vec<Version>, actions: Actions) -> impl IntoView {
    let is_first = matches!(all.as_slice(), [Version::Read(row)] if row.version == 1);
    if is_first {
        return view! { class="v",
            <EmptyState icon=Icon::Clock title=t!("This is the first version")>
                <p>{t!("What you save over it is kept here.")}</p>
            </EmptyState>
        }
        .into_any();
    }
    let (current, trashed) = match all.first() {
        Some(Version::Read(row)) => (row.version, row.trashed),
        _ => (0, false),
    };
    let lines = all.into_iter().enumerate().map(|(at, version)| {
        match version {
            Version::Read(row) if at == 0 => view! { class="v",
                <li class="version">
                    <div class="version-line">
                        <VersionWords row=row />
                        <Tag>{t!("Now")}</Tag>
                    </div>
                </li>
            }
            .into_any(),
            Version::Read(row) => view! { class="v",
                <OldVersion item=item row=row can_restore=!trashed actions=actions />
            }
            .into_any(),
            Version::Unreadable { version } => view! { class="v",
                <li class="version version-gap is-bad">
                    <IconView icon=Icon::Warning />
                    <p>
                        {t!(
                            "Version {version} does not open: what the server has under this number is not what was saved. It may be damaged, or the server may have changed it.",
                            version,
                        )}
                    </p>
                </li>
            }
            .into_any(),
            Version::Missing { newest, oldest } => view! { class="v",
                <li class="version version-gap">
                    <IconView icon=Icon::Clock />
                    <p>{missing(newest, oldest, current)}</p>
                </li>
            }
            .into_any(),
        }
    });
    view! { class="v",
        {trashed
            .then(|| {
                view! { class="v",
                    <p class="quiet">{t!("The item is in the trash. Restore it there to take a version back.")}</p>
                }
            })}
        <ol class="versions">{lines.collect_view()}</ol>
    }
    .into_any()
}

/// When a version was written, and what it changed.
#[component]
fn VersionWords(row: VersionRow) -> impl IntoView {
    let when = match row.written_at_ms {
        Some(at_ms) => moment(at_ms),
        None => t!("At a time that is not known").to_owned(),
    };
    let beside = beside_its_time(&row);
    view! { class="v",
        <span class="version-text">
            <strong>{when}</strong>
            {beside
                .map(|words| {
                    view! { class="v", <span class="quiet">{words}</span> }
                })}
            <span class="version-sub">
                {t!(
                    "Version {number} · {changes}",
                    number = row.version,
                    changes = said(row.changes.as_deref()),
                )}
            </span>
        </span>
        {row.trashed.then(|| view! { class="v", <Tag>{t!("In the trash")}</Tag> })}
    }
}

/// A version of before: opens to a comparison with the item now.
#[component]
fn OldVersion(item: ItemId, row: VersionRow, can_restore: bool, actions: Actions) -> impl IntoView {
    let open = RwSignal::new(false);
    let version = row.version;
    let panel = format!("version-{version}");
    let controls = panel.clone();
    view! { class="v",
        <li class="version" class:is-open=move || open.get()>
            <button
                class="version-line"
                r#type="button"
                aria-expanded=move || if open.get() { "true" } else { "false" }
                aria-controls=controls
                on:click=move |_| open.update(|open| *open = !*open)
            >
                <VersionWords row=row />
                <span class="version-chevron">
                    <IconView icon=Icon::Chevron />
                </span>
            </button>
            <div id=panel>
                {move || {
                    open.get()
                        .then(|| {
                            view! { class="v",
                                <OfVersion
                                    item=item
                                    version=version
                                    can_restore=can_restore
                                    actions=actions
                                />
                            }
                        })
                }}
            </div>
        </li>
    }
}

/// What a version was, beside what the item is now.
#[component]
fn OfVersion(item: ItemId, version: u64, can_restore: bool, actions: Actions) -> impl IntoView {
    let worker = use_worker();
    let busy = RwSignal::new(false);
    let fetch = move |reveal| async move {
        let wish = CompareVersion {
            item,
            version,
            reveal,
        };
        match worker.call(Command::CompareVersion(wish)).await? {
            Reply::Compared(found) => Ok(found),
            _ => Err(Failure::NotFound),
        }
    };
    let restore = move |()| {
        busy.set(true);
        let done = Callback::new(move |()| {
            let _ = busy.try_set(false);
        });
        actions.restore_version(item, version, Some(done));
    };
    view! { class="v",
        <Comparison
            fetch=fetch
            heads=[t!("Then"), t!("Now")]
            same=t!("This version says the same as the item does now.")
            failed=t!("This version could not be opened")
            absent=t!("The server does not have the secret of this version any more. The item itself is as it was.")
        >
            {can_restore
                .then(|| {
                    view! { class="v",
                        <Button icon=Icon::Undo busy=busy on_press=restore>
                            {t!("Restore this version")}
                        </Button>
                    }
                })}
        </Comparison>
    }
}
