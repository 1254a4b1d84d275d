use keyarc_wire::{SessionId, SessionInfo};
use leptos::{prelude::*, task::spawn_local};

use super::rename::Rename;
use crate::{
    language::known,
    rpc::{list_sessions, rename_session, revoke_other_sessions, revoke_session},
    state::use_toasts,
    ui::{Badge, BadgeTone, Button, SkeletonLines},
    words::{ago_now, capitalised},
};

/// Where the account is logged in, and how to end it there.
#[component]
pub(super) fn Sessions(
    /// Changes when sessions have ended.
    #[prop(into)]
    ended: Signal<u32>,
) -> impl IntoView {
    let toasts = use_toasts();
    let sessions = RwSignal::new(None::<Vec<SessionInfo>>);
    let problem = RwSignal::new(None::<String>);
    let load = move || {
        problem.set(None);
        spawn_local(async move {
            match list_sessions().await {
                Ok(list) => drop(sessions.try_set(Some(list))),
                Err(error) => drop(problem.try_set(Some(error.to_string()))),
            }
        });
    };
    Effect::new(move |_| {
        ended.track();
        load();
    });
    let end = move |id: SessionId, device: String| {
        spawn_local(async move {
            match revoke_session(id).await {
                Ok(()) => {
                    let _ = sessions.try_update(|list| {
                        list.iter_mut()
                            .for_each(|list| list.retain(|one| one.id != id));
                    });
                    toasts.say(t!("The session of {device} was ended.", device));
                }
                Err(error) => toasts.fail(error.to_string()),
            }
        });
    };
    let ending = RwSignal::new(false);
    let end_others = move |()| {
        ending.set(true);
        spawn_local(async move {
            match revoke_other_sessions().await {
                Ok(ended) => {
                    let _ = sessions.try_update(|list| {
                        list.iter_mut()
                            .for_each(|list| list.retain(|one| one.current));
                    });
                    toasts.say(tn!(
                        ended,
                        "Ended: {count} other session.",
                        "Ended: {count} other sessions."
                    ));
                }
                Err(error) => toasts.fail(error.to_string()),
            }
            let _ = ending.try_set(false);
        });
    };
    let renaming = RwSignal::new(false);
    let chosen = RwSignal::new(None::<(SessionId, String)>);
    let chosen_name = Signal::derive(move || {
        chosen.with(|one| {
            one.as_ref()
                .map(|(_, name)| name.clone())
                .unwrap_or_default()
        })
    });
    let rename = move |name: String| {
        let Some((id, _)) = chosen.get_untracked() else {
            return;
        };
        spawn_local(async move {
            match rename_session(id, name).await {
                Ok(()) => load(),
                Err(error) => toasts.fail(error.to_string()),
            }
        });
    };
    let row = move |session: SessionInfo| {
        let id = session.id;
        let device = session.device_name.clone();
        let to_rename = (id, device.clone());
        let begun = ago_now(session.created_at_ms);
        let used = ago_now(session.last_used_at_ms);
        let times = match &session.network {
            Some(network) => t!(
                "Logged in {begun}, last used {used} from {network}",
                begun,
                used,
                network = known(network)
            ),
            None => t!("Logged in {begun}, last used {used}", begun, used),
        };
        view! { class="v",
            <li>
                <div>
                    <b>
                        <bdi>{session.device_name.clone()}</bdi>
                    </b>
                    <small>{times}</small>
                </div>
                {session
                    .current
                    .then(|| view! { class="v", <Badge tone=BadgeTone::Ok>{t!("this one")}</Badge> })}
                <div class="button-row">
                    <Button on_press=move |()| {
                        chosen.set(Some(to_rename.clone()));
                        renaming.set(true);
                    }>{t!("Rename")}</Button>
                    {(!session.current)
                        .then(|| {
                            view! { class="v",
                                <Button on_press=move |()| end(
                                    id,
                                    device.clone(),
                                )>{t!("End session")}</Button>
                            }
                        })}
                </div>
            </li>
        }
    };
    view! { class="v",
        <section class="settings-part" aria-labelledby="sessions-title">
            <h2 id="sessions-title">{t!("Devices and sessions")}</h2>
            <Rename open=renaming title=t!("Rename the device") name=chosen_name on_name=rename />
            {move || match (sessions.get(), problem.get()) {
                (_, Some(problem)) => {
                    view! { class="v",
                        <p class="quiet">{capitalised(&problem)}</p>
                        <Button on_press=move |()| load()>{t!("Try again")}</Button>
                    }
                        .into_any()
                }
                (None, None) => view! { class="v", <SkeletonLines count=2 /> }.into_any(),
                (Some(list), None) => {
                    let others = list.iter().any(|one| !one.current);
                    view! { class="v",
                        <ul class="sessions device-list">{list.into_iter().map(row).collect_view()}</ul>
                        {others
                            .then(|| {
                                view! { class="v",
                                    <Button busy=ending on_press=end_others>
                                        {t!("End all others")}
                                    </Button>
                                }
                            })}
                    }
                        .into_any()
                }
            }}
        </section>
    }
}
