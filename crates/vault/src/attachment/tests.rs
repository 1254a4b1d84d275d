use keyarc_crypto::{AttachmentContext, AttachmentKey, envelope_len, padded_len};
use keyarc_wire::{ItemId, limits};
use proptest::prelude::*;
use rand_core::{TryCryptoRng, TryRng};

use super::*;

/// Counts, so that tests are the same each time.
struct Counter(u64);

impl TryRng for Counter {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        self.try_next_u64().map(|number| number as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        Ok(self.0 ^ (self.0 >> 33))
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in dst.chunks_mut(8) {
            let bytes = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Counter {}

fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8 + 1).collect()
}

fn begin(len: usize, rng: &mut Counter) -> Upload {
    Upload::begin(
        ItemId([7; 16]),
        ("a.bin", "application/x-thing", len as u64),
        1_000,
        rng,
    )
    .expect("not too large")
}

fn part<'a>(upload: &Upload, number: u32, file: &'a [u8]) -> &'a [u8] {
    let range = upload.layout().content(number);
    &file[range.start as usize..range.end as usize]
}

/// A file as it lies at the server, and as its item names it.
fn sealed(file: &[u8], rng: &mut Counter) -> (Attachment, Vec<Vec<u8>>) {
    let mut upload = begin(file.len(), rng);
    let mut envelopes = Vec::new();
    for number in 0..upload.layout().chunks() {
        let content = part(&upload, number, file).to_vec();
        assert_eq!(upload.note(number, &content), Ok(true));
        envelopes.push(upload.seal(number, &content, rng).expect("sealed").0);
    }
    let total: usize = envelopes.iter().map(Vec::len).sum();
    assert_eq!(total as u64, upload.layout().sealed_bytes());
    (upload.finish().expect("whole"), envelopes)
}

fn read(attachment: &Attachment, envelopes: &[Vec<u8>]) -> Result<Vec<u8>, AttachmentTampered> {
    let mut reader = AttachmentReader::begin(attachment)?;
    let mut file = Vec::new();
    for envelope in envelopes {
        file.extend_from_slice(&reader.open(envelope)?);
    }
    reader.finish()?;
    Ok(file)
}

#[test]
fn the_layout_fits_the_limits_of_the_protocol() {
    let largest = AttachmentLayout::of(ATTACHMENT_MAX).expect("just fits");
    assert_eq!(largest.sealed_bytes(), limits::ATTACHMENT);
    assert_eq!(largest.chunks(), 103);
    assert_eq!(envelope_len(CHUNK_LEN), limits::ATTACHMENT_CHUNK);
    assert!(AttachmentLayout::of(ATTACHMENT_MAX + 1).is_none());
    let empty = AttachmentLayout::of(0).expect("no bytes");
    assert_eq!((empty.chunks(), empty.chunk_len(0)), (1, 256));
    // Every byte is in one chunk, and padding alone says how long the last one is.
    for size in [0, 1, 252, 253, CHUNK_LEN as u64, 5_000_000, ATTACHMENT_MAX] {
        let layout = AttachmentLayout::of(size).expect("not too large");
        let (mut content, mut whole) = (0, 0);
        for number in 0..layout.chunks() {
            let range = layout.content(number);
            assert_eq!(range.start, content);
            content = range.end;
            whole += layout.chunk_len(number);
            assert_eq!(layout.is_last(number), number + 1 == layout.chunks());
        }
        assert_eq!(content, size);
        assert_eq!(whole, padded_len(size as usize));
    }
}

#[test]
fn what_lies_at_the_server_says_no_more_than_padding_does() {
    // Sizes between two steps of Padmé give the same envelopes, and there are few steps.
    let lengths = |size| {
        let layout = AttachmentLayout::of(size).expect("not too large");
        (layout.chunks(), layout.sealed_bytes())
    };
    assert_eq!(lengths(100_000_000), lengths(100_500_000));
    assert_eq!(lengths(3), lengths(250));
    let seen: std::collections::BTreeSet<_> =
        (0..ATTACHMENT_MAX).step_by(9_973).map(lengths).collect();
    assert!(seen.len() < 400, "{}", seen.len());
}

#[test]
fn a_file_of_several_chunks_reads_back() {
    let mut rng = Counter(1);
    for len in [
        0,
        1,
        300,
        CHUNK_LEN - 1,
        CHUNK_LEN,
        CHUNK_LEN + 1,
        3 * CHUNK_LEN + 17,
    ] {
        let file = bytes(len);
        let (attachment, envelopes) = sealed(&file, &mut rng);
        assert_eq!(attachment.size, len as u64);
        assert!(read(&attachment, &envelopes) == Ok(file), "{len}");
    }
}

#[test]
fn nothing_else_than_all_its_chunks_in_their_order_is_the_file() {
    let mut rng = Counter(2);
    let file = bytes(2 * CHUNK_LEN + 9);
    let (attachment, envelopes) = sealed(&file, &mut rng);
    let (other, foreign) = sealed(&file, &mut rng);
    let refused = |envelopes: &[Vec<u8>]| {
        assert_eq!(read(&attachment, envelopes), Err(AttachmentTampered));
    };
    refused(&[]);
    refused(&envelopes[..2]);
    refused(&envelopes[1..]);
    refused(&[
        envelopes[1].clone(),
        envelopes[0].clone(),
        envelopes[2].clone(),
    ]);
    refused(&[
        envelopes[0].clone(),
        envelopes[0].clone(),
        envelopes[2].clone(),
    ]);
    refused(&[&envelopes[..], &envelopes[2..]].concat());
    // A chunk of another attachment with the same content, and all of them.
    refused(&[
        foreign[0].clone(),
        envelopes[1].clone(),
        envelopes[2].clone(),
    ]);
    refused(&foreign);
    for at in [0, 30, 60, 100, envelopes[2].len() - 1] {
        let mut spoilt = envelopes.clone();
        spoilt[2][at] ^= 1;
        refused(&spoilt);
    }
    let mut cut = envelopes.clone();
    cut[1].truncate(1_000);
    refused(&cut);
    assert!(read(&other, &foreign) == Ok(file));
}

#[test]
fn a_chunk_sealed_twice_under_one_key_with_other_content_is_refused_by_the_digest() {
    let mut rng = Counter(3);
    let file = bytes(400);
    let (attachment, _) = sealed(&file, &mut rng);
    // Only who has the key can make one: what a client that forgot its notes would have sent.
    let key = AttachmentKey::from_bytes(&attachment.key);
    let context = AttachmentContext {
        attachment: attachment.id.0,
        number: 0,
        last: true,
    };
    let mut chunk = vec![0; padded_len(400)];
    chunk[..400].copy_from_slice(&bytes(400));
    chunk[0] ^= 1;
    let stale = key.seal(&context, &chunk, &mut rng).expect("sealed");
    assert_eq!(read(&attachment, &[stale]), Err(AttachmentTampered));
    chunk[0] ^= 1;
    chunk[400] = 1;
    let padded = key.seal(&context, &chunk, &mut rng).expect("sealed");
    assert_eq!(read(&attachment, &[padded]), Err(AttachmentTampered));
    let mut grown = attachment.clone();
    grown.size = ATTACHMENT_MAX + 1;
    assert!(AttachmentReader::begin(&grown).is_err());
}

#[test]
fn an_upload_goes_on_with_the_same_file_only() {
    let mut rng = Counter(4);
    let file = bytes(CHUNK_LEN + 5);
    let mut upload = begin(file.len(), &mut rng);
    let first = part(&upload, 0, &file).to_vec();
    let second = part(&upload, 1, &file).to_vec();
    assert_eq!(upload.note(1, &second), Err(AnotherFile), "out of order");
    assert_eq!(upload.note(0, &first), Ok(true));
    assert!(upload.finish().is_none());

    let kept = encode_uploads(std::slice::from_ref(&upload));
    let mut again = decode_uploads(&kept).expect("read").pop().expect("one");
    assert_eq!(again, upload);
    assert_eq!(again.note(0, &first), Ok(false));
    let mut changed = first.clone();
    changed[100] ^= 1;
    assert_eq!(again.note(0, &changed), Err(AnotherFile));
    assert_eq!(again.note(0, &first[1..]), Err(AnotherFile));
    assert_eq!(again.note(1, &second), Ok(true));
    assert_eq!(again.note(2, &[]), Err(AnotherFile));
    let attachment = again.finish().expect("whole");
    let envelopes: Vec<_> = [(0, &first), (1, &second)]
        .map(|(number, content)| again.seal(number, content, &mut rng).expect("sealed").0)
        .to_vec();
    assert!(read(&attachment, &envelopes) == Ok(file));
}

#[test]
fn what_is_kept_of_uploads_has_one_spelling() {
    let mut rng = Counter(5);
    let uploads = vec![begin(1, &mut rng), begin(5_000_000, &mut rng)];
    let bytes = encode_uploads(&uploads);
    assert_eq!(decode_uploads(&bytes), Some(uploads));
    assert_eq!(decode_uploads(&bytes[..bytes.len() - 1]), None);
    assert_eq!(decode_uploads(&[&bytes[..], &[0]].concat()), None);
    assert_eq!(decode_uploads(&encode_uploads(&[])), Some(Vec::new()));
}

#[test]
fn a_name_becomes_one_that_can_be_shown() {
    for (given, kept) in [
        ("contract.pdf", "contract.pdf"),
        (" C:\\Users\\me\\key.pem ", "key.pem"),
        ("../../etc/passwd", "passwd"),
        ("a\u{202e}fdp.exe", "a_fdp.exe"),
        ("a\nb\u{7}.txt", "a_b_.txt"),
        ("", UNNAMED),
        (" \u{200b} ", UNNAMED),
        ("folder/", UNNAMED),
    ] {
        assert_eq!(clean_file_name(given), kept);
    }
    let long = format!("{}.tar.gz", "x".repeat(400));
    let kept = clean_file_name(&long);
    assert_eq!(kept.chars().count(), FILE_NAME_MAX);
    assert!(kept.starts_with("xxx") && kept.ends_with(".tar.gz") && kept.contains('…'));
}

#[test]
fn a_media_type_is_one_or_nothing() {
    assert_eq!(clean_media_type("Text/Plain; charset=utf-8"), "text/plain");
    assert_eq!(clean_media_type("image/svg+xml"), "image/svg+xml");
    let long = format!("a/{}", "b".repeat(200));
    for none in ["", "text", "a/b/c", "a /b", "text/<script>", &long] {
        assert_eq!(clean_media_type(none), "", "{none}");
    }
}

#[test]
fn changes_are_made_once() {
    let mut rng = Counter(6);
    let (one, _) = sealed(b"one", &mut rng);
    let (two, _) = sealed(b"two", &mut rng);
    let put = |attachment: &Attachment, at| AttachmentChange::Put {
        attachment: attachment.clone(),
        at,
    };
    let mut all = Vec::new();
    assert!(put(&one, 0).apply(&mut all) && put(&two, 9).apply(&mut all));
    assert!(!put(&two, 0).apply(&mut all));
    let rename = AttachmentChange::Rename {
        id: two.id,
        name: " b.txt ".to_owned(),
    };
    assert!(rename.apply(&mut all) && !rename.apply(&mut all));
    assert_eq!(all[1].name, "b.txt");
    assert!(AttachmentChange::Remove(one.id).apply(&mut all));
    assert!(!AttachmentChange::Remove(one.id).apply(&mut all));
    assert!(put(&one, 0).apply(&mut all));
    assert_eq!(all[0], one);
}

#[test]
fn the_rules_name_the_field() {
    let mut rng = Counter(7);
    let (good, _) = sealed(b"x", &mut rng);
    assert_eq!(check_attachments(std::slice::from_ref(&good)), Ok(()));
    let spoilt = |spoil: fn(&mut Attachment)| {
        let mut one = good.clone();
        spoil(&mut one);
        check_attachments(&[one]).expect_err("refused").field
    };
    assert_eq!(spoilt(|one| one.name = "  ".into()), "attachments[0].name");
    assert_eq!(
        spoilt(|one| one.name = "a\u{7}".into()),
        "attachments[0].name"
    );
    assert_eq!(
        spoilt(|one| one.name = "x".repeat(101)),
        "attachments[0].name"
    );
    assert_eq!(
        spoilt(|one| one.media_type = "x".into()),
        "attachments[0].media_type"
    );
    assert_eq!(
        spoilt(|one| one.size = ATTACHMENT_MAX + 1),
        "attachments[0].size"
    );
    let twice = check_attachments(&[good.clone(), good.clone()]);
    assert_eq!(twice.expect_err("refused").field, "attachments");
    let long: Vec<_> = (0..20)
        .map(|at| {
            let mut one = good.clone();
            (one.id, one.name) = (AttachmentId([at; 16]), "ü".repeat(51));
            one
        })
        .collect();
    assert_eq!(
        check_attachments(&long).expect_err("refused").field,
        "attachments"
    );
    assert_eq!(check_attachments(&long[1..]), Ok(()));
    let many: Vec<_> = (0..=ATTACHMENTS_MAX)
        .map(|at| {
            let mut one = good.clone();
            one.id = AttachmentId([at as u8; 16]);
            one
        })
        .collect();
    assert_eq!(
        check_attachments(&many).expect_err("refused").field,
        "attachments"
    );
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_file_reads_back_and_no_edit_does(
        file in proptest::collection::vec(any::<u8>(), 0..9_000), at in any::<usize>(), bit in 0..8,
        seed in any::<u64>(),
    ) {
        let mut rng = Counter(seed);
        let (attachment, mut envelopes) = sealed(&file, &mut rng);
        prop_assert!(read(&attachment, &envelopes) == Ok(file));
        let at = at % envelopes[0].len();
        envelopes[0][at] ^= 1_u8 << bit;
        prop_assert_eq!(read(&attachment, &envelopes), Err(AttachmentTampered));
    }

    #[test]
    fn odd_bytes_are_no_uploads(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Some(uploads) = decode_uploads(&bytes) {
            prop_assert_eq!(&*encode_uploads(&uploads), &bytes);
        }
    }
}
