//! An SSH agent whose keys stay with whoever holds those of the vault: the agent passes on what is
//! asked, and holds none itself. With a machine token it opens the copy for each answer.

mod agent;
mod keys;
mod sign;
mod wire;

pub use agent::{ARGUMENT, Agent, Begin, Socket, serve, start};
pub use keys::{Identity, ToSign, Which, identities, signature};
