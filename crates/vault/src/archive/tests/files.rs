//! Archives with files in them that no writer makes.

use keyarc_wire::AttachmentId;

use super::{super::*, *};
use crate::{
    Attachment, AttachmentLayout, CHUNK_LEN, Earlier, ItemDraft, attachment::digest,
    earlier::nothing, import::ROWS_MAX, record::Origin,
};
use entry::{PIECE, piece_head};

/// A file, with what it holds.
struct File {
    attachment: Attachment,
    bytes: Vec<u8>,
}

impl File {
    fn new(number: u8, length: usize) -> Self {
        let bytes: Vec<u8> = (0..length).map(|at| (at % 251) as u8 ^ number).collect();
        let mut file = Self {
            attachment: Attachment {
                id: AttachmentId([number; 16]),
                name: format!("file {number}"),
                media_type: String::new(),
                size: length as u64,
                key: [number; 32],
                digest: [0; 32],
            },
            bytes,
        };
        let layout = file.layout();
        let hashes: Vec<_> = (0..layout.chunks())
            .map(|number| layout.hash(number, file.part(number)).unwrap())
            .collect();
        file.attachment.digest = digest(file.id(), length as u64, &hashes);
        file
    }

    fn id(&self) -> AttachmentId {
        self.attachment.id
    }

    fn layout(&self) -> AttachmentLayout {
        AttachmentLayout::of(self.attachment.size).unwrap()
    }

    fn part(&self, number: u32) -> &[u8] {
        let range = self.layout().content(number);
        &self.bytes[range.start as usize..range.end as usize]
    }

    /// The entry of a piece.
    fn piece(&self, number: u32) -> Vec<u8> {
        piece(self.id(), number, self.part(number))
    }

    fn pieces(&self) -> Vec<Vec<u8>> {
        (0..self.layout().chunks())
            .map(|number| self.piece(number))
            .collect()
    }
}

fn piece(id: AttachmentId, number: u32, content: &[u8]) -> Vec<u8> {
    entry(PIECE, &[&piece_head(id, number), content].concat())
}

/// The entry of an item that names nothing.
fn item() -> Vec<u8> {
    history().remove(0)
}

/// The entry of a version that names files.
fn version(files: &[&Attachment]) -> Vec<u8> {
    let earlier = Earlier {
        draft: ItemDraft {
            attachments: files.iter().copied().cloned().collect(),
            ..ItemDraft::new("A", nothing())
        },
        shares: false,
        variable: None,
        updated_at_ms: 1,
        in_trash: false,
        checks: None,
        origin: Origin {
            made_at_ms: None,
            by_server: false,
            after_gap: false,
        },
    };
    entry(EARLIER, &encode_earlier(&earlier, true))
}

/// An archive of these entries, each in a chunk of its own.
fn chunks(entries: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let items = entries.iter().filter(|entry| entry[0] == ITEM).count();
    let mut chunks = entries.to_vec();
    chunks.push(end(items as u32, &entries.concat()));
    chunks
}

/// The files that are read of it, and how many entries could not be.
fn read(entries: &[Vec<u8>]) -> Result<(Vec<AttachmentId>, usize), ArchiveError> {
    let read = sealed(&chunks(entries))?;
    Ok((read.files, read.errors.len()))
}

/// As it is streamed, so many bytes at a time.
fn streamed(file: &[u8], most: usize) -> ArchiveFiles {
    let mut reader = ArchiveReader::begin(&file[..HEADER_LEN], Some(&code().to_text())).unwrap();
    for some in file[HEADER_LEN..].chunks(most) {
        reader.push(some).unwrap();
        assert!(reader.held() <= read::FRAME_HEAD + ENVELOPE_MAX);
    }
    reader.finish().unwrap().1
}

#[test]
fn pieces_that_are_not_all_of_the_file_make_it_inconsistent() {
    let file = File::new(1, CHUNK_LEN + 1);
    let other = File::new(2, 300);
    let head = [item(), version(&[&file.attachment, &other.attachment])];
    let with = |entries: &[Vec<u8>]| read(&[&head[..], entries].concat());
    let [first, second] = &file.pieces()[..] else {
        panic!("two pieces")
    };
    let small = other.piece(0);
    let both = Ok((vec![file.id(), other.id()], 0));
    assert_eq!(with(&[first.clone(), second.clone(), small.clone()]), both);
    // Between the pieces of one file stands nothing, whatever it is; between two files it may.
    let newer = entry(200, b"");
    let told = Ok((vec![other.id(), file.id()], 1));
    assert_eq!(
        with(&[small.clone(), newer.clone(), first.clone(), second.clone()]),
        told
    );
    let third = piece(file.id(), 2, b"");
    let nobodys = piece(AttachmentId([9; 16]), 0, b"x");
    let cases: [&[&Vec<u8>]; 15] = [
        &[first],
        &[second],
        &[second, first],
        &[first, first, second],
        &[first, second, second],
        &[first, second, first, second],
        &[first, second, &third],
        &[first, &third],
        &[first, &small, second],
        &[first, &newer, second],
        &[first, &item(), second],
        &[first, &nobodys, second],
        &[first, &head[1], second],
        &[&small, &small],
        // A version behind a piece.
        &[&small, &head[1]],
    ];
    for (at, entries) in cases.into_iter().enumerate() {
        let entries: Vec<_> = entries.iter().copied().cloned().collect();
        assert_eq!(with(&entries), Err(ArchiveError::Inconsistent), "case {at}");
    }
}

#[test]
fn a_piece_of_another_length_or_content_makes_it_inconsistent() {
    let file = File::new(1, 300);
    let with = |attachment: &Attachment, content: &[u8]| {
        let piece = piece(file.id(), 0, content);
        read(&[item(), version(&[attachment]), piece]).map(|(files, _)| files.len())
    };
    assert_eq!(with(&file.attachment, &file.bytes), Ok(1));
    let inconsistent = Err(ArchiveError::Inconsistent);
    assert_eq!(with(&file.attachment, &file.bytes[1..]), inconsistent);
    assert_eq!(
        with(&file.attachment, &[&file.bytes[..], &[0]].concat()),
        inconsistent
    );
    assert_eq!(with(&file.attachment, b""), inconsistent);
    let mut changed = file.bytes.clone();
    changed[299] ^= 1;
    assert_eq!(with(&file.attachment, &changed), inconsistent);
    // Of the record.
    let spoilt = |spoil: fn(&mut Attachment)| {
        let mut attachment = file.attachment.clone();
        spoil(&mut attachment);
        with(&attachment, &file.bytes)
    };
    assert_eq!(spoilt(|one| one.size = 299), inconsistent);
    assert_eq!(spoilt(|one| one.size = 301), inconsistent);
    assert_eq!(spoilt(|one| one.digest[0] ^= 1), inconsistent);
    // No digest is over name, type and key.
    assert_eq!(spoilt(|one| one.name = "other".into()), Ok(1));
    // Of a size that no file has. The import refuses what names it.
    assert_eq!(spoilt(|one| one.size = u64::MAX), Ok(0));
    // Two records of one file that are not of one file, with pieces and without.
    let mut grown = file.attachment.clone();
    grown.size += 1;
    let mut another = file.attachment.clone();
    another.digest[31] ^= 1;
    for second in [grown, another] {
        for pieces in [Vec::new(), file.pieces()] {
            let head = vec![item(), version(&[&file.attachment]), version(&[&second])];
            let refused = read(&[head, pieces].concat());
            assert_eq!(refused.err(), Some(ArchiveError::Inconsistent));
        }
    }
    // A body that has no room for an id and a number.
    for length in 0..20 {
        let refused = read(&[item(), entry(PIECE, &[0; 20][..length])]);
        assert_eq!(refused.err(), Some(ArchiveError::Inconsistent), "{length}");
    }
}

#[test]
fn files_that_nothing_names_are_passed_over() {
    let file = File::new(1, CHUNK_LEN + 1);
    let names = version(&[&file.attachment]);
    let with = |head: Vec<Vec<u8>>| read(&[head, file.pieces()].concat());
    // Before any item; of none; of one that cannot be read, which is told.
    assert_eq!(with(Vec::new()), Ok((Vec::new(), 0)));
    assert_eq!(with(vec![item()]), Ok((Vec::new(), 0)));
    let broken = entry(ITEM, b"\x80");
    assert_eq!(
        with(vec![broken.clone(), names.clone()]),
        Ok((Vec::new(), 1))
    );
    let unreadable = entry(EARLIER, b"\x80");
    assert_eq!(with(vec![item(), unreadable]), Ok((Vec::new(), 1)));
    // One that can be read names it, and comes too late; or in time.
    let late = [
        vec![broken.clone()],
        file.pieces(),
        vec![item(), names.clone()],
    ]
    .concat();
    assert_eq!(read(&late), Ok((Vec::new(), 1)));
    assert_eq!(
        with(vec![broken, item(), names.clone(), item()]),
        Ok((vec![file.id()], 1))
    );
    // Beyond what an import takes.
    let many = vec![item().repeat(ROWS_MAX / 2); 2];
    let beyond = [many, vec![item(), item(), names]].concat();
    let mut chunks = [beyond, file.pieces()].concat();
    let contents = chunks.concat();
    chunks.push(end(ROWS_MAX as u32 + 2, &contents));
    let read = sealed(&chunks).unwrap();
    assert_eq!((read.found.len(), read.files.len()), (ROWS_MAX + 1, 0));
}

#[test]
fn a_file_of_which_nothing_came_is_not_there() {
    let there = File::new(1, 5);
    let missing = File::new(2, 5);
    let names = version(&[&there.attachment, &missing.attachment]);
    let file = written(&chunks(&[item(), names, there.piece(0)]));
    let files = streamed(&file, 100);
    assert_eq!(files.ids(), [there.id()]);
    assert!(files.get(missing.id()).is_none() && files.pieces(missing.id()).is_empty());
    assert_eq!(
        files.open(missing.id(), 0, &[]).err(),
        Some(ArchiveError::Inconsistent)
    );
}

#[test]
fn a_piece_opens_from_its_own_place_alone() {
    let file = File::new(1, 2 * CHUNK_LEN + 9);
    let small = File::new(2, 9);
    let twin = File::new(3, 9);
    let names = version(&[&file.attachment, &small.attachment, &twin.attachment]);
    let head = [item(), names].concat();
    // Two in one chunk.
    let few = [small.piece(0), twin.piece(0)].concat();
    let entries = [vec![head], file.pieces(), vec![few]].concat();
    let contents = entries.concat();
    let archive = written(&[entries, vec![end(1, &contents)]].concat());
    for most in [1_000, archive.len()] {
        let files = streamed(&archive, most);
        assert_eq!(files.ids(), [file.id(), small.id(), twin.id()]);
        let envelope = |id, number: usize| {
            let place = files.pieces(id)[number];
            let from = place.offset as usize;
            &archive[from..from + place.length as usize]
        };
        for file in [&file, &small, &twin] {
            assert_eq!(files.get(file.id()), Some(&file.attachment));
            let chunks = file.layout().chunks();
            assert_eq!(files.pieces(file.id()).len(), chunks as usize);
            for number in 0..chunks {
                let own = envelope(file.id(), number as usize);
                let opened = files.open(file.id(), number, own).unwrap();
                assert!(*opened == file.part(number));
            }
            let beyond = files.open(file.id(), chunks, envelope(file.id(), 0));
            assert_eq!(beyond.err(), Some(ArchiveError::Inconsistent));
        }
        let refused = |number, envelope: &[u8]| files.open(file.id(), number, envelope).err();
        let altered = Some(ArchiveError::Altered);
        assert_eq!(refused(0, envelope(file.id(), 1)), altered);
        assert_eq!(refused(1, envelope(file.id(), 0)), altered);
        assert_eq!(refused(0, envelope(small.id(), 0)), altered);
        assert_eq!(
            refused(0, &envelope(file.id(), 0)[1..]),
            Some(ArchiveError::Foreign)
        );
        let mut spoilt = envelope(file.id(), 0).to_vec();
        spoilt[1_000] ^= 1;
        assert_eq!(refused(0, &spoilt), altered);
        spoilt[10] ^= 1;
        assert_eq!(refused(0, &spoilt), Some(ArchiveError::Foreign));
        assert_eq!(refused(0, &[]), Some(ArchiveError::Foreign));
    }
}

#[test]
fn another_chunk_in_the_place_of_one_that_was_seen_is_refused() {
    // Only who has the key can make one: two archives of one header are of one key.
    let file = File::new(1, 300);
    let names = version(&[&file.attachment]);
    let archive = written(&chunks(&[item(), names.clone(), file.piece(0)]));
    let files = streamed(&archive, 7);
    let place = files.pieces(file.id())[0];
    let piece_of = |content: &[u8]| {
        let entries = [item(), names.clone(), piece(file.id(), 0, content)];
        let other = written(&chunks(&entries));
        let from = place.offset as usize;
        files.open(file.id(), 0, &other[from..from + place.length as usize])
    };
    assert!(*piece_of(&file.bytes).unwrap() == file.bytes);
    let mut changed = file.bytes.clone();
    changed[0] ^= 1;
    assert_eq!(piece_of(&changed).err(), Some(ArchiveError::Altered));
}

#[test]
fn a_reader_holds_one_chunk_however_it_is_given() {
    let file = File::new(1, 8 * CHUNK_LEN);
    let names = version(&[&file.attachment]);
    let archive = written(&chunks(&[&[item(), names][..], &file.pieces()].concat()));
    for most in [4_093, 1 << 20, archive.len()] {
        assert_eq!(streamed(&archive, most).ids(), [file.id()]);
    }
}

#[test]
fn what_was_refused_stays_refused() {
    let archive = written(&chunks(&[item(), item()]));
    let mut spoilt = archive.clone();
    spoilt[HEADER_LEN + 200] ^= 1;
    let code = code().to_text();
    let mut reader = ArchiveReader::begin(&spoilt[..HEADER_LEN], Some(&code)).unwrap();
    let altered = Err(Unreadable::Archive(ArchiveError::Altered));
    assert_eq!(reader.push(&spoilt[HEADER_LEN..]), altered);
    // Not even the right bytes are taken then.
    assert_eq!(reader.push(&archive[HEADER_LEN..]), altered);
    assert_eq!(reader.push(&[]), altered);
    assert_eq!(reader.finish().map(drop), altered);
}
