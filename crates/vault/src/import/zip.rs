//! One file out of a ZIP archive (PKWARE's APPNOTE 6.3, sections 4.3 and 4.4), read strictly: only
//! what archives of secrets are made of, stored or deflated, on one disk, not encrypted by ZIP
//! itself. Nothing is ever written to a path of the archive, and names are compared whole, so what
//! a name holds cannot do harm. The crate `zip` reads far more and is several times the size of
//! this in the browser.
//!
//! The directory at the end says what there is; the header before the data has to say the same.
//! An archive that says two things, or has two entries of one name, is refused.

use zeroize::Zeroizing;

use super::{
    Unreadable,
    deflate::{crc32, inflate},
};

/// Most entries of an archive.
const ENTRIES_MAX: usize = 65_535;
/// Most bytes that one byte of an entry unpacks to. DEFLATE reaches 1,032; text of passwords stays
/// far below this.
const RATIO_MAX: usize = 200;
/// What is small may be packed better than that.
const RATIO_FROM: usize = 1 << 20;

const SHAPE: Unreadable = Unreadable::Malformed("it is no ZIP archive, or was changed or cut off");
const FOREIGN: Unreadable =
    Unreadable::Malformed("it is a ZIP archive of a sort that is not read. Export it again");
const BOMB: Unreadable =
    Unreadable::Malformed("it would unpack to far more than such a file holds");

/// An archive of which the directory was read.
pub(super) struct Archive<'a> {
    bytes: &'a [u8],
    entries: Vec<Entry<'a>>,
}

struct Entry<'a> {
    name: &'a [u8],
    flags: u16,
    method: u16,
    sum: u32,
    packed: usize,
    unpacked: usize,
    at: usize,
}

/// Whether bytes begin like an archive.
pub(super) fn fits(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

impl<'a> Archive<'a> {
    /// Reads the directory. Nothing is unpacked.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        let (end, count, size, at) = end(bytes)?;
        if count > ENTRIES_MAX || at.checked_add(size) != Some(end) {
            return Err(SHAPE);
        }
        let mut directory = bytes.get(at..end).ok_or(SHAPE)?;
        let mut entries = Vec::new();
        while !directory.is_empty() {
            let (entry, length) = Entry::read(directory)?;
            directory = directory.get(length..).ok_or(SHAPE)?;
            entries.push(entry);
        }
        match entries.len() == count {
            true => Ok(Self { bytes, entries }),
            false => Err(SHAPE),
        }
    }

    /// Unpacks the entry of this name, of at most `limit` bytes. `None` when there is none.
    pub(super) fn file(
        &self,
        name: &str,
        limit: usize,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Unreadable> {
        let mut named = self
            .entries
            .iter()
            .filter(|entry| entry.name == name.as_bytes());
        let Some(entry) = named.next() else {
            return Ok(None);
        };
        match named.next() {
            Some(_) => Err(SHAPE),
            None => entry.unpack(self.bytes, limit).map(Some),
        }
    }
}

impl<'a> Entry<'a> {
    /// An entry of the directory, and how many bytes it takes there.
    fn read(bytes: &'a [u8]) -> Result<(Self, usize), Unreadable> {
        let fields = bytes.get(..46).ok_or(SHAPE)?;
        if !fields.starts_with(b"PK\x01\x02") {
            return Err(SHAPE);
        }
        let name_length = u16_at(fields, 28)?;
        let length = 46 + name_length + u16_at(fields, 30)? + u16_at(fields, 32)?;
        let entry = Self {
            name: bytes.get(46..46 + name_length).ok_or(SHAPE)?,
            flags: u16_at(fields, 8)? as u16,
            method: u16_at(fields, 10)? as u16,
            sum: u32_at(fields, 16)?,
            packed: u32_at(fields, 20)? as usize,
            unpacked: u32_at(fields, 24)? as usize,
            at: u32_at(fields, 42)? as usize,
        };
        Ok((entry, length))
    }

    fn unpack(&self, bytes: &[u8], limit: usize) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
        const ENCRYPTED: u16 = 1;
        if self.flags & ENCRYPTED != 0 {
            return Err(FOREIGN);
        }
        if self.unpacked > limit {
            let limit_mb = (limit >> 20) as u32;
            return Err(Unreadable::TooLarge { limit_mb });
        }
        if self.unpacked > RATIO_FROM && self.unpacked / RATIO_MAX > self.packed {
            return Err(BOMB);
        }
        let data = self.data(bytes)?;
        let unpacked = match self.method {
            0 => Zeroizing::new(data.to_vec()),
            // As much as it says it is, so that a lie about it costs nothing.
            8 => inflate(data, self.unpacked + 1).map_err(|error| match error {
                Unreadable::TooLarge { .. } => BOMB,
                error => error,
            })?,
            _ => return Err(FOREIGN),
        };
        match unpacked.len() == self.unpacked && crc32(&unpacked) == self.sum {
            true => Ok(unpacked),
            false => Err(SHAPE),
        }
    }

    /// What is packed, behind a header that has to agree with the directory.
    fn data<'b>(&self, bytes: &'b [u8]) -> Result<&'b [u8], Unreadable> {
        let header = bytes.get(self.at..).ok_or(SHAPE)?;
        let fields = header.get(..30).ok_or(SHAPE)?;
        let name_length = u16_at(fields, 26)?;
        let start = 30 + name_length + u16_at(fields, 28)?;
        let agrees = fields.starts_with(b"PK\x03\x04")
            && u16_at(fields, 8)? == usize::from(self.method)
            && header.get(30..30 + name_length) == Some(self.name);
        let end = start.checked_add(self.packed).filter(|_| agrees);
        header.get(start..end.ok_or(SHAPE)?).ok_or(SHAPE)
    }
}

/// Where the end record begins, and what it says: entries, size and place of the directory.
fn end(bytes: &[u8]) -> Result<(usize, usize, usize, usize), Unreadable> {
    const LENGTH: usize = 22;
    // A comment of at most 65,535 bytes may follow. The record that ends with the file is meant.
    let last = bytes.len().checked_sub(LENGTH).ok_or(SHAPE)?;
    let first = last.saturating_sub(usize::from(u16::MAX));
    let mut found = None;
    for at in (first..=last).rev() {
        if bytes[at..].starts_with(b"PK\x05\x06")
            && at + LENGTH + u16_at(bytes, at + 20)? == bytes.len()
        {
            found = Some(at);
            break;
        }
    }
    let at = found.ok_or(SHAPE)?;
    let (here, all) = (u16_at(bytes, at + 8)?, u16_at(bytes, at + 10)?);
    let place = u32_at(bytes, at + 16)?;
    // What is larger than these fields stands in records of ZIP64.
    if place == u32::MAX || u16_at(bytes, at + 4)? != 0 || here != all {
        return Err(FOREIGN);
    }
    Ok((at, all, u32_at(bytes, at + 12)? as usize, place as usize))
}

fn u16_at(bytes: &[u8], at: usize) -> Result<usize, Unreadable> {
    let field = bytes.get(at..).and_then(|rest| rest.first_chunk::<2>());
    field
        .map(|field| usize::from(u16::from_le_bytes(*field)))
        .ok_or(SHAPE)
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32, Unreadable> {
    let field = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
    field.map(|field| u32::from_le_bytes(*field)).ok_or(SHAPE)
}

/// Archives for tests of what reads them.
#[cfg(test)]
pub(super) mod testing {
    use miniz_oxide::deflate::compress_to_vec;

    use super::crc32;

    /// An archive of deflated files. What is said of an entry's unpacked size may be another than
    /// it is.
    pub(in super::super) fn archive(files: &[(&str, &[u8], Option<u32>)]) -> Vec<u8> {
        let (mut bytes, mut directory) = (Vec::new(), Vec::new());
        for (name, content, said) in files {
            let packed = compress_to_vec(content, 6);
            let at = bytes.len() as u32;
            let mut fields = Vec::new();
            fields.extend([20, 0, 0, 0, 8, 0, 0, 0, 0, 0]);
            fields.extend(crc32(content).to_le_bytes());
            fields.extend((packed.len() as u32).to_le_bytes());
            fields.extend(said.unwrap_or(content.len() as u32).to_le_bytes());
            fields.extend((name.len() as u16).to_le_bytes());
            fields.extend([0, 0]);
            bytes.extend([b"PK\x03\x04", fields.as_slice(), name.as_bytes()].concat());
            bytes.extend(packed);
            directory.extend([b"PK\x01\x02\x14\0", fields.as_slice(), &[0; 10]].concat());
            directory.extend(at.to_le_bytes());
            directory.extend(name.as_bytes());
        }
        let (at, size) = (bytes.len() as u32, directory.len() as u32);
        let count = (files.len() as u16).to_le_bytes();
        bytes.extend(directory);
        bytes.extend([b"PK\x05\x06\0\0\0\0".as_slice(), &count, &count].concat());
        bytes.extend(size.to_le_bytes());
        bytes.extend(at.to_le_bytes());
        bytes.extend([0, 0]);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::{testing::archive, *};

    const LIMIT: usize = 16 << 20;

    fn file(bytes: &[u8], name: &str) -> Result<Option<Vec<u8>>, Unreadable> {
        let file = Archive::open(bytes)?.file(name, LIMIT)?;
        Ok(file.map(|file| file.to_vec()))
    }

    #[test]
    fn a_file_is_found_by_its_whole_name() {
        let bytes = archive(&[
            ("../../etc/passwd", b"no", None),
            ("export.data", b"yes", None),
            ("files/export.data", b"no", None),
        ]);
        assert_eq!(file(&bytes, "export.data"), Ok(Some(b"yes".to_vec())));
        assert_eq!(file(&bytes, "passwd"), Ok(None));
        assert_eq!(file(&archive(&[]), "export.data"), Ok(None));
    }

    #[test]
    fn an_archive_that_is_cut_off_or_changed_gives_an_error_or_the_same() {
        let whole = archive(&[
            ("export.data", &b"secret ".repeat(40), None),
            ("b", b"", None),
        ]);
        for length in 0..whole.len() {
            assert!(file(&whole[..length], "export.data").is_err(), "{length}");
        }
        let content = b"secret ".repeat(40);
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut changed = whole.clone();
                changed[at] ^= 1 << bit;
                if let Ok(Some(read)) = file(&changed, "export.data") {
                    assert_eq!(read, content, "{at}");
                }
            }
        }
    }

    #[test]
    fn bombs_are_refused_whatever_they_say() {
        let zeros = vec![0; 8 << 20];
        // Says what it is.
        let open = archive(&[("export.data", &zeros, None)]);
        assert_eq!(file(&open, "export.data"), Err(BOMB));
        // Says that it is small.
        let lying = archive(&[("export.data", &zeros, Some(1_000))]);
        assert_eq!(file(&lying, "export.data"), Err(BOMB));
        // Says that it is larger than anything.
        let giant = archive(&[("export.data", b"x", Some(u32::MAX))]);
        let limit = Unreadable::TooLarge { limit_mb: 16 };
        assert_eq!(file(&giant, "export.data"), Err(limit));
        // A bomb beside it is not touched.
        let beside = archive(&[("export.data", b"x", None), ("files/bomb", &zeros, None)]);
        assert_eq!(file(&beside, "export.data"), Ok(Some(b"x".to_vec())));
    }

    #[test]
    fn two_entries_of_one_name_are_refused() {
        let twice = archive(&[("export.data", b"one", None), ("export.data", b"two", None)]);
        assert_eq!(file(&twice, "export.data"), Err(SHAPE));
    }

    #[test]
    fn encrypted_and_foreign_entries_are_refused() {
        let whole = archive(&[("export.data", b"yes", None)]);
        let directory = whole.windows(4).position(|four| four == b"PK\x01\x02");
        let at = directory.expect("a directory");
        let mut encrypted = whole.clone();
        encrypted[at + 8] |= 1;
        assert_eq!(file(&encrypted, "export.data"), Err(FOREIGN));
        let mut method = whole.clone();
        (method[8], method[at + 10]) = (14, 14);
        assert_eq!(file(&method, "export.data"), Err(FOREIGN));
        // The header before the data says another thing than the directory.
        let mut two_ways = whole;
        two_ways[8] = 0;
        assert_eq!(file(&two_ways, "export.data"), Err(SHAPE));
    }
}
