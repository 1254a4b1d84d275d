use leptos::prelude::*;

/// The fragment of the address that a new device shows as a QR code.
const FRAGMENT: &str = "#link=";

/// The code of a new device that this page was opened with. It waits here until the vault is open.
#[derive(Clone, Copy)]
pub struct Scanned(RwSignal<Option<String>>);

impl Scanned {
    /// The code, once.
    pub fn take(self) -> Option<String> {
        self.0.try_update_untracked(Option::take).flatten()
    }
}

/// Takes the code out of the address, where it does not belong into the history.
pub fn provide_scanned() {
    let scanned = RwSignal::new(None);
    provide_context(Scanned(scanned));
    Effect::new(move |_| {
        let location = window().location();
        let hash = location.hash().unwrap_or_default();
        let Some(code) = hash.strip_prefix(FRAGMENT) else {
            return;
        };
        scanned.set(Some(code.to_owned()));
        let path = location.pathname().unwrap_or_default();
        if let Ok(history) = window().history() {
            let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&path));
        }
    });
}

/// See [`provide_scanned`].
pub fn use_scanned() -> Scanned {
    expect_context()
}
