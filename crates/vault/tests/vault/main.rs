//! The vault from outside: one file for each story.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail the test"
)]

mod archive_files;
mod archive_history;
mod archives;
mod arranging;
mod attachments;
mod checks;
mod common;
mod dotenv;
mod drafts;
mod exports;
mod health;
mod import_formats;
mod import_refusals;
mod imports;
mod lists;
mod machine;
mod machine_changes;
mod materials;
mod recognition;
mod reminders;
mod resealing;
mod rotation;
mod sealing;
mod selecting;
mod versions;
