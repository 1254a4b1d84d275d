use keyarc_wire::{
    DetailsResponse, DiscardChangesRequest, ErrorCode, HandInRequest, MachineRequest,
    MachineTokensResponse, MachineUsesRequest, MachineUsesResponse, MakeMachineTokenRequest,
    WaitingChangesRequest, WaitingChangesResponse, WriteItemsRequest, WriteItemsResponse, limits,
    paths,
};

use crate::operation::{Access, Area, Effect, Gives, Method, Operation, Takes};

/// What a signed request of a token can be refused for.
const OF_TOKEN: &[ErrorCode] = &[
    ErrorCode::LoginRefused,
    ErrorCode::ClockSkew,
    ErrorCode::TokenExpired,
    ErrorCode::TokenRevoked,
    ErrorCode::AddressRefused,
];

/// And one that hands something in.
const OF_WRITING_TOKEN: &[ErrorCode] = &[
    ErrorCode::LoginRefused,
    ErrorCode::ClockSkew,
    ErrorCode::TokenExpired,
    ErrorCode::TokenRevoked,
    ErrorCode::AddressRefused,
    ErrorCode::TokenReadsOnly,
    ErrorCode::Conflict,
    ErrorCode::ChangesFull,
];

pub(super) fn operations() -> Vec<Operation> {
    let own = Operation {
        id: "",
        method: Method::Post,
        path: "",
        area: Area::Machine,
        summary: "",
        words: "",
        access: Access::Session,
        takes: Takes::Nothing,
        gives: Gives::Nothing,
        effect: Effect::Reads,
        refuses: &[ErrorCode::NotFound],
    };
    let held = Operation {
        access: Access::Anybody,
        takes: Takes::json::<MachineRequest>(),
        effect: Effect::Writes("`login_refused`: the nonce of a request works once."),
        refuses: OF_TOKEN,
        ..own.clone()
    };
    vec![
        Operation {
            id: "openMachineToken",
            path: paths::MACHINE_OPEN,
            summary: "Open what a token reads",
            words: "Signed by the token's own key, without a session and without a challenge. The stream has the grant, every overview of the copy, the manifests since the token was made, all details where they have at most 4 MiB together, and what was handed in with the token and waits.",
            gives: Gives::Copy,
            ..held.clone()
        },
        Operation {
            id: "getMachineDetails",
            path: paths::MACHINE_DETAILS,
            summary: "Fetch details with a token",
            words: "Of 1 to 500 items of the copy, none of them twice, which the signature covers. `invalid_request` when all of them are larger than 16 MiB.",
            gives: Gives::json::<DetailsResponse>(),
            ..held.clone()
        },
        Operation {
            id: "handInChanges",
            path: paths::MACHINE_CHANGES,
            summary: "Hand in changes with a token",
            words: "Signed by the token's own key, which has to write. They wait until an unlocked client of the owner takes them into the vault: at most 100 of a token, and 4 MiB. One of an item waits at most: another one takes its place if it names it in `replaces` and is made on the same version, and is a `conflict` otherwise, without `conflicts`. `changes_full` when more would wait than may.",
            takes: Takes::json_of::<HandInRequest>(limits::MACHINE_CHANGES_BODY),
            effect: Effect::Writes(
                "`login_refused`: the nonce of a request works once. The same changes with another nonce, under the names that they had: the same answer, and nothing is handed in twice.",
            ),
            refuses: OF_WRITING_TOKEN,
            ..held
        },
        Operation {
            id: "listWaitingChanges",
            path: paths::MACHINE_WAITING,
            summary: "List changes that wait",
            words: "Of all machine tokens of the account, in the order of tokens and items, at most 100 at a time and some 8 MiB; `after` asks for the next page. A write to the vault names those that it takes.",
            takes: Takes::json::<WaitingChangesRequest>(),
            gives: Gives::json::<WaitingChangesResponse>(),
            refuses: &[],
            ..own.clone()
        },
        Operation {
            id: "discardChanges",
            path: paths::MACHINE_DISCARD,
            summary: "Discard changes that wait",
            words: "At most 100. Those that wait no more, and those of others, are passed over.",
            takes: Takes::json::<DiscardChangesRequest>(),
            effect: Effect::WritesKeyed("the same answer: they are gone."),
            refuses: &[],
            ..own.clone()
        },
        Operation {
            id: "listMachineTokens",
            method: Method::Get,
            path: paths::MACHINE_TOKENS,
            summary: "List machine tokens",
            words: "Oldest first, at most 100 in force, and those that were revoked in the last 90 days.",
            gives: Gives::json::<MachineTokensResponse>(),
            refuses: &[],
            ..own.clone()
        },
        Operation {
            id: "makeMachineToken",
            path: paths::MACHINE_TOKENS,
            summary: "Make a machine token",
            words: "With its copy of some items, sealed by the client under a key that the server never has. The token itself is never sent.",
            takes: Takes::json_of::<MakeMachineTokenRequest>(limits::WRITE_BODY),
            effect: Effect::WritesKeyed(
                "`invalid_request` with `token_id`: there is one of that name.",
            ),
            refuses: &[],
            ..own.clone()
        },
        Operation {
            id: "getMachineChanges",
            method: Method::Get,
            path: paths::MACHINE_CHANGES_ROUTE,
            summary: "Sync the copy of a token",
            words: "For the token's owner, as a sync of a vault.",
            gives: Gives::Changes,
            refuses: &[ErrorCode::NotFound, ErrorCode::InvalidRequest],
            ..own.clone()
        },
        Operation {
            id: "writeMachineItems",
            path: paths::MACHINE_ITEMS_ROUTE,
            summary: "Bring the copy of a token up to date",
            words: "As a write to a vault, with details in every item, and without earlier versions and attachments. An item that was purged may be written again, on top of its tombstone's version. What is replaced is not kept.",
            takes: Takes::json_of::<WriteItemsRequest>(limits::WRITE_BODY),
            gives: Gives::json::<WriteItemsResponse>(),
            effect: Effect::WritesKeyed("`manifest_stale`, and nothing is written twice."),
            refuses: &[
                ErrorCode::NotFound,
                ErrorCode::Conflict,
                ErrorCode::ManifestStale,
            ],
            ..own.clone()
        },
        Operation {
            id: "revokeMachineToken",
            path: paths::MACHINE_REVOKE_ROUTE,
            summary: "Revoke a machine token",
            words: "At once and for good: its copy is deleted.",
            effect: Effect::WritesKeyed("the same answer: it is revoked."),
            ..own.clone()
        },
        Operation {
            id: "listMachineUses",
            path: paths::MACHINE_USES_ROUTE,
            summary: "List who used a token",
            words: "And who tried to: newest first, 100 at a time, of the last 90 days; `before` asks for the next page.",
            takes: Takes::json::<MachineUsesRequest>(),
            gives: Gives::json::<MachineUsesResponse>(),
            ..own
        },
    ]
}
