//! Every operation, in the order of the document. A route of the server that is missing here, or
//! one here that is no route, fails the server's test `described`.

mod account;
mod attachments;
mod links;
mod log_in;
mod machine;
mod reminders;
mod vaults;

use keyarc_wire::paths;

use crate::operation::{Access, Area, Effect, Gives, Method, Operation, Takes};

pub(crate) fn operations() -> Vec<Operation> {
    [
        log_in::operations(),
        account::operations(),
        reminders::operations(),
        vaults::operations(),
        attachments::operations(),
        links::operations(),
        machine::operations(),
        vec![description()],
    ]
    .concat()
}

fn description() -> Operation {
    Operation {
        id: "getDescription",
        method: Method::Get,
        path: paths::DESCRIPTION,
        area: Area::Description,
        summary: "This document",
        words: "The description of the API in OpenAPI 3.1, as the server's version has it. It changes with a version of the server, and `ETag` with it.",
        access: Access::Anybody,
        takes: Takes::Nothing,
        gives: Gives::Document,
        effect: Effect::Reads,
        refuses: &[],
    }
}
