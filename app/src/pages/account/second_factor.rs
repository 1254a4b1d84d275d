use leptos::{ev, html, prelude::*, task::spawn_local};

use super::frame::{FormError, UnlockProgress};
use crate::{
    state::{VaultPhase, has_passkeys, use_passkey, use_session},
    ui::{Button, Look, SkeletonLines, TextInput, focus_on_mount},
    worker::{Command, Failure, PasskeyAsked, Reply, use_worker},
};

/// By what the log-in goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Passkey,
    App,
    Recovery,
}

/// What the log-in takes, beside a recovery code.
#[derive(Clone)]
struct Factors {
    passkey: Option<PasskeyAsked>,
    totp: bool,
}

impl Factors {
    /// The one to be offered: a passkey before an app, and what cannot be done here not at all.
    fn first(&self) -> Way {
        match self {
            Self {
                passkey: Some(_), ..
            } if has_passkeys() => Way::Passkey,
            Self { totp: true, .. } => Way::App,
            _ => Way::Recovery,
        }
    }

    fn has(&self, way: Way) -> bool {
        match way {
            Way::Passkey => self.passkey.is_some() && has_passkeys(),
            Way::App => self.totp,
            Way::Recovery => true,
        }
    }
}

/// The password was right; a second factor opens the vault.
#[component]
pub(super) fn SecondFactor() -> impl IntoView {
    let session = use_session();
    let worker = use_worker();
    let factors = RwSignal::new(None::<Factors>);
    let way = RwSignal::new(None::<Way>);
    let code = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    let failure = RwSignal::new(None);
    let app_input = NodeRef::<html::Input>::new();
    let recovery_input = NodeRef::<html::Input>::new();
    focus_on_mount(app_input);
    focus_on_mount(recovery_input);
    Effect::new(move |_| {
        spawn_local(async move {
            match worker.call(Command::Factors).await {
                Ok(Reply::Factors { passkey, totp }) => {
                    let now = Factors { passkey, totp };
                    let first = now.first();
                    let _ = factors.try_set(Some(now));
                    let _ = way.try_set(Some(first));
                }
                Ok(_) => {}
                Err(reason) => drop(failure.try_set(Some(reason.to_string()))),
            }
        });
    });
    let go_on = move |command: Command| {
        let another_account = session.phase_untracked() == VaultPhase::SignedOut;
        session.begin_unlock();
        async move {
            match worker.call(command).await {
                Ok(Reply::Unlocked(unlocked)) => {
                    code.set(String::new());
                    session.opened(unlocked);
                }
                Ok(_) => session.unlock_failed(),
                Err(reason) => {
                    session.unlock_failed();
                    if another_account {
                        session.use_another_account();
                    }
                    match reason {
                        Failure::WrongCode => error.set(Some(reason.to_string())),
                        other => failure.set(Some(other.to_string())),
                    }
                    let input = match way.get_untracked() {
                        Some(Way::Recovery) => recovery_input,
                        _ => app_input,
                    };
                    if let Some(input) = input.get_untracked() {
                        let _ = input.focus();
                        input.select();
                    }
                }
            }
            busy.set(false);
        }
    };
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        error.set(None);
        failure.set(None);
        if code.with_untracked(|code| code.trim().is_empty()) {
            error.set(Some(t!("Type a code.").to_owned()));
            return;
        }
        busy.set(true);
        spawn_local(go_on(Command::SecondFactor {
            code: code.get_untracked(),
        }));
    };
    let by_passkey = move |()| {
        let asked = factors.with_untracked(|factors| factors.as_ref()?.passkey.clone());
        let Some(asked) = asked.filter(|_| !busy.get_untracked()) else {
            return;
        };
        failure.set(None);
        busy.set(true);
        spawn_local(async move {
            match use_passkey(&asked).await {
                Ok(signed) => go_on(Command::PasskeyFactor(signed.assertion)).await,
                Err(trouble) => {
                    let _ = failure.try_set(Some(trouble.to_string()));
                    let _ = busy.try_set(false);
                }
            }
        });
    };
    let other_ways = move || {
        let now = way.get()?;
        let factors = factors.get()?;
        let others = [
            (Way::Passkey, t!("Use a passkey")),
            (Way::App, t!("Use the authenticator app")),
            (Way::Recovery, t!("Use a recovery code")),
        ];
        let buttons = others
            .into_iter()
            .filter(|(other, _)| *other != now && factors.has(*other))
            .map(|(other, words)| {
                let change = move |()| {
                    code.set(String::new());
                    error.set(None);
                    failure.set(None);
                    way.set(Some(other));
                };
                view! { class="v",
                    <Button look=Look::Bare on_press=change>
                        {words}
                    </Button>
                }
            });
        Some(buttons.collect_view())
    };
    let form = move || {
        match way.get() {
        None => view! { class="v", <SkeletonLines count=3 /> }.into_any(),
        Some(Way::Passkey) => view! { class="v",
            <h1>{t!("Use your passkey")}</h1>
            <p class="lead">{t!("The password is right. The passkey of this account comes next.")}</p>
            <div class="card-form">
                <FormError error=failure />
                <Button look=Look::Go large=true busy=busy on_press=by_passkey>
                    {move || if busy.get() { t!("Unlocking…") } else { t!("Continue with a passkey") }}
                </Button>
                <UnlockProgress />
            </div>
        }
        .into_any(),
        Some(way) => view! { class="v",
            <h1>{t!("Enter your code")}</h1>
            <p class="lead">
                {if way == Way::Recovery {
                    t!("Each recovery code opens the vault once.")
                } else {
                    t!("From the authenticator app that you set up for KeyArc.")
                }}
            </p>
            <form method="post" novalidate on:submit=submit>
                {if way == Way::Recovery {
                    view! { class="v",
                        <TextInput
                            id="recovery-code"
                            label=t!("Recovery code")
                            value=code
                            mono=true
                            placeholder="XXXX-XXXX-XXXX-XXXX"
                            error=error
                            node_ref=recovery_input
                        />
                    }
                        .into_any()
                } else {
                    view! { class="v",
                        <TextInput
                            id="one-time-code"
                            label=t!("Six-digit code")
                            value=code
                            mono=true
                            autocomplete="one-time-code"
                            inputmode="numeric"
                            error=error
                            node_ref=app_input
                        />
                    }
                        .into_any()
                }}
                <FormError error=failure />
                <Button look=Look::Go large=true submit=true busy=busy>
                    {move || if busy.get() { t!("Unlocking…") } else { t!("Continue") }}
                </Button>
                <UnlockProgress />
            </form>
        }
        .into_any(),
    }
    };
    view! { class="v",
        {form}
        <div class="card-foot">
            {other_ways}
            <Button look=Look::Bare on_press=move |()| session.cancel_code()>
                {t!("Start again")}
            </Button>
        </div>
    }
}
