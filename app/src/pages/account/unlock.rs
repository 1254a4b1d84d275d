use leptos::{ev, html, prelude::*, task::spawn_local};

use super::frame::{FormError, UnlockProgress};
use crate::{
    state::{has_passkeys, use_passkey, use_session},
    ui::{Banner, Button, Icon, Look, PasswordField, focus_on_mount},
    worker::{Command, Failure, Reply, use_worker},
};

/// What a person is told when browser or authenticator have no PRF.
const NO_KEY: &str =
    mark!("This browser does not get the key from the passkey that opening takes.");

/// The password opens the vault: this device keeps the setup code.
#[component]
pub(super) fn Unlock() -> impl IntoView {
    let session = use_session();
    let worker = use_worker();
    let password = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    let failure = RwSignal::new(None);
    let input = NodeRef::<html::Input>::new();
    focus_on_mount(input);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        error.set(None);
        failure.set(None);
        if password.with_untracked(String::is_empty) {
            error.set(Some(t!("Type your master password.").to_owned()));
            return;
        }
        busy.set(true);
        session.begin_unlock();
        let command = Command::Unlock {
            password: password.get_untracked(),
        };
        spawn_local(async move {
            match worker.call(command).await {
                Ok(Reply::Unlocked(unlocked)) => {
                    password.set(String::new());
                    session.opened(unlocked);
                }
                Ok(_) => session.unlock_failed(),
                Err(reason) => {
                    session.unlock_failed();
                    match reason {
                        Failure::WrongPassword => {
                            error.set(Some(
                                t!("This is not the master password. If it was changed on another device, use the new one. If all keys were changed, use another account and log in with the newest recovery kit.")
                                    .to_owned(),
                            ));
                        }
                        Failure::SecondFactorRequired => session.ask_for_code(),
                        Failure::UnknownDevice => session.use_another_account(),
                        other => failure.set(Some(other.to_string())),
                    }
                    if let Some(input) = input.get_untracked() {
                        let _ = input.focus();
                        input.select();
                    }
                }
            }
            busy.set(false);
        });
    };
    let by_passkey = move |()| {
        if busy.get_untracked() {
            return;
        }
        error.set(None);
        failure.set(None);
        busy.set(true);
        spawn_local(async move {
            let asked = match worker.call(Command::BeginPasskeyUnlock).await {
                Ok(Reply::PasskeyAsked(asked)) => asked,
                Ok(_) => return busy.set(false),
                Err(reason) => {
                    failure.set(Some(reason.to_string()));
                    return busy.set(false);
                }
            };
            let outcome = match use_passkey(&asked).await {
                Err(trouble) => Err(trouble.to_string()),
                Ok(signed) => match signed.prf {
                    None => Err(crate::language::text(NO_KEY).to_owned()),
                    Some(prf) => {
                        session.begin_unlock();
                        let command = Command::PasskeyUnlock {
                            assertion: signed.assertion,
                            prf,
                        };
                        match worker.call(command).await {
                            Ok(Reply::Unlocked(unlocked)) => {
                                session.opened(unlocked);
                                Ok(())
                            }
                            Ok(_) => {
                                session.unlock_failed();
                                Ok(())
                            }
                            Err(reason) => {
                                session.unlock_failed();
                                Err(reason.to_string())
                            }
                        }
                    }
                },
            };
            if let Err(words) = outcome {
                failure.set(Some(t!(
                    "{reason} The password opens the vault too.",
                    reason = words
                )));
            }
            busy.set(false);
        });
    };
    let has_passkey = move || session.device().is_some_and(|device| device.passkey);
    let label = move || {
        session
            .device()
            .map(|device| device.label)
            .unwrap_or_default()
    };
    let has_draft = move || session.device().is_some_and(|device| device.has_draft);
    view! { class="v",
        <h1>{t!("Unlock your vault")}</h1>
        <p class="lead lead-account" translate="no">
            {label}
        </p>
        <form method="post" novalidate on:submit=submit>
            {move || {
                has_draft()
                    .then(|| {
                        view! { class="v",
                            <Banner icon=Icon::Edit>{t!("An unsaved form is kept, sealed.")}</Banner>
                        }
                    })
            }}
            <PasswordField
                id="password"
                label=t!("Master password")
                autocomplete="current-password"
                value=password
                error=error
                node_ref=input
            />
            <FormError error=failure />
            <Button look=Look::Go large=true submit=true busy=busy>
                {move || if busy.get() { t!("Unlocking…") } else { t!("Unlock") }}
            </Button>
            {move || {
                (has_passkey() && has_passkeys())
                    .then(|| {
                        view! { class="v",
                            <Button large=true busy=busy on_press=by_passkey>
                                {t!("Unlock with a passkey")}
                            </Button>
                        }
                    })
            }}
            <UnlockProgress />
        </form>
        <div class="card-foot">
            <a class="btn btn-bare" href="/recover">
                {t!("Forgot the password?")}
            </a>
            <Button look=Look::Bare on_press=move |()| session.use_another_account()>
                {t!("Use another account")}
            </Button>
        </div>
    }
}
