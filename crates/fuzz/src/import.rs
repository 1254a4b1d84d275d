//! Files of other products.

use keyarc_vault::{
    FilePassword, ImportWish,
    import::{Format, ROWS_MAX, detect, open},
};

/// Protected files, and their passwords. Deriving keys takes its time: these are enough for that.
const PROTECTED: [(&[u8], &str); 2] = [
    (
        include_bytes!("../../vault/fixtures/import/bitwarden-pbkdf2.json"),
        "correct horse battery staple",
    ),
    (
        include_bytes!("../../vault/fixtures/import/keepass/twofish-aeskdf.kdbx"),
        "correct horse",
    ),
];

/// The first byte picks the format; what is none of them finds the format out. Whatever the bytes:
/// they are read or refused, places stand in the order of the file, no more is kept than an import
/// takes.
pub fn import(data: &[u8]) {
    let Some((first, file)) = data.split_first() else {
        return;
    };
    let wish = ImportWish {
        format: Format::ALL.get(usize::from(*first)).copied(),
        password: PROTECTED
            .iter()
            .find(|(protected, _)| *protected == file)
            .map(|(_, password)| FilePassword((*password).to_owned())),
        key_file: None,
        table: None,
    };
    let found = detect(file, None);
    match open(file, None, &wish) {
        Ok(opened) => {
            assert_eq!(opened.format(), wish.format.unwrap_or(found));
            assert!(opened.places().is_sorted() && opened.places().all(|place| place > 0));
            let (read, broken) = opened.counts();
            assert!(read <= ROWS_MAX + 1 || opened.format() == Format::Dotenv);
            assert!(broken <= 2_002);
        }
        Err(refused) => assert!(!refused.to_string().is_empty()),
    }
}
