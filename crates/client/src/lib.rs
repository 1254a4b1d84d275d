//! The KeyArc client without a screen: it talks to a server through a [`Transport`], proves the
//! account's key, opens what comes and seals what goes.
//!
//! The browser's vault worker and native programs run this same code. What a machine provides
//! (HTTP, a clock, randomness, waiting, keeping what was seen) comes in through [`Transport`] and
//! [`Host`]; nothing here keeps anything on disk, and nothing is logged.
//!
//! The server is not trusted: every answer is checked, and what does not verify is refused as
//! [`ClientError::Tampered`] without a part of it being used.

mod api;
mod backoff;
mod changes;
mod error;
#[cfg(target_arch = "wasm32")]
mod fetch;
mod history;
mod host;
mod kept;
mod link;
mod machine;
#[cfg(not(target_arch = "wasm32"))]
mod native;
mod pins;
mod recovery_note;
mod session;
mod transport;

pub use api::{Api, ApiFailure};
pub use backoff::Backoff;
pub use changes::Changes;
pub use error::{ClientError, PasswordError, SaveError};
#[cfg(target_arch = "wasm32")]
pub use fetch::{FetchOriginError, FetchTransport};
pub use history::Trust;
pub use host::{Host, Stage};
pub use kept::{KeptCopy, KeptError, KeptFloor};
pub use link::{JoinedLink, LinkWords, NewDevice};
pub use machine::{HandInError, Machine, MachineError, MachineWish};
#[cfg(not(target_arch = "wasm32"))]
pub use native::{Distrust, NativeHost, NativeTransport, NativeTransportError, http_client};
pub use pins::{Pin, Pins, PinsDecodeError};
pub use session::{
    AddedPasskey, Bulk, BulkUndo, ChangeAllKeys, ChangePassword, Histories, KeptLogIn, LogIn,
    LoggingIn, MadeRecoveryKey, MadeToken, NewKit, NewPasskey, NewToken, PasskeyLogIn,
    PendingLogIn, PendingPasskey, PendingRecovery, Recover, Recovering, Recovery, RecoveryRefused,
    RecoveryState, Refused, Rekey, ReminderChannels, ReturnUndo, Returned, Salvage, Session,
    SignUp, Stoppable, TakenChange, TakenChanges, TokenBehind, TokenError, TokenRow, TokenState,
    Undone, Unlocked, WaitingRow, WaitsBecause,
};
pub use transport::{HttpRequest, HttpResponse, Method, Patience, Transport, TransportError};
