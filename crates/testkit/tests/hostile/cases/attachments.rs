//! Files that are attached to items, from a server that bends them.

use keyarc_client::{ClientError, Stoppable};
use keyarc_testkit::mutate::Answer;
use keyarc_vault::{AttachmentChange, AttachmentReader, CHUNK_LEN};
use keyarc_wire::{AttachmentId, ItemId};

use crate::world::{Open, SECRETS, World};

/// Two chunks, and the second has a secret in it.
fn content() -> Vec<u8> {
    SECRETS[1].bytes().cycle().take(CHUNK_LEN + 700).collect()
}

async fn attach(session: &Open, item: ItemId, content: &[u8]) -> AttachmentId {
    let wish = ("canary-name-two-1c", "text/plain", content.len() as u64);
    let mut upload = session.new_upload(item, wish).expect("fits");
    session
        .begin_upload(&upload, || true)
        .await
        .expect("begins");
    for number in 0..upload.layout().chunks() {
        let range = upload.layout().content(number);
        let part = &content[range.start as usize..range.end as usize];
        upload.note(number, part).expect("the file");
        let sent = session.send_chunk(&upload, number, part, || true).await;
        sent.expect("sends");
    }
    let attachment = upload.finish().expect("whole");
    let change = AttachmentChange::Put { attachment, at: 9 };
    session
        .change_attachments(item, &change)
        .await
        .expect("attaches");
    upload.id()
}

async fn read(session: &Open, item: ItemId, id: AttachmentId) -> Result<Vec<u8>, ClientError> {
    let (attachment, _) = session.attachment(item, id).await?;
    let mut reader = AttachmentReader::begin(&attachment).expect("a size");
    let mut content = Vec::new();
    loop {
        match session.read_chunk(id, &mut reader, || true).await? {
            Stoppable::Done(Some(chunk)) => content.extend_from_slice(&chunk),
            Stoppable::Done(None) => return Ok(content),
            Stoppable::Stopped => panic!("nobody stopped it"),
        }
    }
}

/// What is changed of the answer to a chunk, given its number and those of both files.
type Lie = fn(usize, &mut Answer, &[Vec<u8>], &[Vec<u8>]);

#[tokio::test]
async fn a_file_is_all_its_chunks_or_nothing() {
    let world = World::new("attachments::a_file_is_all_its_chunks_or_nothing").await;
    let (session, item) = (&world.session, world.items[0]);
    let old = attach(session, item, &content()).await;
    let new = attach(session, item, &content()).await;
    let path =
        |id: AttachmentId, number| world.vault_path(&format!("attachments/{id}/chunks/{number}"));
    assert!(read(session, item, old).await == Ok(content()));
    assert!(read(session, item, new).await == Ok(content()));
    let chunks = |id| {
        [0, 1]
            .map(|number| world.last_said(&path(id, number)).body)
            .to_vec()
    };
    let (theirs, ours) = (chunks(old), chunks(new));
    let lies: [(&str, Lie); 9] = [
        ("the other way round", |at, answer, ours, _| {
            answer.body.clone_from(&ours[1 - at]);
        }),
        ("the first twice", |_, answer, ours, _| {
            answer.body.clone_from(&ours[0])
        }),
        ("a chunk of another file", |at, answer, _, theirs| {
            if at == 1 {
                answer.body.clone_from(&theirs[1]);
            }
        }),
        ("another file", |at, answer, _, theirs| {
            answer.body.clone_from(&theirs[at])
        }),
        ("cut", |at, answer, _, _| answer.body.truncate(1_000 - at)),
        ("a bit", |at, answer, _, _| answer.body[200 + at] ^= 1),
        ("longer", |_, answer, _, _| answer.body.push(0)),
        ("nothing", |_, answer, _, _| answer.body.clear()),
        ("its end is gone", |at, answer, _, _| {
            if at == 1 {
                answer.status = 404;
                answer.content_type = "application/problem+json".to_owned();
                let said = r#"{"code":"not_found","message":"Gone.","action":"Go on."}"#;
                answer.body = said.as_bytes().to_vec();
            }
        }),
    ];
    for (what, lie) in lies {
        let (ours, theirs) = (ours.clone(), theirs.clone());
        let paths = [path(new, 0), path(new, 1)];
        world.proxy.lie(move |asked, answer| {
            if let Some(at) = paths.iter().position(|path| *path == asked.path) {
                lie(at, answer, &ours, &theirs);
            }
        });
        let refused = read(session, item, new).await;
        assert_eq!(refused, Err(ClientError::Tampered), "{what}");
    }
    world.proxy.tell_the_truth();
    assert!(read(session, item, new).await == Ok(content()));
    world.end().await;
}
