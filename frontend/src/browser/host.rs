use std::rc::Rc;

use futures::{channel::oneshot, future::select};
use getrandom::SysRng;
use gloo_timers::future::TimeoutFuture;
use js_sys::{Date, Reflect};
use keyarc_client::{Host, Stage, Trust};
use keyarc_crypto::{KdfError, PasswordKey, SetupCode, derive_password_key, pbkdf2_input};
use keyarc_vault::Day;
use rand_core::UnwrapErr;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::EventTarget;

use super::derive_pbkdf2;

/// What a session reports while it works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// Long work goes on; percent.
    Progress(Stage, u8),
    /// The server does not answer; so many writes wait.
    Offline(u32),
    /// The server answers again.
    Online,
    /// How far the vault may be believed has changed.
    Trust(Trust),
    /// What was seen, sealed, to be kept on this device.
    Pins(Vec<u8>),
}

/// The browser's clock, randomness and cryptography.
#[derive(Clone)]
pub struct BrowserHost {
    report: Rc<dyn Fn(Report)>,
}

impl BrowserHost {
    /// Reports go to a callback.
    pub fn new(report: impl Fn(Report) + 'static) -> Self {
        Self {
            report: Rc::new(report),
        }
    }
}

impl Host for BrowserHost {
    type Rng = UnwrapErr<SysRng>;

    /// A browser without randomness ends the worker: nothing may be sealed then.
    fn rng(&self) -> Self::Rng {
        UnwrapErr(SysRng)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the worker's clock")]
    fn now_ms(&self) -> u64 {
        Date::now() as u64
    }

    fn today(&self) -> Day {
        today()
    }

    async fn sleep(&self, millis: u32) {
        let (sender, online) = oneshot::channel::<()>();
        let wake = Closure::once(move || drop(sender));
        let scope: EventTarget = js_sys::global().unchecked_into();
        let callback = wake.as_ref().unchecked_ref();
        // Where there is no such event, the sender stays alive and the whole pause is waited for.
        let _ = scope.add_event_listener_with_callback("online", callback);
        select(TimeoutFuture::new(millis), online).await;
        let _ = scope.remove_event_listener_with_callback("online", callback);
    }

    async fn derive_password_key(
        &self,
        password: &str,
        code: &SetupCode,
    ) -> Result<PasswordKey, KdfError> {
        if let Some(input) = pbkdf2_input(password, code)
            && let Ok(derived) = derive_pbkdf2(&input).await
        {
            return Ok(PasswordKey::from_derived(derived));
        }
        derive_password_key(password, code)
    }

    fn progress(&self, stage: Stage, percent: u8) {
        (self.report)(Report::Progress(stage, percent));
    }

    fn offline(&self, pending: u32) {
        (self.report)(Report::Offline(pending));
    }

    fn keep_pins(&self, sealed: &[u8]) {
        (self.report)(Report::Pins(sealed.to_vec()));
    }

    fn trust(&self, trust: Trust) {
        (self.report)(Report::Trust(trust));
    }

    fn online(&self) {
        (self.report)(Report::Online);
    }
}

/// Today, in the person's own time zone.
pub fn today() -> Day {
    let now = Date::new_0();
    Day::from_unix_ms(now.get_time() as i64, -now.get_timezone_offset() as i32)
}

/// The origin that this worker came from, for example `https://keyarc.example`.
pub fn origin() -> Option<String> {
    let location = Reflect::get(&js_sys::global(), &JsValue::from("location")).ok()?;
    Reflect::get(&location, &JsValue::from("origin"))
        .ok()?
        .as_string()
}
