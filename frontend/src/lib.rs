//! The two entry points of KeyArc's WebAssembly: [`start`] for the page and [`vault_worker`]
//! for the worker that holds the keys. Both are in one file, so that it is downloaded and
//! compiled once.

// The types of the app's views nest as deep as the views do.
#![recursion_limit = "512"]

pub mod browser;
mod worker;

use wasm_bindgen::prelude::wasm_bindgen;

/// Room for splitting, in bytes. Each part's constants begin at a multiple of their alignment; if
/// all of them together are longer by that than they were before, the splitter leaves every one of
/// them in the main file, 160 kB more for everybody. Nothing refers to these, so that they are in
/// no part and pay for the gaps.
#[cfg(feature = "split")]
#[used]
static ROOM: [u8; 16 * 1024] = [1; 16 * 1024];

/// Brings the server-rendered page to life: mounts the app in the place of the skeleton. Nothing
/// is hydrated: the skeleton holds no data, and mounting needs half the code.
///
/// `worker` is the path of the vault worker's script, from the page's own script; `integrity`
/// is what the browser found this code to be, as in Subresource Integrity, or nothing while the
/// code is rebuilt under a running server; `words` is the catalogue of the page's language, or
/// nothing for English.
#[wasm_bindgen]
pub fn start(worker: String, integrity: String, words: String) {
    console_error_panic_hook::set_once();
    keyarc_app::worker::set_script(worker);
    keyarc_app::code::set_integrity(&integrity);
    keyarc_app::language::speak(&words);
    if let Some(body) = leptos::prelude::document().body() {
        body.replace_children_with_node_0();
    }
    leptos::mount::mount_to_body(keyarc_app::vault_app::VaultApp);
}

/// Runs the vault worker. Called once, in a worker, by its loading script; `words` as for
/// [`start`].
#[wasm_bindgen]
pub fn vault_worker(words: &str) {
    keyarc_app::language::speak(words);
    worker::run();
}
