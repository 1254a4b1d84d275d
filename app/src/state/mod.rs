//! What the page knows besides its URL: one typed context each, with `provide_x` and `use_x`.
//!
//! Contexts are made on the server too, where they stay at their first value, so that the
//! first pass in the browser renders the same.

mod authenticator;
mod clipboard;
mod connection;
mod cookie;
mod idle;
mod items;
mod language;
mod open_form;
mod place;
mod reminder;
mod scanned;
mod selection;
mod session;
mod tabs;
mod theme;
mod timer;
mod toasts;
mod uploads;
mod views;
mod windowed;

pub use authenticator::{
    MadePasskey, PasskeyTrouble, SignedPasskey, has_passkeys, make_passkey, own_host, use_passkey,
};
pub use clipboard::{CLEAR_AFTER_SECONDS, Clipboard, provide_clipboard, use_clipboard};
pub use connection::{Connection, ConnectionState, provide_connection, use_connection};
pub use idle::{IDLE_CHOICES, Idle, idle_label, provide_idle, use_idle};
pub use items::{Items, ListStatus, WINDOW, provide_items, use_items};
pub use language::{keep_language, languages, spoken_language};
pub use open_form::{OpenForm, Start, provide_open_form, use_open_form};
pub use place::{Go, Mode, Place, kind_from, kind_word, provide_place, use_go, use_place};
pub use reminder::{Reminder, provide_reminder, use_reminder};
pub use scanned::{Scanned, provide_scanned, use_scanned};
pub use selection::{Selection, provide_selection, use_selection};
pub use session::{Progress, Session, VaultPhase, provide_session, use_session};
pub use theme::{ThemeState, provide_theme, use_theme};
pub use timer::{Debounce, sleep, within};
pub use toasts::{Toast, ToastAction, Toasts, Tone, provide_toasts, use_toasts};
pub use uploads::{Upload, Uploads, provide_uploads, use_uploads};
pub use views::{Views, provide_views, use_views};
pub use windowed::{Window, Windowed};

/// Provides every context of the vault app but the place, which needs the router around it.
pub fn provide_state() {
    provide_theme();
    provide_scanned();
    provide_toasts();
    provide_uploads();
    provide_connection();
    provide_items();
    provide_selection();
    provide_open_form();
    provide_session();
    provide_reminder();
    provide_views();
    provide_clipboard();
    provide_idle();
    session::follow_worker();
    tabs::follow_other_tabs();
}
