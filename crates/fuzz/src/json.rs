//! Every JSON that the server reads of clients, and the client of the server.

use keyarc_wire::{
    AccountResponse, AddPasskeyRequest, ApiError, AttachmentUpload, BeginAttachmentRequest,
    ChallengeRequest, ChallengeResponse, ChangePasswordRequest, ChangeRecoveryRequest,
    DetailsRequest, DetailsResponse, DiscardChangesRequest, FinishRecoveryRequest, FreshProof,
    HandInRequest, HistoriesRequest, HistoriesResponse, ItemVersionsRequest, ItemVersionsResponse,
    JoinLinkRequest, JoinLinkResponse, KeepPinsRequest, KeepRecoveryNoteRequest, KnownDeviceStep,
    LinkNews, LoginRequest, LoginResponse, MachineRequest, MachineTokensResponse,
    MachineUsesRequest, MachineUsesResponse, MakeMachineTokenRequest, MomentRequest,
    MomentResponse, NewDeviceStep, OpenLinkRequest, OpenLinkResponse, PasskeyAdded,
    PasskeyCreation, PasskeyFactorRequest, PasskeyInfo, PasskeyLoginRequest, PutRemindersRequest,
    PutRemindersResponse, RecoverRequest, RecoverResponse, RecoveryCodes, RefreshResponse,
    RekeyRequest, ReminderStep, ReminderStepResponse, RemindersResponse, SecondFactorRequest,
    SecondFactorStatus, SessionInfo, SignUpRequest, StageItemsRequest, TotpEnrolment,
    VersionDetailsRequest, VersionDetailsResponse, WaitingChangesRequest, WaitingChangesResponse,
    WriteItemsRequest, WriteItemsResponse,
};
use serde::{Serialize, de::DeserializeOwned};

/// Says whether a text is of a type. It panics when something does not hold.
pub type IsOne = fn(&[u8]) -> bool;

/// Every type by its number, which is the first byte of an input. New ones come last, so that the
/// corpus stays what it is. Each says whether the input is of that type.
pub const TYPES: [(&str, IsOne); 64] = [
    // What the server reads.
    ("ChallengeRequest", is_stable::<ChallengeRequest>),
    ("SignUpRequest", is_stable::<SignUpRequest>),
    ("LoginRequest", is_stable::<LoginRequest>),
    ("SecondFactorRequest", is_stable::<SecondFactorRequest>),
    ("PasskeyFactorRequest", is_stable::<PasskeyFactorRequest>),
    ("PasskeyLoginRequest", is_stable::<PasskeyLoginRequest>),
    ("KeepPinsRequest", is_stable::<KeepPinsRequest>),
    ("ChangePasswordRequest", is_stable::<ChangePasswordRequest>),
    ("RecoverRequest", is_stable::<RecoverRequest>),
    ("FinishRecoveryRequest", is_stable::<FinishRecoveryRequest>),
    ("ChangeRecoveryRequest", is_stable::<ChangeRecoveryRequest>),
    (
        "KeepRecoveryNoteRequest",
        is_stable::<KeepRecoveryNoteRequest>,
    ),
    ("StageItemsRequest", is_stable::<StageItemsRequest>),
    ("RekeyRequest", is_stable::<RekeyRequest>),
    ("OpenLinkRequest", is_stable::<OpenLinkRequest>),
    ("NewDeviceStep", is_stable::<NewDeviceStep>),
    ("JoinLinkRequest", is_stable::<JoinLinkRequest>),
    ("KnownDeviceStep", is_stable::<KnownDeviceStep>),
    ("FreshProof", is_stable::<FreshProof>),
    ("AddPasskeyRequest", is_stable::<AddPasskeyRequest>),
    ("WriteItemsRequest", is_stable::<WriteItemsRequest>),
    ("DetailsRequest", is_stable::<DetailsRequest>),
    // What the client reads.
    ("ChallengeResponse", is_stable::<ChallengeResponse>),
    ("LoginResponse", is_stable::<LoginResponse>),
    ("RefreshResponse", is_stable::<RefreshResponse>),
    ("AccountResponse", is_stable::<AccountResponse>),
    ("RecoverResponse", is_stable::<RecoverResponse>),
    ("OpenLinkResponse", is_stable::<OpenLinkResponse>),
    ("LinkNews", is_stable::<LinkNews>),
    ("JoinLinkResponse", is_stable::<JoinLinkResponse>),
    ("PasskeyCreation", is_stable::<PasskeyCreation>),
    ("PasskeyAdded", is_stable::<PasskeyAdded>),
    ("WriteItemsResponse", is_stable::<WriteItemsResponse>),
    ("DetailsResponse", is_stable::<DetailsResponse>),
    ("ApiError", is_stable::<ApiError>),
    ("SessionInfo", is_stable::<SessionInfo>),
    ("SecondFactorStatus", is_stable::<SecondFactorStatus>),
    ("TotpEnrolment", is_stable::<TotpEnrolment>),
    ("RecoveryCodes", is_stable::<RecoveryCodes>),
    ("PasskeyInfo", is_stable::<PasskeyInfo>),
    // Versions of an item, both ways.
    ("ItemVersionsRequest", is_stable::<ItemVersionsRequest>),
    ("VersionDetailsRequest", is_stable::<VersionDetailsRequest>),
    ("ItemVersionsResponse", is_stable::<ItemVersionsResponse>),
    (
        "VersionDetailsResponse",
        is_stable::<VersionDetailsResponse>,
    ),
    // What items were at a moment, both ways.
    ("MomentRequest", is_stable::<MomentRequest>),
    ("MomentResponse", is_stable::<MomentResponse>),
    // Versions of many items, both ways.
    ("HistoriesRequest", is_stable::<HistoriesRequest>),
    ("HistoriesResponse", is_stable::<HistoriesResponse>),
    // How an attachment is uploaded, both ways.
    (
        "BeginAttachmentRequest",
        is_stable::<BeginAttachmentRequest>,
    ),
    ("AttachmentUpload", is_stable::<AttachmentUpload>),
    // Reminders, both ways.
    ("PutRemindersRequest", is_stable::<PutRemindersRequest>),
    ("ReminderStep", is_stable::<ReminderStep>),
    ("RemindersResponse", is_stable::<RemindersResponse>),
    ("PutRemindersResponse", is_stable::<PutRemindersResponse>),
    ("ReminderStepResponse", is_stable::<ReminderStepResponse>),
    // Machine tokens, both ways.
    (
        "MakeMachineTokenRequest",
        is_stable::<MakeMachineTokenRequest>,
    ),
    ("MachineRequest", is_stable::<MachineRequest>),
    ("MachineUsesRequest", is_stable::<MachineUsesRequest>),
    ("MachineTokensResponse", is_stable::<MachineTokensResponse>),
    ("MachineUsesResponse", is_stable::<MachineUsesResponse>),
    // What is handed in with machine tokens, both ways.
    ("HandInRequest", is_stable::<HandInRequest>),
    ("WaitingChangesRequest", is_stable::<WaitingChangesRequest>),
    ("DiscardChangesRequest", is_stable::<DiscardChangesRequest>),
    (
        "WaitingChangesResponse",
        is_stable::<WaitingChangesResponse>,
    ),
];

/// What is read of any type is written in one form, and that form reads back as itself.
pub fn json(data: &[u8]) {
    if let Some((number, text)) = data.split_first()
        && let Some((_, check)) = TYPES.get(usize::from(*number))
    {
        check(text);
    }
}

fn is_stable<T: Serialize + DeserializeOwned>(text: &[u8]) -> bool {
    let Ok(read) = serde_json::from_slice::<T>(text) else {
        return false;
    };
    let written = serde_json::to_vec(&read).expect("JSON");
    let again: T = serde_json::from_slice(&written).expect("what was written is read");
    assert_eq!(serde_json::to_vec(&again).expect("JSON"), written);
    true
}
