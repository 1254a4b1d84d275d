use keyarc_wire::{FreshProof, ReminderChannel, ReminderStep, paths};
use leptos::prelude::*;

use super::{
    super::ask_password::AskPassword,
    desk::use_desk,
    once::ShownOnce,
    sample::{Sample, next_due, origin},
};
use crate::{
    reminder_text,
    ui::{Button, Look},
    words::{ago_now, now_ms},
    worker::ReminderView,
};

/// Reminders as a calendar.
#[component]
pub(super) fn Feed(view: ReminderView) -> impl IntoView {
    let desk = use_desk();
    let asking = RwSignal::new(false);
    let is_on = view.feed_since_ms.is_some();
    let make = move |fresh: FreshProof| {
        let words = t!("The calendar has an address. Save it.");
        desk.step(ReminderStep::MakeFeed(fresh), words, None);
    };
    let turn_off = move |()| {
        let step = ReminderStep::TurnOff(ReminderChannel::Feed);
        desk.step(
            step,
            t!("The calendar is off; its address leads nowhere."),
            None,
        );
    };
    // Lines end with a carriage return, which would be shown twice.
    let sample =
        reminder_text::event(&origin(), next_due(view.next), now_ms() as u64).replace("\r\n", "\n");
    let controls = match view.feed_since_ms {
        Some(since_ms) => view! { class="v",
            <p>{t!("On, at an address made {when}.", when = ago_now(since_ms))}</p>
            <div class="button-row">
                <Button busy=desk.busy() on_press=move |()| asking.set(true)>
                    {t!("New address")}
                </Button>
                <Button look=Look::Danger busy=desk.busy() on_press=turn_off>
                    {t!("Turn calendar off")}
                </Button>
            </div>
        }
        .into_any(),
        None => view! { class="v",
            <Button busy=desk.busy() on_press=move |()| asking.set(true)>
                {t!("Turn on calendar")}
            </Button>
        }
        .into_any(),
    };
    view! { class="v",
        <h3>{t!("As a calendar")}</h3>
        <p class="quiet">
            {t!("An address for your calendar to subscribe to. It tells your calendar's provider, and whoever else comes to know the address: that you use KeyArc here, on which days something is due, and an id for each.")}
        </p>
        <Sample label=t!("The whole event") text=sample example=view.next.is_none() />
        <ShownOnce
            channel=ReminderChannel::Feed
            what=t!("Address")
            words=t!("Subscribe to this address. Whoever has it can read the dates. It is not shown again.")
            written=feed_address
        />
        {controls}
        <AskPassword
            open=asking
            title=if is_on { t!("Make a new address") } else { t!("Turn on the calendar") }
            detail=if is_on {
                t!("The address in use leads nowhere from then on.")
            } else {
                t!("The master password shows that it is you who wants dates to leave the vault.")
            }
            verb=t!("Continue")
            look=Look::Go
            on_proof=make
        />
    }
}

fn feed_address(token: &str) -> String {
    format!("{}{}", origin(), paths::feed(token))
}
