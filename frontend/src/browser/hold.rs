//! What one tab of a browser does and no other is to do at the same time, by the
//! [Web Locks API](https://w3c.github.io/web-locks/). `web-sys` offers it under a flag alone.

use std::collections::HashSet;

use futures::{
    channel::oneshot,
    future::{Either, select},
};
use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    type LockManager;

    #[wasm_bindgen(method, catch)]
    fn request(
        this: &LockManager,
        name: &str,
        options: &Object,
        granted: &Function,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn query(this: &LockManager) -> Result<Promise, JsValue>;
}

/// Something that this tab does, until it is dropped or the tab is gone.
pub struct Hold {
    /// `None` in a browser that has no locks: there nobody is kept from anything.
    release: Option<Function>,
}

impl Hold {
    /// `None` when another tab does it, or this one by another [`Hold`].
    pub async fn take(name: &str) -> Option<Self> {
        let unheld = Some(Self { release: None });
        let Some(locks) = manager() else {
            return unheld;
        };
        let options = Object::new();
        if Reflect::set(&options, &"ifAvailable".into(), &true.into()).is_err() {
            return unheld;
        }
        let (tell, told) = oneshot::channel();
        let granted = Closure::once_into_js(move |lock: JsValue| {
            let mut release = None;
            // The lock is held for as long as what is given back is not settled.
            let held =
                (!lock.is_null()).then(|| Promise::new(&mut |settle, _| release = Some(settle)));
            let _ = tell.send(release);
            held.map_or(JsValue::UNDEFINED, JsValue::from)
        });
        let Ok(asked) = locks.request(name, &options, granted.unchecked_ref()) else {
            return unheld;
        };
        match select(told, JsFuture::from(asked)).await {
            Either::Left((Ok(release), _)) => release.map(|release| Self {
                release: Some(release),
            }),
            // The browser refused before it asked anybody.
            Either::Left((Err(_), _)) | Either::Right(_) => unheld,
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some(release) = self.release.take() {
            let _ = release.call0(&JsValue::UNDEFINED);
        }
    }
}

/// The names of all that tabs hold, this one included.
pub async fn held() -> HashSet<String> {
    let names = async {
        let snapshot = JsFuture::from(manager()?.query().ok()?).await.ok()?;
        let all: Array = Reflect::get(&snapshot, &"held".into())
            .ok()?
            .dyn_into()
            .ok()?;
        let name = |lock: JsValue| Reflect::get(&lock, &"name".into()).ok()?.as_string();
        Some(all.iter().filter_map(name).collect())
    };
    names.await.unwrap_or_default()
}

fn manager() -> Option<LockManager> {
    let navigator = Reflect::get(&js_sys::global(), &"navigator".into()).ok()?;
    let locks = Reflect::get(&navigator, &"locks".into()).ok()?;
    (!locks.is_undefined()).then(|| locks.unchecked_into())
}
