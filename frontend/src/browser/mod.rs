//! What the browser provides to the worker: cryptography, storage, a clock. Each in a
//! file of its own, each usable without the rest.

mod blobs;
mod device;
mod hold;
mod host;
mod picture;
mod strength;
mod webcrypto;

pub use blobs::{BlobError, Blobs};
pub use device::{DeviceRecord, DeviceStore, StoreError};
pub use hold::{Hold, held};
pub use host::{BrowserHost, Report, origin, today};
pub(crate) use picture::brightness_of;
pub use strength::{StrengthError, rate_password};
pub use webcrypto::{Unsupported, derive_pbkdf2, make_pkcs8};
