use keyarc_wire::MachineChangeName;
use leptos::{prelude::*, task::spawn_local};

use super::ask;
use crate::{
    language::known,
    pages::comparison::Comparison,
    state::{use_session, use_toasts},
    ui::{Button, Confirm, SkeletonLines},
    words::{capitalised, moment},
    worker::{Failure, TokenCommand, TokenReply, WaitingView, WaitingWhy, use_worker},
};

/// What tokens handed in that is not taken by itself: a person takes it or discards it.
#[component]
pub(super) fn Waiting(
    /// Something was taken or discarded.
    #[prop(into)]
    on_change: Callback<()>,
) -> impl IntoView {
    let worker = use_worker();
    let toasts = use_toasts();
    let session = use_session();
    let rows = RwSignal::new(None::<Vec<WaitingView>>);
    let problem = RwSignal::new(None::<String>);
    let load = move || {
        problem.set(None);
        spawn_local(async move {
            match ask(worker, TokenCommand::Waiting).await {
                Ok(TokenReply::Waiting(list)) => drop(rows.try_set(Some(list))),
                Ok(_) => {}
                Err(failure) => drop(problem.try_set(Some(failure.to_string()))),
            }
        });
    };
    // Also when the worker finds another number of them by itself.
    Effect::new(move |_| {
        session.waiting();
        load();
    });
    let busy = RwSignal::new(false);
    let discarding = RwSignal::new(false);
    let chosen = RwSignal::new(None::<(MachineChangeName, String)>);
    let chosen_name = move || {
        chosen.with(|one| {
            one.as_ref()
                .map(|(_, name)| name.clone())
                .unwrap_or_default()
        })
    };
    let done = move |command: TokenCommand, words: String| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        spawn_local(async move {
            let answer = ask(worker, command).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(_) => {
                    toasts.say(words);
                    // Whoever showed it may be gone.
                    let _ = on_change.try_run(());
                }
                Err(failure) => toasts.failed(&failure),
            }
            load();
        });
    };
    let discard = move |()| {
        if let Some((change, name)) = chosen.get_untracked() {
            let words = t!("The change of {name} was discarded.", name);
            done(TokenCommand::Discard(change), words);
        }
    };
    let row = move |waiting: WaitingView| {
        let name = name_of(&waiting);
        let change = waiting.change;
        let (for_take, for_discard) = (name.clone(), name.clone());
        let take = move |()| {
            let words = t!(
                "{name} is as the token had it. What it was before is in its history.",
                name = &for_take
            );
            done(TokenCommand::Take(change), words);
        };
        let choose = move |()| {
            chosen.set(Some((change, for_discard.clone())));
            discarding.set(true);
        };
        let looking = RwSignal::new(false);
        let panel = format!("waiting-{}", change.change_id);
        let controls = panel.clone();
        let look_at = waiting.can_be_looked_at().then(|| {
            view! { class="v",
                <Button
                    expanded=looking
                    controls=controls
                    on_press=move |()| looking.update(|looking| *looking = !*looking)
                >
                    {t!("Look")}
                </Button>
            }
        });
        view! { class="v",
            <li>
                <div>
                    <b>
                        <bdi>{name}</bdi>
                    </b>
                    <small>{who_and_when(&waiting)}</small>
                    <small>{why_words(&waiting)}</small>
                </div>
                <div class="button-row">
                    {look_at}
                    {waiting
                        .why
                        .can_be_taken()
                        .then(|| {
                            view! { class="v",
                                <Button busy=busy on_press=take>
                                    {t!("Take")}
                                </Button>
                            }
                        })}
                    <Button on_press=choose>{t!("Discard…")}</Button>
                </div>
                <div class="token-look" id=panel>
                    {move || looking.get().then(|| view! { class="v", <OfChange change=change /> })}
                </div>
            </li>
        }
    };
    view! { class="v",
        <h3 id="waiting-title">{t!("Changes that wait for you")}</h3>
        {move || match (rows.get(), problem.get()) {
            (_, Some(problem)) => {
                view! { class="v",
                    <p class="quiet">{capitalised(&problem)}</p>
                    <Button on_press=move |()| load()>{t!("Try again")}</Button>
                }
                    .into_any()
            }
            (None, None) => view! { class="v", <SkeletonLines count=1 /> }.into_any(),
            (Some(list), None) if list.is_empty() => {
                view! { class="v",
                    <p class="quiet">
                        {t!("None. What tokens hand in is taken by itself, unless somebody changed the item meanwhile or the token may not write it.")}
                    </p>
                }
                    .into_any()
            }
            (Some(list), None) => {
                view! { class="v",
                    <ul class="sessions device-list token-list" aria-labelledby="waiting-title">
                        {list.into_iter().map(row).collect_view()}
                    </ul>
                }
                    .into_any()
            }
        }}
        <Confirm
            open=discarding
            title=t!("Discard the change?")
            detail=Signal::derive(move || {
                t!(
                    "What the token handed in of {name} is gone then. Your vault stays as it is.",
                    name = chosen_name(),
                )
            })
            verb=t!("Discard")
            on_confirm=discard
        />
    }
}

/// What a change makes of its item, beside what the item is now.
#[component]
fn OfChange(change: MachineChangeName) -> impl IntoView {
    let worker = use_worker();
    let fetch = move |reveal| async move {
        match ask(worker, TokenCommand::Look { change, reveal }).await? {
            TokenReply::Compared(found) => Ok(found),
            _ => Err(Failure::NotFound),
        }
    };
    view! { class="v",
        <Comparison
            fetch=fetch
            heads=[t!("As handed in"), t!("Now")]
            same=t!("The change makes nothing else of the item than it is now.")
            failed=t!("The change could not be looked at")
            absent=t!("It does not wait any more: it was taken or discarded elsewhere, or another one took its place.")
        />
    }
}

/// What the item is called, or else its id.
fn name_of(waiting: &WaitingView) -> String {
    match &waiting.name {
        Some(name) => name.clone(),
        None => waiting.change.item_id.to_string(),
    }
}

fn who_and_when(waiting: &WaitingView) -> String {
    let token = match &waiting.token {
        Some(name) => name.clone(),
        None => waiting.change.token_id.to_string(),
    };
    let moment = moment(waiting.handed_in_at_ms);
    match waiting.trashes {
        true => t!("{token}, {moment}: to the trash", token, moment),
        false => t!("{token}, {moment}", token, moment),
    }
}

fn why_words(waiting: &WaitingView) -> String {
    match &waiting.why {
        WaitingWhy::Outdated => t!("The item was changed since. Taken, it is the newest version; what the item is now stays in its history.").to_owned(),
        WaitingWhy::Ended => t!("The token has ended. Take it only if you know that it was made before.").to_owned(),
        WaitingWhy::Gone => t!("The item was deleted for good.").to_owned(),
        WaitingWhy::OutOfScope => t!("It is outside of what the token may write.").to_owned(),
        WaitingWhy::Broken(error) => {
            t!("It breaks a rule: {rule}", rule = known(&error.rule))
        }
        WaitingWhy::Unreadable => t!("It does not open: it is not of whoever has the token.").to_owned(),
    }
}
