use js_sys::{Reflect, Uint8Array};
use leptos::{ev, html, prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::form_model::FormModel;
use crate::{
    ui::Field,
    worker::{Command, Reply, use_worker},
};

/// Largest picture that is read, in bytes. A photograph has less.
const PICTURE_MAX: f64 = 20_000_000.0;

/// Where the setup key of an authenticator app is read from a picture of its QR code, on this
/// device: a file, a photograph on a phone, or a screenshot that is pasted.
#[component]
pub(super) fn QrInput(form: FormModel) -> impl IntoView {
    let worker = use_worker();
    let file = NodeRef::<html::Input>::new();
    let busy = RwSignal::new(false);
    let read = RwSignal::new(false);
    let problem = RwSignal::new(None::<String>);
    let look = move |picture: web_sys::File| {
        if busy.get_untracked() {
            return;
        }
        read.set(false);
        problem.set(None);
        if picture.size() > PICTURE_MAX {
            problem.set(Some(t!("The picture is larger than 20 MB.").to_owned()));
            return;
        }
        busy.set(true);
        spawn_local(async move {
            let reply = match JsFuture::from(picture.array_buffer()).await {
                Ok(bytes) => {
                    let bytes = Uint8Array::new(&bytes).to_vec();
                    let reply = worker.call(Command::ReadQr(bytes)).await;
                    reply.map_err(|failure| failure.to_string())
                }
                Err(_) => Err(t!("The browser could not read the file.").to_owned()),
            };
            // The form may be gone by then.
            if busy.try_set(false).is_some() {
                return;
            }
            match reply {
                Ok(Reply::SetupKey(key)) => {
                    form.take_setup_key(&key);
                    read.set(true);
                }
                Ok(_) => {}
                Err(words) => problem.set(Some(words)),
            }
        });
    };
    let chosen = move |_| {
        let Some(input) = file.get_untracked() else {
            return;
        };
        if let Some(picture) = input.files().and_then(|files| files.get(0)) {
            look(picture);
        }
        // The same file can be chosen again.
        input.set_value("");
    };
    let listener = StoredValue::new_local(None);
    Effect::new(move |_| {
        let handle = window_event_listener(ev::paste, move |event| {
            if let Some(picture) = pasted_picture(&event) {
                event.prevent_default();
                look(picture);
            }
        });
        listener.set_value(Some(handle));
    });
    on_cleanup(move || {
        if let Some(Some(handle)) = listener.try_update_value(Option::take) {
            handle.remove();
        }
    });
    view! { class="v",
        <div class="material-input">
            <Field
                id="form-qr"
                label=t!("Picture of the QR code")
                hint=Some(
                    t!("A file or a photograph; or paste a screenshot. It is read on this device.")
                        .to_owned(),
                )
            >
                <input
                    class="input input-file"
                    id="form-qr"
                    r#type="file"
                    accept="image/*"
                    aria-describedby="form-qr-hint"
                    aria-busy=move || busy.get().then_some("true")
                    node_ref=file
                    on:change=chosen
                />
            </Field>
            <p class="field-hint" role="status">
                {move || read.get().then_some(t!("The setup key was read."))}
            </p>
            {move || {
                problem
                    .get()
                    .map(|words| {
                        view! { class="v",
                            <p class="field-error" role="alert">
                                {words}
                            </p>
                        }
                    })
            }}
        </div>
    }
}

/// The picture of a paste; text that is pasted is none.
fn pasted_picture(event: &ev::ClipboardEvent) -> Option<web_sys::File> {
    let data = Reflect::get(event, &JsValue::from_str("clipboardData")).ok()?;
    let data: web_sys::DataTransfer = data.dyn_into().ok()?;
    let file = data.files()?.get(0)?;
    file.type_().starts_with("image/").then_some(file)
}
