use keyarc_wire::{
    ErrorCode, JoinLinkRequest, JoinLinkResponse, KnownDeviceStep, LinkNews, NewDeviceStep,
    OpenLinkRequest, OpenLinkResponse, paths,
};

use crate::operation::{Access, Area, Effect, Gives, Method, Operation, Takes};

const ONCE: &str =
    "`not_found` for a message that was said; a request without one is answered again.";

pub(super) fn operations() -> Vec<Operation> {
    let post = Operation {
        id: "",
        method: Method::Post,
        path: "",
        area: Area::Links,
        summary: "",
        words: "",
        access: Access::Anybody,
        takes: Takes::Nothing,
        gives: Gives::Nothing,
        effect: Effect::Writes(ONCE),
        refuses: &[ErrorCode::NotFound],
    };
    vec![
        Operation {
            id: "openLink",
            path: paths::LINK_OPEN,
            summary: "Wait for an unlocked device",
            words: "A new device waits for two minutes at a place that the server gives it. It needs no session. It counts as a log-in.",
            takes: Takes::json::<OpenLinkRequest>(),
            gives: Gives::json_with::<OpenLinkResponse>(201),
            effect: Effect::Writes("another link is opened; the first is over after two minutes."),
            refuses: &[],
            ..post.clone()
        },
        Operation {
            id: "stepOfNewDevice",
            path: paths::LINK_NEW,
            summary: "Say and hear as the new device",
            words: "What the new device has to say, if anything, and what the other has said so far. It needs no session.",
            takes: Takes::json::<NewDeviceStep>(),
            gives: Gives::json::<LinkNews>(),
            ..post.clone()
        },
        Operation {
            id: "joinLink",
            path: paths::LINK_JOIN,
            summary: "Join a new device",
            words: "By the place and the PIN that it shows. Five may be wrong, and then nobody can join any more. It counts as a log-in.",
            access: Access::Session,
            takes: Takes::json::<JoinLinkRequest>(),
            gives: Gives::json::<JoinLinkResponse>(),
            effect: Effect::Writes("`not_found`: the link is joined."),
            ..post.clone()
        },
        Operation {
            id: "stepOfKnownDevice",
            path: paths::LINK_KNOWN,
            summary: "Say and hear as the unlocked device",
            words: "What the unlocked device has to say, if anything, and what the new one has said so far.",
            access: Access::Session,
            takes: Takes::json::<KnownDeviceStep>(),
            gives: Gives::json::<LinkNews>(),
            ..post
        },
    ]
}
