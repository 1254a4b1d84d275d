use keyarc_wire::{
    DetailsRequest, DetailsResponse, ErrorCode, HistoriesRequest, HistoriesResponse,
    ItemVersionsRequest, ItemVersionsResponse, MomentRequest, MomentResponse,
    VersionDetailsRequest, VersionDetailsResponse, WriteItemsRequest, WriteItemsResponse, limits,
    paths,
};

use crate::operation::{Access, Area, Effect, Gives, Method, Operation, Takes};

pub(super) fn operations() -> Vec<Operation> {
    let read = Operation {
        id: "",
        method: Method::Post,
        path: "",
        area: Area::Vaults,
        summary: "",
        words: "",
        access: Access::Session,
        takes: Takes::Nothing,
        gives: Gives::Nothing,
        effect: Effect::Reads,
        refuses: &[ErrorCode::NotFound],
    };
    vec![
        Operation {
            id: "getChanges",
            method: Method::Get,
            path: paths::CHANGES_ROUTE,
            summary: "Sync",
            words: "Every item that changed after a revision, and the vault's newest manifest, whose version is the revision to ask from next time. One stream in constant memory, however large the vault.",
            gives: Gives::Changes,
            refuses: &[ErrorCode::NotFound, ErrorCode::InvalidRequest],
            ..read.clone()
        },
        Operation {
            id: "writeItems",
            path: paths::ITEMS_ROUTE,
            summary: "Write and delete items",
            words: "One atomic change of at most 20,000 items: all of it happens or none of it. An item that is not at its `base_version` is a `conflict`, which names all of those; a manifest that does not follow the vault's head is `manifest_stale`. In `takes` it names the changes handed in with machine tokens that it takes, which wait no longer then; when one of them waits no more already, that is a `conflict` without `conflicts`.",
            takes: Takes::json_of::<WriteItemsRequest>(limits::WRITE_BODY),
            gives: Gives::json::<WriteItemsResponse>(),
            effect: Effect::WritesKeyed("`manifest_stale`, and nothing is written twice."),
            refuses: &[
                ErrorCode::NotFound,
                ErrorCode::Conflict,
                ErrorCode::ManifestStale,
            ],
            ..read.clone()
        },
        Operation {
            id: "getDetails",
            path: paths::DETAILS_ROUTE,
            summary: "Fetch details",
            words: "Of 1 to 1,000 items, none of them twice, in no particular order. Items that do not exist are left out.",
            takes: Takes::json::<DetailsRequest>(),
            gives: Gives::json::<DetailsResponse>(),
            ..read.clone()
        },
        Operation {
            id: "listVersions",
            path: paths::VERSIONS_ROUTE,
            summary: "List the earlier versions of an item",
            words: "Newest first, 25 at a time; `before` asks for the next page. `not_found` for an item that does not exist or was deleted for good.",
            takes: Takes::json::<ItemVersionsRequest>(),
            gives: Gives::json::<ItemVersionsResponse>(),
            ..read.clone()
        },
        Operation {
            id: "listHistories",
            path: paths::HISTORIES_ROUTE,
            summary: "List the earlier versions of many items",
            words: "In the order of item ids, of each item the oldest first, 1,000 at a time; `after` asks for the next page. Items that do not exist have none.",
            takes: Takes::json::<HistoriesRequest>(),
            gives: Gives::json::<HistoriesResponse>(),
            ..read.clone()
        },
        Operation {
            id: "getVersionDetails",
            path: paths::VERSION_DETAILS_ROUTE,
            summary: "Fetch details of earlier versions",
            words: "Of 1 to 500 versions, none of them twice, in no particular order. What is not kept is left out; `invalid_request` when all of them are larger than 16 MiB.",
            takes: Takes::json::<VersionDetailsRequest>(),
            gives: Gives::json::<VersionDetailsResponse>(),
            ..read.clone()
        },
        Operation {
            id: "getMoment",
            path: paths::MOMENT_ROUTE,
            summary: "Look at the vault at a moment",
            words: "Of each item that has changed since, the oldest version kept that was replaced after it, 1,000 at a time in the order of item ids; `after` asks for the next page.",
            takes: Takes::json::<MomentRequest>(),
            gives: Gives::json::<MomentResponse>(),
            ..read
        },
    ]
}
