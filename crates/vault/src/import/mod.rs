//! Bringing secrets in from a file: preview first, nothing written until confirmed.
//!
//! | module | what |
//! |---|---|
//! | `format` | what there is, and how one is told from another |
//! | `open` | from bytes to a reading, whatever the format |
//! | `found` | what the reader of any format gives |
//! | `shape` | putting an item together so that nothing of a file is lost |
//! | `plan`, `known` | comparing it with the vault; from what was chosen to drafts |
//! | `files` | the files that come with an archive |
//! | `text`, `csv`, `node`, `yaml` | bytes as text, text as rows, text as a tree |
//! | `zip`, `deflate` | what is packed |
//! | the others | one for each format |

mod aws;
mod bitwarden;
mod browser_csv;
mod columns;
mod csv;
mod deflate;
mod doppler;
mod dotenv;
mod files;
mod format;
mod found;
mod infisical;
mod json;
mod keepass;
mod keyarc_json;
mod known;
mod kubeconfig;
mod last_pass;
mod model;
mod name;
mod node;
mod one_password_csv;
mod one_pux;
mod open;
mod pem;
mod plan;
mod shape;
mod table;
mod text;
mod tfvars;
mod yaml;
mod zip;

#[cfg(test)]
mod tests;

pub use columns::Role;
pub use dotenv::{Assignment, LineError, Parsed, parse, render};
pub use format::{Format, detect};
pub(crate) use found::{Found, Reading};
pub use found::{Kept, Unreadable};
pub use model::*;
pub use open::{IMPORT_MAX, Opened, open};
pub use plan::{Import, PlannedItem, ROWS_MAX, Sorting, preview};
pub use table::{Column, Separator, Table, TableWish};
