//! Keys, envelopes and signatures that are not what they should be.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use keyarc_client::{ClientError, Host, LogIn, NativeHost, Session, SignUp};
use keyarc_crypto::{
    AccountContext, ItemContext, KdfError, Part, PasswordKey, RootKey, SetupCode, Suite,
    UnlockKeys, VaultKey,
};
use keyarc_wire::{Bytes, Change, ClientKind, paths};
use rand_core::{TryCryptoRng, TryRng};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::{
    device::{Derives, Device},
    world::{PASSWORD, World, line},
};

/// Every wrapped key of an account.
const WRAPS: [&str; 3] = [
    "/account/keyset/wrapped_root_key",
    "/account/keyset/keyring",
    "/account/vaults/0/wrapped_key",
];

fn bytes_at(value: &Value, pointer: &str) -> Vec<u8> {
    let text = value.pointer(pointer).and_then(Value::as_str);
    BASE64.decode(text.expect("text")).expect("base64")
}

fn put(value: &mut Value, pointer: &str, bytes: &[u8]) {
    *value.pointer_mut(pointer).expect("there") = BASE64.encode(bytes).into();
}

#[tokio::test]
async fn a_missing_key_is_never_replaced() {
    let world = World::new("keys::a_missing_key_is_never_replaced").await;
    let more = [
        "/account/bundle",
        "/account/keyset",
        "/account/vaults",
        "/account",
    ];
    for pointer in WRAPS.into_iter().chain(more) {
        world.lie(paths::LOGIN, move |answer| {
            *answer.pointer_mut(pointer).expect("there") = Value::Null;
        });
        world.refuses(&format!("{pointer} is null")).await;
        world.lie(paths::LOGIN, move |answer| {
            *answer.pointer_mut(pointer).expect("there") = "".into();
        });
        world.refuses(&format!("{pointer} is empty")).await;
        world.lie(paths::LOGIN, move |answer| {
            let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
            match answer.pointer_mut(parent).expect("there") {
                Value::Array(elements) => elements.clear(),
                parent => drop(parent.as_object_mut().expect("an object").remove(name)),
            }
        });
        world.refuses(&format!("{pointer} is not there")).await;
    }
    world.end().await;
}

#[tokio::test]
async fn every_bit_of_an_envelope_counts_alike() {
    let world = World::new("keys::every_bit_of_an_envelope_counts_alike").await;
    world.session.reveal(world.items[0]).await.expect("reveals");
    let path = world.vault_path("details");
    let whole = world.last_said(&path);
    let value = whole.value().expect("JSON");
    let sealed = bytes_at(&value, "/details/0/details");
    let before = world.proxy.asked().len();
    for bit in 0..sealed.len() * 8 {
        let mut flipped = sealed.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let mut value = value.clone();
        put(&mut value, "/details/0/details", &flipped);
        let body = value.to_string().into_bytes();
        world.proxy.lie(move |_, answer| answer.body = body.clone());
        let refused = world.session.reveal(world.items[0]).await;
        assert_eq!(refused.err(), Some(ClientError::Tampered), "bit {bit}");
    }
    // One error, and one request each: nothing that tells one bit from another.
    let asked = &world.proxy.asked()[before..];
    assert_eq!(asked.len(), sealed.len() * 8);
    assert!(
        asked
            .iter()
            .all(|one| one.path == path && one.body == asked[0].body)
    );
    world.end().await;
}

#[tokio::test]
async fn another_algorithm_is_refused_before_decrypting() {
    let world = World::new("keys::another_algorithm_is_refused_before_decrypting").await;
    for pointer in WRAPS {
        // Format, algorithm, and the two bytes of the type.
        for (at, values) in [
            (2, [0, 2, 99]),
            (3, [0, 2, 99]),
            (4, [0, 2, 3]),
            (5, [0, 9, 255]),
        ] {
            for value in values {
                world.lie(paths::LOGIN, move |answer| {
                    let mut sealed = bytes_at(answer, pointer);
                    sealed[at] = value;
                    put(answer, pointer, &sealed);
                });
                world
                    .refuses(&format!("{pointer}: byte {at} is {value}"))
                    .await;
            }
        }
        // A short tag, no tag, no ciphertext, half a header.
        for length in [349, 334, 94, 78, 11, 0] {
            world.lie(paths::LOGIN, move |answer| {
                let sealed = bytes_at(answer, pointer);
                put(answer, pointer, &sealed[..length]);
            });
            world.refuses(&format!("{pointer}: {length} bytes")).await;
        }
    }
    world.end().await;
}

#[tokio::test]
async fn a_ciphertext_for_two_keys_opens_under_none() {
    let world = World::new("keys::a_ciphertext_for_two_keys_opens_under_none").await;
    let file = include_str!("../../../../crypto/vectors/salamander.json");
    let file: Value = serde_json::from_str(file).expect("a vector");
    let hex = |name: &str| -> Vec<u8> {
        let text = file[name].as_str().expect("hex").as_bytes();
        let digit = |byte: &u8| (*byte as char).to_digit(16).expect("hex") as u8;
        text.chunks(2)
            .map(|two| digit(&two[0]) << 4 | digit(&two[1]))
            .collect()
    };
    let (salamander, nonce) = (hex("ct_and_tag"), hex("nonce"));
    let (ciphertext, tag) = salamander.split_at(salamander.len() - 16);
    let mut filled = ciphertext.to_vec();
    filled.resize(256, 0);
    for pointer in WRAPS {
        for (lent, body) in [(78, &filled), (46, &filled), (78, &ciphertext.to_vec())] {
            let (body, tag, nonce) = (body.clone(), tag.to_vec(), nonce.clone());
            world.lie(paths::LOGIN, move |answer| {
                let honest = bytes_at(answer, pointer);
                let mut head = honest[..lent].to_vec();
                // With the true commitment, or with the salamander's own salt and any other.
                head.resize(78, 0);
                if lent < 78 {
                    head[22..34].copy_from_slice(&nonce);
                }
                put(answer, pointer, &[head, body.clone(), tag.clone()].concat());
            });
            world.refuses(pointer).await;
        }
    }
    world.end().await;
}

#[tokio::test]
async fn a_wrap_for_many_guessed_keys_tells_nothing() {
    let world = World::new("keys::a_wrap_for_many_guessed_keys_tells_nothing").await;
    let mut rng = Device::new(5, Derives::Quickly).rng();
    world.log_in().await.expect("logs in");
    let value = world.last_said(paths::LOGIN).value().expect("JSON");
    let id = bytes_at_hex(&value, "/account/id");
    let place = AccountContext {
        account_id: id,
        keyset_version: 1,
    };
    let honest = bytes_at(&value, WRAPS[0]);
    let mut asked = Vec::new();
    for guess in 0..60_u8 {
        // What somebody can make who guesses the password and lacks the setup code's secret.
        let code = SetupCode::make(Suite::Pbkdf2Sha256, &mut rng);
        let key = PasswordKey::from_derived(Zeroizing::new([guess; 32]));
        let unlock = UnlockKeys::derive(&key, &code);
        let root = RootKey::make(&mut rng);
        let forged = root.wrap(&unlock, &place, &mut rng).expect("wraps");
        // Its ciphertext under the true header and commitment, or altogether its own.
        let forged = match guess % 2 {
            0 => forged,
            _ => [&honest[..78], &forged[78..]].concat(),
        };
        world.lie(paths::LOGIN, move |answer| put(answer, WRAPS[0], &forged));
        let before = world.proxy.asked().len();
        world.refuses("a guess").await;
        let shape = |one: &keyarc_testkit::Asked| (one.path.clone(), one.body.len());
        asked.push(
            world.proxy.asked()[before..]
                .iter()
                .map(shape)
                .collect::<Vec<_>>(),
        );
    }
    assert!(
        asked.iter().all(|one| *one == asked[0]),
        "each guess looks like the others"
    );
    world.end().await;
}

fn bytes_at_hex(value: &Value, pointer: &str) -> [u8; 16] {
    let text = value.pointer(pointer).and_then(Value::as_str).expect("hex");
    std::array::from_fn(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).expect("hex"))
}

/// A machine whose generator is stuck.
#[derive(Clone)]
struct Stuck(Device);

/// Gives the same eight bytes for ever.
struct StuckRng;

impl TryRng for StuckRng {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(0x5151_5151)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(0x5151_5151_5151_5151)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        out.fill(0x51);
        Ok(())
    }
}

impl TryCryptoRng for StuckRng {}

impl Host for Stuck {
    type Rng = StuckRng;

    fn rng(&self) -> StuckRng {
        StuckRng
    }

    fn now_ms(&self) -> u64 {
        self.0.now_ms()
    }

    fn sleep(&self, millis: u32) -> impl Future<Output = ()> {
        self.0.sleep(millis)
    }

    fn derive_password_key(
        &self,
        password: &str,
        code: &SetupCode,
    ) -> impl Future<Output = Result<PasswordKey, KdfError>> {
        self.0.derive_password_key(password, code)
    }
}

#[tokio::test]
async fn no_salt_comes_twice_and_a_stuck_generator_seals_nothing() {
    let world = World::new("keys::no_salt_comes_twice_and_a_stuck_generator_seals_nothing").await;
    let before = world.proxy.asked().len();
    let wish = SignUp {
        origin: &world.proxy.origin(),
        password: PASSWORD,
        suite: Suite::Pbkdf2Sha256,
        email: None,
        terms_version: "2026-11",
        device_name: "A device",
        client: ClientKind::Api,
    };
    let stuck = Stuck(world.stranger());
    let made = Session::sign_up(line(&world.proxy), stuck.clone(), &wish).await;
    assert_eq!(made.err(), Some(ClientError::Sealing));
    assert_eq!(world.proxy.asked().len(), before, "nothing was sent");
    // And in an account that exists, nothing is saved.
    let wish = LogIn {
        origin: &world.proxy.origin(),
        code: &world.code,
        password: PASSWORD,
        device_name: "A device",
        client: ClientKind::Api,
        pins: None,
    };
    let opened = Session::log_in(line(&world.proxy), stuck, &wish).await;
    let saved = opened.expect("opens").save(&crate::world::draft(0)).await;
    assert_eq!(saved.err(), Some(ClientError::Sealing.into()));
    world.end().await;

    salts_differ(1_000_000);
}

/// Of so many envelopes, sealed with the system's randomness.
fn salts_differ(count: usize) {
    let mut rng = NativeHost.rng();
    let key = VaultKey::make(&mut rng);
    let place = ItemContext {
        owner: [1; 16],
        vault: [2; 16],
        item: [3; 16],
        part: Part::Details,
        version: 1,
        epoch: 1,
        schema: 1,
    };
    let mut salt = || -> [u8; 24] {
        let sealed = key.seal(&place, b"", &mut rng).expect("seals");
        sealed[22..46].try_into().expect("a salt")
    };
    let mut salts: Vec<_> = (0..count).map(|_| salt()).collect();
    salts.sort_unstable();
    salts.dedup();
    assert_eq!(salts.len(), count);
}

#[tokio::test]
async fn weak_points_are_no_keys() {
    let world = World::new("keys::weak_points_are_no_keys").await;
    let mut one = [0; 32];
    one[0] = 1;
    let mut order_eight = [0; 32];
    order_eight.copy_from_slice(&[
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ]);
    // Where the bundle has its Ed25519 key, and where its X25519 key.
    for at in [55, 87] {
        for weak in [[0; 32], one, order_eight, [0xff; 32]] {
            world.lie(paths::LOGIN, move |answer| {
                let mut bundle = bytes_at(answer, "/account/bundle");
                bundle[at..at + 32].copy_from_slice(&weak);
                put(answer, "/account/bundle", &bundle);
            });
            world.refuses(&format!("a weak key at {at}")).await;
        }
    }
    world.end().await;
}

#[tokio::test]
async fn a_signature_stands_for_nothing_else() {
    let world = World::new("keys::a_signature_stands_for_nothing_else").await;
    world.log_in().await.expect("logs in");
    let account = world.last_said(paths::LOGIN).value().expect("JSON");
    let bundle = bytes_at(&account, "/account/bundle");
    let signature = bundle[bundle.len() - 64..].to_vec();
    let shown = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let theirs = shown.clone();
    world.lie_in_sync(move |mut all| {
        for change in &mut all {
            if let Change::Manifest(Bytes(manifest)) = change {
                let at = manifest.len() - 64;
                theirs
                    .lock()
                    .expect("a lock")
                    .extend_from_slice(&manifest[at..]);
                manifest.truncate(at);
                manifest.extend_from_slice(&signature);
            }
        }
        all
    });
    world.blocks("a bundle's signature under a manifest").await;
    let manifests = shown.lock().expect("a lock")[..64].to_vec();
    world.lie(paths::LOGIN, move |answer| {
        let mut bundle = bytes_at(answer, "/account/bundle");
        let at = bundle.len() - 64;
        bundle.truncate(at);
        bundle.extend_from_slice(&manifests);
        put(answer, "/account/bundle", &bundle);
    });
    world.refuses("a manifest's signature under a bundle").await;
    world.lie(paths::LOGIN, |answer| {
        answer["account"]["pins"] = json!(["S0EBAQ"])
    });
    let opened = world.log_in().await.expect("opens");
    assert!(
        !opened.trust().is_alarm(),
        "what is no note of a device tells nothing"
    );
    world.end().await;
}
