use leptos::{ev, html, prelude::*, task::spawn_local};

use super::frame::{FormError, UnlockProgress};
use crate::{
    state::{VaultPhase, use_session},
    ui::{Button, Look, TextInput, focus_on_mount},
    worker::{Command, Failure, Reply, use_worker},
};

/// The password was right; a code of the second factor opens the vault.
#[component]
pub(super) fn SecondFactor() -> impl IntoView {
    let session = use_session();
    let worker = use_worker();
    let code = RwSignal::new(String::new());
    let by_recovery = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    let failure = RwSignal::new(None);
    let app_input = NodeRef::<html::Input>::new();
    let recovery_input = NodeRef::<html::Input>::new();
    focus_on_mount(app_input);
    focus_on_mount(recovery_input);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        error.set(None);
        failure.set(None);
        if code.with_untracked(|code| code.trim().is_empty()) {
            error.set(Some("Type a code.".to_owned()));
            return;
        }
        busy.set(true);
        let another_account = session.phase_untracked() == VaultPhase::SignedOut;
        session.begin_unlock();
        let command = Command::SecondFactor {
            code: code.get_untracked(),
        };
        spawn_local(async move {
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
                    let input = if by_recovery.get_untracked() {
                        recovery_input
                    } else {
                        app_input
                    };
                    if let Some(input) = input.get_untracked() {
                        let _ = input.focus();
                        input.select();
                    }
                }
            }
            busy.set(false);
        });
    };
    let change_kind = move |()| {
        code.set(String::new());
        error.set(None);
        by_recovery.update(|recovery| *recovery = !*recovery);
    };
    view! { class="v",
        <h1>"Enter your code"</h1>
        <p class="lead">
            {move || {
                if by_recovery.get() {
                    "Each recovery code opens the vault once."
                } else {
                    "From the authenticator app that you set up for KeyArc."
                }
            }}
        </p>
        <form method="post" novalidate on:submit=submit>
            {move || {
                if by_recovery.get() {
                    view! { class="v",
                        <TextInput
                            id="recovery-code"
                            label="Recovery code"
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
                            label="Six-digit code"
                            value=code
                            mono=true
                            autocomplete="one-time-code"
                            inputmode="numeric"
                            error=error
                            node_ref=app_input
                        />
                    }
                        .into_any()
                }
            }}
            <FormError error=failure />
            <Button look=Look::Go large=true submit=true busy=busy>
                {move || if busy.get() { "Unlocking…" } else { "Continue" }}
            </Button>
            <UnlockProgress />
        </form>
        <div class="card-foot">
            <Button look=Look::Bare on_press=change_kind>
                {move || {
                    if by_recovery.get() { "Use the authenticator app" } else { "Use a recovery code" }
                }}
            </Button>
            <Button look=Look::Bare on_press=move |()| session.cancel_code()>
                "Start again"
            </Button>
        </div>
    }
}
