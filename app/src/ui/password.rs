use leptos::{ev, html, prelude::*};

use super::{Field, Icon, IconButton, field::described_by};

/// A secret that can be shown while it is typed.
///
/// Without an `autocomplete` it is no password of this site but a secret to be kept: then it is a
/// concealed text field, since browsers keep what stands in and beside a password field in a
/// password store of their own.
#[component]
pub fn PasswordField(
    /// Unique in the page.
    #[prop(into)]
    id: String,
    /// What goes in.
    #[prop(into)]
    label: Signal<String>,
    /// What is in it.
    value: RwSignal<String>,
    /// `current-password` and `new-password` tell password managers what it is.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// Help that stays.
    #[prop(optional, into)]
    hint: Signal<Option<String>>,
    /// What is wrong with it.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// The element.
    #[prop(optional)]
    node_ref: NodeRef<html::Input>,
    /// Told after each change.
    #[prop(optional, into)]
    on_input: Option<Callback<()>>,
    /// Has a secret made for it.
    #[prop(optional, into)]
    on_generate: Option<Callback<()>>,
    /// May take a paste for itself.
    #[prop(optional, into)]
    on_paste: Option<Callback<ev::ClipboardEvent>>,
) -> impl IntoView {
    let shown = RwSignal::new(false);
    let is_password = autocomplete != "off";
    // Without the field's own name, which would then name two controls.
    let toggle = Signal::derive(move || {
        let label = if shown.get() {
            t!("Hide characters")
        } else {
            t!("Show characters")
        };
        label.to_owned()
    });
    let icon = Signal::derive(move || if shown.get() { Icon::EyeOff } else { Icon::Eye });
    let described = described_by(&id, hint, error);
    view! { class="v",
        <Field id=id.clone() label=label hint=hint error=error>
            <div class="input-with">
                <input
                    class="input is-mono"
                    class:is-concealed=move || !is_password && !shown.get()
                    id=id
                    r#type=move || if is_password && !shown.get() { "password" } else { "text" }
                    autocomplete=autocomplete
                    autocapitalize="none"
                    spellcheck="false"
                    aria-invalid=move || error.get().is_some().then_some("true")
                    aria-describedby=described
                    prop:value=move || value.get()
                    node_ref=node_ref
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
                />
                {on_generate
                    .map(|generate| {
                        view! { class="v",
                            <IconButton icon=Icon::Spark label=t!("Make a secret") on_press=generate />
                        }
                    })}
                <IconButton
                    icon=icon
                    label=toggle
                    on_press=move |()| shown.update(|shown| *shown = !*shown)
                />
            </div>
        </Field>
    }
}
