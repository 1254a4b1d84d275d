//! What only somebody who has the key can write.

use keyarc_crypto::{ArchiveContext, ArchiveKey, SetupCode, Suite};
use minicbor::bytes::ByteArray;
use rand_core::{TryCryptoRng, TryRng};
use sha2::{Digest as _, Sha256};

use super::{
    ArchiveError,
    entry::{ITEM, MANIFEST, Manifest, write},
    header::{Header, Lock},
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

/// An archive of these chunks, each whole and in its place.
fn sealed(chunks: &[Vec<u8>]) -> Result<Reading, ArchiveError> {
    let mut rng = CountingRng(0);
    let code = SetupCode::make(Suite::Argon2id, &mut rng);
    let header = Header::make(Lock::Code, Day(20_000), &mut rng);
    let key: ArchiveKey = header.key_of_code(&code);
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
    read_archive(&file, Some(&code.to_text())).map_err(|error| match error {
        Unreadable::Archive(error) => error,
        other => panic!("{other:?}"),
    })
}

fn entry(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes, kind, body);
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

#[test]
fn what_a_newer_version_adds_is_told_and_the_rest_read() {
    let newer = entry(200, b"an attachment, perhaps");
    let read = sealed(&[newer.clone(), end(0, &newer)]).unwrap();
    assert_eq!(read.errors.len(), 1);
    assert!(read.errors[0].reason.contains("newer version"));
    assert_eq!(read.archive.map(|facts| facts.revision), Some(2));
}
