//! KeyArc's interface, in two halves that share their looks and their server functions.
//!
//! - The server's half (feature `ssr`): the public site and the document around the vault app.
//! - The browser's half (feature `csr`): the vault app. Keys and plaintext live in a worker (see
//!   `worker`); the page holds a window of the list and at most one revealed item.
//!
//! The browser's half is not compiled into a server, so that nothing of a vault can be rendered
//! there. Its tests run natively.

// The types of views nest as deep as the views do.
#![recursion_limit = "512"]

#[macro_use]
pub mod language;

#[cfg(feature = "ssr")]
pub mod built;
#[cfg(any(feature = "csr", feature = "ssr", test))]
pub mod check_frame;
#[cfg(any(feature = "csr", test))]
pub mod code;
#[cfg(any(feature = "csr", test))]
pub mod compare;
#[cfg(feature = "ssr")]
pub mod languages;
#[cfg(any(feature = "csr", test))]
pub mod markdown;
#[cfg(any(feature = "csr", test))]
pub mod pages;
pub mod reminder_text;
pub mod rpc;
#[cfg(feature = "ssr")]
pub mod shell;
#[cfg(feature = "ssr")]
pub mod site;
#[cfg(any(feature = "csr", test))]
pub mod state;
pub mod theme;
#[cfg(any(feature = "csr", test))]
pub mod ui;
#[cfg(any(feature = "csr", test))]
pub mod vault_app;
#[cfg(any(feature = "csr", test))]
pub mod words;
#[cfg(any(feature = "csr", test))]
pub mod worker;
