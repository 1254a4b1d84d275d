//! When a secret is changed, and where it is used.

use keyarc_vault::{ROTATION_CHOICES, ROTATION_DAYS_MAX};
use leptos::prelude::*;

use super::form_model::FormModel;
use crate::{
    ui::{Field, Select, TextArea, TextInput},
    words,
};

/// The value of the choice of one's own in the markup.
const OWN: &str = "own";

/// Rotation period, last change, and the places of an item.
#[component]
pub(super) fn RotationInputs(form: FormModel) -> impl IntoView {
    let is_offered = move |text: &str| {
        let days = text.parse().ok();
        text.is_empty() || days.is_some_and(|days| ROTATION_CHOICES.contains(&days))
    };
    let own = RwSignal::new(form.every.with_untracked(|text| !is_offered(text)));
    let chosen = Signal::derive(move || match own.get() {
        true => OWN.to_owned(),
        false => form.every.get(),
    });
    let mut options = vec![(String::new(), t!("Never").to_owned())];
    options.extend(ROTATION_CHOICES.map(|days| (days.to_string(), words::every_days(days))));
    options.push((OWN.to_owned(), t!("Another number of days").to_owned()));
    view! { class="v",
        <div class="field-pair">
            <Select
                id="form-rotation"
                label=t!("Rotate")
                value=chosen
                options=options
                on_change=move |value: String| {
                    own.set(value == OWN);
                    if value != OWN {
                        form.every.set(value);
                    }
                }
            />
            <DayInput
                id="form-rotated"
                label=t!("Last rotated")
                value=form.rotated
                error=form.error_of("rotated_on")
                hint=t!("Noted by itself when you save another secret.")
            />
        </div>
        {move || {
            own.get()
                .then(|| {
                    view! { class="v",
                        <TextInput
                            id="form-every"
                            label=t!("Days between two rotations")
                            value=form.every
                            inputmode="numeric"
                            hint=Some(t!("From 1 to {most}.", most = ROTATION_DAYS_MAX))
                            error=form.error_of("every_days")
                        />
                    }
                })
        }}
        <TextArea
            id="form-places"
            label=t!("Where it is used")
            value=form.places
            rows=3
            placeholder=t!("CI of the shop")
            hint=Some(
                t!("One place a line: a service, a machine, an address. Rotating goes through them.")
                    .to_owned(),
            )
            error=form.error_of("places")
        />
    }
}

/// A day.
#[component]
pub(super) fn DayInput(
    id: &'static str,
    label: &'static str,
    value: RwSignal<String>,
    error: Signal<Option<String>>,
    #[prop(optional)] hint: &'static str,
) -> impl IntoView {
    let has_hint = !hint.is_empty();
    let hint = has_hint.then(|| hint.to_owned());
    view! { class="v",
        <Field id=id label=label hint=hint error=error>
            <input
                class="input"
                id=id
                r#type="date"
                min="1970-01-01"
                max="9999-12-31"
                aria-invalid=move || error.get().is_some().then_some("true")
                aria-describedby=has_hint.then(|| format!("{id}-hint"))
                prop:value=move || value.get()
                on:change=move |event| value.set(event_target_value(&event))
            />
        </Field>
    }
}
