//! What only somebody who has the key can write.

mod files;

use keyarc_crypto::{ArchiveContext, ArchiveKey, SetupCode, Suite};
use keyarc_wire::limits;
use minicbor::bytes::ByteArray;
use rand_core::{TryCryptoRng, TryRng};
use sha2::{Digest as _, Sha256};

use super::{
    ArchiveError,
    entry::{EARLIER, ITEM, MANIFEST, Manifest, split, write},
    header::{Header, Lock},
    past::{decode_earlier, encode_earlier},
    read::read_archive,
};
use crate::{
    Day,
    import::{Reading, Unreadable},
    record::encode_record,
};

struct CountingRng(u64);

impl TryRng for CountingRng {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(self.try_next_u64()? as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.0 += 1;
        Ok(self.0)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in out.chunks_mut(8) {
            chunk.copy_from_slice(&self.try_next_u64()?.to_be_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for CountingRng {}

fn code() -> SetupCode {
    SetupCode::make(Suite::Argon2id, &mut CountingRng(0))
}

/// An archive of these chunks, each whole and in its place.
fn written(chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut rng = CountingRng(100);
    let header = Header::make(Lock::Code, Day(20_000), &mut rng);
    let key: ArchiveKey = header.key_of_code(&code());
    let mut file = header.encode();
    for (number, chunk) in (0..).zip(chunks) {
        let context = ArchiveContext {
            archive: header.archive,
            number,
            last: number as usize + 1 == chunks.len(),
        };
        let envelope = key.seal(&context, chunk, &mut rng).unwrap();
        file.extend((number as u32).to_be_bytes());
        file.extend((envelope.len() as u32).to_be_bytes());
        file.extend(envelope);
    }
    file
}

/// What is read of it.
fn sealed(chunks: &[Vec<u8>]) -> Result<Reading, ArchiveError> {
    let file = written(chunks);
    read_archive(&file, Some(&code().to_text())).map_err(|error| match error {
        Unreadable::Archive(error) => error,
        other => panic!("{other:?}"),
    })
}

fn entry(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes, kind, &[body]);
    bytes
}

fn end(items: u32, contents: &[u8]) -> Vec<u8> {
    let manifest = Manifest {
        made_at_ms: 1,
        revision: 2,
        items,
        hash: ByteArray::from(<[u8; 32]>::from(Sha256::digest(contents))),
    };
    entry(MANIFEST, &encode_record(&manifest))
}

#[test]
fn an_end_that_does_not_fit_is_told() {
    let read = |chunks: &[Vec<u8>]| sealed(chunks).err();
    assert_eq!(read(&[end(0, b"")]), None);
    for chunks in [
        vec![end(1, b"")],
        vec![end(0, b"x")],
        vec![Vec::new()],
        vec![end(0, b""), end(0, b"")],
        vec![[end(0, b""), end(0, b"")].concat()],
        vec![entry(MANIFEST, b"\x80")],
        vec![entry(9, b"")],
    ] {
        assert_eq!(read(&chunks), Some(ArchiveError::Inconsistent));
    }
}

#[test]
fn lengths_and_counts_that_lie_take_no_memory() {
    let whole = entry(
        ITEM,
        &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    );
    let read = sealed(&[whole.clone(), end(1, &whole)]).unwrap();
    assert_eq!((read.found.len(), read.errors.len()), (0, 1));
    let mut cut = entry(ITEM, b"abc");
    cut[1..5].copy_from_slice(&u32::MAX.to_be_bytes());
    let read = sealed(&[cut.clone(), end(1, &cut)]);
    assert_eq!(read.err(), Some(ArchiveError::Inconsistent));
}

/// The entries of the archive with a history that is checked in.
fn history() -> Vec<Vec<u8>> {
    let all: serde_json::Value =
        serde_json::from_str(include_str!("../../vectors/archive-history.json")).unwrap();
    let text = all["archives"][0]["chunks"][0].as_str().unwrap();
    let bytes: Vec<u8> = (0..text.len() / 2)
        .map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).unwrap())
        .collect();
    let mut entries = Vec::new();
    let mut rest = bytes.as_slice();
    while let Some((kind, body, after)) = split(rest) {
        entries.push(entry(kind, body));
        rest = after;
    }
    entries
}

/// How many versions each item has, and how many entries could not be read.
fn read_history(entries: &[&Vec<u8>], items: u32) -> Result<(Vec<usize>, usize), ArchiveError> {
    let chunk: Vec<u8> = entries.iter().copied().flatten().copied().collect();
    let read = sealed(&[chunk.clone(), end(items, &chunk)])?;
    let versions = read.found.iter();
    let versions = versions.map(|found| found.kept.as_ref().unwrap().earlier.len());
    Ok((versions.collect(), read.errors.len()))
}

#[test]
fn versions_belong_to_the_item_before_them() {
    let all = history();
    let [item, first, second, third] = &all[..] else {
        panic!("{} entries", all.len())
    };
    assert_eq!(
        read_history(&[item, first, second, third], 1),
        Ok((vec![3], 0))
    );
    assert_eq!(
        read_history(&[item, first, item, third], 2),
        Ok((vec![1, 1], 0))
    );
    assert_eq!(read_history(&[item, item, first], 2), Ok((vec![0, 1], 0)));
    // Of nothing, and more than any item has.
    let inconsistent = Err(ArchiveError::Inconsistent);
    assert_eq!(read_history(&[first, item], 1), inconsistent);
    let mut many = vec![item];
    many.extend([first; limits::EARLIER_PER_ITEM]);
    assert_eq!(
        read_history(&many, 1),
        Ok((vec![limits::EARLIER_PER_ITEM], 0))
    );
    many.push(first);
    assert_eq!(read_history(&many, 1), inconsistent);
    // A secret that nobody has, and a body that is none: the rest is read.
    assert_eq!(read_history(&[item, second, third], 1), Ok((vec![1], 1)));
    let broken = entry(EARLIER, b"\x80");
    assert_eq!(
        read_history(&[item, first, &broken, second, third], 1),
        Ok((vec![2], 2))
    );
    // What a newer version puts between them is passed over.
    let newer = entry(200, b"");
    assert_eq!(
        read_history(&[item, &newer, first, &newer, second], 1),
        Ok((vec![2], 2))
    );
    // Those of an item that cannot be read are nobody's.
    let broken = entry(ITEM, b"\x80");
    assert_eq!(
        read_history(&[item, &broken, first, second], 2),
        Ok((vec![0], 1))
    );
}

#[test]
fn every_version_has_one_spelling() {
    for entry in &history()[1..] {
        let (_, body, _) = split(entry).unwrap();
        let read = decode_earlier(body).unwrap();
        assert_eq!(encode_earlier(&read, true).as_slice(), body);
        for at in 0..body.len() {
            let mut other = body.to_vec();
            other[at] ^= 1 << (at % 8);
            if let Ok(read) = decode_earlier(&other) {
                assert_eq!(encode_earlier(&read, true).as_slice(), other);
            }
            assert!(decode_earlier(&body[..at]).is_err(), "cut at {at}");
        }
    }
}

#[test]
fn what_a_newer_version_adds_is_told_and_the_rest_read() {
    let newer = entry(200, b"an attachment, perhaps");
    let read = sealed(&[newer.clone(), end(0, &newer)]).unwrap();
    assert_eq!(read.errors.len(), 1);
    assert!(read.errors[0].reason.contains("newer version"));
    assert_eq!(read.archive.map(|facts| facts.revision), Some(2));
}
