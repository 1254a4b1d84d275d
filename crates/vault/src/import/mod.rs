//! Bringing secrets in from a file: preview first, nothing written until confirmed.

mod dotenv;
mod name;
mod plan;

pub use dotenv::{Assignment, IMPORT_MAX, LineError, Parsed, parse, render};
pub use plan::{Import, PlannedItem, ROWS_MAX, TooLarge, preview};
