//! What holds for every input.

use std::collections::HashSet;

use keyarc_crypto::hazmat::{HEADER_LEN, Place, padded_len};
use keyarc_crypto::{
    AccountContext, ArchiveContext, AttachmentContext, AttachmentKey, ItemContext, Keyring,
    MachineGrantContext, MachineKept, MachineKeptContext, OpenError, Part, PasswordKey,
    RecoveryContext, RootKey, SetupCode, StateContext, Suite, UnlockKeys, VaultKey,
    VaultKeyContext,
};
use proptest::prelude::*;
use zeroize::Zeroizing;

use crate::support::{CounterRng, context};

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![Just(Part::Overview), Just(Part::Details)]
}

prop_compose! {
    fn item_context()(
        owner: [u8; 16], vault: [u8; 16], item: [u8; 16], part in part(),
        version: u64, epoch: u32, schema: u16,
    ) -> ItemContext {
        ItemContext { owner, vault, item, part, version, epoch, schema }
    }
}

/// Few values, so that equal and nearly equal places are common.
fn place() -> impl Strategy<Value = Place> {
    let id = || prop_oneof![Just([0; 16]), Just([1; 16])];
    let account = || {
        (id(), 0..3_u32).prop_map(|(account_id, keyset_version)| AccountContext {
            account_id,
            keyset_version,
        })
    };
    prop_oneof![
        (id(), id(), id(), part(), 0..3_u64, 0..2_u32, 0..2_u16).prop_map(
            |(owner, vault, item, part, version, epoch, schema)| Place::Item(ItemContext {
                owner,
                vault,
                item,
                part,
                version,
                epoch,
                schema
            })
        ),
        account().prop_map(Place::RootKey),
        account().prop_map(Place::Keyring),
        (id(), id(), 0..3_u32).prop_map(|(owner, vault, epoch)| Place::VaultKey(VaultKeyContext {
            owner,
            vault,
            epoch
        })),
        (id(), 0..3_u32).prop_map(|(account_id, version)| {
            Place::RecoveryRootKey(RecoveryContext {
                account_id,
                version,
            })
        }),
        (id(), prop_oneof![Just("draft"), Just("pins")])
            .prop_map(|(owner, label)| Place::State(StateContext { owner, label })),
        id().prop_map(|token| Place::MachineGrant(MachineGrantContext { token })),
        (
            id(),
            prop_oneof![Just(MachineKept::Copy), Just(MachineKept::Floor)]
        )
            .prop_map(|(token, kept)| Place::MachineKept(MachineKeptContext { token, kept })),
        (id(), 0..3_u64, any::<bool>()).prop_map(|(archive, number, last)| {
            Place::Archive(ArchiveContext {
                archive,
                number,
                last,
            })
        }),
        (id(), 0..3_u64, any::<bool>()).prop_map(|(attachment, number, last)| {
            Place::Attachment(AttachmentContext {
                attachment,
                number,
                last,
            })
        }),
    ]
}

proptest! {
    #[test]
    fn what_is_sealed_opens_again(
        context in item_context(),
        plaintext in proptest::collection::vec(any::<u8>(), 0..6000),
        seed: u64,
    ) {
        let mut rng = CounterRng::new(seed);
        let key = VaultKey::make(&mut rng);
        let envelope = key.seal(&context, &plaintext, &mut rng).unwrap();
        prop_assert_eq!(envelope.len(), 94 + padded_len(plaintext.len()));
        let opened = key.open(&context, &envelope).unwrap();
        prop_assert_eq!(opened.as_slice(), plaintext);
        prop_assert!(VaultKey::make(&mut rng).open(&context, &envelope).is_err());
    }

    #[test]
    fn it_opens_in_its_own_place_only(here in item_context(), there in item_context(), which in 0..7) {
        prop_assume!(here != there);
        // One field differs at a time: that is what a server would try.
        let mut moved = here;
        match which {
            0 => moved.owner = there.owner,
            1 => moved.vault = there.vault,
            2 => moved.item = there.item,
            3 => moved.part = there.part,
            4 => moved.version = there.version,
            5 => moved.epoch = there.epoch,
            _ => moved.schema = there.schema,
        }
        prop_assume!(here != moved);
        let mut rng = CounterRng::new(1);
        let key = VaultKey::make(&mut rng);
        let envelope = key.seal(&here, b"value", &mut rng).unwrap();
        prop_assert_eq!(key.open(&moved, &envelope).err(), Some(OpenError));
        prop_assert!(key.open(&here, &envelope).is_ok());
    }

    #[test]
    fn a_chunk_opens_in_its_own_place_only(
        attachment: [u8; 16], number in 0..4_u64, last: bool, which in 0..3,
        plaintext in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        let mut rng = CounterRng::new(3);
        let bytes = AttachmentKey::make(&mut rng);
        let key = AttachmentKey::from_bytes(&bytes);
        let here = AttachmentContext { attachment, number, last };
        let envelope = key.seal(&here, &plaintext, &mut rng).unwrap();
        prop_assert_eq!(envelope.len(), keyarc_crypto::envelope_len(plaintext.len()));
        let opened = key.open(&here, &envelope).unwrap();
        prop_assert_eq!(opened.as_slice(), plaintext);
        let mut moved = here;
        match which {
            0 => moved.attachment[0] ^= 1,
            1 => moved.number += 1,
            _ => moved.last = !last,
        }
        prop_assert_eq!(key.open(&moved, &envelope).err(), Some(OpenError));
        let other = AttachmentKey::from_bytes(&AttachmentKey::make(&mut rng));
        prop_assert_eq!(other.open(&here, &envelope).err(), Some(OpenError));
    }

    #[test]
    fn associated_data_is_equal_only_for_equal_places(one in place(), other in place()) {
        let header = [7; HEADER_LEN];
        // Root key and keyring differ in a field of their own, so that even a forged type in the
        // header would not make one the other.
        let same_bytes = one.associated_data(&header) == other.associated_data(&header);
        prop_assert_eq!(same_bytes, one == other);
    }

    #[test]
    fn arbitrary_bytes_never_open(bytes in proptest::collection::vec(any::<u8>(), 0..1200)) {
        let key = VaultKey::make(&mut CounterRng::new(2));
        prop_assert_eq!(key.open(&context(), &bytes).err(), Some(OpenError));
    }

    #[test]
    fn setup_codes_read_back(seed: u64, argon: bool) {
        let suite = if argon { Suite::Argon2id } else { Suite::Pbkdf2Sha256 };
        let code = SetupCode::make(suite, &mut CounterRng::new(seed));
        let text = code.to_text();
        let read = SetupCode::parse(&text).unwrap();
        prop_assert_eq!(read.suite(), suite);
        prop_assert_eq!(read.handle(), code.handle());
        prop_assert_eq!(read.to_text(), text);
    }

    #[test]
    fn a_mistyped_setup_code_hardly_ever_reads_as_another(seed: u64, at in 4_usize..51, to in 0_usize..31) {
        let text = SetupCode::make(Suite::Pbkdf2Sha256, &mut CounterRng::new(seed)).to_text();
        prop_assume!(text.as_bytes()[at] != b'-');
        let digits: Vec<u8> = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"
            .iter().copied().filter(|&digit| digit != text.as_bytes()[at]).collect();
        let mut typed = text.to_string();
        typed.replace_range(at..=at, std::str::from_utf8(&digits[to..=to]).unwrap());
        // A 16-bit checksum lets one mistake in 65,536 through; that one reads as another code,
        // which then opens nothing.
        if let Ok(read) = SetupCode::parse(&typed) {
            prop_assert_ne!(read.to_text(), text);
        }
    }

    #[test]
    fn any_text_parses_or_is_refused(text in "\\PC{0,60}") {
        let _ = SetupCode::parse(&text);
    }
}

/// Opens a tampered envelope, which must fail.
type Opening<'a> = Box<dyn Fn(&[u8]) -> Result<(), OpenError> + 'a>;

#[test]
fn every_flipped_bit_and_every_cut_is_refused_alike() {
    let mut rng = CounterRng::new(3);
    let rng = &mut rng;
    let code = SetupCode::make(Suite::Pbkdf2Sha256, rng);
    let unlock = UnlockKeys::derive(&PasswordKey::from_derived(Zeroizing::new([9; 32])), &code);
    let (root, keyring, vault_key) = (RootKey::make(rng), Keyring::make(rng), VaultKey::make(rng));
    let account = AccountContext {
        account_id: keyring.bundle().user_id(),
        keyset_version: 1,
    };
    let vault = VaultKeyContext {
        owner: account.account_id,
        vault: [2; 16],
        epoch: 1,
    };
    let state = StateContext {
        owner: account.account_id,
        label: "draft",
    };
    let item = context();

    let cases: [(Vec<u8>, Opening<'_>); 5] = [
        (
            vault_key.seal(&item, b"secret", rng).unwrap(),
            Box::new(|bytes| vault_key.open(&item, bytes).map(drop)),
        ),
        (
            root.wrap(&unlock, &account, rng).unwrap(),
            Box::new(|bytes| RootKey::unwrap(bytes, &unlock, &account).map(drop)),
        ),
        (
            root.wrap_keyring(&keyring, &account, rng).unwrap(),
            Box::new(|bytes| root.unwrap_keyring(bytes, &account).map(drop)),
        ),
        (
            root.wrap_vault_key(&vault_key, &vault, rng).unwrap(),
            Box::new(|bytes| root.unwrap_vault_key(bytes, &vault).map(drop)),
        ),
        (
            root.seal_state(&state, b"draft", rng).unwrap(),
            Box::new(|bytes| root.open_state(&state, bytes).map(drop)),
        ),
    ];
    for (envelope, open) in &cases {
        assert_eq!(open(envelope), Ok(()));
        for bit in 0..envelope.len() * 8 {
            let mut tampered = envelope.clone();
            tampered[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&tampered), Err(OpenError), "bit {bit}");
        }
        for len in 0..envelope.len() {
            assert_eq!(open(&envelope[..len]), Err(OpenError), "cut to {len}");
        }
        for extra in [1, 16, 256] {
            let mut longer = envelope.clone();
            longer.resize(envelope.len() + extra, 0);
            assert_eq!(open(&longer), Err(OpenError), "{extra} bytes too many");
        }
    }
    // No envelope stands for another one, even under the same key.
    for (i, (envelope, _)) in cases.iter().enumerate() {
        for (j, (_, open)) in cases.iter().enumerate() {
            assert_eq!(open(envelope).is_ok(), i == j);
        }
    }
}

#[test]
fn another_suite_makes_another_code_of_the_same_account() {
    let code = SetupCode::make(Suite::Pbkdf2Sha256, &mut CounterRng::new(5));
    let other = code.with_suite(Suite::Argon2id);
    assert_eq!(other.suite(), Suite::Argon2id);
    assert_eq!(other.handle(), code.handle());
    assert_ne!(*other.to_text(), *code.to_text());
    let read = SetupCode::parse(&other.to_text()).unwrap();
    assert_eq!(*read.to_text(), *other.to_text());
    // The secret is the same: back and forth gives the code that was there before.
    assert_eq!(*other.with_suite(code.suite()).to_text(), *code.to_text());
}

#[test]
fn the_salts_of_ten_thousand_envelopes_differ() {
    let mut rng = CounterRng::new(4);
    let key = VaultKey::make(&mut rng);
    let mut salts = HashSet::new();
    for _ in 0..10_000 {
        let envelope = key.seal(&context(), b"", &mut rng).unwrap();
        assert!(salts.insert(envelope[22..46].to_vec()));
    }
}
