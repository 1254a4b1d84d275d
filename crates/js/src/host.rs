use getrandom::SysRng;
use gloo_timers::future::TimeoutFuture;
use js_sys::Date;
use keyarc_client::Host;
use rand_core::UnwrapErr;

/// The clock and the randomness of whatever runs this.
#[derive(Debug, Clone, Copy)]
pub struct JsHost;

impl Host for JsHost {
    type Rng = UnwrapErr<SysRng>;

    /// Without randomness nothing is asked: a request would be one that was sent before.
    fn rng(&self) -> Self::Rng {
        UnwrapErr(SysRng)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that is passed in"
    )]
    fn now_ms(&self) -> u64 {
        Date::now() as u64
    }

    async fn sleep(&self, millis: u32) {
        TimeoutFuture::new(millis).await;
    }
}
