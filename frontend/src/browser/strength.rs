use std::cell::RefCell;

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

use keyarc_app::worker::Strength;

#[wasm_bindgen]
extern "C" {
    /// The worker's script has it: `import` is syntax, which takes a line of JavaScript.
    #[wasm_bindgen(catch, js_name = loadStrength)]
    fn load_strength() -> Result<Promise, JsValue>;
}

thread_local! {
    /// `rate` of the strength module, once it was loaded.
    static RATE: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// The strength module cannot be loaded, most likely for want of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StrengthError;

impl From<JsValue> for StrengthError {
    fn from(_: JsValue) -> Self {
        Self
    }
}

/// Rates a password with zxcvbn. Its dictionaries are loaded at the first call.
pub async fn rate_password(password: &str, inputs: &[String]) -> Result<Strength, StrengthError> {
    let loaded = RATE.with(|rate| rate.borrow().clone());
    let rate = match loaded {
        Some(rate) => rate,
        None => {
            let rate = load().await?;
            RATE.with(|known| *known.borrow_mut() = Some(rate.clone()));
            rate
        }
    };
    let inputs = inputs.join("\n");
    let answer = rate.call2(&JsValue::NULL, &password.into(), &inputs.into())?;
    let answer = answer.as_string().ok_or(StrengthError)?;
    serde_json::from_str(&answer).map_err(|_| StrengthError)
}

async fn load() -> Result<Function, StrengthError> {
    let module = JsFuture::from(load_strength()?).await?;
    let init: Function = Reflect::get(&module, &"default".into())?.dyn_into()?;
    let started: Promise = init.call0(&JsValue::NULL)?.dyn_into()?;
    JsFuture::from(started).await?;
    Ok(Reflect::get(&module, &"rate".into())?.dyn_into()?)
}
