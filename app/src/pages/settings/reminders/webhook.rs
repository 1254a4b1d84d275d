use keyarc_wire::{FreshProof, NewWebhook, ReminderChannel, ReminderStep};
use leptos::{ev, prelude::*};

use super::{
    super::ask_password::AskPassword,
    desk::use_desk,
    once::ShownOnce,
    sample::{Sample, next_due},
};
use crate::{
    reminder_text,
    ui::{Button, Look, TextInput},
    vault_app::is_development,
    words::ago_now,
    worker::ReminderView,
};

const NOT_TAKEN: &str = mark!(
    "The server does not take this address: it must begin with https:// and have no name, password or fragment. Nothing was switched on."
);

/// Reminders by webhook.
#[component]
pub(super) fn Webhook(view: ReminderView) -> impl IntoView {
    let desk = use_desk();
    let asking = RwSignal::new(false);
    let known = view.webhook.as_ref().map(|(url, _)| url.clone());
    let url = RwSignal::new(known.clone().unwrap_or_default());
    let error = RwSignal::new(None::<String>);
    let is_on = known.is_some();
    let set = move |fresh: FreshProof| {
        let step = ReminderStep::SetWebhook(NewWebhook {
            fresh,
            url: url.get_untracked().trim().to_owned(),
        });
        let words = t!("The webhook is on. Save its secret.");
        desk.step(step, words, (!is_on).then_some((error, NOT_TAKEN)));
    };
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if let Some(problem) = url.with_untracked(|url| problem_of(url, is_development())) {
            error.set(Some(problem.to_owned()));
            return;
        }
        error.set(None);
        asking.set(true);
    };
    let turn_off = move |()| {
        let step = ReminderStep::TurnOff(ReminderChannel::Webhook);
        desk.step(step, t!("The webhook is off."), None);
    };
    let test = move |()| {
        let step = ReminderStep::Test(ReminderChannel::Webhook);
        desk.step(step, t!("The receiver took the test."), None);
    };
    let sample = reminder_text::webhook_body(next_due(view.next), "rem_…", false);
    let controls = match view.webhook {
        Some((url, since_ms)) => view! { class="v",
            <p>
                {t!("On, set up {when}: ", when = ago_now(since_ms))} <code class="code-hash" translate="no">{url}</code>
            </p>
            <div class="button-row">
                <Button busy=desk.busy() on_press=test>
                    {t!("Send a test request")}
                </Button>
                <Button busy=desk.busy() on_press=move |()| asking.set(true)>
                    {t!("New secret")}
                </Button>
                <Button look=Look::Danger busy=desk.busy() on_press=turn_off>
                    {t!("Turn webhook off")}
                </Button>
            </div>
        }
        .into_any(),
        None => view! { class="v",
            <form class="code-form" method="post" novalidate on:submit=submit>
                <TextInput
                    id="webhook-url"
                    label=t!("Address of the receiver")
                    value=url
                    kind="url"
                    inputmode="url"
                    placeholder="https://"
                    hint=Some(t!("It must begin with https:// and be reachable from the internet.").to_owned())
                    error=error
                />
                <Button submit=true busy=desk.busy()>
                    {t!("Turn on webhook")}
                </Button>
            </form>
        }
        .into_any(),
    };
    view! { class="v",
        <h3>{t!("By webhook")}</h3>
        <p class="quiet">
            {t!("Tells whoever runs the receiver: that something of yours is due, on which day, and an id. Requests are signed as Standard Webhooks has it, carry a time, and are repeated for about twenty hours until they are taken.")}
        </p>
        <Sample label=t!("The whole body") text=sample example=view.next.is_none() />
        <ShownOnce
            channel=ReminderChannel::Webhook
            what=t!("Secret")
            words=t!("The receiver checks signatures with this secret. It is not shown again.")
            written=str::to_owned
        />
        {controls}
        <AskPassword
            open=asking
            title=if is_on { t!("Make a new secret") } else { t!("Turn on the webhook") }
            detail=if is_on {
                t!("The secret in use is worth nothing from then on: give the receiver the new one.")
            } else {
                t!("The master password shows that it is you who wants dates to leave the vault.")
            }
            verb=t!("Continue")
            look=Look::Go
            on_proof=set
        />
    }
}

/// What is wrong with an address before anybody else sees it. In development receivers may be on
/// this machine, without TLS.
fn problem_of(url: &str, development: bool) -> Option<&'static str> {
    let url = url.trim();
    let is_known = url.starts_with("https://") || (development && url.starts_with("http://"));
    match (url.is_empty(), is_known) {
        (true, _) => Some(t!("Type where to send to.")),
        (false, false) => Some(t!("The address must begin with https://.")),
        (false, true) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::problem_of;

    #[test]
    fn an_address_is_looked_at_before_the_password_is_asked_for() {
        assert!(problem_of(" ", true).is_some());
        assert!(problem_of("hooks.example", true).is_some());
        assert!(problem_of("http://127.0.0.1/", false).is_some());
        assert!(problem_of("http://127.0.0.1/", true).is_none());
        assert!(problem_of(" https://hooks.example/ ", false).is_none());
    }
}
