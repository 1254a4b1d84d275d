use keyarc_wire::{
    AccountResponse, AddPasskeyRequest, ChangePasswordRequest, ChangeRecoveryRequest, ErrorCode,
    FreshProof, KeepPinsRequest, KeepRecoveryNoteRequest, PasskeyAdded, PasskeyCreation,
    RekeyRequest, StageItemsRequest, limits, paths,
};

use crate::operation::{Access, Area, Effect, Gives, Method, Operation, Takes};

const NONCE: &str = "`login_refused`: the nonce of a proof works once.";
const SAME: &str = "the same comes of it as of the first time.";

pub(super) fn operations() -> Vec<Operation> {
    let post = Operation {
        id: "",
        method: Method::Post,
        path: "",
        area: Area::Account,
        summary: "",
        words: "",
        access: Access::Session,
        takes: Takes::Nothing,
        gives: Gives::Nothing,
        effect: Effect::WritesKeyed(SAME),
        refuses: &[],
    };
    vec![
        Operation {
            id: "getAccount",
            method: Method::Get,
            path: paths::ACCOUNT,
            summary: "Read the account",
            words: "The account as a log-in shows it: wrapped keys, vaults, what its devices keep for one another.",
            gives: Gives::json::<AccountResponse>(),
            effect: Effect::Reads,
            ..post.clone()
        },
        Operation {
            id: "dismissNotices",
            path: paths::NOTICES_DISMISS,
            summary: "Dismiss notices",
            words: "Notes that the notices were seen; they are not shown again.",
            ..post.clone()
        },
        Operation {
            id: "keepPins",
            path: paths::PINS,
            summary: "Keep what a device has seen",
            words: "Sealed by the device, for the account's others. The newest 16 devices are kept.",
            takes: Takes::json::<KeepPinsRequest>(),
            ..post.clone()
        },
        Operation {
            id: "changePassword",
            path: paths::PASSWORD,
            summary: "Change the password",
            words: "Puts new keys in force and ends every other session of the account. It takes the session and a proof by the key that is being replaced: either alone changes nothing.",
            takes: Takes::json::<ChangePasswordRequest>(),
            effect: Effect::WritesKeyed(NONCE),
            refuses: &[ErrorCode::LoginRefused, ErrorCode::Conflict],
            ..post.clone()
        },
        Operation {
            id: "changeRecoveryKey",
            path: paths::RECOVERY,
            summary: "Put another recovery key in force",
            words: "The one before opens nothing from then on; without a key it is revoked. `conflict` when the version does not follow.",
            takes: Takes::json::<ChangeRecoveryRequest>(),
            effect: Effect::WritesKeyed(NONCE),
            refuses: &[ErrorCode::LoginRefused, ErrorCode::Conflict],
            ..post.clone()
        },
        Operation {
            id: "keepRecoveryNote",
            path: paths::RECOVERY_NOTE,
            summary: "Note something about the recovery key",
            words: "Sealed by the account for itself, at most 1 KiB. `conflict` when another key is in force by now.",
            takes: Takes::json::<KeepRecoveryNoteRequest>(),
            refuses: &[ErrorCode::Conflict],
            ..post.clone()
        },
        Operation {
            id: "stageRekeyItems",
            path: paths::REKEY_ITEMS,
            summary: "Keep items aside for a change of all keys",
            words: "Items sealed under keys that are not in force yet, at most 1,000 at a time. Another name of the change drops what was kept before.",
            takes: Takes::json_of::<StageItemsRequest>(limits::STAGE_BODY),
            ..post.clone()
        },
        Operation {
            id: "rekey",
            path: paths::REKEY,
            summary: "Change all keys",
            words: "Puts new keys and the items kept aside in force, all or nothing, and ends every other session. `manifest_stale` when the vault was written to meanwhile.",
            takes: Takes::json::<RekeyRequest>(),
            effect: Effect::WritesKeyed(NONCE),
            refuses: &[
                ErrorCode::LoginRefused,
                ErrorCode::NotFound,
                ErrorCode::Conflict,
                ErrorCode::ManifestStale,
            ],
            ..post.clone()
        },
        Operation {
            id: "discardRekey",
            path: paths::REKEY_DISCARD,
            summary: "Drop what is kept aside",
            words: "Gives a change of all keys up that was not finished.",
            ..post.clone()
        },
        Operation {
            id: "beginPasskey",
            path: paths::PASSKEYS_BEGIN,
            summary: "Begin to add a passkey",
            words: "Gives the challenge, for this session alone. It takes the password: the proof is signed with purpose `confirm`.",
            takes: Takes::json::<FreshProof>(),
            gives: Gives::json::<PasskeyCreation>(),
            effect: Effect::Writes(NONCE),
            refuses: &[ErrorCode::LoginRefused],
            ..post.clone()
        },
        Operation {
            id: "addPasskey",
            path: paths::PASSKEYS_ADD,
            summary: "Add a passkey",
            words: "Puts what an authenticator made in force. The first second factor of an account brings recovery codes, which are shown once.",
            takes: Takes::json::<AddPasskeyRequest>(),
            gives: Gives::json_with::<PasskeyAdded>(201),
            effect: Effect::Writes("`passkey_refused`: the challenge works once."),
            refuses: &[ErrorCode::PasskeyRefused],
            ..post
        },
    ]
}
