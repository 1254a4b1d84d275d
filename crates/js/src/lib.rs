//! Reading with a machine token, for JavaScript: the WebAssembly of `@keyarc/client/machine`
//! (`clients/typescript`), for browsers and for programs without one. It is `keyarc-client` with a
//! clock, randomness and `fetch`, so that whatever a server says is checked by the same code as
//! everywhere else.
//!
//! What is exported here is for that package alone, which gives it names, types and errors of
//! JavaScript's kind.

// There is neither `fetch` nor a value of JavaScript's elsewhere.
#![cfg(target_arch = "wasm32")]

mod copy;
mod failure;
mod host;
