//! Messages as bytes. Unlike text they are handed over rather than copied, and the receiver can
//! wipe them: they may hold a password. Postcard, because the code that reads it is a fraction
//! of what JSON needs, and page and worker are always of the same build.

use js_sys::{Array, Uint8Array};
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::{JsCast, JsValue};
use zeroize::Zeroizing;

/// A message, and the list that makes `postMessage` hand its memory over. `None` when it cannot
/// be written, which no message of ours meets.
pub fn write_message(message: &impl Serialize) -> Option<(Uint8Array, Array)> {
    let bytes = Zeroizing::new(postcard::to_allocvec(message).ok()?);
    let array = Uint8Array::from(bytes.as_slice());
    let handed_over = Array::of1(&array.buffer());
    Some((array, handed_over))
}

/// Reads a message and wipes it. `None` for what is not one.
pub fn read_message<T: DeserializeOwned>(data: &JsValue) -> Option<T> {
    let array = data.dyn_ref::<Uint8Array>()?;
    let bytes = Zeroizing::new(array.to_vec());
    array.fill(0, 0, array.length());
    let (message, rest) = postcard::take_from_bytes(&bytes).ok()?;
    rest.is_empty().then_some(message)
}
