//! What travels between a KeyArc client and its server: identifiers, request and response
//! types, sealed bytes, the one error type, and the endpoint paths.
//!
//! This crate has no logic and does no I/O. The server's own crates see vault data only through
//! the types here, all of which are ciphertext ([`Sealed`]) or counters.

/// The version of the API. What is added does not change it: members of answers, operations, codes of
/// errors, and what requests need not have.
pub const API_VERSION: u32 = 1;
/// Tells the version with every answer, and in a request which one is wanted.
pub const API_VERSION_HEADER: &str = "keyarc-api-version";

mod account;
mod attachment;
mod bytes;
mod changes;
mod error;
mod id;
mod item;
pub mod limits;
mod link;
mod machine;
mod passkey;
mod password;
pub mod paths;
mod recovery;
mod rekey;
mod reminder;
#[cfg(feature = "schema")]
mod schema;
mod second_factor;
mod session;
mod versions;

pub use account::{
    AccountResponse, KeepPinsRequest, Keyset, NewVault, Notice, NoticeKind, SignUpRequest,
    VaultInfo,
};
pub use attachment::{AttachmentUpload, BeginAttachmentRequest, CHUNK_MEDIA_TYPE};
pub use bytes::{Bytes, Fixed, FixedLengthError, Sealed};
pub use changes::{
    CHANGES_MEDIA_TYPE, Change, ChangesDecodeError, ChangesDecoder, ItemChange, encode_change,
    encode_changes_end, encode_changes_start, encode_details, encode_grant, encode_manifest,
    encode_waiting,
};
pub use error::{ApiError, ErrorCode, VersionConflict};
pub use id::{
    AccountId, AttachmentId, Handle, IdParseError, ItemId, MachineChangeId, MachineTokenId,
    ReminderId, SessionId, VaultId,
};
pub use item::{
    DetailsRequest, DetailsResponse, EarlierWrite, ItemPurge, ItemWrite, SealedDetails,
    WriteItemsRequest, WriteItemsResponse,
};
pub use link::{
    JoinLinkRequest, JoinLinkResponse, KnownDeviceStep, LinkNews, NewDeviceStep, OpenLinkRequest,
    OpenLinkResponse,
};
pub use machine::{
    DiscardChangesRequest, HandInRequest, MachineChangeName, NewMachineChange, SealedChange,
    WaitingChange, WaitingChangesRequest, WaitingChangesResponse,
};
pub use machine::{
    MachineRequest, MachineTokenInfo, MachineTokensResponse, MachineUse, MachineUseKind,
    MachineUseMark, MachineUsesRequest, MachineUsesResponse, MakeMachineTokenRequest,
};
pub use passkey::{
    AddPasskeyRequest, FreshProof, PasskeyAdded, PasskeyAssertion, PasskeyAttestation,
    PasskeyCreation, PasskeyFactorRequest, PasskeyInfo, PasskeyLoginRequest, PasskeyUnlock,
    UnlockingPasskey,
};
pub use password::ChangePasswordRequest;
pub use recovery::{
    ChangeRecoveryRequest, FinishRecoveryRequest, KeepRecoveryNoteRequest, NewRecoveryKey,
    RecoverRequest, RecoverResponse, RecoverSecondFactor, RecoveryInfo, RecoveryKeyInfo,
};
pub use rekey::{RekeyRequest, StageItemsRequest, StagedItem};
pub use reminder::{
    DeliveryOutcome, DeliveryProblem, MailCode, MailReminders, MailService, MailState, NewWebhook,
    PutRemindersRequest, PutRemindersResponse, ReminderChannel, ReminderDelivery, ReminderEntry,
    ReminderSet, ReminderStep, ReminderStepResponse, RemindersResponse, WebhookReminders,
};
pub use second_factor::{
    QrCode, RecoveryCodes, SecondFactorChallenge, SecondFactorKind, SecondFactorRequest,
    SecondFactorStatus, TotpEnrolment,
};
pub use session::{
    ChallengeRequest, ChallengeResponse, ClientKind, LoginProof, LoginRequest, LoginResponse,
    RefreshResponse, SessionInfo,
};
pub use versions::{
    HistoriesRequest, HistoriesResponse, HistoryVersion, ItemVersion, ItemVersionsRequest,
    ItemVersionsResponse, MomentRequest, MomentResponse, MomentVersion, SealedVersion,
    SealedVersionDetails, VersionDetailsRequest, VersionDetailsResponse,
};
