use keyarc_vault::{Day, DueReason, Hidden, ReminderRow};
use leptos::prelude::*;

use super::work::use_reminders;
use crate::{
    pages::vault::DueBadge,
    state::Place,
    ui::{Button, EmptyState, Icon, Look},
    words::{long_day, today},
};

/// What is due, and what was put away.
#[component]
pub(super) fn List() -> impl IntoView {
    let work = use_reminders();
    let rows = Memo::new(move |_| work.look(|view| view.rows.clone()));
    let more =
        Memo::new(move |_| work.look(|view| view.total.saturating_sub(view.rows.len() as u32)));
    let hidden = Memo::new(move |_| work.look(|view| view.hidden.clone()));
    view! { class="v",
        {move || {
            let rows = rows.get();
            if rows.is_empty() {
                return view! { class="v",
                    <EmptyState icon=Icon::Bell title=t!("Nothing to be reminded of")>
                        <p>
                            {t!("Give items an expiry date or a rotation, and they appear here in good time.")}
                        </p>
                    </EmptyState>
                }
                    .into_any();
            }
            view! { class="v",
                <ul class="sessions device-list" aria-label=t!("Due")>
                    {rows.into_iter().map(|row| view! { class="v", <Row row=row /> }).collect_view()}
                </ul>
            }
                .into_any()
        }}
        <Show when=move || { more.get() > 0 }>
            <p class="quiet">
                {move || tn!(more.get(), "And {count} more reminder: ", "And {count} more reminders: ")}
                <a href="/vault?scope=expiring&sort=expiry">{t!("see all that is due")}</a>
            </p>
        </Show>
        <Show when=move || hidden.with(|hidden| !hidden.is_empty())>
            <details class="reminders-away">
                <summary>
                    {move || t!("Put away ({count})", count = hidden.with(Vec::len))}
                </summary>
                <ul class="sessions device-list" aria-label=t!("Put away")>
                    <For
                        each=move || hidden.get()
                        key=|row| (row.id, row.hidden)
                        children=|row| view! { class="v", <Away row=row /> }
                    />
                </ul>
            </details>
        </Show>
    }
}

#[component]
fn Row(row: ReminderRow) -> impl IntoView {
    let work = use_reminders();
    let row = StoredValue::new(row);
    let hide = move |days: Option<i32>| {
        let until = days.map(|days| Day(today().0.saturating_add(days)));
        row.with_value(|row| work.hide(row, until));
    };
    let (due, name) = row.with_value(|row| (row.due, row.name.clone()));
    view! { class="v",
        <li>
            <div>
                <Name row=row />
                <small>{when(row)}</small>
            </div>
            <DueBadge due=due />
            <div class="button-row" role="group" aria-label=t!("Reminder of {name}", name)>
                <Button look=Look::Bare busy=work.busy() on_press=move |()| hide(Some(1))>
                    {t!("Tomorrow")}
                </Button>
                <Button look=Look::Bare busy=work.busy() on_press=move |()| hide(Some(7))>
                    {t!("In a week")}
                </Button>
                <Button busy=work.busy() on_press=move |()| hide(None)>
                    {tc!("reminder", "Dismiss")}
                </Button>
            </div>
        </li>
    }
}

#[component]
fn Away(row: ReminderRow) -> impl IntoView {
    let work = use_reminders();
    let row = StoredValue::new(row);
    let words = row.with_value(|row| match row.hidden {
        Some(Hidden::Until(day)) => t!("comes back on {day}", day = long_day(day)),
        _ => t!("dismissed").to_owned(),
    });
    view! { class="v",
        <li>
            <div>
                <Name row=row />
                <small>{when(row)} ", " {words}</small>
            </div>
            <div class="button-row">
                <Button
                    busy=work.busy()
                    on_press=move |()| row.with_value(|row| work.show(row))
                >
                    {t!("Remind again")}
                    <span class="sr-only">{tc!("reminder", " of ")} {row.with_value(|row| row.name.clone())}</span>
                </Button>
            </div>
        </li>
    }
}

#[component]
fn Name(row: StoredValue<ReminderRow>) -> impl IntoView {
    let (item, name) = row.with_value(|row| (row.item, row.name.clone()));
    view! { class="v",
        <b>
            <a href=Place::default().with_item(item).to_path()>
                <bdi>{name}</bdi>
            </a>
        </b>
    }
}

fn when(row: StoredValue<ReminderRow>) -> String {
    let due = row.with_value(|row| row.due);
    let day = long_day(due.on);
    match (due.why, due.on < today()) {
        (DueReason::Expiry, true) => t!("expired on {day}", day),
        (DueReason::Expiry, false) => t!("expires on {day}", day),
        (DueReason::Rotation, _) => t!("to be rotated by {day}", day),
    }
}
