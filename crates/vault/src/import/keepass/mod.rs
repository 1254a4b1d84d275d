//! KeePass 2 and KeePassXC: databases (KDBX 3.1 and 4) and the XML that KeePass exports.
//!
//! Groups become folders, below the outermost one, which stands for the database. Earlier versions
//! of entries, icons, colours, settings for typing and what extensions keep are left out;
//! attachments and what lies in the recycle bin are told of.

mod entry;
mod header;
mod kdbx;
mod kdf;
mod xml;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Reading, Unreadable, shape::Sheet, text::decode};
use entry::{draft, tell_of_attachments};
use xml::{Element, Stream};

/// Whether bytes begin like a database.
pub(super) fn fits(bytes: &[u8]) -> bool {
    kdbx::fits(bytes)
}

/// Whether a text begins like KeePass's XML.
pub(super) fn fits_xml(text: &str) -> bool {
    const HEAD: usize = 1_000;
    let text = text.trim_start();
    let head = text
        .char_indices()
        .nth(HEAD)
        .map_or(text, |(at, _)| &text[..at]);
    head.starts_with('<') && head.contains("<KeePassFile")
}

/// Opens a database with its password, its key file or both, and reads it.
pub(crate) fn read_keepass(
    bytes: &[u8],
    password: Option<&str>,
    key_file: Option<&[u8]>,
) -> Result<Reading, Unreadable> {
    let mut database = kdbx::open(bytes, password, key_file)?;
    let text = decode(&database.xml)?;
    let stream = &mut |bytes: &mut [u8]| database.stream.apply(bytes);
    read(&text, Some(stream), database.header)
}

/// Reads KeePass's XML.
pub(crate) fn read_keepass_xml(text: &str) -> Result<Reading, Unreadable> {
    read(text, None, None)
}

fn read(
    text: &str,
    stream: Option<Stream<'_>>,
    header: Option<[u8; 32]>,
) -> Result<Reading, Unreadable> {
    let root = xml::parse(text, stream)?;
    let file = root.child("KeePassFile").ok_or(kdbx::SHAPE)?;
    let meta = file.child("Meta");
    // KeePass writes it into every database of version 3.1. Without this, a changed header could
    // make other passwords of those that are there.
    if let (Some(header), Some(meta)) = (header, meta) {
        let said = meta.word("HeaderHash").trim();
        if !said.is_empty() && said != STANDARD.encode(header) {
            return Err(kdbx::SHAPE);
        }
    }
    let bin = meta.filter(|meta| meta.word("RecycleBinEnabled").trim() != "False");
    let mut groups = Groups {
        reading: Reading::default(),
        place: 0,
        bin: bin.map_or("", |meta| meta.word("RecycleBinUUID").trim()),
    };
    let top = file.child("Root").and_then(|root| root.child("Group"));
    groups.read(top.ok_or(kdbx::SHAPE)?, "");
    Ok(groups.reading)
}

struct Groups<'a> {
    reading: Reading,
    place: u32,
    bin: &'a str,
}

impl Groups<'_> {
    fn read(&mut self, group: &Element, folder: &str) {
        if self.reading.is_full() {
            return;
        }
        self.notes(group, folder);
        for entry in group.named("Entry") {
            if self.reading.is_full() {
                return;
            }
            self.place += 1;
            self.reading.add(self.place, draft(entry, folder), None);
            tell_of_attachments(&mut self.reading, self.place, entry);
        }
        for below in group.named("Group") {
            if !self.bin.is_empty() && below.word("UUID").trim() == self.bin {
                self.leave(below);
                continue;
            }
            let name = match below.word("Name").trim() {
                "" => "Group".to_owned(),
                // What is a name there would be two folders here.
                name => name.replace('/', "-"),
            };
            let path = match folder.is_empty() {
                true => name,
                false => format!("{folder}/{name}"),
            };
            self.read(below, &path);
        }
    }

    /// A folder has no notes here, so they become an item in it.
    fn notes(&mut self, group: &Element, folder: &str) {
        let notes = group.word("Notes");
        if notes.trim().is_empty() {
            return;
        }
        let mut sheet = Sheet {
            name: format!("Notes of {}", group.word("Name").trim()),
            folder: folder.to_owned(),
            ..Sheet::default()
        };
        sheet.note(notes);
        self.place += 1;
        self.reading.add(self.place, sheet.text(), None);
    }

    fn leave(&mut self, bin: &Element) {
        let reason = match count(bin) {
            0 => return,
            1 => "lies in the recycle bin there and was left out".to_owned(),
            count => format!("and the next lie in the recycle bin there: {count} entries left out"),
        };
        self.place += 1;
        self.reading.tell(self.place, reason);
    }
}

fn count(group: &Element) -> usize {
    let below = group.named("Group").map(count);
    group.named("Entry").count() + below.sum::<usize>()
}
