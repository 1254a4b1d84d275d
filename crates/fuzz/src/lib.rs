//! What must hold for any bytes: one check for each format that is read from somebody else.
//!
//! The fuzzer in `libfuzzer` runs them on bytes that it makes up; the tests replay what it found
//! in `corpus`, so that this stays covered without a fuzzer.
#![expect(
    clippy::expect_used,
    reason = "a check that fails panics: that is how a fuzzer is told"
)]

mod archive;
mod attachment;
mod changes;
mod codes;
#[path = "../../crypto/tests/crypto/counter_rng.rs"]
mod counter_rng;
mod dotenv;
mod import;
mod json;
mod kept;
mod machine;
mod material;
mod qr;
mod reference;
mod sealed;
mod signed;
mod totp;

pub use archive::archive;
pub use attachment::attachment;
pub use changes::changes;
pub use codes::{kit, link, setup_code};
pub use dotenv::dotenv;
pub use import::import;
pub use json::{IsOne, TYPES, json};
pub use kept::kept;
pub use machine::{machine_change, machine_token};
pub use material::{certificate, ssh_key};
pub use qr::qr;
pub use reference::reference;
pub use sealed::{aad, envelope};
pub use signed::{bundle, manifest, pins, release};
pub use totp::totp;

/// A check. It panics when something does not hold.
pub type Check = fn(&[u8]);

/// Every check, by the name of its fuzz target and of its folder in `corpus`.
pub const TARGETS: [(&str, Check); 23] = [
    ("envelope", envelope),
    ("aad", aad),
    ("setup_code", setup_code),
    ("kit", kit),
    ("link", link),
    ("manifest", manifest),
    ("bundle", bundle),
    ("pins", pins),
    ("release", release),
    ("changes", changes),
    ("json", json),
    ("dotenv", dotenv),
    ("import", import),
    ("totp", totp),
    ("certificate", certificate),
    ("ssh_key", ssh_key),
    ("qr", qr),
    ("archive", archive),
    ("attachment", attachment),
    ("reference", reference),
    ("machine_token", machine_token),
    ("kept", kept),
    ("machine_change", machine_change),
];
