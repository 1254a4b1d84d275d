use leptos::{ev, html, prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;

use super::new_kit::NewKit;
use crate::{
    pages::account::{FormError, StrengthView, UnlockProgress, password_rule, rate, suites},
    state::{use_session, use_toasts},
    ui::{Button, Look, PasswordField, Select, focus_on_mount},
    worker::{Command, Failure, NewPassword, RecoveryKit, Reply, SuiteTime, use_worker},
};

/// The button that opens the form, and has the focus again when it closes.
const OPENER: &str = "change-password";

/// Another master password, or another way to make keys of it.
#[component]
pub(super) fn Password(
    /// The password is another by now, and other sessions have ended.
    #[prop(into)]
    on_changed: Callback<()>,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let close = Callback::new(move |()| {
        open.set(false);
        request_animation_frame(|| {
            let opener = document().get_element_by_id(OPENER);
            if let Some(opener) = opener.and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok()) {
                let _ = opener.focus();
            }
        });
    });
    view! { class="v",
        <section class="settings-part" aria-labelledby="password-title">
            <h2 id="password-title">{t!("Password")}</h2>
            <Show
                when=move || open.get()
                fallback=move || {
                    view! { class="v",
                        <p class="quiet">
                            {t!("A new master password takes nothing but the one that you have. Your items stay as they are; other devices are logged out.")}
                        </p>
                        <Button id=OPENER on_press=move |()| open.set(true)>
                            {t!("Change password")}
                        </Button>
                    }
                }
            >
                <PasswordForm on_changed=on_changed close=close />
            </Show>
        </section>
    }
}

#[component]
fn PasswordForm(on_changed: Callback<()>, close: Callback<()>) -> impl IntoView {
    let session = use_session();
    let worker = use_worker();
    let toasts = use_toasts();
    let now = untrack(|| session.unlocked());
    let suite_now = now.as_ref().map_or(1, |open| open.suite).to_string();
    let label = RwSignal::new(now.map(|open| open.label).unwrap_or_default());
    let current = RwSignal::new(String::new());
    let new = RwSignal::new(String::new());
    let repeat = RwSignal::new(String::new());
    let suite = RwSignal::new(suite_now.clone());
    let tried = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let refused = RwSignal::new(None::<String>);
    let failure = RwSignal::new(None::<String>);
    let kit = RwSignal::new(None::<RecoveryKit>);
    let (rating, new_changed) = rate(new, label);
    let current_input = NodeRef::<html::Input>::new();
    let new_input = NodeRef::<html::Input>::new();
    let repeat_input = NodeRef::<html::Input>::new();
    focus_on_mount(current_input);
    let focus = move |input: NodeRef<html::Input>| {
        if let Some(Some(input)) = input.try_get_untracked() {
            let _ = input.focus();
        }
    };
    let suite_now = StoredValue::new(suite_now);
    let is_suite_new = move || suite_now.with_value(|now| *suite.read() != *now);

    let current_error = Signal::derive(move || {
        let missing = tried.get() && current.read().is_empty();
        let missing = missing.then(|| t!("Type the password that you have.").to_owned());
        refused.get().or(missing)
    });
    let new_error = Signal::derive(move || {
        if !tried.get() {
            return None;
        }
        if *new.read() == *current.read() && !new.read().is_empty() && !is_suite_new() {
            return Some(t!("This is the password that you have.").to_owned());
        }
        let score = rating.score();
        password_rule(&new.read(), score).map(str::to_owned)
    });
    let repeat_error = Signal::derive(move || {
        (tried.get() && *repeat.read() != *new.read())
            .then(|| t!("The two passwords differ.").to_owned())
    });
    let wish = move || NewPassword {
        current: current.get_untracked(),
        new: new.get_untracked(),
        suite: suite.get_untracked().parse().unwrap_or(1),
    };
    let told = move |reason: Failure| match reason {
        Failure::WrongPassword => {
            refused.try_set(Some(t!("This is not the current password.").to_owned()));
            focus(current_input);
        }
        Failure::WeakPassword => {
            failure.try_set(Some(
                t!("The new password is too weak. Make it longer.").to_owned(),
            ));
            focus(new_input);
        }
        Failure::Offline => {
            failure.try_set(Some(
                t!("The server cannot be reached. The password was not changed.").to_owned(),
            ));
        }
        other => {
            failure.try_set(Some(other.to_string()));
        }
    };
    let run = move |command: Command| {
        busy.set(true);
        session.clear_progress();
        spawn_local(async move {
            let reply = worker.call(command).await;
            session.clear_progress();
            let _ = busy.try_set(false);
            match reply {
                Ok(Reply::NewKit(made)) => drop(kit.try_set(Some(made))),
                Ok(Reply::Unlocked(unlocked)) => {
                    session.password_changed(unlocked);
                    toasts.say(t!(
                        "The password was changed. All other sessions have ended."
                    ));
                    close.try_run(());
                    on_changed.try_run(());
                }
                Ok(_) => {}
                Err(reason) => told(reason),
            }
        });
    };
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        tried.set(true);
        refused.set(None);
        failure.set(None);
        for (error, input) in [
            (current_error, current_input),
            (new_error, new_input),
            (repeat_error, repeat_input),
        ] {
            if error.get_untracked().is_some() {
                focus(input);
                return;
            }
        }
        // Another suite makes another setup code: nobody may be left without it.
        run(if untrack(is_suite_new) {
            Command::MakeKit(wish())
        } else {
            Command::ChangePassword(wish())
        });
    };
    view! { class="v",
        <form class="password-form" method="post" novalidate on:submit=submit>
            <PasswordField
                id="current-password"
                label=t!("Current password")
                autocomplete="current-password"
                value=current
                error=current_error
                node_ref=current_input
                on_input=move |()| refused.set(None)
            />
            <PasswordField
                id="new-password"
                label=t!("New password")
                autocomplete="new-password"
                value=new
                error=new_error
                node_ref=new_input
                on_input=new_changed
            />
            <StrengthView strength=rating.strength />
            <PasswordField
                id="repeat-password"
                label=t!("Repeat new password")
                autocomplete="new-password"
                value=repeat
                error=repeat_error
                node_ref=repeat_input
            />
            <Suites suite=suite busy=busy />
            {move || {
                is_suite_new()
                    .then(|| {
                        view! { class="v",
                            <p class="quiet">
                                {t!("This makes a new setup code. You get a new recovery kit before anything is changed; from then on the old one opens nothing.")}
                            </p>
                        }
                    })
            }}
            <FormError error=failure />
            <div class="button-row">
                <Button look=Look::Go submit=true busy=busy>
                    {move || {
                        match (busy.get(), is_suite_new()) {
                            (true, _) => t!("Working…"),
                            (false, true) => t!("Continue"),
                            (false, false) => t!("Change password"),
                        }
                    }}
                </Button>
                <Button disabled=busy on_press=move |()| close.run(())>
                    {t!("Cancel")}
                </Button>
            </div>
            <UnlockProgress />
        </form>
        <NewKit
            kit=kit
            note=t!("Nothing is changed yet. Once the password is changed, this kit takes the place of the one before.")
            verb=t!("Change password")
            on_saved=move |()| run(Command::ChangePassword(wish()))
        />
    }
}

/// How the password becomes a key, and how long that takes here.
#[component]
pub(super) fn Suites(
    suite: RwSignal<String>,
    busy: RwSignal<bool>,
    /// Unique in the page.
    #[prop(default = "suite")]
    id: &'static str,
) -> impl IntoView {
    let worker = use_worker();
    let measuring = RwSignal::new(false);
    let measured = RwSignal::new(Vec::<SuiteTime>::new());
    let measure = move |()| {
        measuring.set(true);
        spawn_local(async move {
            if let Ok(Reply::Measured(times)) = worker.call(Command::MeasureSuites).await {
                let _ = measured.try_set(times);
            }
            let _ = measuring.try_set(false);
        });
    };
    let options = Signal::derive(move || {
        let times = measured.get();
        suites()
            .into_iter()
            .map(|(value, words)| {
                let time = times.iter().find(|time| time.suite.to_string() == value);
                let words = match time {
                    Some(time) => format!("{words}: {}", duration(time.millis)),
                    None => words,
                };
                (value, words)
            })
            .collect::<Vec<_>>()
    });
    let told = move || {
        let words: Vec<String> = measured
            .get()
            .iter()
            .map(|time| {
                let name = if time.suite == 1 {
                    "PBKDF2"
                } else {
                    "Argon2id"
                };
                t!("{name} takes {time}", name, time = duration(time.millis))
            })
            .collect();
        match words.as_slice() {
            [] => String::new(),
            words => {
                let advice = measured.with(|times| advice(times));
                t!(
                    "On this device {times}. {advice}",
                    times = words.join(", "),
                    advice
                )
            }
        }
    };
    view! { class="v",
        <details class="more">
            <summary>{t!("Key derivation")}</summary>
            <div class="suites">
                <Select
                    id=id
                    label=t!("Turns the password into a key")
                    value=suite
                    options=options
                    hint=Some(
                        t!("Both are safe with a good password. Argon2id makes guessing dearer and needs 64 MiB on every device.")
                            .to_owned(),
                    )
                    on_change=move |value| suite.set(value)
                />
                <Button busy=measuring disabled=busy on_press=measure>
                    {t!("Measure on this device")}
                </Button>
                <p class="quiet" aria-live="polite" data-testid="measured">
                    {told}
                </p>
            </div>
        </details>
    }
}

/// Unlocking may take about a second; within that, what is dearer to guess is better.
const WAITED_FOR_MS: u32 = 1_000;

/// Which suite is the better one here.
fn advice(times: &[SuiteTime]) -> &'static str {
    let argon2id = times.iter().find(|time| time.suite == 2);
    match argon2id.and_then(|time| time.millis) {
        Some(millis) if millis <= WAITED_FOR_MS => {
            t!(
                "Argon2id is the better choice here: guessing is dearer, and unlocking stays within a second. Other devices may be slower."
            )
        }
        Some(_) => t!("PBKDF2 is the better choice here: Argon2id takes more than a second."),
        None => t!("PBKDF2 is the one that works here."),
    }
}

/// As one feels it: nobody tells 240 ms from 260.
fn duration(millis: Option<u32>) -> String {
    match millis {
        None => t!("more memory than there is").to_owned(),
        Some(0..=99) => t!("less than 0.1 s").to_owned(),
        Some(millis) => {
            let seconds = format!("{:.1}", f64::from(millis) / 1000.0);
            let seconds = seconds.replace('.', tc!("decimal point", "."));
            t!("about {seconds} s", seconds)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dearer_suite_is_advised_while_it_takes_no_more_than_a_second() {
        let times = |argon2id| {
            [(1, Some(90)), (2, argon2id)].map(|(suite, millis)| SuiteTime { suite, millis })
        };
        assert!(advice(&times(Some(1_000))).starts_with("Argon2id is the better"));
        assert!(advice(&times(Some(1_001))).starts_with("PBKDF2 is the better"));
        assert!(advice(&times(None)).starts_with("PBKDF2 is the one"));
    }

    #[test]
    fn durations_are_told_as_they_are_felt() {
        assert_eq!(duration(None), "more memory than there is");
        assert_eq!(duration(Some(0)), "less than 0.1 s");
        assert_eq!(duration(Some(99)), "less than 0.1 s");
        assert_eq!(duration(Some(100)), "about 0.1 s");
        assert_eq!(duration(Some(240)), "about 0.2 s");
        assert_eq!(duration(Some(1_260)), "about 1.3 s");
    }
}
