use leptos::{ev, html, prelude::*, task::spawn_local};
use leptos_meta::Title;

use super::{
    frame::{AccountFrame, FormError, UnlockProgress, this_device},
    kit::KitView,
    strength::{StrengthView, password_rule, rate},
    suites::suites,
};
use crate::{
    state::{VaultPhase, use_go, use_session},
    ui::{Button, Checkbox, Look, PasswordField, Select, TextInput},
    worker::{Command, Failure, RecoveryKit, Reply, Unlocked, use_worker},
};

/// The terms a person agrees to at sign-up.
const TERMS_VERSION: &str = "2026-11";

/// Makes an account, then shows its recovery kit.
#[component]
pub fn SignUpPage() -> impl IntoView {
    let made: RwSignal<Option<(RecoveryKit, Unlocked)>> = RwSignal::new(None);
    view! { class="v",
        <Title text=t!("Create your vault · KeyArc") />
        {move || match made.get() {
            None => view! { class="v", <SignUpForm made=made /> }.into_any(),
            Some((kit, unlocked)) => {
                view! { class="v", <KitStep kit=kit unlocked=unlocked /> }.into_any()
            }
        }}
    }
}

#[component]
fn SignUpForm(made: RwSignal<Option<(RecoveryKit, Unlocked)>>) -> impl IntoView {
    let session = use_session();
    let worker = use_worker();
    let email = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let repeat = RwSignal::new(String::new());
    let suite = RwSignal::new("1".to_owned());
    let agreed = RwSignal::new(false);
    let tried = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let failure = RwSignal::new(None);
    let (rating, password_changed) = rate(password, email);
    let first = NodeRef::<html::Input>::new();
    let second = NodeRef::<html::Input>::new();
    let consent = NodeRef::<html::Input>::new();

    let email_error = Signal::derive(move || {
        (tried.get() && !email.with(|email| is_email_or_empty(email)))
            .then(|| t!("This is no e-mail address. It may also stay empty.").to_owned())
    });
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
    let consent_error = Signal::derive(move || {
        (tried.get() && !agreed.get()).then(|| t!("Needed to create a vault.").to_owned())
    });
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        tried.set(true);
        failure.set(None);
        let wrong = if password_error.get_untracked().is_some() {
            Some(first)
        } else if repeat_error.get_untracked().is_some() {
            Some(second)
        } else if consent_error.get_untracked().is_some() {
            Some(consent)
        } else {
            None
        };
        if let Some(input) = wrong {
            if let Some(input) = input.get_untracked() {
                let _ = input.focus();
            }
            return;
        }
        if email_error.get_untracked().is_some() {
            return;
        }
        busy.set(true);
        let command = Command::SignUp {
            email: Some(email.get_untracked().trim().to_owned()).filter(|email| !email.is_empty()),
            password: password.get_untracked(),
            suite: suite.get_untracked().parse().unwrap_or(1),
            terms_version: TERMS_VERSION.to_owned(),
            device_name: this_device(),
        };
        spawn_local(async move {
            let reply = worker.call(command).await;
            busy.set(false);
            match reply {
                Ok(Reply::SignedUp { kit, unlocked }) => made.set(Some((kit, unlocked))),
                Ok(_) => {}
                Err(Failure::WeakPassword) => {
                    failure.set(Some(
                        t!("The password is too weak. Make it longer.").to_owned(),
                    ));
                }
                Err(other) => failure.set(Some(other.to_string())),
            }
        });
    };
    view! { class="v",
        <AccountFrame below=view! { class="v",
            <p>{t!("Already have one? ")} <a href="/log-in">{t!("Log in")}</a></p>
        }
            .into_any()>
            <h1>{t!("Create your vault")}</h1>
            <p class="lead">
                {t!("Everything is sealed on this device before it is sent. Nobody can reset the master password, so choose one you will remember.")}
            </p>
            <form method="post" novalidate on:submit=submit>
                // Nothing can be typed before the page listens, so nothing typed is lost.
                <fieldset class="plain" disabled=move || session.phase() == VaultPhase::Unknown>
                    <TextInput
                        id="email"
                        label=t!("E-mail (optional)")
                        kind="email"
                        autocomplete="email"
                        value=email
                        error=email_error
                        hint=Some(t!("For notices only. You log in without it.").to_owned())
                    />
                    <PasswordField
                        id="password"
                        label=t!("Master password")
                        autocomplete="new-password"
                        value=password
                        error=password_error
                        node_ref=first
                        on_input=password_changed
                    />
                    <StrengthView strength=rating.strength />
                    <PasswordField
                        id="repeat"
                        label=t!("Repeat master password")
                        autocomplete="new-password"
                        value=repeat
                        error=repeat_error
                        node_ref=second
                    />
                    <details class="more">
                        <summary>{t!("Key derivation")}</summary>
                        <Select
                            id="suite"
                            label=t!("Turns the password into a key")
                            value=suite
                            options=suites()
                            hint=Some(
                                t!("Both are safe with a good password. Argon2id makes guessing dearer and needs 64 MiB here.")
                                    .to_owned(),
                            )
                            on_change=move |value| suite.set(value)
                        />
                    </details>
                    <Checkbox id="terms" checked=agreed error=consent_error node_ref=consent>
                        {t!("I agree to the terms (")}
                        <a href="/terms" target="_blank" rel="noopener">
                            {t!("read them")}
                        </a> {t!(") and know what is kept (")}
                        <a href="/privacy" target="_blank" rel="noopener">
                            {t!("privacy")}
                        </a> ")."
                    </Checkbox>
                    <FormError error=failure />
                    <Button look=Look::Go large=true submit=true busy=busy>
                        {move || if busy.get() { t!("Creating…") } else { t!("Create vault") }}
                    </Button>
                    <UnlockProgress />
                </fieldset>
            </form>
        </AccountFrame>
    }
}

#[component]
fn KitStep(kit: RecoveryKit, unlocked: Unlocked) -> impl IntoView {
    let session = use_session();
    let go = use_go();
    let saved = RwSignal::new(false);
    let tried = RwSignal::new(false);
    let error = Signal::derive(move || {
        (tried.get() && !saved.get()).then(|| t!("Save it first: it is shown only now.").to_owned())
    });
    // Leaving now would lose the kit for good.
    let guard = window_event_listener(ev::beforeunload, move |event| {
        if !saved.get_untracked() {
            event.prevent_default();
        }
    });
    on_cleanup(move || guard.remove());
    let unlocked = StoredValue::new(unlocked);
    let open = move |()| {
        tried.set(true);
        if saved.get_untracked() {
            session.opened(unlocked.get_value());
            go.path_instead("/vault");
        }
    };
    view! { class="v",
        <AccountFrame>
            <KitView kit=kit />
            <div class="kit-actions">
                <Checkbox id="kit-saved" checked=saved error=error>
                    {t!("I have saved my recovery kit")}
                </Checkbox>
                <Button look=Look::Go large=true on_press=open>
                    {t!("Open my vault")}
                </Button>
            </div>
        </AccountFrame>
    }
}

/// Nobody checks addresses further than this: a typing error is for the owner to see.
fn is_email_or_empty(text: &str) -> bool {
    let text = text.trim();
    text.is_empty()
        || text.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty() && !host.is_empty() && !host.contains('@') && !text.contains(' ')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_be_missing_but_not_broken() {
        for good in [
            "",
            "  ",
            "a@b",
            "ann.o'neil+x@example.org",
            "ü@müller.example",
        ] {
            assert!(is_email_or_empty(good), "{good}");
        }
        for bad in ["a", "@b", "a@", "a@b@c", "a b@c"] {
            assert!(!is_email_or_empty(bad), "{bad}");
        }
    }
}
