//! Plaintext items and the unlocked vault. No I/O, no clock and no randomness of its own: time
//! and random numbers are passed in.
//!
//! | module | what |
//! |---|---|
//! | `model` | the types that the page sees |
//! | `attachment` | files that are attached to items |
//! | `check` | whether a key still works: what to ask, and what answers mean |
//! | `day` | calendar days and what an expiry date means |
//! | `rotation` | when a secret is to be changed, and where |
//! | `reminder` | what is due, what was put away, and what a server is told |
//! | `parts` | the fields of each kind |
//! | `generate` | passwords and other secrets to be |
//! | `totp` | codes of authenticator apps |
//! | `certificate`, `ssh`, `material` | certificates and SSH keys: what they are |
//! | `draft` | the rules for what a person enters |
//! | `record`, `seal` | the sealed plaintext, and how it is bound to what it is |
//! | `arrange`, `selection` | changes of many items at once, and which ones |
//! | `lock`, `write` | a vault without its key, and with it; writing to it |
//! | `machine` | the copy of some items that a machine token opens |
//! | `reseal` | a vault under its next key |
//! | `moment` | what all items were at a moment |
//! | `versions` | what an item was before |
//! | `earlier` | the same, on its way into another vault |
//! | `list`, `order`, `facets` | windows of rows, sorted orders, counts |
//! | `health` | what is due, weak, old or stands in several items |
//! | `search`, `haystack` | fuzzy search |
//! | `views` | lists kept under a name |
//! | `recognise` | which provider a value belongs to |
//! | `import` | files of other products, and `.env` files |
//! | `export` | files for other products |
//! | `archive` | a vault in a file of its own, sealed |

// minicbor's derive names it for fields that may borrow.
extern crate alloc;

pub mod archive;
mod arrange;
mod attachment;
pub mod certificate;
mod check;
mod day;
mod draft;
mod earlier;
mod entry;
pub mod export;
mod facets;
pub mod generate;
mod haystack;
mod health;
pub mod import;
mod leaves;
mod list;
mod lock;
mod machine;
mod material;
mod model;
mod moment;
mod order;
mod parts;
mod qr;
mod recognise;
mod record;
mod reminder;
mod reseal;
mod rotation;
mod sample;
mod seal;
mod search;
mod selection;
pub mod ssh;
mod totp;
mod versions;
mod views;
mod write;

pub use arrange::{BulkChange, CheckedChange, UndoStep};
pub use attachment::{
    ATTACHMENT_MAX, ATTACHMENTS_MAX, AnotherFile, Attachment, AttachmentChange, AttachmentLayout,
    AttachmentReader, AttachmentTampered, CHUNK_LEN, FILE_NAME_MAX, FILE_NAMES_MAX, FileRow,
    UPLOADS_MAX, Upload, clean_file_name, clean_media_type, decode_uploads, encode_uploads,
};
pub use check::*;
pub use day::{DayParseError, EXPIRING_WITHIN, ExpiryBadge, expiry_badge};
pub use draft::{DETAILS_TEXT_MAX, VARIABLES_MAX, check_draft};
pub use earlier::{Earlier, EarlierChain, Past, PastOf};
pub use health::{
    Check, Dashboard, DueMark, Finding, Findings, MARKS_MAX, OLD_AFTER, Ratings, Reason,
    TIMELINE_DAYS, ToRate, Weakness, to_rate,
};
pub use import::{
    Base, FileKey, FilePassword, ImportLineError, ImportPlan, ImportPreview, ImportQuery,
    ImportRow, ImportStatus, ImportWindow, ImportWish,
};
pub use list::WINDOW_MAX;
pub use lock::{
    ApplyReport, DetailsError, LockedVault, OverviewChange, Tree, TreeMismatch, UnlockError,
    UnlockedVault, WriteError,
};
pub use machine::{
    ChangeVerdict, CopyDifference, MachineChange, MachineCopy, MachineNote, MachineScope, SCOPE_MAX,
};
pub use material::{KeyMaterial, MaterialFacts, inspect_material, read_material};
pub use model::*;
pub use moment::{MomentRow, Then, ThenIs};
pub use parts::Part;
pub use qr::{QR_SIDE_MAX, QrError, SetupKey, read_setup_key};
pub use recognise::{
    Provider, Spotted, hint_of, provider, providers, recognise, recognise_named, recognised_sorts,
    spot,
};
pub use reminder::{
    Hidden, LEAD_DAYS, REMINDERS_SHOWN, ReminderChange, ReminderRow, ReminderSettings, Reminders,
    reminder_set_bytes,
};
pub use reseal::{ResealError, Resealing};
pub use rotation::{
    Due, DueReason, PLACE_MAX, PLACES_MAX, ROTATION_CHOICES, ROTATION_DAYS_MAX, Rotation, Walk,
    rotation_badge,
};
pub use sample::{SAMPLE_FOLDER, sample_items};
pub use selection::{SelectStep, Selected, Selection, SelectionFacts};
pub use totp::{Totp, TotpCode, TotpError};
pub use versions::{Change, OldVersion, TRASH_KEPT_DAYS, Version, VersionRow};
pub use views::{SavedView, VIEWS_MAX, ViewStep, change_views, decode_views, encode_views};
