//! What the browser derives is what the Rust code derives, byte for byte.
#![cfg(target_arch = "wasm32")]
#![expect(clippy::expect_used, reason = "clippy does not know these as tests")]

use keyarc_client::Host as _;
use keyarc_crypto::{PasswordKey, SetupCode, Suite, UnlockKeys, derive_password_key, pbkdf2_input};
use keyarc_frontend::browser::{BrowserHost, DeviceRecord, DeviceStore, derive_pbkdf2, make_pkcs8};
use keyarc_vault::generate::{KeyAlgorithm, KeyPairRecipe, make_key_pair};
use rand_core::UnwrapErr;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

fn code(suite: Suite) -> SetupCode {
    SetupCode::make(suite, &mut UnwrapErr(getrandom::SysRng))
}

/// The key that log-ins are checked against stands for everything derived.
fn public(key: &PasswordKey, code: &SetupCode) -> [u8; 32] {
    UnlockKeys::derive(key, code).auth().public_key()
}

#[wasm_bindgen_test]
async fn pbkdf2_by_webcrypto_is_pbkdf2_in_rust() {
    let long = "x".repeat(1_000);
    for password in [
        "a",
        "correct horse battery staple",
        "ﬁ Å ｅ é 😀",
        "\u{0}\u{7f}",
        &long,
    ] {
        let code = code(Suite::Pbkdf2Sha256);
        let input = pbkdf2_input(password, &code).expect("suite 1");
        let browser = derive_pbkdf2(&input).await.expect("WebCrypto is here");
        let browser = public(&PasswordKey::from_derived(browser), &code);
        let rust = derive_password_key(password, &code).expect("derives");
        assert_eq!(browser, public(&rust, &code), "{} bytes", password.len());
    }
}

#[wasm_bindgen_test]
async fn the_host_derives_the_same_for_both_suites() {
    let host = BrowserHost::new(|_| {});
    for suite in [Suite::Pbkdf2Sha256, Suite::Argon2id] {
        let code = code(suite);
        let host = host
            .derive_password_key("quartz lantern", &code)
            .await
            .expect("derives");
        let rust = derive_password_key("quartz lantern", &code).expect("derives");
        assert_eq!(public(&host, &code), public(&rust, &code));
    }
}

#[wasm_bindgen_test]
async fn the_host_refuses_what_the_rust_code_refuses() {
    let host = BrowserHost::new(|_| {});
    let code = code(Suite::Pbkdf2Sha256);
    for password in [String::new(), "x".repeat(1_025)] {
        assert!(host.derive_password_key(&password, &code).await.is_err());
        assert!(derive_password_key(&password, &code).is_err());
    }
}

#[wasm_bindgen_test]
async fn the_browser_makes_keys_of_what_was_asked_for() {
    for algorithm in [
        KeyAlgorithm::Ed25519,
        KeyAlgorithm::EcP256,
        KeyAlgorithm::EcP384,
        KeyAlgorithm::Rsa2048,
    ] {
        let recipe = KeyPairRecipe {
            algorithm,
            ssh_comment: None,
        };
        let mut rng = UnwrapErr(getrandom::SysRng);
        let made = make_key_pair(&recipe, &mut rng, async |algorithm| {
            make_pkcs8(algorithm).await.expect("WebCrypto is here")
        });
        let pair = made.await.expect("made");
        assert!(pair.private_key.starts_with("-----BEGIN PRIVATE KEY-----"));
        assert!(pair.public_key.starts_with("-----BEGIN PUBLIC KEY-----"));
    }
}

#[wasm_bindgen_test]
async fn a_device_keeps_an_account_and_forgets_it() {
    let store = DeviceStore;
    store.forget().await.expect("storage");
    assert!(store.record().await.expect("storage").is_none());
    let code = code(Suite::Argon2id);
    let record = DeviceRecord::seal(&code, "ada@example.com", "Laptop")
        .await
        .expect("seals");
    store.keep(&record).await.expect("keeps");
    let kept = store.record().await.expect("storage").expect("there");
    assert_eq!(kept.label, "ada@example.com");
    assert_eq!(kept.device_name, "Laptop");
    assert_eq!(kept.handle.0, code.handle());
    assert_eq!(
        *kept.open().await.expect("opens").to_text(),
        *code.to_text()
    );

    let handle = kept.handle;
    assert!(!store.has_draft(handle).await.expect("storage"));
    store.keep_draft(handle, b"sealed").await.expect("keeps");
    assert_eq!(
        store.draft(handle).await.expect("storage").as_deref(),
        Some(&b"sealed"[..])
    );
    store.drop_draft(handle).await.expect("drops");
    assert!(!store.has_draft(handle).await.expect("storage"));

    store.keep_draft(handle, b"sealed").await.expect("keeps");
    store.forget().await.expect("storage");
    assert!(store.record().await.expect("storage").is_none());
    assert!(!store.has_draft(handle).await.expect("storage"));
}

#[wasm_bindgen_test]
async fn a_device_keeps_the_next_setup_code_until_one_is_in_force() {
    let store = DeviceStore;
    let before = code(Suite::Pbkdf2Sha256);
    let after = before.with_suite(Suite::Argon2id);
    let record = async |code: &SetupCode| {
        DeviceRecord::seal(code, "ada@example.com", "Laptop")
            .await
            .expect("seals")
    };
    let opened = async |record: Option<DeviceRecord>| {
        let code = record.expect("there").open().await.expect("opens");
        code.to_text()
    };
    store.keep(&record(&before).await).await.expect("keeps");
    for dropped in [true, false] {
        store.keep_next(&record(&after).await).await.expect("keeps");
        let (first, next) = (store.record().await, store.next_record().await);
        assert_eq!(*opened(first.expect("storage")).await, *before.to_text());
        assert_eq!(*opened(next.expect("storage")).await, *after.to_text());
        if dropped {
            store.drop_next().await.expect("drops");
        } else {
            store.keep(&record(&after).await).await.expect("keeps");
        }
        assert!(store.next_record().await.expect("storage").is_none());
    }
    let first = store.record().await.expect("storage");
    assert_eq!(*opened(first).await, *after.to_text());
    store
        .keep_next(&record(&before).await)
        .await
        .expect("keeps");
    store.forget().await.expect("storage");
    assert!(store.next_record().await.expect("storage").is_none());
}

#[wasm_bindgen_test]
async fn a_pause_ends_early_when_the_browser_comes_online() {
    let host = BrowserHost::new(|_| {});
    let started = host.now_ms();
    let event = web_sys::Event::new("online").expect("an event");
    let scope: web_sys::EventTarget = wasm_bindgen::JsCast::unchecked_into(js_sys::global());
    futures::future::join(host.sleep(30_000), async {
        gloo_timers::future::TimeoutFuture::new(50).await;
        scope.dispatch_event(&event).expect("dispatches");
    })
    .await;
    assert!(host.now_ms() - started < 10_000);
}
