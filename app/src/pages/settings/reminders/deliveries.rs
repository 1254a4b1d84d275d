use keyarc_wire::{DeliveryOutcome, DeliveryProblem, ReminderChannel, ReminderDelivery};
use leptos::prelude::*;

use crate::{
    ui::{Badge, BadgeTone},
    words::moment,
};

/// What was sent last, and what was not.
#[component]
pub(super) fn Deliveries(
    /// The newest first.
    deliveries: Vec<ReminderDelivery>,
) -> impl IntoView {
    let row = |one: ReminderDelivery| {
        let (tone, word, detail) = outcome_words(&one);
        view! { class="v",
            <li>
                <div>
                    <b>{channel_words(one.channel)}</b>
                    <small>{moment(one.at_ms)} {detail}</small>
                </div>
                <Badge tone=tone>{word}</Badge>
            </li>
        }
    };
    let is_empty = deliveries.is_empty();
    view! { class="v",
        <h3>{t!("What was sent last")}</h3>
        {if is_empty {
            view! { class="v", <p class="quiet">{t!("Nothing was sent yet.")}</p> }.into_any()
        } else {
            view! { class="v",
                <ul class="sessions" aria-label=t!("Deliveries")>
                    {deliveries.into_iter().map(row).collect_view()}
                </ul>
            }
                .into_any()
        }}
    }
}

fn channel_words(channel: ReminderChannel) -> &'static str {
    match channel {
        ReminderChannel::Mail => t!("E-mail"),
        ReminderChannel::Webhook => t!("Webhook"),
        ReminderChannel::Feed => t!("Calendar"),
    }
}

fn outcome_words(one: &ReminderDelivery) -> (BadgeTone, &'static str, String) {
    let after = |problem| {
        let tries = tn!(one.attempts, "{count} attempt", "{count} attempts");
        t!(
            ", {tries}: {problem}",
            tries,
            problem = problem_words(problem)
        )
    };
    match one.outcome {
        DeliveryOutcome::Delivered => (BadgeTone::Ok, t!("delivered"), String::new()),
        DeliveryOutcome::Retrying(problem) => (BadgeTone::Warn, t!("trying again"), after(problem)),
        DeliveryOutcome::GivenUp(problem) => (BadgeTone::Bad, t!("given up"), after(problem)),
    }
}

/// Why something was not delivered, to follow a colon.
pub(super) fn problem_words(problem: DeliveryProblem) -> String {
    match problem {
        DeliveryProblem::Unreachable => t!("nothing answers there"),
        DeliveryProblem::TimedOut => t!("it took too long"),
        DeliveryProblem::Forbidden => {
            t!("the address is in a private network, which this server does not call")
        }
        DeliveryProblem::NotSecure => t!("the connection could not be encrypted"),
        DeliveryProblem::Refused(Some(status)) => {
            return t!("the other side refused with status {status}", status);
        }
        DeliveryProblem::Refused(None) => t!("the other side refused"),
        DeliveryProblem::Operator => t!("this server's own mail does not work at the moment"),
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_say_how_often_and_why() {
        let one = |outcome| ReminderDelivery {
            channel: ReminderChannel::Webhook,
            at_ms: 0,
            attempts: 7,
            outcome,
        };
        let given_up = DeliveryOutcome::GivenUp(DeliveryProblem::Refused(Some(410)));
        let (_, word, detail) = outcome_words(&one(given_up));
        assert_eq!(word, "given up");
        assert_eq!(
            detail,
            ", 7 attempts: the other side refused with status 410"
        );
        assert_eq!(
            outcome_words(&one(DeliveryOutcome::Delivered)).1,
            "delivered"
        );
    }
}
