//! Archives.

use keyarc_vault::{
    FilePassword, ImportWish,
    import::{Format, Unreadable, open},
};

/// A whole archive, and the setup code that opens it.
const WHOLE: &[u8] = include_bytes!("../../vault/vectors/archive-code.keyarc");
const CODE: &str = "KA1-05V6A-RVMDX-S1048-J2CA1-A5GQ3-0CHM6-RW3MF-1YTMV";
/// The byte of the header that says what opens it, and what says that it is a setup code.
const LOCK: (usize, u8) = (9, 1);

/// Only the whole archive opens, and not after any edit or cut.
pub fn archive(data: &[u8]) {
    match read(data) {
        Ok(items) => assert_eq!((data, items), (WHOLE, 3)),
        Err(refused) => assert!(!refused.to_string().is_empty()),
    }
    let [high, low, mask, ..] = *data else {
        return;
    };
    let mut edited = WHOLE.to_vec();
    let at = usize::from(u16::from_be_bytes([high, low])) % edited.len();
    edited[at] ^= mask;
    assert_eq!(read(&edited).is_ok(), mask == 0);
    edited[at] ^= mask;
    edited.truncate(at);
    assert!(read(&edited).is_err());
}

/// How many items an archive has. To derive a key of a password takes its time, and as much memory
/// as the file says: such a file gets none.
fn read(file: &[u8]) -> Result<usize, Unreadable> {
    let (at, is_code) = LOCK;
    let is_code = file.get(at) == Some(&is_code);
    let wish = ImportWish {
        format: Some(Format::Archive),
        password: is_code.then(|| FilePassword(CODE.to_owned())),
        ..ImportWish::default()
    };
    open(file, None, &wish).map(|opened| opened.counts().0)
}
