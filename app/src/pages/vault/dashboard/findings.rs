//! What one check found, a window at a time.

use std::sync::Arc;

use keyarc_vault::{Check, Finding, Findings};
use leptos::{prelude::*, task::spawn_local};

use super::{
    super::row::RowFace,
    words::{check_help, check_name, reason_words},
};
use crate::{
    state::{Place, use_items},
    ui::{Button, EmptyState, ErrorState, Icon, SkeletonRows},
    words::number,
    worker::{Command, HealthCommand, HealthReply, Reply, use_worker},
};

/// Rows shown at a time.
const WINDOW: u32 = 50;

/// The items that a check found, and why.
#[component]
pub(super) fn CheckView(check: Check) -> impl IntoView {
    let worker = use_worker();
    let found = RwSignal::new(None::<Result<Findings, String>>);
    let offset = RwSignal::new(0_u32);
    let asked = StoredValue::new(0_u32);
    let ask = Callback::new(move |from: u32| {
        let number = asked.try_update_value(|asked| {
            *asked += 1;
            *asked
        });
        let command = Command::Health(HealthCommand::Findings {
            check,
            offset: from,
            limit: WINDOW,
        });
        spawn_local(async move {
            let reply = worker.call(command).await;
            if asked.try_get_value() != number {
                return;
            }
            match reply {
                Ok(Reply::Health(reply)) => {
                    if let HealthReply::Findings(view) = *reply {
                        let _ = found.try_set(Some(Ok(view)));
                    }
                }
                Ok(_) => {}
                Err(failure) => drop(found.try_set(Some(Err(failure.to_string())))),
            }
        });
    });
    let facets = use_items().facets();
    Effect::new(move |_| {
        facets.track();
        ask.run(offset.get());
    });
    let again = move |()| ask.run(offset.get_untracked());
    view! { class="v",
        <div class="page-body page-wide dash">
            <p>
                <a href="/vault/dashboard">{t!("Dashboard")}</a>
            </p>
            <h1>{check_name(check)}</h1>
            <p class="lead">{check_help(check)}</p>
            {move || match found.get() {
                None => view! { class="v", <SkeletonRows count=6 /> }.into_any(),
                Some(Err(detail)) => {
                    view! { class="v",
                        <ErrorState title=t!("The report could not be made") detail=detail>
                            <Button on_press=again>{t!("Try again")}</Button>
                        </ErrorState>
                    }
                        .into_any()
                }
                Some(Ok(view)) if view.total == 0 => {
                    view! { class="v",
                        <EmptyState icon=Icon::Check title=t!("Nothing found")>
                            <p>{nothing(check)}</p>
                        </EmptyState>
                    }
                        .into_any()
                }
                Some(Ok(view)) => {
                    view! { class="v", <Window view=view offset=offset /> }.into_any()
                }
            }}
        </div>
    }
}

fn nothing(check: Check) -> &'static str {
    match check {
        Check::Weak => t!("Only secrets that were rated are looked at. The dashboard rates them."),
        Check::Reused => {
            t!("Passwords of logins that were saved long ago are compared once they are rated.")
        }
        Check::Expired | Check::Expiring | Check::RotationDue | Check::Old => {
            t!("No item stands in this check.")
        }
    }
}

#[component]
fn Window(view: Findings, offset: RwSignal<u32>) -> impl IntoView {
    let (total, from) = (view.total, view.offset);
    let to = from.saturating_add(u32::try_from(view.rows.len()).unwrap_or(u32::MAX));
    let row = |finding: Finding| {
        let path = Place::default().with_item(finding.item.id).to_path();
        view! { class="v",
            <li>
                <a class="row" href=path>
                    <RowFace item=Arc::new(finding.item) />
                </a>
                <small class="dash-reason">{reason_words(finding.reason)}</small>
            </li>
        }
    };
    let before = move |()| offset.set(from.saturating_sub(WINDOW));
    let after = move |()| offset.set(to);
    view! { class="v",
        <p class="quiet" role="status">
            {if total > WINDOW {
                tn!(
                    total,
                    "{from} to {to} of {count} item",
                    "{from} to {to} of {count} items",
                    from = number(from + 1),
                    to = number(to)
                )
            } else {
                tn!(total, "{count} item", "{count} items")
            }}
        </p>
        <ul class="dash-rows">{view.rows.into_iter().map(row).collect_view()}</ul>
        <div class="button-row">
            {(from > 0)
                .then(|| view! { class="v", <Button on_press=before>{t!("Earlier ones")}</Button> })}
            {(to < total)
                .then(|| view! { class="v", <Button on_press=after>{t!("Further ones")}</Button> })}
        </div>
    }
}
