use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

/// The id of the input by which files are chosen.
const CHOOSER: &str = "file-chooser";

/// Lets a person choose files of this device. The input is the document's and not the asker's:
/// what is chosen arrives even when whoever asked is drawn anew, or gone, before the choice is made.
pub fn choose_files(
    many: bool,
    label: &str,
    chosen: impl FnOnce(&web_sys::FileList) + 'static,
) -> Result<(), JsValue> {
    drop_chooser();
    let input: web_sys::HtmlInputElement = document().create_element("input")?.unchecked_into();
    input.set_id(CHOOSER);
    input.set_type("file");
    input.set_multiple(many);
    input.set_hidden(true);
    input.set_attribute("aria-label", label)?;
    let on_change = Closure::once_into_js(move |event: web_sys::Event| {
        // What was dropped meanwhile, as by a lock, is not waited for any more.
        let Some(input) = chooser_of(&event).filter(|input| input.is_connected()) else {
            return;
        };
        input.remove();
        if let Some(files) = input.files() {
            chosen(&files);
        }
    });
    input.add_event_listener_with_callback("change", on_change.unchecked_ref())?;
    let on_cancel = Closure::once_into_js(|event: web_sys::Event| {
        if let Some(input) = chooser_of(&event) {
            input.remove();
        }
    });
    input.add_event_listener_with_callback("cancel", on_cancel.unchecked_ref())?;
    let body = document().body().ok_or(JsValue::UNDEFINED)?;
    body.append_child(&input)?;
    input.click();
    Ok(())
}

fn chooser_of(event: &web_sys::Event) -> Option<web_sys::HtmlInputElement> {
    event.current_target()?.dyn_into().ok()
}

/// Takes away what a choice is made by. What is chosen afterwards goes nowhere.
pub fn drop_chooser() {
    if let Some(old) = document().get_element_by_id(CHOOSER) {
        old.remove();
    }
}

/// Hands a text to the browser as a file, without it leaving the device.
pub fn save_file(name: &str, text: &str) -> Result<(), JsValue> {
    let parts = js_sys::Array::of1(&JsValue::from_str(text));
    let options = web_sys::BlobPropertyBag::new();
    options.set_type("text/plain;charset=utf-8");
    let blob = web_sys::Blob::new_with_str_sequence_and_options(&parts, &options)?;
    save_blob(name, &blob)
}

/// Bytes as the browser keeps them, where it has room: to put large files together of, without the
/// page holding or copying all of one.
pub fn blob_of(bytes: &[u8]) -> Result<web_sys::Blob, JsValue> {
    let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes));
    web_sys::Blob::new_with_u8_array_sequence(&parts)
}

/// As [`save_file`], of pieces that [`blob_of`] made.
pub fn save_blobs(name: &str, parts: &js_sys::Array) -> Result<(), JsValue> {
    let options = web_sys::BlobPropertyBag::new();
    options.set_type("application/octet-stream");
    let blob = web_sys::Blob::new_with_blob_sequence_and_options(parts, &options)?;
    save_blob(name, &blob)
}

fn save_blob(name: &str, blob: &web_sys::Blob) -> Result<(), JsValue> {
    let url = web_sys::Url::create_object_url_with_blob(blob)?;
    let link: web_sys::HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    link.set_href(&url);
    link.set_download(name);
    link.click();
    // The download has its own hold of the data by then.
    set_timeout(
        move || {
            let _ = web_sys::Url::revoke_object_url(&url);
        },
        std::time::Duration::from_secs(10),
    );
    Ok(())
}
