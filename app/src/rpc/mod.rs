//! Server functions: what is page-shaped and holds no vault data.
//!
//! They are public endpoints like any other. The server authenticates the request, provides
//! [`host::Caller`], and each function decodes, calls one use case, and maps its error.

mod error;
#[cfg(feature = "ssr")]
pub mod host;
#[expect(
    missing_docs,
    reason = "the macro makes structs of the arguments, without their docs"
)]
mod passkeys;
#[expect(
    missing_docs,
    reason = "the macro makes structs of the arguments, without their docs"
)]
mod second_factor;
#[expect(
    missing_docs,
    reason = "the macro makes structs of the arguments, without their docs"
)]
mod sessions;

pub use error::RpcError;
pub use passkeys::{RemovePasskey, RenamePasskey, remove_passkey, rename_passkey};
pub use second_factor::{
    BeginSecondFactor, ConfirmSecondFactor, RenewRecoveryCodes, SecondFactorStatus,
    TurnOffSecondFactor, begin_second_factor, confirm_second_factor, renew_recovery_codes,
    second_factor_status, turn_off_second_factor,
};
pub use sessions::{
    ListSessions, RenameSession, RevokeOtherSessions, RevokeSession, list_sessions, rename_session,
    revoke_other_sessions, revoke_session,
};
