//! The vault: navigation, list, item, form, palette and import.

mod actions;
mod blocked;
mod conflict;
mod detail;
mod expiry_badge;
mod filters;
mod form;
mod form_fields;
mod form_model;
mod form_part;
mod frame;
mod generator;
mod help;
mod import;
mod item_view;
mod list;
mod nav;
mod onboarding;
mod page;
mod palette;
mod row;
mod secret;
mod shortcuts;
mod variables;

pub use actions::{Actions, use_actions};
pub use conflict::{ConflictView, differences};
pub use expiry_badge::ExpiryBadge;
pub use frame::{Panels, Section, VaultFrame, use_panels};
pub use help::HelpDialog;
pub use import::ImportPage;
pub use page::VaultPage;
pub use row::RowFace;
pub use secret::{Masked, mask};
pub use shortcuts::{Shortcut, shortcut};
pub use variables::{parse_variables, write_variables};
