//! The reminder of what is due: once a day, until it is sent away.

use leptos::prelude::*;

use super::{VaultPhase, use_items, use_session};
use crate::words::today;

/// Holds the day of the last reminder on this device, and nothing of a vault.
const STORAGE_KEY: &str = "keyarc.reminded-on";

/// Whether the reminder is shown.
#[derive(Clone, Copy)]
pub struct Reminder(RwSignal<bool>);

impl Reminder {
    /// Whether it is shown.
    pub fn is_shown(self) -> bool {
        self.0.get()
    }

    /// Sends it away until the next day.
    pub fn dismiss(self) {
        self.0.set(false);
    }
}

/// Whether to remind on a day, when that was done last on the day that is stored. A clock that
/// was set back reminds once more.
fn is_time(stored: Option<&str>, today: &str) -> bool {
    stored != Some(today)
}

/// See [`provide_reminder`].
pub fn use_reminder() -> Reminder {
    expect_context()
}

/// Makes the reminder available, and shows it when a vault with something due was opened and
/// nobody was reminded on this device today. Needs items and session.
pub fn provide_reminder() {
    let reminder = Reminder(RwSignal::new(false));
    provide_context(reminder);
    let (items, session) = (use_items(), use_session());
    let is_due = Memo::new(move |_| {
        session.phase() == VaultPhase::Unlocked && items.facets().with(|facets| facets.expiring > 0)
    });
    Effect::new(move |_| {
        if !is_due.get() {
            reminder.0.set(false);
            return;
        }
        let today = today().to_string();
        // Where nothing can be stored it comes with every unlocking.
        let storage = window().local_storage().ok().flatten();
        let stored = storage
            .as_ref()
            .and_then(|storage| storage.get_item(STORAGE_KEY).ok().flatten());
        if is_time(stored.as_deref(), &today) {
            if let Some(storage) = storage {
                let _ = storage.set_item(STORAGE_KEY, &today);
            }
            reminder.0.set(true);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::is_time;

    #[test]
    fn a_day_has_one_reminder() {
        assert!(is_time(None, "2026-12-05"));
        assert!(!is_time(Some("2026-12-05"), "2026-12-05"));
        assert!(is_time(Some("2026-12-04"), "2026-12-05"));
        assert!(is_time(Some("2026-12-06"), "2026-12-05"));
        assert!(is_time(Some("rubbish"), "2026-12-05"));
    }
}
