use js_sys::{Array, ArrayBuffer, Object, Promise, Reflect, Uint8Array};
use keyarc_crypto::Pbkdf2Input;
use keyarc_vault::generate::KeyAlgorithm;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Crypto, CryptoKey, SubtleCrypto};
use zeroize::Zeroizing;

/// The browser lacks or refuses what was asked of WebCrypto. It does so, for one, on a page
/// from plain HTTP that is not on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsupported;

impl From<JsValue> for Unsupported {
    fn from(_: JsValue) -> Self {
        Self
    }
}

/// PBKDF2-HMAC-SHA256 by WebCrypto: three times as fast as in WebAssembly, same result.
pub async fn derive_pbkdf2(input: &Pbkdf2Input) -> Result<Zeroizing<[u8; 32]>, Unsupported> {
    let subtle = subtle()?;
    let password = Uint8Array::from(input.password.as_slice());
    let usage = Array::of1(&"deriveBits".into());
    let imported = subtle.import_key_with_str("raw", &password, "PBKDF2", false, &usage);
    // The key holds its own copy by now; this one is in memory that we can still reach.
    password.fill(0, 0, password.length());
    let key: CryptoKey = wait(imported?).await?;

    let algorithm = Object::new();
    set(&algorithm, "name", "PBKDF2")?;
    set(&algorithm, "hash", "SHA-256")?;
    set(&algorithm, "salt", Uint8Array::from(input.salt.as_slice()))?;
    set(&algorithm, "iterations", input.iterations)?;
    let bits: ArrayBuffer = wait(subtle.derive_bits_with_object(&algorithm, &key, 256)?).await?;
    let bits = Uint8Array::new(&bits);
    if bits.length() != 32 {
        return Err(Unsupported);
    }
    let mut derived = Zeroizing::new([0; 32]);
    bits.copy_to(derived.as_mut_slice());
    bits.fill(0, 0, bits.length());
    Ok(derived)
}

/// A fresh private key in PKCS #8, made by WebCrypto: RSA takes a minute in WebAssembly and seconds
/// here. `None` for an algorithm that is made without it.
pub async fn make_pkcs8(
    algorithm: KeyAlgorithm,
) -> Result<Option<Zeroizing<Vec<u8>>>, Unsupported> {
    let wish = Object::new();
    let (curve, bits) = match algorithm {
        KeyAlgorithm::Ed25519 => return Ok(None),
        KeyAlgorithm::EcP256 => (Some("P-256"), 0),
        KeyAlgorithm::EcP384 => (Some("P-384"), 0),
        KeyAlgorithm::Rsa2048 => (None, 2_048),
        KeyAlgorithm::Rsa3072 => (None, 3_072),
        KeyAlgorithm::Rsa4096 => (None, 4_096),
    };
    if let Some(curve) = curve {
        set(&wish, "name", "ECDSA")?;
        set(&wish, "namedCurve", curve)?;
    } else {
        set(&wish, "name", "RSASSA-PKCS1-v1_5")?;
        set(&wish, "hash", "SHA-256")?;
        set(&wish, "modulusLength", bits)?;
        // 65,537, as everybody takes.
        set(&wish, "publicExponent", Uint8Array::from(&[1, 0, 1][..]))?;
    }
    let usages = Array::of2(&"sign".into(), &"verify".into());
    let subtle = subtle()?;
    let pair: Object = wait(subtle.generate_key_with_object(&wish, true, &usages)?).await?;
    let key: CryptoKey = Reflect::get(&pair, &"privateKey".into())?
        .dyn_into()
        .map_err(|_| Unsupported)?;
    let exported: ArrayBuffer = wait(subtle.export_key("pkcs8", &key)?).await?;
    let exported = Uint8Array::new(&exported);
    let pkcs8 = Zeroizing::new(exported.to_vec());
    exported.fill(0, 0, exported.length());
    Ok(Some(pkcs8))
}

/// A fresh AES-256-GCM key that no script can read, not even this one.
pub(super) async fn make_device_key() -> Result<CryptoKey, Unsupported> {
    let algorithm = Object::new();
    set(&algorithm, "name", "AES-GCM")?;
    set(&algorithm, "length", 256)?;
    let usages = Array::of2(&"encrypt".into(), &"decrypt".into());
    wait(subtle()?.generate_key_with_object(&algorithm, false, &usages)?).await
}

/// AES-256-GCM under a device key.
pub(super) async fn seal(
    key: &CryptoKey,
    iv: &[u8; 12],
    bound_to: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, Unsupported> {
    let data = Uint8Array::from(plaintext);
    let sealed = subtle()?.encrypt_with_object_and_buffer_source(&gcm(iv, bound_to)?, key, &data);
    let sealed: ArrayBuffer = wait(sealed?).await?;
    data.fill(0, 0, data.length());
    Ok(Uint8Array::new(&sealed).to_vec())
}

/// The reverse of [`seal`].
pub(super) async fn open(
    key: &CryptoKey,
    iv: &[u8],
    bound_to: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Unsupported> {
    let data = Uint8Array::from(sealed);
    let opened = subtle()?.decrypt_with_object_and_buffer_source(&gcm(iv, bound_to)?, key, &data);
    let opened: ArrayBuffer = wait(opened?).await?;
    let opened = Uint8Array::new(&opened);
    let plaintext = Zeroizing::new(opened.to_vec());
    opened.fill(0, 0, opened.length());
    Ok(plaintext)
}

fn gcm(iv: &[u8], bound_to: &[u8]) -> Result<Object, Unsupported> {
    let algorithm = Object::new();
    set(&algorithm, "name", "AES-GCM")?;
    set(&algorithm, "iv", Uint8Array::from(iv))?;
    set(&algorithm, "additionalData", Uint8Array::from(bound_to))?;
    Ok(algorithm)
}

/// `crypto.subtle` of a page or a worker; absent outside secure contexts.
fn subtle() -> Result<SubtleCrypto, Unsupported> {
    let crypto: Crypto = Reflect::get(&js_sys::global(), &"crypto".into())?
        .dyn_into()
        .map_err(|_| Unsupported)?;
    let subtle: JsValue = Reflect::get(&crypto, &"subtle".into())?;
    subtle.dyn_into().map_err(|_| Unsupported)
}

async fn wait<T: JsCast>(promise: Promise) -> Result<T, Unsupported> {
    JsFuture::from(promise)
        .await?
        .dyn_into()
        .map_err(|_| Unsupported)
}

fn set(target: &Object, name: &str, value: impl Into<JsValue>) -> Result<(), Unsupported> {
    Reflect::set(target, &name.into(), &value.into())?;
    Ok(())
}
