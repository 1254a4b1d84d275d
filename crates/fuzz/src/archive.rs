//! Archives.

use keyarc_crypto::{ArchiveContext, ArchiveKey, SetupCode};
use keyarc_vault::{
    AttachmentLayout, FilePassword, ImportWish,
    archive::{ArchiveFiles, ArchiveReader, HEADER_LEN},
    import::{Format, Opened, Unreadable, open},
};
use sha2::{Digest as _, Sha256};

use crate::counter_rng::CounterRng;

/// Whole archives, with the items in each, and the setup code that opens all. The second has what
/// an item was before, the third has files.
const WHOLE: [(&[u8], usize); 3] = [
    (include_bytes!("../../vault/vectors/archive-code.keyarc"), 3),
    (
        include_bytes!("../../vault/vectors/archive-history.keyarc"),
        2,
    ),
    (
        include_bytes!("../../vault/vectors/archive-files.keyarc"),
        2,
    ),
];
const CODE: &str = "KA1-05V6A-RVMDX-S1048-J2CA1-A5GQ3-0CHM6-RW3MF-1YTMV";
/// Most bytes of entries in one part.
const CHUNK_MAX: usize = 2 * 1024 * 1024;
/// Where the archive's id stands in the header.
const ID: std::ops::Range<usize> = 22..38;
/// The byte of the header that says what opens it, and what says that it is a setup code.
const LOCK: (usize, u8) = (9, 1);

/// Only a whole archive opens, and not after any edit or cut. Whatever its writer put into one is
/// read or told, in bounds.
pub fn archive(data: &[u8]) {
    match read(data) {
        Ok(items) => assert!(WHOLE.contains(&(data, items))),
        Err(refused) => assert!(!refused.to_string().is_empty()),
    }
    entries(data);
    let [high, low, mask, ..] = *data else {
        return;
    };
    for (whole, _) in WHOLE {
        edit(whole, [high, low], mask);
    }
}

fn edit(whole: &[u8], [high, low]: [u8; 2], mask: u8) {
    let mut edited = whole.to_vec();
    let at = usize::from(u16::from_be_bytes([high, low])) % edited.len();
    edited[at] ^= mask;
    assert_eq!(read(&edited).is_ok(), mask == 0);
    edited[at] ^= mask;
    edited.truncate(at);
    assert!(read(&edited).is_err());
}

/// An archive of these entries, as somebody who has its code can write it: well formed around them.
fn entries(data: &[u8]) {
    let data = &data[..data.len().min(CHUNK_MAX)];
    let header = &WHOLE[1].0[..HEADER_LEN];
    let code = SetupCode::parse(CODE).expect("a code");
    let key = ArchiveKey::from_setup_code(&code, header);
    for items in 0..3 {
        // An end of another kind of number is another matter: small ones are one byte of CBOR.
        let mut end = vec![0, 0, 0, 0, 38, 0x84, 1, 2, items, 0x58, 32];
        end.extend(Sha256::digest(data));
        let mut file = header.to_vec();
        let mut rng = CounterRng::new(u64::from(items));
        for (number, part) in [data, &end].into_iter().enumerate() {
            let context = ArchiveContext {
                archive: header[ID].try_into().expect("16 bytes"),
                number: number as u64,
                last: number == 1,
            };
            let envelope = key.seal(&context, part, &mut rng).expect("fits");
            file.extend((number as u32).to_be_bytes());
            file.extend((envelope.len() as u32).to_be_bytes());
            file.extend(envelope);
        }
        match read(&file) {
            Ok(found) => assert!(found <= usize::from(items)),
            Err(refused) => assert!(!refused.to_string().is_empty()),
        }
    }
}

/// How many items an archive has, which is the same however it comes in. To derive a key of a password takes its time, and as much memory
/// as the file says: such a file gets none.
fn read(file: &[u8]) -> Result<usize, Unreadable> {
    let (at, is_code) = LOCK;
    let is_code = file.get(at) == Some(&is_code);
    let wish = ImportWish {
        format: Some(Format::Archive),
        password: is_code.then(|| FilePassword(CODE.to_owned())),
        ..ImportWish::default()
    };
    let whole = open(file, None, &wish);
    let secret = wish.password.as_ref().map(|code| code.0.as_str());
    // So many bytes at a time, and never the same number.
    for most in [1, 1 + file.len() % 97, file.len()] {
        match (&whole, streamed(file, most.max(1), secret)) {
            (Ok(whole), Ok((opened, files))) => {
                assert_eq!(opened.counts(), whole.counts());
                assert!(opened.places().eq(whole.places()));
                take_out(file, &files);
            }
            (Err(whole), Err(refused)) => assert_eq!(refused, *whole),
            (whole, streamed) => assert_eq!(whole.is_ok(), streamed.is_ok()),
        }
    }
    whole.map(|opened| opened.counts().0)
}

fn streamed(
    file: &[u8],
    most: usize,
    secret: Option<&str>,
) -> Result<(Opened, ArchiveFiles), Unreadable> {
    let (header, rest) = file.split_at(HEADER_LEN.min(file.len()));
    let mut reader = ArchiveReader::begin(header, secret)?;
    for some in rest.chunks(most) {
        reader.push(some)?;
    }
    reader.finish()
}

/// Every piece of every file opens once more, and they are as long as the file.
fn take_out(file: &[u8], files: &ArchiveFiles) {
    for id in files.ids() {
        let attachment = files.get(*id).expect("it is there");
        let layout = AttachmentLayout::of(attachment.size).expect("not too large");
        assert_eq!(files.pieces(*id).len(), layout.chunks() as usize);
        let mut length = 0;
        for (number, place) in (0..).zip(files.pieces(*id)) {
            let from = place.offset as usize;
            let envelope = &file[from..from + place.length as usize];
            let piece = files.open(*id, number, envelope).expect("as it was seen");
            length += piece.len() as u64;
            let beyond = files.open(*id, layout.chunks(), envelope);
            assert!(beyond.is_err());
        }
        assert_eq!(length, attachment.size);
    }
}
