//! Files that are attached to items: whole or not at all, whatever the server and the line do.

use std::cell::Cell;

use keyarc_client::{ChangeAllKeys, ClientError, SaveError, Stoppable};
use keyarc_crypto::Suite;
use keyarc_vault::{
    ATTACHMENT_MAX, Attachment, AttachmentChange, AttachmentLayout, AttachmentReader, CHUNK_LEN,
    Change, Upload, Version,
};
use keyarc_wire::{AttachmentId, ErrorCode, ItemId};
use serde_json::json;
use zeroize::Zeroizing;

use crate::common::{Fault, ORIGIN, PASSWORD, TestSession, World, draft, edit, run};

/// Nobody stops it.
const ON: fn() -> bool = || true;

type Chunks = Vec<Option<Vec<u8>>>;

fn file(len: usize) -> Vec<u8> {
    b"canary "
        .iter()
        .copied()
        .cycle()
        .take(len)
        .enumerate()
        .map(|(at, byte)| byte ^ (at / 7) as u8)
        .collect()
}

fn part<'a>(upload: &Upload, number: u32, file: &'a [u8]) -> &'a [u8] {
    let range = upload.layout().content(number);
    &file[range.start as usize..range.end as usize]
}

/// Sends what the server lacks, as a worker does.
async fn send(session: &TestSession, upload: &mut Upload, file: &[u8]) -> Result<(), ClientError> {
    let Stoppable::Done(received) = session.begin_upload(upload, ON).await? else {
        panic!("nobody stopped it");
    };
    for number in 0..upload.layout().chunks() {
        let content = part(upload, number, file);
        upload.note(number, content).expect("the same file");
        if !received.contains(&number) {
            session.send_chunk(upload, number, content, ON).await?;
        }
    }
    Ok(())
}

async fn put(session: &TestSession, item: ItemId, upload: &Upload) -> Result<(), SaveError> {
    let attachment = upload.finish().expect("whole");
    let change = AttachmentChange::Put { attachment, at: 9 };
    session.change_attachments(item, &change).await.map(drop)
}

/// An item with a file of this content.
async fn attached(session: &TestSession, name: &str, content: &[u8]) -> (ItemId, AttachmentId) {
    let item = session.save(&draft("A", "one")).await.expect("saves");
    let item = item.summary.id;
    (item, attach(session, item, name, content).await)
}

async fn attach(session: &TestSession, item: ItemId, name: &str, content: &[u8]) -> AttachmentId {
    let wish = (name, "text/plain", content.len() as u64);
    let mut upload = session.new_upload(item, wish).expect("fits");
    send(session, &mut upload, content).await.expect("sends");
    put(session, item, &upload).await.expect("attaches");
    upload.id()
}

async fn read(
    session: &TestSession,
    item: ItemId,
    id: AttachmentId,
) -> Result<Vec<u8>, ClientError> {
    let (attachment, _) = session.attachment(item, id).await?;
    read_it(session, &attachment).await
}

async fn read_it(session: &TestSession, attachment: &Attachment) -> Result<Vec<u8>, ClientError> {
    let mut reader = AttachmentReader::begin(attachment).expect("a size");
    let mut content = Vec::new();
    loop {
        match session.read_chunk(attachment.id, &mut reader, ON).await? {
            Stoppable::Done(Some(chunk)) => content.extend_from_slice(&chunk),
            Stoppable::Done(None) => return Ok(content),
            Stoppable::Stopped => panic!("nobody stopped it"),
        }
    }
}

fn spoil(world: &World, spoil: impl FnOnce(&mut Vec<&mut Chunks>)) {
    world.server.borrow_mut().spoil_attachments(spoil);
}

#[test]
fn a_file_reads_back_on_another_device_and_stays_with_its_item() {
    run(async {
        let world = World::new().await;
        let session = &world.session;
        let content = file(2 * CHUNK_LEN + 100);
        let (item, id) = attached(session, "contract.pdf", &content).await;
        let there = world.device().await;
        let row = there.look(|vault| vault.summary(item)).expect("there");
        assert_eq!(
            (row.files[0].name.as_str(), row.files[0].size),
            ("contract.pdf", content.len() as u64)
        );
        assert!(read(&there, item, id).await == Ok(content.clone()));
        // Saved by the other device, in the trash and out of it.
        let known = there.reveal(item).await.expect("reveals");
        let mut next = edit(&known, "two");
        next.attachments = known.attachments.clone();
        there.save(&next).await.expect("saves");
        there.trash(&[item]).await.expect("trashes");
        there.restore(&[item]).await.expect("restores");
        session.sync().await.expect("syncs");
        assert!(read(session, item, id).await == Ok(content));
        // Neither the content nor the name lies at the server.
        spoil(&world, |files| {
            let sealed = files[0]
                .iter()
                .flatten()
                .flatten()
                .copied()
                .collect::<Vec<u8>>();
            assert!(!sealed.windows(7).any(|window| window == b"canary "));
        });
    });
}

#[test]
fn an_empty_file_is_a_file() {
    run(async {
        let world = World::new().await;
        let (item, id) = attached(&world.session, "empty", b"").await;
        assert_eq!(read(&world.session, item, id).await, Ok(Vec::new()));
    });
}

#[test]
fn the_history_tells_of_files_and_brings_them_back() {
    run(async {
        let world = World::new().await;
        let session = &world.session;
        let (item, id) = attached(session, "a.txt", b"one").await;
        let rename = AttachmentChange::Rename {
            id,
            name: "b.txt".into(),
        };
        let renamed = session
            .change_attachments(item, &rename)
            .await
            .expect("renames");
        assert_eq!(renamed.attachments[0].name, "b.txt");
        let (removed, at) = session.attachment(item, id).await.expect("there");
        let gone = session
            .change_attachments(item, &AttachmentChange::Remove(id))
            .await;
        assert!(gone.expect("removes").attachments.is_empty());
        let versions = session.versions(item).await.expect("lists");
        for version in &versions[..3] {
            let Version::Read(row) = version else {
                panic!("{version:?}")
            };
            assert_eq!(row.changes.as_deref(), Some(&[Change::Attachments][..]));
        }
        // The version before names it still, and it can be read.
        let before = session.version(item, 3).await.expect("opens");
        assert!(read_it(session, &before.attachments[0]).await == Ok(b"one".to_vec()));
        session.restore_version(item, 2).await.expect("restores");
        assert_eq!(
            session.attachment(item, id).await.expect("there").0.name,
            "a.txt"
        );
        // Put back beside it: it is there already, and nothing is written.
        let revision = world.revision();
        let change = AttachmentChange::Put {
            attachment: removed,
            at,
        };
        session
            .change_attachments(item, &change)
            .await
            .expect("does nothing");
        assert_eq!(world.revision(), revision);
    });
}

#[test]
fn whatever_gets_lost_on_the_way_is_sent_again() {
    run(async {
        for fault in [Fault::RequestLost, Fault::AnswerLost, Fault::BadGateway] {
            let world = World::new().await;
            let session = &world.session;
            let item = session.save(&draft("A", "one")).await.expect("saves");
            let item = item.summary.id;
            let content = file(CHUNK_LEN + 9);
            let wish = ("a", "", content.len() as u64);
            let mut upload = session.new_upload(item, wish).expect("fits");
            // The beginning, twice; then each chunk once.
            world.faults([fault, fault, Fault::Twice, fault, Fault::Twice, fault]);
            send(session, &mut upload, &content).await.expect("sends");
            put(session, item, &upload).await.expect("attaches");
            world.faults([fault, Fault::Twice, fault]);
            assert!(read(session, item, upload.id()).await == Ok(content));
            assert!(world.host.told.borrow().pauses.len() >= 4, "{fault:?}");
            assert!(world.host.told.borrow().online >= 1);
        }
    });
}

#[test]
fn too_many_requests_are_waited_for() {
    run(async {
        let world = World::new().await;
        let item = world.session.save(&draft("A", "one")).await.expect("saves");
        world.faults([Fault::Refuse(ErrorCode::RateLimited)]);
        attach(&world.session, item.summary.id, "a", b"x").await;
        assert!(world.host.told.borrow().pauses.contains(&60_000));
    });
}

#[test]
fn an_upload_stops_while_the_server_is_away_and_goes_on_where_it_was() {
    run(async {
        let world = World::new().await;
        let session = &world.session;
        let item = session.save(&draft("A", "one")).await.expect("saves");
        let item = item.summary.id;
        let content = file(3 * CHUNK_LEN);
        let wish = ("a.bin", "", content.len() as u64);
        let mut upload = session.new_upload(item, wish).expect("fits");
        session.begin_upload(&upload, ON).await.expect("begins");
        let first = part(&upload, 0, &content);
        upload.note(0, first).expect("the file");
        session
            .send_chunk(&upload, 0, first, ON)
            .await
            .expect("sends");
        world.server.borrow_mut().down = true;
        let second = part(&upload, 1, &content);
        upload.note(1, second).expect("the file");
        let tries = Cell::new(3);
        let goes_on = || tries.replace(tries.get() - 1) > 0;
        let stopped = session.send_chunk(&upload, 1, second, goes_on).await;
        assert_eq!(stopped, Ok(Stoppable::Stopped));
        // The page is loaded anew; what the device kept is all that is left.
        let kept = session.seal_uploads(&[upload]).expect("seals");
        world.server.borrow_mut().down = false;
        let again = world.come_back().await.expect("logs in");
        let mut uploads = again.open_uploads(&kept).expect("opens");
        let mut upload = uploads.pop().expect("one");
        assert_eq!((upload.item(), upload.name()), (item, "a.bin"));
        let received = again.begin_upload(&upload, ON).await;
        assert_eq!(received, Ok(Stoppable::Done(vec![0])));
        let mut other = content.clone();
        other[CHUNK_LEN] ^= 1;
        assert!(upload.note(1, part(&upload.clone(), 1, &other)).is_err());
        send(&again, &mut upload, &content).await.expect("sends");
        put(&again, item, &upload).await.expect("attaches");
        assert!(read(&again, item, upload.id()).await == Ok(content));
        // Another account opens nothing of it.
        let stranger = World::new().await;
        assert!(stranger.session.open_uploads(&kept).is_none());
    });
}

#[test]
fn an_item_never_names_half_a_file() {
    run(async {
        let world = World::new().await;
        let session = &world.session;
        let item = session.save(&draft("A", "one")).await.expect("saves");
        let item = item.summary.id;
        let content = file(2 * CHUNK_LEN);
        let wish = ("a", "", content.len() as u64);
        let mut upload = session.new_upload(item, wish).expect("fits");
        send(session, &mut upload, &content).await.expect("sends");
        // The server says that it has it all, and has lost a part.
        spoil(&world, |files| files[0][1] = None);
        let revision = world.revision();
        let refused = put(session, item, &upload).await;
        assert!(
            matches!(refused, Err(SaveError::Client(ClientError::Refused { .. }))),
            "{refused:?}"
        );
        assert_eq!(world.revision(), revision);
        session.sync().await.expect("syncs");
        assert!(
            session
                .reveal(item)
                .await
                .expect("reveals")
                .attachments
                .is_empty()
        );
        // Given up, it is gone; once more is no mistake.
        session.discard_upload(upload.id()).await.expect("gives up");
        assert_eq!(world.server.borrow().attachments(), 0);
        session.discard_upload(upload.id()).await.expect("gives up");
        let sent = session
            .send_chunk(&upload, 0, part(&upload, 0, &content), ON)
            .await;
        assert_eq!(sent, Err(ClientError::NotFound));
    });
}

#[test]
fn a_file_from_elsewhere_is_sent_as_another_one_or_given_up() {
    run(async {
        let world = World::new().await;
        let session = &world.session;
        let content = file(2 * CHUNK_LEN + 5);
        let (item, id) = attached(session, "a.txt", &content).await;
        let (old, _) = session.attachment(item, id).await.expect("there");
        let layout = AttachmentLayout::of(old.size).expect("a size");
        let piece = async |number: u32| {
            let range = layout.content(number);
            let part = &content[range.start as usize..range.end as usize];
            Ok::<_, ClientError>(Zeroizing::new(part.to_vec()))
        };
        let sent = session.send_anew(&old, piece, ON).await.expect("sends");
        let Stoppable::Done(new) = sent else {
            panic!("nobody stopped it");
        };
        // Neither the id nor the chunks tell that it is the same.
        assert!(new.id != old.id && new.key != old.key && new.digest != old.digest);
        assert_eq!((new.name.as_str(), new.size), ("a.txt", old.size));
        let other = session.save(&draft("B", "two")).await.expect("saves");
        let change = AttachmentChange::Put {
            attachment: new.clone(),
            at: 0,
        };
        let other = other.summary.id;
        let put = session.change_attachments(other, &change).await;
        put.expect("attaches");
        assert!(read(session, other, new.id).await == Ok(content.clone()));

        let there = world.server.borrow().attachments();
        let asked = Cell::new(0);
        let stops = || {
            asked.set(asked.get() + 1);
            asked.get() < 3
        };
        let stopped = session.send_anew(&old, piece, stops).await;
        assert_eq!(stopped, Ok(Stoppable::Stopped));
        let broken = async |number: u32| match number {
            0 => piece(0).await,
            _ => Err(ClientError::NotFound),
        };
        let failed = session.send_anew(&old, broken, ON).await;
        assert_eq!(failed, Err(ClientError::NotFound));
        let cut = async |number: u32| {
            let mut part = piece(number).await?;
            part.pop();
            Ok::<_, ClientError>(part)
        };
        let failed = session.send_anew(&old, cut, ON).await;
        assert_eq!(failed, Err(ClientError::Sealing));
        assert_eq!(world.server.borrow().attachments(), there, "given up again");
    });
}

#[test]
fn a_full_server_says_so_and_keeps_nothing() {
    run(async {
        let world = World::new().await;
        let session = &world.session;
        let item = session.save(&draft("A", "one")).await.expect("saves");
        let item = item.summary.id;
        world.server.borrow_mut().room = Some(1_000);
        let upload = session.new_upload(item, ("a", "", 5_000)).expect("fits");
        let refused = session.begin_upload(&upload, ON).await;
        assert!(
            matches!(refused, Err(ClientError::Refused { .. })),
            "{refused:?}"
        );
        assert_eq!(world.server.borrow().attachments(), 0);
        let small = session.new_upload(item, ("a", "", 10)).expect("fits");
        world.faults([Fault::Refuse(ErrorCode::StorageFull)]);
        let refused = session.begin_upload(&small, ON).await;
        assert_eq!(refused, Err(ClientError::StorageFull));
        let large = session.new_upload(item, ("a", "", ATTACHMENT_MAX + 1));
        assert_eq!(large.err(), Some(ClientError::TooLarge));
        let nowhere = session.new_upload(ItemId([9; 16]), ("a", "", 1));
        assert_eq!(nowhere.err(), Some(ClientError::NotFound));
    });
}

#[test]
fn two_devices_attach_at_the_same_time() {
    run(async {
        let world = World::new().await;
        let session = &world.session;
        let (item, one) = attached(session, "one", b"one").await;
        let other = world.device().await;
        let two = attach(session, item, "two", b"two").await;
        // The other one knows nothing of the second file yet.
        let three = attach(&other, item, "three", b"three").await;
        session.sync().await.expect("syncs");
        let known = session.reveal(item).await.expect("reveals");
        let ids: Vec<_> = known.attachments.iter().map(|one| one.id).collect();
        assert_eq!(ids, [one, two, three]);
    });
}

#[test]
fn whatever_is_not_the_file_is_refused_with_one_error() {
    type Spoil = fn(&mut Vec<&mut Chunks>);
    let lies: [(&str, Spoil); 11] = [
        ("swapped", |files| files[0].swap(0, 1)),
        ("dropped", |files| files[0][1] = None),
        ("its end dropped", |files| drop(files[0].pop())),
        ("truncated", |files| {
            files[0][0].as_mut().expect("there").truncate(500)
        }),
        ("a bit", |files| {
            files[0][2].as_mut().expect("there")[200] ^= 1
        }),
        ("empty", |files| files[0][0] = Some(Vec::new())),
        ("longer", |files| {
            files[0][2].as_mut().expect("there").push(0)
        }),
        ("twice", |files| files[0][1] = files[0][0].clone()),
        ("of another file", |files| files[0][0] = files[1][0].clone()),
        ("another file", |files| {
            let other = files[1].clone();
            *files[0] = other;
        }),
        ("too large", |files| {
            let length = keyarc_wire::limits::ATTACHMENT_CHUNK + 1;
            files[0][0].as_mut().expect("there").resize(length, 0);
        }),
    ];
    run(async {
        let world = World::new().await;
        let session = &world.session;
        let content = file(2 * CHUNK_LEN + 1);
        let (item, one) = attached(session, "one", &content).await;
        let two = attach(session, item, "two", &content).await;
        let mut sound = Vec::new();
        spoil(&world, |files| {
            sound = files.iter().map(|file| (*file).clone()).collect()
        });
        for (lie, change) in lies {
            spoil(&world, change);
            let first = one.min(two);
            assert_eq!(
                read(session, item, first).await,
                Err(ClientError::Tampered),
                "{lie}"
            );
            spoil(&world, |files| {
                for (file, sound) in files.iter_mut().zip(&sound) {
                    (**file).clone_from(sound);
                }
            });
        }
        assert!(read(session, item, one).await == Ok(content.clone()));
        assert!(read(session, item, two).await == Ok(content));
    });
}

#[test]
fn the_file_of_before_is_not_the_file_of_now() {
    run(async {
        let world = World::new().await;
        let session = &world.session;
        let (item, old) = attached(session, "key.pem", &file(900)).await;
        session
            .change_attachments(item, &AttachmentChange::Remove(old))
            .await
            .expect("removes");
        let new = attach(session, item, "key.pem", &file(901)).await;
        spoil(&world, |files| {
            let (first, second) = files.split_at_mut(1);
            std::mem::swap(&mut *first[0], &mut *second[0]);
        });
        assert_eq!(read(session, item, new).await, Err(ClientError::Tampered));
    });
}

#[test]
fn files_stay_readable_when_all_keys_change() {
    run(async {
        let world = World::new().await;
        let content = file(CHUNK_LEN + 1);
        let (item, id) = attached(&world.session, "a", &content).await;
        let wish = ChangeAllKeys {
            current: PASSWORD,
            new: "copper violin thunder meadow",
            suite: Suite::Pbkdf2Sha256,
        };
        let mut rekey = world.session.begin_rekey(&wish).await.expect("begins");
        let session = world.session.rekey(&mut rekey, ORIGIN, PASSWORD).await;
        let session = session.expect("changes");
        let row = session.look(|vault| vault.summary(item)).expect("there");
        assert_eq!((row.version, row.files.len()), (3, 1));
        assert!(read(&session, item, id).await == Ok(content));
    });
}

#[test]
fn what_is_said_of_an_upload_is_looked_at() {
    let lies = [
        json!({"chunks": 3, "received": []}),
        json!({"chunks": 2, "received": [2]}),
        json!({"chunks": 2, "received": [1, 0]}),
        json!({"chunks": 2, "received": [0, 0]}),
        json!({"chunks": 2}),
    ];
    run(async {
        let world = World::new().await;
        let session = &world.session;
        let item = session.save(&draft("A", "one")).await.expect("saves");
        let wish = ("a", "", CHUNK_LEN as u64 + 1);
        let upload = session.new_upload(item.summary.id, wish).expect("fits");
        for lie in lies {
            world.server.borrow_mut().twist = Some(Box::new(move |path, answer| {
                if path == "/attachments" {
                    *answer = lie.clone();
                }
            }));
            let begun = session.begin_upload(&upload, ON).await;
            assert_eq!(begun, Err(ClientError::Tampered));
        }
    });
}
