use keyarc_wire::{FreshProof, MailCode, MailService, MailState, ReminderChannel, ReminderStep};
use leptos::{ev, prelude::*};

use super::{
    super::ask_password::AskPassword,
    desk::use_desk,
    sample::{Sample, next_due, origin},
};
use crate::{
    reminder_text,
    ui::{Button, Look, TextInput},
    worker::ReminderView,
};

const WRONG_CODE: &str = mark!(
    "This is not the code of the last mail, or it is older than an hour. Nothing was switched on."
);

/// Reminders by e-mail.
#[component]
pub(super) fn Mail(view: ReminderView) -> impl IntoView {
    let desk = use_desk();
    let asking = RwSignal::new(false);
    let turn_on = move |fresh: FreshProof| {
        let words = t!("A code is on its way to your address.");
        desk.step(ReminderStep::TurnMailOn(fresh), words, None);
    };
    let turn_off = move |()| {
        let step = ReminderStep::TurnOff(ReminderChannel::Mail);
        desk.step(step, t!("No more reminders by e-mail."), None);
    };
    let test = move |()| {
        let step = ReminderStep::Test(ReminderChannel::Mail);
        desk.step(step, t!("A test is on its way to your address."), None);
    };
    let stop = format!("{}/reminders/unsubscribe/…", origin());
    let due = next_due(view.next);
    let text = reminder_text::mail(&origin(), &[due], 0, &stop, false);
    let sample = format!("Subject: {}\n\n{}", text.subject, text.text);
    let address = view.address.clone().unwrap_or_default();
    let controls = match (view.mail_service, view.address.is_some(), view.mail) {
        (MailService::None, ..) => view! { class="v",
            <p>{t!("This server sends no mail: whoever runs it has not set that up.")}</p>
        }
        .into_any(),
        (_, false, _) => view! { class="v",
            <p>{t!("Your account has no e-mail address, so there is nowhere to send to.")}</p>
        }
        .into_any(),
        (_, true, MailState::Off) => view! { class="v",
            <Button busy=desk.busy() on_press=move |()| asking.set(true)>
                {t!("Turn on e-mail")}
            </Button>
        }
        .into_any(),
        (_, true, MailState::Unconfirmed) => view! { class="v",
            <Confirm address=address on_again=move |()| asking.set(true) on_cancel=turn_off />
        }
        .into_any(),
        (_, true, MailState::On) => view! { class="v",
            <p>
                {t!("On: one mail a day at most, to ")} <b translate="no">{address}</b> "."
            </p>
            <div class="button-row">
                <Button busy=desk.busy() on_press=test>
                    {t!("Send a test mail")}
                </Button>
                <Button look=Look::Danger busy=desk.busy() on_press=turn_off>
                    {t!("Turn e-mail off")}
                </Button>
            </div>
        }
        .into_any(),
    };
    view! { class="v",
        <h3>{t!("By e-mail")}</h3>
        <p class="quiet">
            {t!("Tells this server's mail provider, yours, and whoever reads your mail: that you use KeyArc here, on which days something is due, and an id for each. Nothing else.")}
        </p>
        {(view.mail_service == MailService::Outbox)
            .then(|| {
                view! { class="v",
                    <p class="quiet">
                        {t!("This server is one for development: mails stay in its folder outbox.")}
                    </p>
                }
            })}
        <Sample label=t!("The whole mail") text=sample example=view.next.is_none() />
        {controls}
        <AskPassword
            open=asking
            title=t!("Turn on reminders by e-mail")
            detail=t!("A code goes to your address first. The master password shows that it is you who wants dates to leave the vault.")
            verb=t!("Continue")
            look=Look::Go
            on_proof=turn_on
        />
    }
}

#[component]
fn Confirm(
    address: String,
    #[prop(into)] on_again: Callback<()>,
    #[prop(into)] on_cancel: Callback<()>,
) -> impl IntoView {
    let desk = use_desk();
    let code = RwSignal::new(String::new());
    let error = RwSignal::new(None::<String>);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if code.with_untracked(|code| code.trim().is_empty()) {
            error.set(Some(t!("Type the code of the mail.").to_owned()));
            return;
        }
        let step = ReminderStep::ConfirmMail(MailCode {
            code: code.get_untracked(),
        });
        desk.step(
            step,
            t!("Reminders by e-mail are on."),
            Some((error, WRONG_CODE)),
        );
    };
    view! { class="v",
        <p>
            {t!("A mail with a code went to ")} <b translate="no">{address}</b>
            {t!(". Nothing else is sent before you type it here.")}
        </p>
        <form class="code-form" method="post" novalidate on:submit=submit>
            <TextInput
                id="mail-code"
                label=t!("Code of the mail")
                value=code
                mono=true
                autocomplete="one-time-code"
                inputmode="numeric"
                error=error
            />
            <div class="button-row">
                <Button look=Look::Go submit=true busy=desk.busy()>
                    {t!("Confirm")}
                </Button>
                <Button busy=desk.busy() on_press=on_again>
                    {t!("Send another code")}
                </Button>
                <Button busy=desk.busy() on_press=on_cancel>
                    {t!("Cancel")}
                </Button>
            </div>
        </form>
    }
}
