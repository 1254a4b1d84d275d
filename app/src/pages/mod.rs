//! One folder for each area, one file for each view.

pub mod account;
mod comparison;
pub mod design;
mod link_words;
mod not_found;
mod part;
pub mod settings;
pub mod vault;

pub use not_found::NotFound;
pub use part::{
    ChecksPart, DashboardPart, ExportPart, ImportPart, MomentPart, RecoverPart, RemindersPart,
    SettingsPart, SignUpPart,
};
