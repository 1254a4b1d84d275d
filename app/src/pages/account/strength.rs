use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};

use super::advice::in_language;
use crate::{
    state::Debounce,
    ui::Meter,
    worker::{Command, LEAST_SCORE, Reply, Strength, use_worker},
};

/// Rates a password while it is typed. The worker does it; its dictionaries load with the
/// first password.
pub(crate) fn rate(password: RwSignal<String>, email: RwSignal<String>) -> (Rating, Callback<()>) {
    let worker = use_worker();
    let strength = RwSignal::new(None);
    let is_old = RwSignal::new(false);
    let soon = Debounce::new(Duration::from_millis(150));
    let asked = StoredValue::new(0_u32);
    let changed = Callback::new(move |()| {
        asked.update_value(|asked| *asked += 1);
        is_old.set(true);
        if password.with_untracked(String::is_empty) {
            soon.cancel();
            strength.set(None);
            return;
        }
        soon.call(move || {
            let number = asked.get_value();
            let command = Command::Strength {
                password: password.get_untracked(),
                inputs: vec![email.get_untracked(), "keyarc".to_owned()],
            };
            spawn_local(async move {
                let reply = worker.call(command).await;
                if asked.try_get_value() == Some(number)
                    && let Ok(Reply::Strength(rated)) = reply
                {
                    strength.set(Some(rated));
                    is_old.set(false);
                }
            });
        });
    });
    (Rating { strength, is_old }, changed)
}

/// What a password was rated.
#[derive(Clone, Copy)]
pub(crate) struct Rating {
    /// As it is shown: what was typed before counts until the new rating is there.
    pub(crate) strength: RwSignal<Option<Strength>>,
    /// It is of what was typed before.
    is_old: RwSignal<bool>,
}

impl Rating {
    /// The score of what stands in the field; `None` while that is not known.
    pub(crate) fn score(self) -> Option<u8> {
        let score = self.strength.with(|s| s.as_ref().map(|s| s.score));
        score.filter(|_| !self.is_old.get())
    }
}

/// What is wrong with a master password; a score that is not known yet is the worker's to judge.
pub(crate) fn password_rule(password: &str, score: Option<u8>) -> Option<&'static str> {
    if password.is_empty() {
        return Some(t!("A master password is needed."));
    }
    if score.is_some_and(|score| score < LEAST_SCORE) {
        return Some(t!(
            "Too easy to guess. Make it longer; four or five random words are good."
        ));
    }
    None
}

/// A rating in one word.
pub fn strength_words(score: u8) -> &'static str {
    match score {
        0 => t!("Very weak"),
        1 => t!("Weak"),
        2 => t!("Not enough"),
        3 => t!("Good"),
        _ => t!("Strong"),
    }
}

/// The rating, and what would make the password better.
#[component]
pub fn StrengthView(
    /// The rating, once there is one.
    #[prop(into)]
    strength: Signal<Option<Strength>>,
) -> impl IntoView {
    let level = Signal::derive(move || strength.with(|s| s.as_ref().map(|s| s.score)));
    let words = Signal::derive(move || {
        level.get().map_or_else(
            || t!("Not rated yet").to_owned(),
            |s| strength_words(s).to_owned(),
        )
    });
    let advice = move || {
        strength.with(|strength| {
            let strength = strength.as_ref()?;
            if strength.score > LEAST_SCORE {
                return None;
            }
            let warning = Some(strength.warning.clone()).filter(|warning| !warning.is_empty());
            let advice = warning.or_else(|| strength.suggestions.first().cloned());
            advice.map(in_language)
        })
    };
    view! { class="v",
        <div class="strength">
            <Meter label=t!("Password strength") level=level words=words />
            <p class="strength-words" aria-live="polite">
                {move || match level.get() {
                    Some(score) => {
                        let words = strength_words(score);
                        match advice() {
                            Some(advice) => format!("{words}. {advice}"),
                            None => words.to_owned(),
                        }
                    }
                    None => t!("Long beats complicated: four or five random words are good.").to_owned(),
                }}
            </p>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rated_password_must_be_good() {
        assert!(password_rule("", None).is_some());
        assert!(password_rule("hunter2", Some(1)).is_some());
        assert!(password_rule("hunter2", None).is_none());
        assert!(password_rule("correct horse battery staple", Some(4)).is_none());
    }
}
