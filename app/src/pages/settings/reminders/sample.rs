use keyarc_wire::{ReminderEntry, ReminderId};
use leptos::prelude::*;

use crate::{reminder_text::DueDate, words::today};

/// This server, as links name it.
pub(super) fn origin() -> String {
    window().location().origin().unwrap_or_default()
}

/// What would be told next; an example when nothing is due.
pub(super) fn next_due(next: Option<ReminderEntry>) -> DueDate {
    match next {
        Some(entry) => DueDate {
            id: entry.id,
            on: entry.on,
        },
        None => DueDate {
            id: ReminderId([0; 16]),
            on: u32::try_from(today().0).unwrap_or(0),
        },
    }
}

/// All that leaves, letter by letter.
#[component]
pub(super) fn Sample(
    /// What it is called.
    label: &'static str,
    /// The letters.
    text: String,
    /// Nothing is due: it is an example.
    example: bool,
) -> impl IntoView {
    let caption = match example {
        true => t!(
            "{label}. Nothing is due now; with an invented date it reads:",
            label
        ),
        false => t!("{label}, letter by letter, for what is due next:", label),
    };
    view! { class="v",
        <figure class="reminder-sample">
            <figcaption>{caption}</figcaption>
            <pre tabindex="0" translate="no">{text}</pre>
        </figure>
    }
}
