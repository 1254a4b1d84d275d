//! The description of KeyArc's REST API in OpenAPI 3.1: one table of operations, and the document
//! that is made of it and of the types in `keyarc_wire`.
//!
//! `cargo x openapi` writes it to `docs/openapi.json`, which the server serves and its page about
//! the API shows. No program is built with this crate. That the table has every route of the
//! server, and that the server's answers are what it says, are tests of the server.

mod document;
mod example;
mod operation;
mod problem;
mod schemas;
mod table;
mod words;

pub use document::document;
