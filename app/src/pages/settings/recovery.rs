use leptos::{ev, html, prelude::*, task::spawn_local};

use super::new_kit::NewKit;
use crate::{
    pages::account::{FormError, UnlockProgress},
    state::{use_session, use_toasts},
    ui::{Button, Look, PasswordField, SkeletonLines, TextInput, focus_on_mount},
    words::{local_day, long_day},
    worker::{Command, Failure, RecoveryKit, RecoveryView, Reply, use_worker},
};

/// What is being done with the recovery kit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    Nothing,
    Proving,
    Making,
    Revoking,
}

/// The recovery kit: is there one, is it still at hand, a new one, none.
#[component]
pub(super) fn Recovery(
    /// Changes when keys have.
    #[prop(into)]
    ended: Signal<u32>,
) -> impl IntoView {
    let worker = use_worker();
    let view = RwSignal::new(None::<RecoveryView>);
    let doing = RwSignal::new(Doing::Nothing);
    Effect::new(move |_| {
        ended.track();
        spawn_local(async move {
            if let Ok(Reply::Recovery(now)) = worker.call(Command::Recovery).await {
                let _ = view.try_set(Some(now));
            }
        });
    });
    let has_key = move || {
        !matches!(
            view.get(),
            Some(RecoveryView::Never | RecoveryView::Revoked)
        )
    };
    view! { class="v",
        <section class="settings-part" aria-labelledby="recovery" data-testid="recovery">
            <h2 id="recovery">{t!("Recovery")}</h2>
            {move || match view.get() {
                None => view! { class="v", <SkeletonLines count=2 /> }.into_any(),
                Some(now) => view! { class="v", <p>{told(now)}</p> }.into_any(),
            }}
            <p class="quiet">
                {t!("The recovery key opens the vault if you forget the password, and sets a new one. The server has half of what that takes, you have the other half on paper. It knows when the key was made; when you last checked it is sealed.")}
            </p>
            {move || match doing.get() {
                Doing::Nothing => {
                    view! { class="v",
                        <div class="button-row">
                            {has_key()
                                .then(|| {
                                    view! { class="v",
                                        <Button on_press=move |()| doing.set(Doing::Proving)>
                                            {t!("Check that I have it")}
                                        </Button>
                                    }
                                })}
                            <Button on_press=move |()| doing.set(Doing::Making)>
                                {if has_key() { t!("Make a new kit") } else { t!("Make a recovery kit") }}
                            </Button>
                            {has_key()
                                .then(|| {
                                    view! { class="v",
                                        <Button
                                            look=Look::Danger
                                            on_press=move |()| doing.set(Doing::Revoking)
                                        >
                                            {t!("Revoke")}
                                        </Button>
                                    }
                                })}
                        </div>
                    }
                        .into_any()
                }
                Doing::Proving => view! { class="v", <Prove view=view doing=doing /> }.into_any(),
                Doing::Making => {
                    view! { class="v", <WithPassword view=view doing=doing make=true /> }.into_any()
                }
                Doing::Revoking => {
                    view! { class="v", <WithPassword view=view doing=doing make=false /> }.into_any()
                }
            }}
        </section>
    }
}

fn told(view: RecoveryView) -> String {
    match view {
        RecoveryView::Never => {
            t!("There is no recovery key: without the master password nobody opens this vault.")
                .to_owned()
        }
        RecoveryView::Revoked => {
            t!("The recovery key is revoked: without the master password nobody opens this vault.")
                .to_owned()
        }
        RecoveryView::Unknown => {
            t!("The server names a recovery key that this account has not noted. Make a new kit.")
                .to_owned()
        }
        RecoveryView::InForce {
            made_at_ms,
            proven_at_ms,
        } => {
            let made = long_day(local_day(made_at_ms));
            match proven_at_ms {
                None => t!("Your kit was made on {made} and never checked since.", made),
                Some(at) => t!(
                    "Your kit was made on {made} and last checked on {checked}.",
                    made,
                    checked = long_day(local_day(at))
                ),
            }
        }
    }
}

/// The last two groups show that the kit is there.
#[component]
fn Prove(view: RwSignal<Option<RecoveryView>>, doing: RwSignal<Doing>) -> impl IntoView {
    let session = use_session();
    let worker = use_worker();
    let toasts = use_toasts();
    let typed = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    let input = NodeRef::<html::Input>::new();
    focus_on_mount(input);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        error.set(None);
        busy.set(true);
        let command = Command::ProveRecoveryKey {
            typed: typed.get_untracked(),
        };
        spawn_local(async move {
            let reply = worker.call(command).await;
            let now = worker.call(Command::Recovery).await;
            let _ = busy.try_set(false);
            match reply {
                Ok(Reply::Proven(true)) => {
                    session.kit_proven();
                    toasts.say(t!("Right. Put the kit back where it was."));
                    if let Ok(Reply::Recovery(now)) = now {
                        view.try_set(Some(now));
                    }
                    doing.try_set(Doing::Nothing);
                }
                Ok(_) => {
                    error.try_set(Some(
                        t!("These are not the last two groups of the recovery key in force. Is it an older kit?")
                            .to_owned(),
                    ));
                    if let Some(Some(input)) = input.try_get_untracked() {
                        let _ = input.focus();
                        input.select();
                    }
                }
                Err(failure) => drop(error.try_set(Some(failure.to_string()))),
            }
        });
    };
    view! { class="v",
        <form class="code-form" method="post" novalidate on:submit=submit>
            <TextInput
                id="recovery-ending"
                label=t!("Last two groups of the recovery key")
                value=typed
                mono=true
                placeholder="XXXX-XXXX"
                error=error
                hint=Some(t!("It is compared on this device and sent nowhere.").to_owned())
                node_ref=input
            />
            <div class="button-row">
                <Button look=Look::Go submit=true busy=busy>
                    {t!("Check")}
                </Button>
                <Button disabled=busy on_press=move |()| doing.set(Doing::Nothing)>
                    {t!("Cancel")}
                </Button>
            </div>
        </form>
    }
}

/// Makes a new kit or revokes the one in force: both take the password.
#[component]
fn WithPassword(
    view: RwSignal<Option<RecoveryView>>,
    doing: RwSignal<Doing>,
    make: bool,
) -> impl IntoView {
    let session = use_session();
    let worker = use_worker();
    let toasts = use_toasts();
    let password = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    let failure = RwSignal::new(None::<String>);
    let kit = RwSignal::new(None::<RecoveryKit>);
    let input = NodeRef::<html::Input>::new();
    focus_on_mount(input);
    let run = move |command: Command| {
        busy.set(true);
        session.clear_progress();
        spawn_local(async move {
            let reply = worker.call(command).await;
            session.clear_progress();
            let _ = busy.try_set(false);
            match reply {
                Ok(Reply::NewKit(made)) => drop(kit.try_set(Some(made))),
                Ok(Reply::Recovery(now)) => {
                    view.try_set(Some(now));
                    session.kit_proven();
                    toasts.say(if make {
                        t!("The new recovery kit is in force. Destroy the one before.")
                    } else {
                        t!("The recovery key is revoked. The kit's setup code stays the right one.")
                    });
                    doing.try_set(Doing::Nothing);
                }
                Ok(_) => {}
                Err(Failure::WrongPassword) => {
                    error.try_set(Some(t!("This is not the master password.").to_owned()));
                    if let Some(Some(input)) = input.try_get_untracked() {
                        let _ = input.focus();
                    }
                }
                Err(Failure::Offline) => {
                    failure.try_set(Some(
                        t!("The server cannot be reached. Look here again before you throw any kit away.")
                            .to_owned(),
                    ));
                }
                Err(other) => drop(failure.try_set(Some(other.to_string()))),
            }
        });
    };
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        error.set(None);
        failure.set(None);
        let password = password.get_untracked();
        if password.is_empty() {
            error.set(Some(t!("Type your master password.").to_owned()));
            return;
        }
        run(if make {
            Command::MakeRecoveryKey { password }
        } else {
            Command::RevokeRecoveryKey { password }
        });
    };
    let put = move |()| {
        run(Command::PutRecoveryKey {
            password: password.get_untracked(),
        });
    };
    let words = if make {
        t!(
            "You get a new recovery key. Once it is in force, the kit that you have now opens nothing without the password."
        )
    } else {
        t!("From then on nobody opens the vault without the master password, and neither do you.")
    };
    view! { class="v",
        <form class="password-form" method="post" novalidate on:submit=submit>
            <p>{words}</p>
            <PasswordField
                id="recovery-password"
                label=t!("Master password")
                autocomplete="current-password"
                value=password
                error=error
                node_ref=input
                on_input=move |()| error.set(None)
            />
            <FormError error=failure />
            <div class="button-row">
                <Button
                    look=if make { Look::Go } else { Look::Danger }
                    submit=true
                    busy=busy
                >
                    {if make { t!("Continue") } else { t!("Revoke the recovery key") }}
                </Button>
                <Button disabled=busy on_press=move |()| doing.set(Doing::Nothing)>
                    {t!("Cancel")}
                </Button>
            </div>
            <UnlockProgress />
        </form>
        <NewKit
            kit=kit
            note=t!("Nothing is changed yet. Once you put it in force, the kit before opens nothing without the password.")
            verb=t!("Put it in force")
            on_saved=put
        />
    }
}
