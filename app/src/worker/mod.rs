//! The page's side of the vault worker.
//!
//! Keys and plaintext live in a worker of its own; the page sends it [`Command`]s through
//! [`Worker`] and gets [`Reply`]s and [`Event`]s. Ending the worker is what locking is: nothing
//! else reliably wipes WebAssembly memory. On the server all of it does nothing.

mod arrange;
mod attachment;
mod check;
mod codec;
mod export;
mod handle;
mod health;
mod import;
mod kit;
#[cfg(target_arch = "wasm32")]
mod link;
mod material;
mod message;
mod moment;
mod passkey;
mod reminders;
mod tokens;
mod versions;

pub use arrange::{ArrangeCommand, ArrangeReply, Arrangement, Target};
pub use attachment::{AttachmentCommand, AttachmentReply, BegunUpload, CutOffUpload};
pub use check::{
    CheckCommand, CheckEdit, CheckFound, CheckReady, CheckRefusal, CheckReply, ChecksAhead,
};
pub use codec::{read_message, write_message};
pub use export::{
    ExportBuilt, ExportCommand, ExportFacts, ExportFormat, ExportReply, ExportWhat, ExportWish,
    ExportedFiles, ExportedPast,
};
pub use handle::{Worker, provide_worker, use_worker};
pub use health::{HealthCommand, HealthReply};
pub use import::{ImportCommand, ImportReply, Piece, Unread};
pub use kit::{KitFault, RecoveryKit, RecoveryView};
#[cfg(target_arch = "wasm32")]
pub use link::set_script;
pub use material::{Inspected, MaterialSource};
pub use message::*;
pub use moment::{
    MomentChoice, MomentCommand, MomentFacts, MomentQuery, MomentReply, MomentWindow,
};
pub use passkey::{PasskeyAsked, PasskeyWish, PrfOutput};
pub use reminders::{ReminderCommand, ReminderReply, ReminderView};
pub use tokens::{
    TakenView, TokenCommand, TokenReply, TokenStanding, TokenUse, TokenView, TokenWish,
    WaitingView, WaitingWhy,
};
pub use versions::CompareVersion;
