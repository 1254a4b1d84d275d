//! Files go into an archive and come out of it, whatever the archive is read in.

mod restoring;

use keyarc_crypto::{SetupCode, Suite};
use keyarc_vault::{
    Attachment, AttachmentLayout, CHUNK_LEN, Content, Earlier, FilePassword, ImportPlan,
    ImportWish, ItemDraft, Upload,
    archive::{
        ArchiveFiles, ArchiveLock, ArchiveReader, ArchiveRefused, ArchiveWriter, HEADER_LEN,
    },
    export::Exported,
    import::{Import, Opened, Unreadable, open},
};
use keyarc_wire::{AttachmentId, ItemId};
use proptest::prelude::*;

use crate::common::{Fixture, NOW, TODAY, TestRng, cases, fixture, key, seeded};

fn code() -> SetupCode {
    SetupCode::make(Suite::Pbkdf2Sha256, &mut TestRng(7))
}

fn wish() -> ImportWish {
    ImportWish {
        password: Some(FilePassword(code().to_text().to_string())),
        ..ImportWish::default()
    }
}

/// A file, with what it holds.
#[derive(Clone)]
struct File {
    attachment: Attachment,
    bytes: Vec<u8>,
}

impl File {
    fn new(name: &str, bytes: Vec<u8>) -> Self {
        let letters = name.bytes().map(u64::from);
        let seed = letters.fold(0_u64, |seed, letter| seed.wrapping_mul(251) + letter);
        let attachment = upload(
            name,
            "text/plain",
            bytes.len() as u64,
            seed,
            |layout, number| part(layout, number, &bytes),
        );
        Self { attachment, bytes }
    }

    fn of(name: &str, length: usize) -> Self {
        Self::new(name, (0..length).map(|at| (at % 253) as u8).collect())
    }

    fn id(&self) -> AttachmentId {
        self.attachment.id
    }

    fn parts(&self) -> Vec<Vec<u8>> {
        let layout = AttachmentLayout::of(self.attachment.size).unwrap();
        (0..layout.chunks())
            .map(|number| part(layout, number, &self.bytes))
            .collect()
    }
}

fn part(layout: AttachmentLayout, number: u32, bytes: &[u8]) -> Vec<u8> {
    let range = layout.content(number);
    bytes[range.start as usize..range.end as usize].to_vec()
}

/// What a file becomes that is sent to a server.
fn upload(
    name: &str,
    media_type: &str,
    size: u64,
    seed: u64,
    content: impl Fn(AttachmentLayout, u32) -> Vec<u8>,
) -> Attachment {
    let what = (name, media_type, size);
    let mut upload = Upload::begin(ItemId([0; 16]), what, NOW, &mut TestRng(seed)).unwrap();
    let layout = upload.layout();
    for number in 0..layout.chunks() {
        upload.note(number, &content(layout, number)).unwrap();
    }
    upload.finish().unwrap()
}

/// An item that names files.
fn item(this: &mut Fixture, name: &str, files: &[&File]) -> Exported {
    let draft = ItemDraft {
        attachments: files.iter().map(|file| file.attachment.clone()).collect(),
        ..key(name, name)
    };
    let write = this.seal(&draft);
    this.accept(write.clone());
    let item = this.open(&write).unwrap();
    this.vault.exported(item).unwrap()
}

/// An item, what it was before, and the files that follow.
type Part<'a> = (Exported, Vec<Earlier>, Vec<&'a File>);

/// An archive with files.
fn archive(parts: &[Part<'_>]) -> Result<Vec<u8>, ArchiveRefused> {
    let (mut out, mut rng) = (Vec::new(), TestRng(5));
    let lock = ArchiveLock::Code(&code());
    let begun = ArchiveWriter::begin(lock, TODAY, &mut out, &mut rng)?;
    let mut writer = begun.with_files();
    for (item, earlier, files) in parts {
        writer.put_with(item, earlier, &mut out, &mut rng)?;
        for file in files {
            for (number, part) in (0..).zip(file.parts()) {
                writer.piece(file.id(), number, &part, &mut out, &mut rng)?;
            }
        }
    }
    writer.finish(NOW, 42, &mut out, &mut rng)?;
    Ok(out)
}

fn streamed(
    file: &[u8],
    lengths: impl Iterator<Item = usize>,
) -> Result<(Opened, ArchiveFiles), Unreadable> {
    let (header, mut rest) = file.split_at(HEADER_LEN.min(file.len()));
    let mut reader = ArchiveReader::begin(header, Some(&code().to_text()))?;
    for length in lengths {
        let (some, after) = rest.split_at(length.min(rest.len()));
        reader.push(some)?;
        rest = after;
    }
    reader.push(rest)?;
    reader.finish()
}

fn read(this: &Fixture, file: &[u8]) -> (Import, ArchiveFiles) {
    let (opened, files) = streamed(file, std::iter::repeat_n(10_000, file.len() / 10_000)).unwrap();
    let mut sorting = opened.sort(&this.vault);
    sorting.step(&this.vault, usize::MAX);
    (sorting.finish(), files)
}

fn take_out(archive: &[u8], files: &ArchiveFiles, id: AttachmentId) -> Vec<u8> {
    let places = (0..).zip(files.pieces(id));
    places
        .flat_map(|(number, place)| {
            let from = place.offset as usize;
            let envelope = &archive[from..from + place.length as usize];
            files.open(id, number, envelope).unwrap().to_vec()
        })
        .collect()
}

fn names_of(files: &[Attachment]) -> Vec<&str> {
    files.iter().map(|file| file.name.as_str()).collect()
}

#[test]
fn files_of_every_size_come_out_as_they_went_in() {
    let sizes = [0, 1, 300, CHUNK_LEN, CHUNK_LEN + 1, 3 * CHUNK_LEN + 17];
    let all: Vec<_> = sizes
        .iter()
        .map(|size| File::of(&format!("{size}.bin"), *size))
        .collect();
    let mut this = fixture();
    let first = item(&mut this, "A", &[&all[0], &all[4]]);
    let second = item(&mut this, "B", &all.iter().collect::<Vec<_>>());
    let rest = vec![&all[5], &all[1], &all[2], &all[3]];
    let file = archive(&[
        (first, Vec::new(), vec![&all[4], &all[0]]),
        (second, Vec::new(), rest),
    ])
    .unwrap();
    let other = seeded(9);
    let read = read(&other, &file);
    let (import, files) = &read;
    let order = [4, 0, 5, 1, 2, 3].map(|at: usize| all[at].id());
    assert_eq!(files.ids(), order);
    for one in &all {
        assert!(
            take_out(&file, files, one.id()) == one.bytes,
            "{:?}",
            one.attachment
        );
        assert_eq!(files.get(one.id()), Some(&one.attachment));
    }
    let found = import.preview();
    assert_eq!((found.new, found.broken), (2, 0));
    let bytes: usize = sizes.iter().sum();
    assert_eq!(
        (found.files, found.file_bytes, found.files_missing),
        (6, bytes as u64, 0)
    );
    let needed = import.files(&ImportPlan::default()).unwrap();
    assert!(needed.iter().map(|one| one.id).eq(order));
    // Of the first item alone.
    let some = ImportPlan {
        except: vec![1],
        ..ImportPlan::default()
    };
    let needed = import.files(&some).unwrap();
    assert_eq!(names_of(&needed), [&*all[4].attachment.name, "0.bin"]);
    let without = ImportPlan {
        without_files: true,
        ..ImportPlan::default()
    };
    assert_eq!(import.files(&without).unwrap(), []);
    let beyond = ImportPlan {
        except: vec![2],
        ..ImportPlan::default()
    };
    assert_eq!(import.files(&beyond).unwrap_err().field, "rows");
}

#[test]
fn an_archive_without_files_says_nothing_of_them() {
    let one = File::of("canary.txt", 40);
    let mut this = fixture();
    let exported = item(&mut this, "A", &[&one]);
    let (mut out, mut rng) = (Vec::new(), TestRng(5));
    let lock = ArchiveLock::Code(&code());
    let mut writer = ArchiveWriter::begin(lock, TODAY, &mut out, &mut rng).unwrap();
    writer.put(&exported, &mut out, &mut rng).unwrap();
    let refused = writer.piece(one.id(), 0, &one.bytes, &mut out, &mut rng);
    assert_eq!(refused, Err(ArchiveRefused::Files));
    writer.finish(NOW, 42, &mut out, &mut rng).unwrap();
    let other = seeded(9);
    let (import, files) = read(&other, &out);
    let found = import.preview();
    assert_eq!((found.new, found.files, found.files_missing), (1, 0, 0));
    assert_eq!(
        (
            files.ids(),
            import.files(&ImportPlan::default()).unwrap().len()
        ),
        (&[][..], 0)
    );
}

#[test]
fn what_would_not_be_read_is_not_written() {
    let one = File::of("one.bin", CHUNK_LEN + 5);
    let two = File::of("two.bin", 5);
    let mut this = fixture();
    let exported = item(&mut this, "A", &[&one, &two]);
    let mut impostor = two.clone();
    impostor.attachment.size += 1;
    let other = item(&mut this, "B", &[&impostor]);
    let parts = one.parts();
    type Step<'a> = (AttachmentId, u32, &'a [u8]);
    let refused = |steps: &[Step<'_>]| {
        let (mut out, mut rng) = (Vec::new(), TestRng(5));
        let lock = ArchiveLock::Code(&code());
        let begun = ArchiveWriter::begin(lock, TODAY, &mut out, &mut rng).unwrap();
        let mut writer = begun.with_files();
        writer.put(&exported, &mut out, &mut rng).unwrap();
        let (last, before) = steps.split_last().unwrap();
        for (id, number, content) in before {
            writer
                .piece(*id, *number, content, &mut out, &mut rng)
                .unwrap();
        }
        let (id, number, content) = *last;
        writer.piece(id, number, content, &mut out, &mut rng).err()
    };
    let first: Step<'_> = (one.id(), 0, &parts[0]);
    let second: Step<'_> = (one.id(), 1, &parts[1]);
    let small: Step<'_> = (two.id(), 0, &two.bytes);
    assert_eq!(refused(&[first, second, small]), None);
    let no = Some(ArchiveRefused::Files);
    assert_eq!(refused(&[second]), no);
    assert_eq!(refused(&[first, first]), no);
    assert_eq!(refused(&[first, small]), no);
    assert_eq!(refused(&[first, second, first]), no);
    assert_eq!(refused(&[small, small]), no);
    assert_eq!(refused(&[(two.id(), 0, b"1234")]), no);
    assert_eq!(refused(&[(two.id(), 0, b"other")]), no);
    assert_eq!(refused(&[first, (one.id(), 1, b"other")]), no);
    assert_eq!(refused(&[(AttachmentId([1; 16]), 0, b"")]), no);

    // Another item, and the end, where a file is not whole; a file that is two.
    let (mut out, mut rng) = (Vec::new(), TestRng(5));
    let lock = ArchiveLock::Code(&code());
    let begun = ArchiveWriter::begin(lock, TODAY, &mut out, &mut rng).unwrap();
    let mut writer = begun.with_files();
    writer.put(&exported, &mut out, &mut rng).unwrap();
    let refused = writer.put(&other, &mut out, &mut rng);
    assert_eq!(refused, Err(ArchiveRefused::Files));
    writer
        .piece(one.id(), 0, &parts[0], &mut out, &mut rng)
        .unwrap();
    let refused = writer.put(&exported, &mut out, &mut rng);
    assert_eq!(refused, Err(ArchiveRefused::Files));
    let refused = writer.finish(NOW, 42, &mut out, &mut rng);
    assert_eq!(refused, Err(ArchiveRefused::Files));
}

#[test]
fn no_bit_of_one_with_a_file_can_be_another_and_no_byte_missing() {
    let one = File::of("one.bin", 60);
    let mut this = fixture();
    let exported = item(&mut this, "A", &[&one]);
    let file = archive(&[(exported, Vec::new(), vec![&one])]).unwrap();
    let read = |file: &[u8], most: usize| {
        let lengths = std::iter::repeat_n(most, file.len());
        streamed(file, lengths).map(|(opened, files)| (opened.counts(), files.ids().len()))
    };
    assert_eq!(read(&file, 100), Ok(((1, 0), 1)));
    for at in 0..file.len() {
        let mut other = file.clone();
        other[at] ^= 1 << (at % 8);
        let whole = read(&other, usize::MAX).unwrap_err();
        assert_eq!(read(&other, 61).unwrap_err(), whole, "byte {at}");
        let cut = read(&file[..at], usize::MAX).unwrap_err();
        assert_eq!(read(&file[..at], 61).unwrap_err(), cut, "cut at {at}");
        if let Some(Unreadable::Archive(_)) = open(&file[..at], None, &wish()).err() {
            assert_eq!(open(&file[..at], None, &wish()).unwrap_err(), cut);
        }
    }
    let longer = [&file[..], &[0]].concat();
    assert_eq!(read(&longer, 1), read(&longer, usize::MAX));
    assert!(read(&longer, 1).is_err());
}

#[test]
fn the_checked_in_archive_with_files_opens() {
    let all: serde_json::Value =
        serde_json::from_str(include_str!("../../../vectors/archive-files.json")).unwrap();
    let file = include_bytes!("../../../vectors/archive-files.keyarc");
    let secret = all["archives"][0]["secret"].as_str().unwrap();
    let mut reader = ArchiveReader::begin(file, Some(secret)).unwrap();
    reader.push(&[]).unwrap();
    let (opened, files) = reader.finish().unwrap();
    let hex = |value: &serde_json::Value| -> Vec<u8> {
        let text = value.as_str().unwrap();
        let digits = (0..text.len()).step_by(2);
        let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        digits.map(byte).collect()
    };
    let listed = all["files"].as_array().unwrap();
    assert_eq!(files.ids().len(), listed.len());
    for (one, id) in listed.iter().zip(files.ids()) {
        assert_eq!(id.0.to_vec(), hex(&one["id"]));
        let attachment = files.get(*id).unwrap();
        assert_eq!(attachment.name, one["name"].as_str().unwrap());
        assert_eq!(attachment.media_type, one["media_type"].as_str().unwrap());
        assert_eq!(attachment.digest.to_vec(), hex(&one["digest"]));
        assert_eq!(take_out(file, &files, *id), hex(&one["content"]));
    }
    let this = fixture();
    let mut sorting = opened.sort(&this.vault);
    sorting.step(&this.vault, usize::MAX);
    let import = sorting.finish();
    let found = import.preview();
    assert_eq!((found.new, found.broken, found.earlier), (2, 0, 2));
    assert_eq!(
        (found.files, found.file_bytes, found.files_missing),
        (3, 301, 1)
    );
    assert_eq!(found.archive.map(|facts| facts.revision), Some(44));
    // What was written before files could be in an archive reads as it did.
    for before in [
        include_bytes!("../../../vectors/archive-code.keyarc").as_slice(),
        include_bytes!("../../../vectors/archive-history.keyarc"),
    ] {
        let mut reader = ArchiveReader::begin(&before[..HEADER_LEN], Some(secret)).unwrap();
        for byte in &before[HEADER_LEN..] {
            reader.push(&[*byte]).unwrap();
        }
        let (opened, files) = reader.finish().unwrap();
        let wish = ImportWish {
            password: Some(FilePassword(secret.to_owned())),
            ..ImportWish::default()
        };
        let whole = open(before, None, &wish).unwrap();
        assert_eq!(opened.counts(), whole.counts());
        assert!(opened.places().eq(whole.places()));
        assert_eq!(files.ids(), []);
    }
}

/// All that an import says, and what it would write.
fn told(this: &Fixture, opened: Opened) -> String {
    let mut sorting = opened.sort(&this.vault);
    sorting.step(&this.vault, usize::MAX);
    let import = sorting.finish();
    let plan = ImportPlan::default();
    let planned = this.vault.plan_import(&import, &plan).unwrap();
    let contents = planned.iter().map(|item| match &item.draft.content {
        Content::ApiKey { value } => format!("{}={value}", item.draft.name),
        _ => item.draft.name.clone(),
    });
    let contents: Vec<_> = contents.collect();
    let files = import.files(&plan).unwrap();
    format!(
        "{:?} {contents:?} {files:?} {:?}",
        import.preview(),
        import.errors(0, 100)
    )
}

proptest! {
    #![proptest_config(cases(32))]

    #[test]
    fn however_it_comes_in_it_is_the_same(
        holds in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..3_000), 0..6),
        names in prop::collection::vec(prop::collection::vec(0_usize..6, 0..4), 1..5),
        lengths in prop::collection::vec(0_usize..5_000, 0..20),
        spoil in any::<(usize, u8)>(),
        cut in any::<usize>(),
    ) {
        let all: Vec<_> = (0..)
            .zip(holds)
            .map(|(at, bytes)| File::new(&format!("{at}"), bytes))
            .collect();
        let mut this = fixture();
        let mut written: Vec<AttachmentId> = Vec::new();
        let mut parts: Vec<Part<'_>> = Vec::new();
        for (at, mut named) in names.into_iter().enumerate() {
            named.retain(|file| *file < all.len());
            named.sort_unstable();
            named.dedup();
            let files: Vec<_> = named.iter().map(|file| &all[*file]).collect();
            let exported = item(&mut this, &format!("Key {at}"), &files);
            let fresh: Vec<_> = files
                .into_iter()
                .filter(|file| !written.contains(&file.id()))
                .collect();
            written.extend(fresh.iter().map(|file| file.id()));
            parts.push((exported, Vec::new(), fresh));
        }
        let mut file = archive(&parts).unwrap();
        let other = seeded(9);
        let whole = told(&other, open(&file, None, &wish()).unwrap());
        let (opened, files) = streamed(&file, lengths.iter().copied()).unwrap();
        prop_assert_eq!(&told(&other, opened), &whole);
        prop_assert_eq!(files.ids(), written);
        for one in all.iter().filter(|one| files.get(one.id()).is_some()) {
            prop_assert_eq!(&take_out(&file, &files, one.id()), &one.bytes);
        }
        let (opened, _) = streamed(&file, std::iter::repeat_n(1, file.len())).unwrap();
        prop_assert_eq!(told(&other, opened), whole);
        // And what is wrong with it is the same.
        let at = HEADER_LEN + spoil.0 % (file.len() - HEADER_LEN);
        file[at] ^= spoil.1 | 1;
        let end = HEADER_LEN + cut % (file.len() - HEADER_LEN);
        for spoilt in [&file[..], &file[..end]] {
            let whole = open(spoilt, None, &wish()).unwrap_err();
            prop_assert_eq!(streamed(spoilt, lengths.iter().copied()).err(), Some(whole));
            let bytes = std::iter::repeat_n(1, spoilt.len());
            prop_assert_eq!(streamed(spoilt, bytes).err(), Some(whole));
        }
    }
}
