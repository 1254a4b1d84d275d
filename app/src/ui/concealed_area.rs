use leptos::{ev, prelude::*};

use super::{Field, Icon, IconButton, field::described_by};

/// A secret of several lines that can be shown while it is typed. As a
/// [`PasswordField`](super::PasswordField) without `autocomplete` it is no password of this site.
#[component]
pub fn ConcealedArea(
    /// Unique in the page.
    #[prop(into)]
    id: String,
    /// What goes in.
    #[prop(into)]
    label: Signal<String>,
    /// What is in it.
    value: RwSignal<String>,
    /// Lines shown.
    #[prop(default = 6)]
    rows: u32,
    /// What is wrong with it.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// Told after each change.
    #[prop(optional, into)]
    on_input: Option<Callback<()>>,
    /// May take a paste for itself.
    #[prop(optional, into)]
    on_paste: Option<Callback<ev::ClipboardEvent>>,
) -> impl IntoView {
    let shown = RwSignal::new(false);
    let toggle = Signal::derive(move || {
        let label = if shown.get() {
            t!("Hide characters")
        } else {
            t!("Show characters")
        };
        label.to_owned()
    });
    let icon = Signal::derive(move || if shown.get() { Icon::EyeOff } else { Icon::Eye });
    let described = described_by(&id, Signal::derive(|| None), error);
    view! { class="v",
        <Field id=id.clone() label=label error=error>
            <div class="input-with input-with-area">
                <textarea
                    class="input input-area is-mono"
                    class:is-concealed=move || !shown.get()
                    id=id
                    rows=rows.to_string()
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    aria-invalid=move || error.get().is_some().then_some("true")
                    aria-describedby=described
                    prop:value=move || value.get()
                    on:input=move |event| {
                        value.set(event_target_value(&event));
                        if let Some(on_input) = on_input {
                            on_input.run(());
                        }
                    }
                    on:paste=move |event| {
                        if let Some(on_paste) = on_paste {
                            on_paste.run(event);
                        }
                    }
                ></textarea>
                <IconButton
                    icon=icon
                    label=toggle
                    on_press=move |()| shown.update(|shown| *shown = !*shown)
                />
            </div>
        </Field>
    }
}
