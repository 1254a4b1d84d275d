//! Sign-up, the recovery kit, log-in, unlocking, and coming back without the password.

mod advice;
mod frame;
mod kit;
mod link;
mod log_in;
mod new_device;
mod next;
mod recover;
mod second_factor;
mod sign_up;
mod steps_part;
mod strength;
mod suites;
mod unlock;

pub(crate) use frame::FormError;
pub use frame::UnlockProgress;
pub use kit::{KitView, kit_text};
pub(crate) use link::DIFFER;
pub use log_in::LogInPage;
pub use next::{next_path, path_after};
pub use recover::RecoverPage;
pub use sign_up::SignUpPage;
pub use strength::{StrengthView, strength_words};
pub(crate) use strength::{password_rule, rate};
pub(crate) use suites::suites;
