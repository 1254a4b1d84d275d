use keyarc_vault::Kind;
use leptos::{ev, html, prelude::*, task::spawn_local};

use super::{new_kit::NewKit, password::Suites};
use crate::{
    pages::account::{FormError, StrengthView, UnlockProgress, password_rule, rate},
    state::{Place, use_session, use_toasts},
    ui::{Banner, BannerTone, Button, Icon, Look, PasswordField, focus_on_mount},
    worker::{Command, Failure, NewPassword, RecoveryKit, Reply, use_worker},
};

/// New keys throughout, for when somebody else may have the old ones.
#[component]
pub(super) fn Compromised(
    /// New keys are in force by now, and other sessions have ended.
    #[prop(into)]
    on_changed: Callback<()>,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let done = RwSignal::new(false);
    let close = Callback::new(move |()| open.set(false));
    let changed = Callback::new(move |()| {
        open.set(false);
        done.set(true);
        on_changed.run(());
    });
    view! { class="v",
        <section class="settings-part" aria-labelledby="compromised" data-testid="compromised">
            <h2 id="compromised">{t!("I was compromised")}</h2>
            <p class="quiet">
                {t!("If somebody may have your password, your recovery kit or a device of yours: this makes every key anew and seals all items under them. Whoever has the old keys can open nothing that the server holds from then on.")}
            </p>
            {move || done.get().then(|| view! { class="v", <Rotate /> })}
            <Show
                when=move || open.get()
                fallback=move || {
                    view! { class="v",
                        <Button look=Look::Danger on_press=move |()| open.set(true)>
                            {t!("Change all keys")}
                        </Button>
                    }
                }
            >
                <KeysForm on_changed=changed close=close />
            </Show>
        </section>
    }
}

/// What no change of keys can do.
#[component]
fn Rotate() -> impl IntoView {
    let of = |kind: Kind| {
        Place {
            kind: Some(kind),
            ..Place::default()
        }
        .to_path()
    };
    view! { class="v",
        <Banner tone=BannerTone::Warn icon=Icon::Warning>
            {t!("All keys are new. Secrets that somebody has read stay known to them: change those at their providers now. ")}
            <a href=of(Kind::ApiKey)>{t!("API keys")}</a>
            " · "
            <a href=of(Kind::Login)>{t!("Logins")}</a>
            " · "
            <a href=of(Kind::EnvironmentSet)>{t!("Environment sets")}</a>
        </Banner>
    }
}

#[component]
fn KeysForm(on_changed: Callback<()>, close: Callback<()>) -> impl IntoView {
    let session = use_session();
    let worker = use_worker();
    let toasts = use_toasts();
    let now = untrack(|| session.unlocked());
    let suite = RwSignal::new(now.as_ref().map_or(1, |open| open.suite).to_string());
    let label = RwSignal::new(now.map(|open| open.label).unwrap_or_default());
    let current = RwSignal::new(String::new());
    let new = RwSignal::new(String::new());
    let repeat = RwSignal::new(String::new());
    let tried = RwSignal::new(false);
    let busy = RwSignal::new(false);
    // The kit is saved: from here on the same keys are tried again.
    let saved = RwSignal::new(false);
    let refused = RwSignal::new(None::<String>);
    let failure = RwSignal::new(None::<String>);
    let kit = RwSignal::new(None::<RecoveryKit>);
    let (rating, new_changed) = rate(new, label);
    let current_input = NodeRef::<html::Input>::new();
    let new_input = NodeRef::<html::Input>::new();
    let repeat_input = NodeRef::<html::Input>::new();
    focus_on_mount(current_input);
    let current_error = Signal::derive(move || {
        let missing = tried.get() && current.read().is_empty();
        let missing = missing.then(|| t!("Type the password that you have.").to_owned());
        refused.get().or(missing)
    });
    let new_error = Signal::derive(move || {
        if !tried.get() {
            return None;
        }
        if *new.read() == *current.read() && !new.read().is_empty() {
            return Some(t!("Somebody may know this one. Choose another.").to_owned());
        }
        let score = rating.score();
        password_rule(&new.read(), score).map(str::to_owned)
    });
    let repeat_error = Signal::derive(move || {
        (tried.get() && *repeat.read() != *new.read())
            .then(|| t!("The two passwords differ.").to_owned())
    });
    let focus = move |input: NodeRef<html::Input>| {
        if let Some(Some(input)) = input.try_get_untracked() {
            let _ = input.focus();
        }
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
                t!("The server cannot be reached. Nothing was changed. Press the button again when it is back: the work goes on where it was.")
                    .to_owned(),
            ));
        }
        other => {
            failure.try_set(Some(other.to_string()));
        }
    };
    let run = move |command: Command| {
        busy.set(true);
        failure.set(None);
        session.clear_progress();
        spawn_local(async move {
            let reply = worker.call(command).await;
            session.clear_progress();
            let _ = busy.try_set(false);
            match reply {
                Ok(Reply::NewKit(made)) => drop(kit.try_set(Some(made))),
                Ok(Reply::Unlocked(unlocked)) => {
                    session.password_changed(unlocked);
                    toasts.say(t!("All keys are new. All other sessions have ended."));
                    on_changed.try_run(());
                }
                Ok(_) => {}
                Err(reason) => told(reason),
            }
        });
    };
    let change = move || {
        saved.set(true);
        run(Command::Rekey {
            current: current.get_untracked(),
        });
    };
    let give_up = move |()| {
        session.drop_rekey();
        close.run(());
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
        if saved.get_untracked() {
            change();
            return;
        }
        run(Command::MakeKeys(NewPassword {
            current: current.get_untracked(),
            new: new.get_untracked(),
            suite: suite.get_untracked().parse().unwrap_or(1),
        }));
    };
    let fixed = move || busy.get() || saved.get();
    view! { class="v",
        <ul class="plain-list">
            <li>
                {t!("You choose a new master password and get a new recovery kit. The old password, setup code and kit open nothing any more.")}
            </li>
            <li>{t!("All other devices are logged out, and have to be given the new setup code.")}</li>
            <li>
                {t!("The history of your items ends: earlier versions are sealed under the old keys, and are deleted. What the items are now stays.")}
            </li>
            <li>
                {t!("It does not make unread what somebody has read: the secrets themselves have to be changed at their providers. You get the list.")}
            </li>
            <li>
                {t!("If you have a second factor, it stays. Turn it off and on again if somebody may have that too. Reminders by e-mail, webhook and calendar are switched off.")}
            </li>
            <li>
                {t!("A passkey no longer opens the vault by itself and is asked for after the password, until you remove it and add it again.")}
            </li>
        </ul>
        <form class="password-form" method="post" novalidate on:submit=submit>
            <fieldset class="plain" disabled=fixed>
                <PasswordField
                    id="keys-current"
                    label=t!("Current password")
                    autocomplete="current-password"
                    value=current
                    error=current_error
                    node_ref=current_input
                    on_input=move |()| refused.set(None)
                />
                <PasswordField
                    id="keys-new"
                    label=t!("New password")
                    autocomplete="new-password"
                    value=new
                    error=new_error
                    node_ref=new_input
                    on_input=new_changed
                />
                <StrengthView strength=rating.strength />
                <PasswordField
                    id="keys-repeat"
                    label=t!("Repeat new password")
                    autocomplete="new-password"
                    value=repeat
                    error=repeat_error
                    node_ref=repeat_input
                />
            </fieldset>
            <Suites suite=suite busy=busy id="keys-suite" />
            <FormError error=failure />
            // Where whoever has just pressed the button looks, on a phone too.
            <UnlockProgress />
            <div class="button-row">
                <Button look=Look::Danger submit=true busy=busy>
                    {move || match (busy.get(), saved.get()) {
                        (true, true) => t!("Changing all keys…"),
                        (true, false) => t!("Working…"),
                        (false, true) => t!("Change all keys"),
                        (false, false) => t!("Continue"),
                    }}
                </Button>
                <Button disabled=busy on_press=give_up>
                    {t!("Cancel")}
                </Button>
            </div>
        </form>
        <NewKit
            kit=kit
            note=t!("Nothing is changed yet. Once all keys are changed, this kit takes the place of the one before.")
            verb=t!("Change all keys")
            on_saved=move |()| change()
        />
    }
}
