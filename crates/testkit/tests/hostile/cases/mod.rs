//! The named attacks. Each test leaves word for `docs/malicious-server.md`.

mod archive;
mod attachments;
mod derivation;
mod history;
mod items;
mod keys;
mod link;
mod machine;
mod machine_writes;
mod rekey;
mod table;
mod versions;
