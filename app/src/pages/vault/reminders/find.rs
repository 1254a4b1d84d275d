use keyarc_wire::ItemId;
use leptos::{prelude::*, task::spawn_local};

use crate::{
    state::{Place, use_go},
    ui::{Button, EmptyState, ErrorState, Icon, SkeletonLines},
    worker::{Command, Failure, ReminderCommand, ReminderReply, Reply, Worker, use_worker},
};

/// Leads from the link in a reminder to its item.
#[component]
pub(super) fn FindView(
    /// As the link has it.
    id: String,
) -> impl IntoView {
    let worker = use_worker();
    let go = use_go();
    // `None` while it is being looked for.
    let found = RwSignal::new(None::<Result<(), String>>);
    let id = StoredValue::new(id);
    let look = move || {
        found.set(None);
        let id = id.get_value();
        spawn_local(async move {
            match find(worker, &id).await {
                // The link is not to be gone back to: it would lead here again.
                Ok(Some(item)) => go.path_instead(&Place::default().with_item(item).to_path()),
                Ok(None) => drop(found.try_set(Some(Ok(())))),
                Err(failure) => drop(found.try_set(Some(Err(failure.to_string())))),
            }
        });
    };
    look();
    move || {
        match found.get() {
        None => view! { class="v",
            <h1 class="sr-only">{t!("Reminder")}</h1>
            <div aria-busy="true">
                <SkeletonLines count=4 />
            </div>
        }
        .into_any(),
        Some(Ok(())) => view! { class="v",
            <h1 class="sr-only">{t!("Reminder")}</h1>
            <EmptyState icon=Icon::Bell title=t!("This reminder is for nothing any more")>
                <p>
                    {t!("The item has another date now, was deleted, or belongs to another vault. If all keys were changed since, links in earlier reminders lead nowhere. Nothing is wrong with your vault.")}
                </p>
                <div class="button-row">
                    <a class="btn btn-go" href="/vault/reminders">{t!("All reminders")}</a>
                    <a class="btn" href="/vault">{t!("All items")}</a>
                </div>
            </EmptyState>
        }
        .into_any(),
        Some(Err(detail)) => view! { class="v",
            <h1 class="sr-only">{t!("Reminder")}</h1>
            <ErrorState title=t!("The reminder could not be looked up") detail=detail>
                <Button on_press=move |()| look()>{t!("Try again")}</Button>
            </ErrorState>
        }
        .into_any(),
    }
    }
}

/// What is no id at all is one of nothing.
async fn find(worker: Worker, id: &str) -> Result<Option<ItemId>, Failure> {
    let Ok(id) = id.parse() else {
        return Ok(None);
    };
    match worker
        .call(Command::Reminders(ReminderCommand::Find(id)))
        .await?
    {
        Reply::Reminders(ReminderReply::Found(item)) => Ok(item),
        _ => Ok(None),
    }
}
