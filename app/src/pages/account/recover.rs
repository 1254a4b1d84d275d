use leptos::{ev, html, prelude::*, task::spawn_local};
use leptos_meta::Title;

use super::{
    frame::{AccountFrame, FormError, UnlockProgress, this_device},
    strength::{StrengthView, password_rule, rate},
};
use crate::{
    state::{use_go, use_session},
    ui::{Button, Checkbox, Look, PasswordField, TextArea, TextInput, focus_on_mount},
    worker::{Command, Failure, Reply, use_worker},
};

/// How far a recovery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The codes of the kit are asked for.
    Kit,
    /// A code of the second factor is.
    Code,
    /// The new password is.
    Password,
}

/// Opens the vault with the recovery kit and without the password, and sets a new one.
#[component]
pub fn RecoverPage() -> impl IntoView {
    let worker = use_worker();
    let step = RwSignal::new(Step::Kit);
    // Whoever leaves the page gives it up, and the keys that it holds are wiped.
    on_cleanup(move || {
        spawn_local(async move {
            let _ = worker.call(Command::CancelRecovery).await;
        });
    });
    view! { class="v",
        <Title text=t!("Recover your vault · KeyArc") />
        <AccountFrame below=view! { class="v",
            <p>{t!("Remembered it? ")} <a href="/log-in">{t!("Log in")}</a></p>
        }
            .into_any()>
            {move || match step.get() {
                Step::Kit => view! { class="v", <KitStep step=step /> }.into_any(),
                Step::Code => view! { class="v", <CodeStep step=step /> }.into_any(),
                Step::Password => view! { class="v", <PasswordStep step=step /> }.into_any(),
            }}
        </AccountFrame>
    }
}

#[component]
fn KitStep(step: RwSignal<Step>) -> impl IntoView {
    let worker = use_worker();
    let kit = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    let failure = RwSignal::new(None::<String>);
    let input = NodeRef::<html::Textarea>::new();
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            let _ = input.focus();
        }
    });
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        error.set(None);
        failure.set(None);
        let text = kit.get_untracked();
        if text.trim().is_empty() {
            error.set(Some(t!("Paste the kit, or type its codes.").to_owned()));
            return;
        }
        busy.set(true);
        spawn_local(async move {
            let reply = worker.call(Command::BeginRecovery { kit: text }).await;
            let _ = busy.try_set(false);
            match reply {
                Ok(_) => drop(step.try_set(Step::Password)),
                Err(Failure::SecondFactorRequired) => drop(step.try_set(Step::Code)),
                Err(Failure::Kit(fault)) => {
                    error.try_set(Some(fault.to_string()));
                    if let Some(Some(input)) = input.try_get_untracked() {
                        let _ = input.focus();
                    }
                }
                Err(other) => drop(failure.try_set(Some(other.to_string()))),
            }
        });
    };
    view! { class="v",
        <h1>{t!("Recover your vault")}</h1>
        <p class="lead">
            {t!("With your recovery kit you open the vault without the master password, and choose a new one. Nothing is changed before that.")}
        </p>
        <form method="post" novalidate on:submit=submit>
            <TextArea
                id="kit"
                label=t!("Recovery kit")
                value=kit
                rows=7
                mono=true
                placeholder="KA1-…  KR1-…  KC1-…"
                error=error
                hint=Some(
                    t!("Paste the whole file, or type setup code, recovery key and, if you can, the checkpoint, one after the other. Spaces and case do not matter.")
                        .to_owned(),
                )
                node_ref=input
            />
            <FormError error=failure />
            <Button look=Look::Go large=true submit=true busy=busy>
                {move || if busy.get() { t!("Checking…") } else { t!("Continue") }}
            </Button>
        </form>
    }
}

#[component]
fn CodeStep(step: RwSignal<Step>) -> impl IntoView {
    let worker = use_worker();
    let code = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    let failure = RwSignal::new(None::<String>);
    let input = NodeRef::<html::Input>::new();
    focus_on_mount(input);
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
        let command = Command::RecoveryCode {
            code: code.get_untracked(),
        };
        spawn_local(async move {
            let reply = worker.call(command).await;
            let _ = busy.try_set(false);
            match reply {
                Ok(_) => drop(step.try_set(Step::Password)),
                Err(Failure::WrongCode) => {
                    error.try_set(Some(Failure::WrongCode.to_string()));
                    if let Some(Some(input)) = input.try_get_untracked() {
                        let _ = input.focus();
                        input.select();
                    }
                }
                Err(other) => drop(failure.try_set(Some(other.to_string()))),
            }
        });
    };
    view! { class="v",
        <h1>{t!("Enter your code")}</h1>
        <p class="lead">
            {t!("The recovery kit stands in for the password, and not for the second factor. Type a code of the authenticator app, or one of the recovery codes. A passkey cannot be used here.")}
        </p>
        <form method="post" novalidate on:submit=submit>
            <TextInput
                id="second-factor-code"
                label=t!("Code")
                value=code
                mono=true
                autocomplete="one-time-code"
                error=error
                node_ref=input
            />
            <FormError error=failure />
            <Button look=Look::Go large=true submit=true busy=busy>
                {move || if busy.get() { t!("Checking…") } else { t!("Continue") }}
            </Button>
        </form>
        <StartAgain step=step />
    }
}

#[component]
fn PasswordStep(step: RwSignal<Step>) -> impl IntoView {
    let session = use_session();
    let worker = use_worker();
    let go = use_go();
    let password = RwSignal::new(String::new());
    let repeat = RwSignal::new(String::new());
    let remember = RwSignal::new(true);
    let tried = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let failure = RwSignal::new(None::<String>);
    let (rating, changed) = rate(password, RwSignal::new(String::new()));
    let input = NodeRef::<html::Input>::new();
    let repeat_input = NodeRef::<html::Input>::new();
    focus_on_mount(input);
    let password_error = Signal::derive(move || {
        if !tried.get() {
            return None;
        }
        let score = rating.score();
        password_rule(&password.read(), score).map(str::to_owned)
    });
    let repeat_error = Signal::derive(move || {
        (tried.get() && *repeat.read() != *password.read())
            .then(|| t!("The two passwords differ.").to_owned())
    });
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        tried.set(true);
        failure.set(None);
        for (error, input) in [(password_error, input), (repeat_error, repeat_input)] {
            if error.get_untracked().is_some() {
                if let Some(input) = input.get_untracked() {
                    let _ = input.focus();
                }
                return;
            }
        }
        busy.set(true);
        session.clear_progress();
        let command = Command::FinishRecovery {
            password: password.get_untracked(),
            remember: remember.get_untracked(),
            device_name: this_device(),
        };
        spawn_local(async move {
            let reply = worker.call(command).await;
            session.clear_progress();
            let _ = busy.try_set(false);
            match reply {
                Ok(Reply::Unlocked(unlocked)) => {
                    session.password_changed(unlocked);
                    go.path_instead("/vault");
                }
                Ok(_) => {}
                Err(Failure::WeakPassword) => {
                    failure.try_set(Some(
                        t!("The password is too weak. Make it longer.").to_owned(),
                    ));
                }
                Err(Failure::LogInExpired) => {
                    failure.try_set(Some(
                        t!("This took too long, or the kit was replaced meanwhile. Nothing was changed. Start again with the kit.")
                            .to_owned(),
                    ));
                }
                Err(other) => drop(failure.try_set(Some(other.to_string()))),
            }
        });
    };
    view! { class="v",
        <h1>{t!("Choose a new password")}</h1>
        <p class="lead">
            {t!("It takes the place of the one that you forgot. All other sessions end; setup code and recovery kit stay as they are.")}
        </p>
        <form method="post" novalidate on:submit=submit>
            <PasswordField
                id="new-password"
                label=t!("New master password")
                autocomplete="new-password"
                value=password
                error=password_error
                node_ref=input
                on_input=changed
            />
            <StrengthView strength=rating.strength />
            <PasswordField
                id="repeat-password"
                label=t!("Repeat new master password")
                autocomplete="new-password"
                value=repeat
                error=repeat_error
                node_ref=repeat_input
            />
            <Checkbox id="remember" checked=remember>
                {t!("Remember this device")}
            </Checkbox>
            <FormError error=failure />
            <Button look=Look::Go large=true submit=true busy=busy>
                {move || if busy.get() { t!("Opening…") } else { t!("Set password and open") }}
            </Button>
            <UnlockProgress />
        </form>
        <StartAgain step=step />
    }
}

#[component]
fn StartAgain(step: RwSignal<Step>) -> impl IntoView {
    view! { class="v",
        <div class="card-foot">
            <Button look=Look::Bare on_press=move |()| step.set(Step::Kit)>
                {t!("Start again")}
            </Button>
        </div>
    }
}
