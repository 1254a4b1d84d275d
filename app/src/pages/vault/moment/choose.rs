use leptos::{ev, prelude::*};

use super::work::use_moment;
use crate::{
    ui::{Button, Field, Look},
    words::now_ms,
};

const HOUR_MS: f64 = 3_600_000.0;
/// Moments that people want, by how many hours ago they are.
const AGO: [(&str, f64); 4] = [
    (mark!("An hour ago"), 1.0),
    (mark!("Yesterday"), 24.0),
    (mark!("A week ago"), 7.0 * 24.0),
    (mark!("A month ago"), 30.0 * 24.0),
];

/// Where a moment is chosen.
#[component]
pub(super) fn Choose() -> impl IntoView {
    let work = use_moment();
    let typed = RwSignal::new(local_input(now_ms() - 24.0 * HOUR_MS));
    let show = move || match moment_of(&typed.get_untracked(), now_ms()) {
        Ok(at_ms) => work.show(at_ms),
        Err(problem) => work.refuse(problem),
    };
    view! { class="v",
        <form
            class="moment-choose"
            method="post"
            novalidate
            on:submit=move |event: ev::SubmitEvent| {
                event.prevent_default();
                show();
            }
        >
            <Field id="moment-at" label=t!("Day and time")>
                <input
                    class="input"
                    id="moment-at"
                    r#type="datetime-local"
                    step="1"
                    prop:value=move || typed.get()
                    on:input=move |event| typed.set(event_target_value(&event))
                />
            </Field>
            <Button look=Look::Go submit=true>
                {t!("Show")}
            </Button>
        </form>
        <div class="moment-ago" role="group" aria-label=t!("Moments")>
            {AGO
                .into_iter()
                .map(|(words, hours)| {
                    view! { class="v",
                        <Button
                            look=Look::Bare
                            on_press=move |()| {
                                typed.set(local_input(now_ms() - hours * HOUR_MS));
                                show();
                            }
                        >
                            {crate::language::text(words)}
                        </Button>
                    }
                })
                .collect_view()}
        </div>
    }
}

/// A moment as such a field takes it: `2026-11-29T14:05`, where this device is.
fn local_input(unix_ms: f64) -> String {
    let then = js_sys::Date::new(&unix_ms.into());
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}",
        then.get_full_year(),
        then.get_month() + 1,
        then.get_date(),
        then.get_hours(),
        then.get_minutes()
    )
}

/// The moment that was typed, Unix milliseconds, or what is wrong with it.
fn moment_of(typed: &str, now_ms: f64) -> Result<u64, &'static str> {
    // Without a zone it is where this device is.
    let at_ms = js_sys::Date::parse(typed);
    if at_ms.is_nan() {
        return Err(t!("Enter a day and a time."));
    }
    if at_ms > now_ms {
        return Err(t!("That moment is still to come."));
    }
    // Years before 1970 are before any vault.
    Ok(at_ms.max(0.0) as u64)
}
