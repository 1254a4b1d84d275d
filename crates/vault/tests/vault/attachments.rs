//! Files that are attached to items, as other code sees them.

use std::convert::Infallible;

use keyarc_vault::{
    ATTACHMENTS_MAX, Attachment, AttachmentReader, FoundIn, ItemDraft, OverviewChange, Upload,
    WriteError,
};
use keyarc_wire::{AttachmentId, ItemId};
use rand_core::{TryCryptoRng, TryRng};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::common::{change_of, details_of, fixture, key};

fn file(number: u8, name: &str) -> Attachment {
    Attachment {
        id: AttachmentId([number; 16]),
        name: name.to_owned(),
        media_type: "text/plain".to_owned(),
        size: u64::from(number) * 1_000,
        key: [number ^ 0xff; 32],
        digest: [number; 32],
    }
}

fn with(files: &[Attachment]) -> ItemDraft {
    ItemDraft {
        attachments: files.to_vec(),
        ..key("Name", "value")
    }
}

#[test]
fn a_write_names_its_files_and_another_device_reads_them() {
    let mut this = fixture();
    let files = [file(1, "contract.pdf"), file(2, "key.pem")];
    let write = this.seal(&with(&files));
    assert_eq!(write.attachments, [files[0].id, files[1].id]);
    let mut other = this.fresh();
    other.apply([change_of(&write, 1)]);
    let item = other.open_details(&details_of(&write)).unwrap();
    assert_eq!(item.attachments, files);
    let rows = &item.summary.files;
    assert_eq!(
        (rows[1].id, rows[1].name.as_str(), rows[1].size),
        (files[1].id, "key.pem", 2_000)
    );
    // A change of the overview alone says nothing of them, and keeps them.
    this.accept(write.clone());
    let star = OverviewChange::Favourite(true);
    let starred = this
        .vault
        .seal_overview_change(write.item_id, star, this.now, &mut this.rng);
    let starred = starred.unwrap();
    assert!(starred.attachments.is_empty());
    this.accept(starred);
    assert_eq!(this.vault.summary(write.item_id).unwrap().files.len(), 2);
}

#[test]
fn neither_name_nor_key_of_a_file_stands_in_what_is_sent() {
    let mut this = fixture();
    let write = this.seal(&with(&[file(3, "canary.pdf")]));
    let sent = serde_json::to_string(&write).unwrap();
    let sealed = [write.overview.0.clone(), write.details.unwrap().0].concat();
    for part in [&b"canary"[..], &[3 ^ 0xff; 32], &[3; 32]] {
        assert!(!sealed.windows(part.len()).any(|window| window == part));
    }
    assert!(!sent.contains("canary") && sent.contains(&"03".repeat(16)));
}

#[test]
fn files_are_found_by_their_names() {
    let mut this = fixture();
    let id = this.add(&with(&[file(1, "quarterly-report.pdf")]));
    let query = keyarc_vault::ListQuery {
        text: "quarterly".to_owned(),
        limit: 9,
        ..keyarc_vault::ListQuery::default()
    };
    let rows = this.vault.list(&query, keyarc_vault::Day(20_000)).rows;
    assert_eq!(rows[0].id, id);
    assert_eq!(rows[0].found[0].place, FoundIn::File);
    assert_eq!(rows[0].found[0].text, "quarterly-report.pdf");
}

#[test]
fn what_breaks_a_rule_is_refused_whole() {
    let mut this = fixture();
    let mut refused = |files: &[Attachment]| {
        let now = this.now;
        match this.vault.seal_draft(&with(files), now, &mut this.rng) {
            Err(WriteError::Draft(error)) => error.field,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(&[file(1, "a\u{202e}b")]), "attachments[0].name");
    assert_eq!(refused(&[file(1, "a"), file(1, "b")]), "attachments");
    let many: Vec<_> = (0..=ATTACHMENTS_MAX as u8)
        .map(|at| file(at, "a"))
        .collect();
    assert_eq!(refused(&many), "attachments");
}

/// Gives the salts of a vector, and other bytes where a generator is looked at.
struct Script {
    salts: Vec<Vec<u8>>,
    probe: bool,
}

impl TryRng for Script {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        match self.probe {
            true => bytes.fill(0),
            false => bytes.copy_from_slice(&self.salts.remove(0)),
        }
        self.probe = !self.probe;
        Ok(())
    }
}

impl TryCryptoRng for Script {}

/// The bytes that a vector writes in hexadecimal.
pub fn hex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

/// What another implementation made of the same files, byte for byte.
#[test]
fn checked_in_vectors() {
    let vectors: Value =
        serde_json::from_str(include_str!("../../vectors/attachments.json")).unwrap();
    let id: [u8; 16] = hex(&vectors["attachment"]).try_into().unwrap();
    let key: [u8; 32] = hex(&vectors["key"]).try_into().unwrap();
    for vector in vectors["files"].as_array().unwrap() {
        let size = vector["size"].as_u64().unwrap();
        let content: Vec<u8> = (0..size).map(|at| (at.wrapping_mul(7) + 3) as u8).collect();
        let chunks = vector["chunks"].as_array().unwrap();
        // Name and key are drawn first.
        let mut begin = Script {
            salts: vec![id.to_vec(), key.to_vec()],
            probe: false,
        };
        let mut upload = begin_with(&mut begin, size);
        assert_eq!(upload.id().0, id);
        assert_eq!(
            upload.layout().sealed_bytes(),
            vector["bytes"].as_u64().unwrap()
        );
        assert_eq!(upload.layout().chunks() as usize, chunks.len());
        let mut envelopes = Vec::new();
        for (number, chunk) in (0..).zip(chunks) {
            let range = upload.layout().content(number);
            let part = &content[range.start as usize..range.end as usize];
            upload.note(number, part).unwrap();
            let mut rng = Script {
                salts: vec![hex(&chunk["salt"])],
                probe: false,
            };
            let sealed = upload.seal(number, part, &mut rng).unwrap().0;
            assert_eq!(sealed.len() as u64, chunk["bytes"].as_u64().unwrap());
            assert_eq!(Sha256::digest(&sealed).to_vec(), hex(&chunk["sha256"]));
            if !chunk["envelope"].is_null() {
                assert_eq!(sealed, hex(&chunk["envelope"]));
            }
            envelopes.push(sealed);
        }
        let attachment = upload.finish().unwrap();
        assert_eq!(attachment.digest.to_vec(), hex(&vector["digest"]));
        assert_eq!(attachment.key, key);
        let mut reader = AttachmentReader::begin(&attachment).unwrap();
        let mut read = Vec::new();
        for envelope in &envelopes {
            read.extend_from_slice(&reader.open(envelope).unwrap());
        }
        reader.finish().unwrap();
        assert!(read == content);
    }
}

/// Draws are made one after the other, without looking at the generator in between.
fn begin_with(script: &mut Script, size: u64) -> Upload {
    struct Plain<'a>(&'a mut Script);
    impl TryRng for Plain<'_> {
        type Error = Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Infallible> {
            Ok(0)
        }

        fn try_next_u64(&mut self) -> Result<u64, Infallible> {
            Ok(0)
        }

        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
            self.0.probe = false;
            self.0.try_fill_bytes(bytes)
        }
    }
    impl TryCryptoRng for Plain<'_> {}
    Upload::begin(ItemId([1; 16]), ("a", "", size), 1, &mut Plain(script)).unwrap()
}
