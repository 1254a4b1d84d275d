use std::time::Duration;

use leptos::{ev, prelude::*};

use crate::{
    state::{VaultPhase, use_session},
    words::now_ms,
};

/// Minutes to choose from; 0 is never.
pub const IDLE_CHOICES: [u32; 6] = [1, 5, 10, 30, 60, 0];
const DEFAULT_MINUTES: u32 = 10;
const STORAGE_KEY: &str = "keyarc.idle-minutes";
const CHECK_EVERY: Duration = Duration::from_secs(5);

/// A choice in words.
pub fn idle_label(minutes: u32) -> String {
    match minutes {
        0 => t!("Only when the tab closes").to_owned(),
        60 => t!("1 hour").to_owned(),
        minutes => tn!(minutes, "{count} minute", "{count} minutes"),
    }
}

/// After how long without a touch the vault locks.
#[derive(Clone, Copy)]
pub struct Idle {
    minutes: RwSignal<u32>,
    last_touch_ms: StoredValue<f64>,
}

impl Idle {
    /// Minutes; 0 is never.
    pub fn minutes(self) -> u32 {
        self.minutes.get()
    }

    /// Chooses, for this device.
    pub fn set_minutes(self, minutes: u32) {
        self.minutes.set(minutes);
        if let Ok(Some(storage)) = window().local_storage() {
            // Storage may be refused; the choice then holds for this visit.
            let _ = storage.set_item(STORAGE_KEY, &minutes.to_string());
        }
    }

    fn touch(self) {
        self.last_touch_ms.set_value(now_ms());
    }

    fn is_over(self) -> bool {
        let idle_ms = now_ms() - self.last_touch_ms.get_value();
        is_idle(idle_ms, self.minutes.get_untracked())
    }
}

fn is_idle(idle_ms: f64, minutes: u32) -> bool {
    minutes > 0 && idle_ms >= f64::from(minutes) * 60_000.0
}

fn stored_minutes(value: Option<&str>) -> u32 {
    value
        .and_then(|text| text.parse().ok())
        .filter(|minutes| IDLE_CHOICES.contains(minutes))
        .unwrap_or(DEFAULT_MINUTES)
}

/// Makes the idle lock available and starts it in the browser.
pub fn provide_idle() {
    let idle = Idle {
        minutes: RwSignal::new(DEFAULT_MINUTES),
        last_touch_ms: StoredValue::new(0.0),
    };
    provide_context(idle);
    let session = use_session();
    Effect::new(move |_| {
        let stored = window().local_storage().ok().flatten();
        let stored = stored.and_then(|storage| storage.get_item(STORAGE_KEY).ok().flatten());
        idle.minutes.set(stored_minutes(stored.as_deref()));
        idle.touch();
        let check = move || {
            if session.phase_untracked() == VaultPhase::Unlocked && idle.is_over() {
                session.lock();
            }
        };
        // The app lives as long as the page, so its listeners are never taken off again. A
        // touch after the time is over locks too: timers sleep with the machine.
        let touched = move || {
            check();
            idle.touch();
        };
        window_event_listener(ev::pointerdown, move |_| touched());
        window_event_listener(ev::keydown, move |_| touched());
        window_event_listener(ev::wheel, move |_| touched());
        window_event_listener(ev::visibilitychange, move |_| check());
        set_interval(check, CHECK_EVERY);
    });
}

/// See [`provide_idle`].
pub fn use_idle() -> Idle {
    expect_context()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_minutes_never_lock() {
        assert!(!is_idle(f64::MAX, 0));
        assert!(!is_idle(59_999.0, 1));
        assert!(is_idle(60_000.0, 1));
    }

    #[test]
    fn a_stored_value_that_is_no_choice_gives_the_default() {
        assert_eq!(stored_minutes(Some("30")), 30);
        assert_eq!(stored_minutes(Some("0")), 0);
        assert_eq!(stored_minutes(Some("31")), DEFAULT_MINUTES);
        assert_eq!(stored_minutes(Some("-1")), DEFAULT_MINUTES);
        assert_eq!(stored_minutes(None), DEFAULT_MINUTES);
    }
}
