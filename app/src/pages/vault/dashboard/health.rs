//! The health of the vault: a ring, a line for each check, and the rating of secrets.

use keyarc_vault::{Check, Dashboard};
use leptos::{prelude::*, task::spawn_local};

use super::{
    count_of,
    words::{check_name, check_word},
};
use crate::{
    ui::{Banner, BannerTone, Button, Icon, Ring, ShareBar},
    words::number,
    worker::{Command, HealthCommand, HealthReply, Reply, Worker, use_worker},
};

/// How far the rating of secrets is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Rating {
    Idle,
    Running { done: u32, total: u32 },
    Failed(String),
}

/// How the vault is, and the way to what is wrong.
#[component]
pub(super) fn HealthPart(
    view: Memo<Dashboard>,
    /// More is known now.
    on_rated: Callback<()>,
) -> impl IntoView {
    view! { class="v",
        <section class="dash-part">
            <h2>{t!("Health")}</h2>
            <div class="dash-health">
                {move || {
                    let (sound, all) = view.with(|view| (view.sound, view.all));
                    let label = tn!(
                        all,
                        "{sound} of {count} item have no finding",
                        "{sound} of {count} items have no finding",
                        sound = number(sound)
                    );
                    view! { class="v",
                        <div class="dash-ring">
                            <Ring label=label part=sound whole=all />
                            <p class="quiet" aria-hidden="true">{t!("without a finding")}</p>
                        </div>
                    }
                }}
                <ul class="dash-bars" aria-label=t!("Checks")>
                    {Check::ALL
                        .into_iter()
                        .map(|check| view! { class="v", <CheckLine view=view check=check /> })
                        .collect_view()}
                </ul>
            </div>
            <RateSecrets view=view on_rated=on_rated />
        </section>
    }
}

#[component]
fn CheckLine(view: Memo<Dashboard>, check: Check) -> impl IntoView {
    let shown = Memo::new(move |_| {
        view.with(|view| {
            let known = check != Check::Weak || view.rated > 0;
            (known.then(|| count_of(view, check)), view.all)
        })
    });
    let path = format!("/vault/dashboard?check={}", check_word(check));
    view! { class="v",
        <li>
            <a href=path>{check_name(check)}</a>
            {move || {
                let (count, all) = shown.get();
                view! { class="v",
                    <ShareBar part=count.unwrap_or(0) whole=all />
                    <b>{count.map_or_else(|| t!("not rated").to_owned(), number)}</b>
                }
            }}
        </li>
    }
}

/// Rates every secret in the worker, batch by batch.
#[component]
fn RateSecrets(view: Memo<Dashboard>, on_rated: Callback<()>) -> impl IntoView {
    let worker = use_worker();
    let rating = RwSignal::new(Rating::Idle);
    // Counts the runs, so that one which was cancelled does not go on in the next.
    let run = StoredValue::new(0_u32);
    let begin = move |()| {
        run.update_value(|run| *run += 1);
        let own = run.get_value();
        rating.set(Rating::Running { done: 0, total: 0 });
        spawn_local(async move {
            let mut is_first = true;
            while run.try_get_value() == Some(own) {
                let step = rate_some(worker, is_first).await;
                is_first = false;
                if run.try_get_value() != Some(own) {
                    return;
                }
                match step {
                    Ok((done, total)) if done < total => {
                        let _ = rating.try_set(Rating::Running { done, total });
                    }
                    Ok(_) => {
                        let _ = rating.try_set(Rating::Idle);
                        on_rated.try_run(());
                        return;
                    }
                    Err(words) => {
                        let _ = rating.try_set(Rating::Failed(words));
                        on_rated.try_run(());
                        return;
                    }
                }
            }
        });
    };
    let cancel = move |()| {
        run.update_value(|run| *run += 1);
        rating.set(Rating::Idle);
        on_rated.run(());
    };
    let words = move || {
        let (rated, all, unread) = view.with(|view| (view.rated, view.all, view.unread));
        let known = match all.saturating_sub(rated) {
            0 => t!("Every secret was rated as it is now.").to_owned(),
            left => tn!(
                left,
                "{count} secret not rated as they are now.",
                "{count} secrets not rated as they are now."
            ),
        };
        match unread {
            0 => known,
            unread => {
                let unread = tn!(
                    unread,
                    "{count} item could not be read.",
                    "{count} items could not be read."
                );
                format!("{known} {unread}")
            }
        }
    };
    let body = move || {
        match rating.get() {
        Rating::Running { done, total } => view! { class="v",
            <label class="dash-progress">
                <span>{t!("Rating: {done} of {all}", done = number(done), all = number(total))}</span>
                <progress value=done.to_string() max=total.max(1).to_string()></progress>
            </label>
            <Button on_press=cancel>{t!("Cancel")}</Button>
        }
        .into_any(),
        Rating::Idle | Rating::Failed(_) => view! { class="v",
            <p class="quiet">{words}</p>
            <Button icon=Icon::Spark on_press=begin>
                {t!("Rate secrets")}
            </Button>
        }
        .into_any(),
    }
    };
    let failed = move || match rating.get() {
        Rating::Failed(words) => Some(view! { class="v",
            <Banner tone=BannerTone::Bad icon=Icon::Warning>
                {words}
                {t!(" What was rated until then is shown.")}
            </Banner>
        }),
        Rating::Idle | Rating::Running { .. } => None,
    };
    view! { class="v",
        {failed}
        <div class="dash-rate">{body}</div>
        <p class="quiet">
            {t!("Rating fetches every item, sealed as it is stored, and opens it on this device. Nothing of it is sent anywhere.")}
        </p>
    }
}

/// One batch: how many were looked at, of how many.
async fn rate_some(worker: Worker, begin: bool) -> Result<(u32, u32), String> {
    let command = Command::Health(HealthCommand::Rate { begin });
    match worker.call(command).await {
        Ok(Reply::Health(reply)) => match *reply {
            HealthReply::Rated { done, total } => Ok((done, total)),
            _ => Ok((0, 0)),
        },
        Ok(_) => Ok((0, 0)),
        Err(failure) => Err(failure.to_string()),
    }
}
