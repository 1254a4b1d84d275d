use leptos::{ev, html, prelude::*, task::spawn_local};

use super::{
    frame::{FormError, UnlockProgress, this_device},
    steps_part::{Step, StepPart},
};
use crate::{
    state::use_session,
    ui::{Button, Checkbox, Look, PasswordField, TextInput, focus_on_mount},
    worker::{Command, Failure, Reply, use_worker},
};

/// Setup code and password open the vault on a device that does not know the account.
#[component]
pub(super) fn NewDevice() -> impl IntoView {
    let session = use_session();
    let worker = use_worker();
    let code = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let remember = RwSignal::new(true);
    let busy = RwSignal::new(false);
    let code_error = RwSignal::new(None::<String>);
    let password_error = RwSignal::new(None::<String>);
    let failure = RwSignal::new(None);
    // The setup code is to come, or has come, from another device.
    let linking = RwSignal::new(false);
    let linked = RwSignal::new(false);
    let input = NodeRef::<html::Input>::new();
    let password_input = NodeRef::<html::Input>::new();
    focus_on_mount(input);
    // With the setup code here, the password is all that is missing.
    Effect::new(move |_| {
        if linked.get()
            && let Some(input) = password_input.get()
        {
            let _ = input.focus();
        }
    });
    let focus = move |input: NodeRef<html::Input>| {
        if let Some(input) = input.get_untracked() {
            let _ = input.focus();
        }
    };
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        code_error.set(None);
        password_error.set(None);
        failure.set(None);
        if !linked.get_untracked() && code.with_untracked(|code| code.trim().is_empty()) {
            code_error.set(Some(t!("It stands in your recovery kit.").to_owned()));
            focus(input);
            return;
        }
        if password.with_untracked(String::is_empty) {
            password_error.set(Some(t!("Type your master password.").to_owned()));
            focus(password_input);
            return;
        }
        busy.set(true);
        session.begin_unlock();
        let (typed, keep) = (password.get_untracked(), remember.get_untracked());
        let command = if linked.get_untracked() {
            Command::LogInLinked {
                password: typed,
                remember: keep,
                device_name: this_device(),
            }
        } else {
            Command::LogIn {
                setup_code: code.get_untracked(),
                password: typed,
                remember: keep,
                device_name: this_device(),
            }
        };
        spawn_local(async move {
            match worker.call(command).await {
                Ok(Reply::Unlocked(unlocked)) => {
                    code.set(String::new());
                    password.set(String::new());
                    session.opened(unlocked);
                }
                Ok(_) => session.unlock_failed(),
                Err(reason) => {
                    session.unlock_failed();
                    session.use_another_account();
                    match reason {
                        Failure::SetupCodeTypo | Failure::SetupCodeShape => {
                            code_error.set(Some(reason.to_string()));
                            focus(input);
                        }
                        Failure::WrongPassword => {
                            // Which of the two is wrong nobody can tell, not even the server.
                            password_error.set(Some(
                                t!("Setup code and password do not fit together. If the password was changed, use the new one, and the newest recovery kit.")
                                    .to_owned(),
                            ));
                            focus(password_input);
                        }
                        Failure::SecondFactorRequired => session.ask_for_code(),
                        other => failure.set(Some(other.to_string())),
                    }
                }
            }
            busy.set(false);
        });
    };
    let form = move || {
        view! { class="v",
            <h1>{t!("Log in")}</h1>
            <p class="lead">
                {move || {
                    if linked.get() {
                        t!("The setup code came from the other device. The master password opens the vault.")
                    } else {
                        t!("This device does not know the account yet, so it needs the setup code.")
                    }
                }}
            </p>
            <form method="post" novalidate on:submit=submit>
                {move || {
                    (!linked.get())
                        .then(|| {
                            view! { class="v",
                                <TextInput
                                    id="setup-code"
                                    label=t!("Setup code")
                                    value=code
                                    mono=true
                                    placeholder="KA1-"
                                    error=code_error
                                    hint=Some(
                                        t!("From your recovery kit. Spaces and case do not matter.").to_owned(),
                                    )
                                    node_ref=input
                                />
                            }
                        })
                }}
                <PasswordField
                    id="password"
                    label=t!("Master password")
                    autocomplete="current-password"
                    value=password
                    error=password_error
                    node_ref=password_input
                />
                <Checkbox id="remember" checked=remember>
                    {t!("Remember this device")}
                </Checkbox>
                <FormError error=failure />
                <Button look=Look::Go large=true submit=true busy=busy>
                    {move || if busy.get() { t!("Logging in…") } else { t!("Log in") }}
                </Button>
                <UnlockProgress />
            </form>
            <div class="card-foot">
                <a class="btn btn-bare" href="/recover">
                    {t!("Forgot the password?")}
                </a>
                {move || {
                    (!linked.get())
                        .then(|| {
                            view! { class="v",
                                <Button look=Look::Bare on_press=move |()| linking.set(true)>
                                    {t!("Link with another device")}
                                </Button>
                            }
                        })
                }}
                {move || {
                    session
                        .device()
                        .map(|device| {
                            view! { class="v",
                                <Button look=Look::Bare on_press=move |()| session.use_known_account()>
                                    {t!("Back to {account}", account = device.label)}
                                </Button>
                            }
                        })
                }}
            </div>
        }
    };
    let on_linked = move |()| {
        linked.set(true);
        linking.set(false);
    };
    move || {
        if linking.get() {
            let step = Step::Link {
                on_linked: Callback::new(on_linked),
                on_cancel: Callback::new(move |()| linking.set(false)),
            };
            view! { class="v", <StepPart step=step /> }.into_any()
        } else {
            form().into_any()
        }
    }
}
