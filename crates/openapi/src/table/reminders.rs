use keyarc_wire::{
    ErrorCode, PutRemindersRequest, PutRemindersResponse, ReminderStep, ReminderStepResponse,
    RemindersResponse, limits, paths,
};

use crate::operation::{Access, Area, Effect, Gives, Method, Operation, Takes};

pub(super) fn operations() -> Vec<Operation> {
    let read = Operation {
        id: "",
        method: Method::Get,
        path: paths::REMINDERS,
        area: Area::Reminders,
        summary: "",
        words: "",
        access: Access::Session,
        takes: Takes::Nothing,
        gives: Gives::Nothing,
        effect: Effect::Reads,
        refuses: &[],
    };
    let by_token = Operation {
        access: Access::Address,
        refuses: &[ErrorCode::NotFound],
        ..read.clone()
    };
    vec![
        Operation {
            id: "getReminders",
            summary: "Read how the account is reminded",
            words: "By what, since when, and how the last ten deliveries went.",
            gives: Gives::json::<RemindersResponse>(),
            ..read.clone()
        },
        Operation {
            id: "putReminders",
            method: Method::Post,
            summary: "Keep dates and settings",
            words: "What is left out stays; `set` takes the place of all dates. `conflict` when `base_revision` is not the one in force, or when a `set` comes while nothing is on.",
            takes: Takes::json_of::<PutRemindersRequest>(limits::REMINDERS_BODY),
            gives: Gives::json::<PutRemindersResponse>(),
            effect: Effect::WritesKeyed("`conflict`: the revision has moved on."),
            refuses: &[ErrorCode::Conflict],
            ..read.clone()
        },
        Operation {
            id: "stepReminders",
            method: Method::Post,
            path: paths::REMINDERS_STEP,
            summary: "Switch a way to be reminded on or off, or try it",
            words: "What discloses something takes a proof with purpose `confirm`. Secrets of webhooks and tokens of feeds are shown once.",
            takes: Takes::json::<ReminderStep>(),
            gives: Gives::json::<ReminderStepResponse>(),
            effect: Effect::Writes(
                "`login_refused` for a proof, `invalid_request` for a code of a mail. Switching off stays as it is. A test is sent again.",
            ),
            refuses: &[ErrorCode::LoginRefused],
            ..read
        },
        Operation {
            id: "getFeed",
            path: paths::FEED_ROUTE,
            summary: "Fetch the calendar",
            words: "For whoever has the token. It says on which days something is due, and not what.",
            gives: Gives::Calendar,
            ..by_token.clone()
        },
        Operation {
            id: "askToUnsubscribe",
            path: paths::UNSUBSCRIBE_ROUTE,
            summary: "The page behind a mail's link",
            words: "It asks first: mail programs follow links by themselves.",
            gives: Gives::Page,
            refuses: &[ErrorCode::NotFound],
            ..by_token.clone()
        },
        Operation {
            id: "unsubscribe",
            method: Method::Post,
            path: paths::UNSUBSCRIBE_ROUTE,
            summary: "No more mails",
            words: "What the page's button and mail programs (RFC 8058) do.",
            gives: Gives::Page,
            effect: Effect::Writes("`not_found`: the token is gone with the mails."),
            ..by_token
        },
    ]
}
