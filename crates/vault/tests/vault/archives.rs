//! Archives: all of a vault comes back out of one, and nothing of it that was touched.

use keyarc_crypto::{SetupCode, Suite};
use keyarc_vault::{
    CheckNote, CheckOutcome, CheckResult, Content, Day, Field, FieldType, FilePassword, ImportWish,
    ItemDraft, Rotation, Scope,
    archive::{ArchiveError, ArchiveFacts, ArchiveLock, ArchiveWriter},
    export::{Exported, PlainFormat, Writer},
    import::{Format, Unreadable, detect, open, preview},
};
use keyarc_wire::WriteItemsRequest;
use proptest::prelude::*;

use crate::common::{
    Fixture, NOW, TODAY, TestRng, all, cases, exported, fixture, import_all, key, names, seeded,
};

/// The length of the header, and of what stands before each envelope.
const HEADER: usize = 74;
const FRAME: usize = 8;

fn code(seed: u64) -> SetupCode {
    SetupCode::make(Suite::Pbkdf2Sha256, &mut TestRng(seed))
}

fn wish(secret: &str) -> ImportWish {
    ImportWish {
        password: Some(FilePassword(secret.to_owned())),
        ..ImportWish::default()
    }
}

/// An archive for the setup code of seed 7.
fn archive(items: &[Exported]) -> Vec<u8> {
    archive_for(ArchiveLock::Code(&code(7)), items, 5)
}

fn archive_for(lock: ArchiveLock<'_>, items: &[Exported], seed: u64) -> Vec<u8> {
    let (mut out, mut rng) = (Vec::new(), TestRng(seed));
    let mut writer = ArchiveWriter::begin(lock, TODAY, &mut out, &mut rng).unwrap();
    for item in items {
        writer.put(item, &mut out, &mut rng).unwrap();
    }
    let facts = writer.finish(NOW, 42, &mut out, &mut rng).unwrap();
    assert_eq!(facts.items as usize, items.len());
    out
}

fn refused(file: &[u8]) -> Unreadable {
    open(file, None, &wish(&code(7).to_text())).unwrap_err()
}

fn broken(file: &[u8]) -> ArchiveError {
    match refused(file) {
        Unreadable::Archive(error) => error,
        other => panic!("{other:?}"),
    }
}

/// A vault of many sorts of items: tested, rotated, in the trash, of long ago.
fn lived_in(this: &mut Fixture) -> Vec<WriteItemsRequest> {
    let mut drafts = vec![
        key("OPENAI_API_KEY", "sk-canary-openai"),
        key("Stripe", "sk_live_canary-stripe"),
        ItemDraft::new(
            "GitHub",
            Content::Login {
                username: "ada@canary.example".to_owned(),
                password: "canary password".to_owned(),
                url: "https://canary.example".to_owned(),
            },
        ),
        ItemDraft::new(
            "Note",
            Content::Note {
                text: "canary note".to_owned(),
            },
        ),
    ];
    for draft in &mut drafts {
        draft.folder = "Canary/Folder".to_owned();
        draft.tags = vec!["canary-tag".to_owned()];
        draft.notes = "canary notes".to_owned();
        draft.places = vec!["canary place".to_owned()];
        draft.rotation = Rotation {
            rotated_on: Some(Day(20_000)),
            every_days: Some(30),
        };
        draft.fields = vec![Field {
            name: "canary field".to_owned(),
            field_type: FieldType::Secret,
            value: "canary value".to_owned(),
        }];
    }
    drafts
        .iter()
        .map(|draft| {
            let write = this.seal(draft);
            let request = WriteItemsRequest {
                writes: vec![write],
                ..WriteItemsRequest::default()
            };
            this.accept_all(&request);
            request
        })
        .collect()
}

/// What a person would see of items, in one text.
fn seen(items: &[Exported]) -> String {
    let mut writer = Writer::new(PlainFormat::Json);
    items.iter().for_each(|item| writer.put(item));
    String::from_utf8(writer.finish().0.to_vec()).unwrap()
}

#[test]
fn another_vault_holds_the_same_afterwards() {
    let mut this = fixture();
    let mut stored = lived_in(&mut this);
    // One was tested, and one lies in the trash.
    let tested = stored[1].writes[0].item_id;
    let note = CheckNote {
        item: tested,
        host: "api.stripe.com".to_owned(),
        result: CheckResult {
            day: TODAY,
            outcome: CheckOutcome::Valid,
            status: 200,
        },
    };
    let write = this
        .vault
        .seal_check(&note, &mut this.rng)
        .unwrap()
        .unwrap();
    this.accept(write);
    let trashed = stored[3].writes[0].item_id;
    let write = this
        .vault
        .seal_overview_change(
            trashed,
            keyarc_vault::OverviewChange::Trash,
            NOW,
            &mut this.rng,
        )
        .unwrap();
    this.accept(write);
    // Details stay what they were; the overviews are newer.
    let items: Vec<_> = stored
        .drain(..)
        .map(|request| {
            let write = &request.writes[0];
            let summary = this.vault.summary(write.item_id).unwrap();
            let details = keyarc_wire::SealedDetails {
                item_id: write.item_id,
                version: summary.version,
                details_version: 1,
                details: write.details.clone().unwrap(),
            };
            this.vault
                .exported(this.vault.open_details(&details).unwrap())
                .unwrap()
        })
        .collect();
    let file = archive(&items);
    assert_eq!(detect(&file, Some("x.csv")), Format::Archive);

    let mut other = seeded(9);
    let import = preview(&file, None, &wish(&code(7).to_text()), &other.vault).unwrap();
    let found = import.preview();
    assert_eq!((found.new, found.duplicates, found.broken), (4, 0, 0));
    assert!(!found.variables, "they are items, not lines");
    let facts = ArchiveFacts {
        made_at_ms: NOW,
        revision: 42,
        items: 4,
    };
    assert_eq!(found.archive, Some(facts));
    other.now = NOW + 5_000_000;
    let request = import_all(&mut other, &file, &wish(&code(7).to_text()));
    assert_eq!(
        names(&other.vault, &all()),
        ["GitHub", "OPENAI_API_KEY", "Stripe"]
    );
    let trash = keyarc_vault::ListQuery {
        scope: Scope::Trash,
        ..all()
    };
    assert_eq!(names(&other.vault, &trash), ["Note"]);
    let mut before = items;
    before.sort_by(|one, other| one.item.summary.name.cmp(&other.item.summary.name));
    let after = exported(&other, &[request]);
    assert_eq!(seen(&before), seen(&after));
    for (was, is) in before.iter().zip(&after) {
        assert_eq!(was.item.summary.checks, is.item.summary.checks);
    }
    // Time in the trash begins anew.
    let gone = after
        .iter()
        .find_map(|item| item.item.summary.trashed_at_ms);
    assert_eq!(gone, Some(other.now));

    let again = preview(&file, None, &wish(&code(7).to_text()), &other.vault).unwrap();
    assert_eq!((again.preview().new, again.preview().duplicates), (0, 4));
}

#[test]
fn an_archive_of_an_empty_vault_is_one() {
    let file = archive(&[]);
    let this = fixture();
    let import = preview(&file, None, &wish(&code(7).to_text()), &this.vault).unwrap();
    assert_eq!(import.preview().new, 0);
    assert_eq!(import.preview().archive.map(|facts| facts.items), Some(0));
}

#[test]
fn a_password_opens_it_and_no_other_does() {
    let mut this = fixture();
    let stored = lived_in(&mut this);
    let items = exported(&this, &stored);
    let file = archive_for(ArchiveLock::Password("pässword of its own"), &items, 5);
    let read = |secret: Option<&str>| {
        let wish = secret.map(wish).unwrap_or_default();
        open(&file, None, &wish).map(|opened| opened.counts())
    };
    // In another normalisation it is the same password.
    assert_eq!(read(Some("pa\u{308}ssword of its own")), Ok((4, 0)));
    assert_eq!(read(None), Err(Unreadable::PasswordNeeded));
    for wrong in ["password of its own", "", &code(7).to_text()] {
        assert_eq!(read(Some(wrong)), Err(Unreadable::WrongPassword), "{wrong}");
    }
}

#[test]
fn a_setup_code_opens_it_and_no_other_does() {
    let file = archive(&[]);
    let read = |wish: &ImportWish| open(&file, None, wish).map(|opened| opened.counts());
    let spelled = code(7).to_text().to_lowercase().replace('-', " ");
    assert_eq!(read(&wish(&spelled)), Ok((0, 0)));
    assert_eq!(read(&ImportWish::default()), Err(Unreadable::CodeNeeded));
    for wrong in ["correct horse", "KA1-04000", &code(8).to_text()] {
        assert_eq!(read(&wish(wrong)), Err(Unreadable::WrongCode));
    }
}

#[test]
fn nothing_of_the_items_stands_in_it() {
    let mut this = fixture();
    let stored = lived_in(&mut this);
    let file = archive(&exported(&this, &stored));
    let holds = |word: &[u8]| file.windows(word.len()).any(|window| window == word);
    assert!(holds(b"KARCHIVE"));
    let code = code(7).to_text();
    for word in [
        "canary",
        "Canary",
        "ada@",
        "OPENAI",
        "Stripe",
        "GitHub",
        "sk_live",
        code.as_str(),
    ] {
        let utf16: Vec<u8> = word.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(!holds(word.as_bytes()) && !holds(&utf16), "{word}");
    }
}

/// The envelopes with what stands before each.
fn chunks(file: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = &file[HEADER..];
    let mut chunks = Vec::new();
    while let [_, _, _, _, a, b, c, d, ..] = *rest {
        let length = FRAME + u32::from_be_bytes([a, b, c, d]) as usize;
        chunks.push(rest[..length].to_vec());
        rest = &rest[length..];
    }
    assert!(rest.is_empty());
    chunks
}

fn joined(header: &[u8], chunks: &[&Vec<u8>]) -> Vec<u8> {
    let mut file = header[..HEADER].to_vec();
    chunks
        .iter()
        .for_each(|chunk| file.extend_from_slice(chunk));
    file
}

/// Items that fill a chunk each.
fn large(count: usize) -> Vec<Exported> {
    let mut this = fixture();
    let stored: Vec<_> = (0..count)
        .map(|number| {
            let mut draft = key(&format!("Key {number}"), "value");
            draft.notes = "n".repeat(200_000);
            let write = this.seal(&draft);
            let request = WriteItemsRequest {
                writes: vec![write],
                ..WriteItemsRequest::default()
            };
            this.accept_all(&request);
            request
        })
        .collect();
    exported(&this, &stored)
}

#[test]
fn what_was_done_to_its_parts_is_told() {
    let items = large(3);
    let file = archive(&items);
    let own = chunks(&file);
    let [a, b, c, end] = own.as_slice() else {
        panic!("{} chunks", own.len())
    };
    assert!(
        open(
            &joined(&file, &[a, b, c, end]),
            None,
            &wish(&code(7).to_text())
        )
        .is_ok()
    );
    let case = |parts: &[&Vec<u8>]| broken(&joined(&file, parts));
    // Cut off, at each border of its parts and within one.
    for parts in [&[][..], &[a], &[a, b], &[a, b, c]] {
        assert_eq!(case(parts), ArchiveError::Cut, "{} parts", parts.len());
    }
    assert_eq!(broken(&file[..file.len() - 1]), ArchiveError::Cut);
    // Moved, repeated, left out.
    assert_eq!(case(&[a, c, b, end]), ArchiveError::OutOfOrder);
    assert_eq!(case(&[a, a, b, c, end]), ArchiveError::OutOfOrder);
    assert_eq!(case(&[a, c, end]), ArchiveError::OutOfOrder);
    // The same, and the numbers corrected: they are bound.
    let numbered = |chunk: &[u8], number: u32| {
        let mut chunk = chunk.to_vec();
        chunk[..4].copy_from_slice(&number.to_be_bytes());
        chunk
    };
    assert_eq!(
        case(&[a, &numbered(c, 1), &numbered(b, 2), end]),
        ArchiveError::Altered
    );
    assert_eq!(case(&[a, &numbered(end, 1)]), ArchiveError::Altered);
    // Put behind its end.
    let longer = joined(&file, &[a, b, c, end, &numbered(a, 4)]);
    assert_eq!(broken(&longer), ArchiveError::Beyond);
    // Of another archive with the same code.
    let other = archive_for(ArchiveLock::Code(&code(7)), &items, 6);
    let foreign = chunks(&other);
    assert_eq!(case(&[a, &foreign[1], c, end]), ArchiveError::Foreign);
    assert_eq!(case(&[a, b, c, &foreign[3]]), ArchiveError::Foreign);
    // All of it behind the header of another: another key.
    assert_eq!(
        refused(&joined(&other, &[a, b, c, end])),
        Unreadable::WrongCode
    );
}

#[test]
fn no_bit_can_be_another_and_no_byte_missing() {
    let mut this = fixture();
    let stored = lived_in(&mut this);
    let file = archive(&exported(&this, &stored[..1]));
    let wish = wish(&code(7).to_text());
    for at in 0..file.len() {
        let mut other = file.clone();
        other[at] ^= 1 << (at % 8);
        let read = match detect(&other, None) {
            Format::Archive => open(&other, None, &wish).map(|opened| opened.counts()),
            _ => continue,
        };
        assert!(read.is_err(), "byte {at}");
        assert!(
            at < 8 || open(&file[..at], None, &wish).is_err(),
            "cut at {at}"
        );
    }
}

#[test]
fn what_asks_for_too_much_is_refused_before_any_of_it_is_done() {
    let file = archive_for(ArchiveLock::Password("password"), &[], 5);
    let with = |at: usize, value: u32| {
        let mut other = file.clone();
        other[at..at + 4].copy_from_slice(&value.to_be_bytes());
        broken(&other)
    };
    for (at, values) in [
        (10, [0, 19 * 1024 - 1, 1024 * 1024 + 1, u32::MAX]),
        (14, [0, 1, 11, u32::MAX]),
        (18, [0, 17, 1 << 20, u32::MAX]),
    ] {
        for value in values {
            assert_eq!(with(at, value), ArchiveError::Parameters, "{value} at {at}");
        }
    }
    let mut newer = file.clone();
    newer[8] = 2;
    assert_eq!(broken(&newer), ArchiveError::Newer);
    let mut newer = file;
    newer[9] = 3;
    assert_eq!(broken(&newer), ArchiveError::Newer);
    // A part that says it is endless, and one that is longer than a part may be.
    let mut file = archive(&[]);
    for length in [u32::MAX, 3 * 1024 * 1024] {
        file[HEADER + 4..HEADER + 8].copy_from_slice(&length.to_be_bytes());
        assert_eq!(broken(&file), ArchiveError::Altered);
    }
    file[HEADER + 4..HEADER + 8].copy_from_slice(&(2_u32 << 20).to_be_bytes());
    assert_eq!(broken(&file), ArchiveError::Cut);
}

#[test]
fn the_checked_in_archives_open() {
    let all: serde_json::Value =
        serde_json::from_str(include_str!("../../vectors/archives.json")).unwrap();
    for (at, file) in [
        include_bytes!("../../vectors/archive-code.keyarc").as_slice(),
        include_bytes!("../../vectors/archive-password.keyarc"),
    ]
    .into_iter()
    .enumerate()
    {
        let secret = all["archives"][at]["secret"].as_str().unwrap();
        let mut this = fixture();
        let import = preview(file, None, &wish(secret), &this.vault).unwrap();
        let facts = ArchiveFacts {
            made_at_ms: all["made_at_ms"].as_u64().unwrap(),
            revision: 42,
            items: 3,
        };
        assert_eq!(import.preview().archive, Some(facts));
        assert_eq!(import.preview().broken, 0);
        let request = import_all(&mut this, file, &wish(secret));
        let items = exported(&this, &[request]);
        let item = |name: &str| {
            let found = items.iter().find(|item| item.item.summary.name == name);
            found.unwrap_or_else(|| panic!("{name}"))
        };
        let key = item("Stripe live key");
        let summary = &key.item.summary;
        assert!(
            key.item.content
                == Content::ApiKey {
                    value: "sk_live_vector".to_owned()
                }
        );
        assert_eq!(key.item.notes, "Rotate with care.\nAsk Ada.");
        assert_eq!(key.variable.as_deref(), Some("STRIPE_SECRET_KEY"));
        assert_eq!(summary.folder, "Checkout/Payments");
        assert_eq!(summary.tags, ["billing", "live"]);
        assert_eq!(summary.environment.as_deref(), Some("production"));
        assert_eq!(summary.provider.as_deref(), Some("stripe"));
        assert_eq!(summary.expires_on, Some(Day(21_000)));
        assert_eq!(summary.created_at_ms, 1_750_000_000_000);
        assert_eq!(summary.updated_at_ms, 1_760_000_000_000);
        assert_eq!(summary.rotation.every_days, Some(90));
        assert_eq!(summary.checks.len(), 1);
        assert_eq!(
            (summary.checks[0].outcome, summary.checks[0].status),
            (CheckOutcome::Valid, 200)
        );
        assert_eq!(key.item.fields.len(), 2);
        assert_eq!(key.item.check.as_ref().unwrap().headers.len(), 1);
        assert!(item("An old login").item.summary.trashed_at_ms.is_some());
        assert_eq!(
            item(".env").item.summary.environment.as_deref(),
            Some("preview")
        );
    }
}

proptest! {
    #![proptest_config(cases(32))]

    #[test]
    fn whatever_lies_in_a_vault_comes_back(
        values in prop::collection::btree_map("[A-Z][a-zA-Zא ]{0,20}[a-z]", r"[\PC\n\t]{1,2000}", 0..8),
        seed in any::<u64>(),
    ) {
        let mut this = fixture();
        let stored: Vec<_> = values.iter().map(|(name, value)| {
            let mut draft = key(name, value);
            draft.notes = value.chars().rev().collect();
            let write = this.seal(&draft);
            let request = WriteItemsRequest { writes: vec![write], ..WriteItemsRequest::default() };
            this.accept_all(&request);
            request
        }).collect();
        let items = exported(&this, &stored);
        let file = archive_for(ArchiveLock::Code(&code(7)), &items, seed);
        let mut other = seeded(seed);
        let request = import_all(&mut other, &file, &wish(&code(7).to_text()));
        prop_assert_eq!(seen(&items), seen(&exported(&other, &[request])));
    }
}
