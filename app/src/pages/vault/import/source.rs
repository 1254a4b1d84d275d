use leptos::{ev, html, prelude::*};

use super::{super::onboarding::pasted_text, work::use_import};
use crate::ui::{Button, Field, Look, TextArea};

/// A paste larger than this goes to the preview without being laid out in the field.
const SHOW_AT_MOST: usize = 200_000;

/// Where a file comes from: dropped, chosen or pasted.
#[component]
pub(super) fn Source() -> impl IntoView {
    let work = use_import();
    let text = RwSignal::new(String::new());
    let over = RwSignal::new(false);
    let paste = Callback::new(move |event: ev::ClipboardEvent| {
        if let Some(pasted) = pasted_text(&event).filter(|text| text.len() > SHOW_AT_MOST) {
            event.prevent_default();
            work.take_text(pasted);
        }
    });
    let file = NodeRef::<html::Input>::new();
    let chosen = move |_| {
        let Some(input) = file.get_untracked() else {
            return;
        };
        let first = input.files().and_then(|files| files.get(0));
        if let Some(first) = first {
            // The same file can be chosen again after it was corrected.
            input.set_value("");
            work.take_file(first);
        }
    };
    let drag = move |event: ev::DragEvent| {
        // Without it the browser opens what is dropped.
        event.prevent_default();
        over.set(true);
    };
    let drop = move |event: ev::DragEvent| {
        event.prevent_default();
        over.set(false);
        let files = event.data_transfer().and_then(|data| data.files());
        match files.as_ref().map(|files| (files.length(), files.get(0))) {
            Some((1, Some(file))) => work.take_file(file),
            Some((0, _)) | None => {}
            Some(_) => work.refuse(t!("Drop one file at a time.")),
        }
    };
    view! { class="v",
        <p class="lead">
            {t!("It is read on this device. You see what was recognised before anything is written.")}
        </p>
        <form
            class="import-source"
            method="post"
            class:is-over=move || over.get()
            on:dragover=drag
            on:dragleave=move |_| over.set(false)
            on:drop=drop
            on:submit=move |event| {
                event.prevent_default();
                work.take_text(text.get_untracked());
            }
        >
            <Field
                id="import-file"
                label=t!("Choose a file, or drop it here")
                hint=Some(
                    t!("An archive of KeyArc; exports of Bitwarden, 1Password, LastPass, KeePass, browsers, Doppler and Infisical; AWS, Kubernetes and Terraform files; .env, JSON, YAML, CSV and PEM of anything else.")
                        .to_owned(),
                )
            >
                <input
                    class="input input-file"
                    id="import-file"
                    r#type="file"
                    aria-describedby="import-file-hint"
                    node_ref=file
                    on:change=chosen
                />
            </Field>
            <TextArea
                id="import-text"
                label=t!("Or paste its content")
                value=text
                rows=12
                mono=true
                placeholder="STRIPE_SECRET_KEY=sk_live_…"
                on_paste=paste
            />
            <Button look=Look::Go submit=true>
                {t!("Preview")}
            </Button>
        </form>
    }
}
