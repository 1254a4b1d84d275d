//! Endpoint paths. Functions make the ones that name something.

use crate::{AttachmentId, MachineTokenId, VaultId};

/// `GET` → the description of the API in OpenAPI 3.1, without a session.
pub const DESCRIPTION: &str = "/api/openapi.json";
/// `POST` [`crate::ChallengeRequest`] → [`crate::ChallengeResponse`].
pub const CHALLENGE: &str = "/auth/challenge";
/// `POST` [`crate::SignUpRequest`] → [`crate::LoginResponse`] and the session cookie.
pub const SIGN_UP: &str = "/auth/sign-up";
/// `POST` [`crate::LoginRequest`] → [`crate::LoginResponse`] and, for browsers, the cookie.
pub const LOGIN: &str = "/auth/login";
/// `POST` [`crate::SecondFactorRequest`] → as [`LOGIN`].
pub const LOGIN_SECOND_FACTOR: &str = "/auth/login/second-factor";
/// `POST` [`crate::PasskeyFactorRequest`] → as [`LOGIN`].
pub const LOGIN_PASSKEY_FACTOR: &str = "/auth/login/second-factor/passkey";
/// `POST` [`crate::PasskeyLoginRequest`] → as [`LOGIN`].
pub const LOGIN_PASSKEY: &str = "/auth/login/passkey";
/// `POST`, ends the session that asks.
pub const LOGOUT: &str = "/auth/logout";
/// `POST` with the session token as bearer → [`crate::RefreshResponse`].
pub const REFRESH: &str = "/auth/token/refresh";
/// `GET` → [`crate::AccountResponse`].
pub const ACCOUNT: &str = "/api/account";
/// `POST`, forgets the notices shown.
pub const NOTICES_DISMISS: &str = "/api/account/notices/dismiss";
/// `POST` [`crate::ChangePasswordRequest`], and every other session of the account ends.
pub const PASSWORD: &str = "/api/account/password";

/// `POST` [`crate::RecoverRequest`] → [`crate::RecoverResponse`].
pub const RECOVER: &str = "/auth/recover";
/// `POST` [`crate::FinishRecoveryRequest`] → as [`LOGIN`].
pub const RECOVER_FINISH: &str = "/auth/recover/finish";
/// `POST` [`crate::ChangeRecoveryRequest`].
pub const RECOVERY: &str = "/api/account/recovery";
/// `POST` [`crate::KeepRecoveryNoteRequest`].
pub const RECOVERY_NOTE: &str = "/api/account/recovery/note";
/// `POST` [`crate::StageItemsRequest`].
pub const REKEY_ITEMS: &str = "/api/account/rekey/items";
/// `POST` [`crate::RekeyRequest`], and every other session of the account ends.
pub const REKEY: &str = "/api/account/rekey";
/// `POST`, drops what was staged.
pub const REKEY_DISCARD: &str = "/api/account/rekey/discard";
/// `POST` [`crate::OpenLinkRequest`] → [`crate::OpenLinkResponse`], without a session.
pub const LINK_OPEN: &str = "/auth/link/open";
/// `POST` [`crate::NewDeviceStep`] → [`crate::LinkNews`], without a session.
pub const LINK_NEW: &str = "/auth/link";
/// `POST` [`crate::JoinLinkRequest`] → [`crate::JoinLinkResponse`].
pub const LINK_JOIN: &str = "/api/link/join";
/// `POST` [`crate::KnownDeviceStep`] → [`crate::LinkNews`].
pub const LINK_KNOWN: &str = "/api/link";
/// `POST` [`crate::FreshProof`] → [`crate::PasskeyCreation`].
pub const PASSKEYS_BEGIN: &str = "/api/account/passkeys/begin";
/// `POST` [`crate::AddPasskeyRequest`] → [`crate::PasskeyAdded`].
pub const PASSKEYS_ADD: &str = "/api/account/passkeys";
/// `POST` [`crate::KeepPinsRequest`], keeps what a device has seen, for the account's others.
pub const PINS: &str = "/api/account/pins";
/// `GET` → [`crate::RemindersResponse`]; `POST` [`crate::PutRemindersRequest`] →
/// [`crate::PutRemindersResponse`].
pub const REMINDERS: &str = "/api/account/reminders";
/// `POST` [`crate::ReminderStep`] → [`crate::ReminderStepResponse`].
pub const REMINDERS_STEP: &str = "/api/account/reminders/step";
/// The route pattern of [`feed`].
pub const FEED_ROUTE: &str = "/feeds/{token}";
/// The route pattern of [`unsubscribe`].
pub const UNSUBSCRIBE_ROUTE: &str = "/reminders/unsubscribe/{token}";
/// `POST` [`crate::MachineRequest`] → the grant and the copy, as [`crate::CHANGES_MEDIA_TYPE`],
/// without a session.
pub const MACHINE_OPEN: &str = "/api/machine/open";
/// `POST` [`crate::MachineRequest`] → [`crate::DetailsResponse`], without a session.
pub const MACHINE_DETAILS: &str = "/api/machine/details";
/// `POST` [`crate::HandInRequest`], without a session.
pub const MACHINE_CHANGES: &str = "/api/machine/changes";
/// `POST` [`crate::WaitingChangesRequest`] → [`crate::WaitingChangesResponse`].
pub const MACHINE_WAITING: &str = "/api/machine/waiting";
/// `POST` [`crate::DiscardChangesRequest`], and nobody can take them any more.
pub const MACHINE_DISCARD: &str = "/api/machine/waiting/discard";
/// `GET` → [`crate::MachineTokensResponse`]; `POST` [`crate::MakeMachineTokenRequest`].
pub const MACHINE_TOKENS: &str = "/api/machine/tokens";
/// The route pattern of [`machine_changes`].
pub const MACHINE_CHANGES_ROUTE: &str = "/api/machine/tokens/{token_id}/changes";
/// The route pattern of [`machine_items`].
pub const MACHINE_ITEMS_ROUTE: &str = "/api/machine/tokens/{token_id}/items";
/// The route pattern of [`machine_revoke`].
pub const MACHINE_REVOKE_ROUTE: &str = "/api/machine/tokens/{token_id}/revoke";
/// The route pattern of [`machine_uses`].
pub const MACHINE_USES_ROUTE: &str = "/api/machine/tokens/{token_id}/uses";

/// The route pattern of [`changes`].
pub const CHANGES_ROUTE: &str = "/api/vaults/{vault_id}/changes";
/// The route pattern of [`items`].
pub const ITEMS_ROUTE: &str = "/api/vaults/{vault_id}/items";
/// The route pattern of [`details`].
pub const DETAILS_ROUTE: &str = "/api/vaults/{vault_id}/details";
/// The route pattern of [`item_versions`].
pub const VERSIONS_ROUTE: &str = "/api/vaults/{vault_id}/versions";
/// The route pattern of [`histories`].
pub const HISTORIES_ROUTE: &str = "/api/vaults/{vault_id}/versions/of-items";
/// The route pattern of [`version_details`].
pub const VERSION_DETAILS_ROUTE: &str = "/api/vaults/{vault_id}/versions/details";
/// The route pattern of [`moment`].
pub const MOMENT_ROUTE: &str = "/api/vaults/{vault_id}/moment";
/// The route pattern of [`attachments`].
pub const ATTACHMENTS_ROUTE: &str = "/api/vaults/{vault_id}/attachments";
/// The route pattern of [`attachment_chunk`].
pub const CHUNK_ROUTE: &str = "/api/vaults/{vault_id}/attachments/{attachment_id}/chunks/{number}";
/// The route pattern of [`discard_attachment`].
pub const DISCARD_ROUTE: &str = "/api/vaults/{vault_id}/attachments/{attachment_id}/discard";

/// `GET` → the items changed after revision `since`, the vault's newest manifest, and all
/// manifests from version `manifests_from` on, as [`crate::CHANGES_MEDIA_TYPE`].
pub fn changes(vault: VaultId, since: u64, manifests_from: Option<u64>) -> String {
    let path = format!("/api/vaults/{vault}/changes?since={since}");
    match manifests_from {
        Some(version) => format!("{path}&manifests_from={version}"),
        None => path,
    }
}

/// `POST` [`crate::WriteItemsRequest`] → [`crate::WriteItemsResponse`].
pub fn items(vault: VaultId) -> String {
    format!("/api/vaults/{vault}/items")
}

/// `POST` [`crate::DetailsRequest`] → [`crate::DetailsResponse`].
pub fn details(vault: VaultId) -> String {
    format!("/api/vaults/{vault}/details")
}

/// `POST` [`crate::ItemVersionsRequest`] → [`crate::ItemVersionsResponse`].
pub fn item_versions(vault: VaultId) -> String {
    format!("/api/vaults/{vault}/versions")
}

/// `POST` [`crate::MomentRequest`] → [`crate::MomentResponse`].
pub fn moment(vault: VaultId) -> String {
    format!("/api/vaults/{vault}/moment")
}

/// `POST` [`crate::HistoriesRequest`] → [`crate::HistoriesResponse`].
pub fn histories(vault: VaultId) -> String {
    format!("/api/vaults/{vault}/versions/of-items")
}

/// `POST` [`crate::VersionDetailsRequest`] → [`crate::VersionDetailsResponse`].
pub fn version_details(vault: VaultId) -> String {
    format!("/api/vaults/{vault}/versions/details")
}

/// `POST` [`crate::BeginAttachmentRequest`] → [`crate::AttachmentUpload`].
pub fn attachments(vault: VaultId) -> String {
    format!("/api/vaults/{vault}/attachments")
}

/// `PUT` and `GET` one envelope, as [`crate::CHUNK_MEDIA_TYPE`].
pub fn attachment_chunk(vault: VaultId, attachment: AttachmentId, number: u32) -> String {
    format!("/api/vaults/{vault}/attachments/{attachment}/chunks/{number}")
}

/// `POST`, gives an upload up that no item names.
pub fn discard_attachment(vault: VaultId, attachment: AttachmentId) -> String {
    format!("/api/vaults/{vault}/attachments/{attachment}/discard")
}

/// `GET` → what a token's copy holds, as [`changes`] of a vault.
pub fn machine_changes(token: MachineTokenId, since: u64, manifests_from: Option<u64>) -> String {
    let path = format!("/api/machine/tokens/{token}/changes?since={since}");
    match manifests_from {
        Some(version) => format!("{path}&manifests_from={version}"),
        None => path,
    }
}

/// `POST` [`crate::WriteItemsRequest`] → [`crate::WriteItemsResponse`]: changes a token's copy.
pub fn machine_items(token: MachineTokenId) -> String {
    format!("/api/machine/tokens/{token}/items")
}

/// `POST`, and the token opens nothing any more.
pub fn machine_revoke(token: MachineTokenId) -> String {
    format!("/api/machine/tokens/{token}/revoke")
}

/// `POST` [`crate::MachineUsesRequest`] → [`crate::MachineUsesResponse`].
pub fn machine_uses(token: MachineTokenId) -> String {
    format!("/api/machine/tokens/{token}/uses")
}

/// `GET` → a calendar (RFC 5545), for whoever has the token.
pub fn feed(token: &str) -> String {
    format!("/feeds/{token}.ics")
}

/// `GET` → a page that asks; `POST` → no more reminders by e-mail (RFC 8058).
pub fn unsubscribe(token: &str) -> String {
    format!("/reminders/unsubscribe/{token}")
}
