//! What items were before, on its way into an archive, from a server that bends it; and what comes
//! out of the archive on another server.

use keyarc_client::{ClientError, Host as _};
use keyarc_vault::{
    Content, Day, FilePassword, ImportPlan, ImportWish, ItemDraft, Version,
    archive::{ArchiveLock, ArchiveWriter},
    import::preview,
};
use keyarc_wire::{ItemId, ItemVersion};
use serde_json::{Value, json};

use crate::world::{Open, World};

/// What is changed of an answer.
type Lie = fn(&mut Value);

/// Of the first item of a world: another secret and name, a star, and as it was.
async fn four_versions(world: &World) -> ItemId {
    let (session, id) = (&world.session, world.items[0]);
    let first = session.reveal(id).await.expect("reveals");
    let another = ItemDraft {
        name: "canary-name-of-before".to_owned(),
        content: Content::ApiKey {
            value: "canary-secret-of-before".to_owned(),
        },
        ..ItemDraft::of(&first)
    };
    session.save(&another).await.expect("saves");
    session.set_favourite(id, true).await.expect("stars");
    let last = ItemDraft {
        base_version: 3,
        ..ItemDraft::of(&first)
    };
    session.save(&last).await.expect("saves");
    id
}

/// An archive of all items, for the world's setup code, and how many versions it lacks.
async fn archive(world: &World) -> Result<(Vec<u8>, u32), ClientError> {
    let session = &world.session;
    let items = session.read_many(&world.items).await?;
    let places: Vec<ItemVersion> = items
        .iter()
        .map(|item| ItemVersion {
            item_id: item.summary.id,
            version: item.summary.version,
        })
        .collect();
    let (mut out, mut rng) = (Vec::new(), world.device.rng());
    let lock = ArchiveLock::Code(&world.code);
    let begun = ArchiveWriter::begin(lock, Day(20_000), &mut out, &mut rng);
    let mut writer = begun.expect("begins");
    let mut histories = session.histories(&places).await?;
    for item in items {
        let earlier = session.next_history(&mut histories).await?;
        let exported = session.look(|vault| vault.exported(item));
        let exported = exported.expect("there");
        let put = writer.put_with(&exported, &earlier, &mut out, &mut rng);
        put.expect("fits");
    }
    writer.finish(1, 2, &mut out, &mut rng).expect("ends");
    Ok((out, histories.missing()))
}

/// Restores an archive, and returns the items that it added.
async fn restore(session: &Open, file: &[u8], code: &str) -> Vec<ItemId> {
    let wish = ImportWish {
        password: Some(FilePassword(code.to_owned())),
        ..ImportWish::default()
    };
    let plan = ImportPlan::default();
    let planned = session.look(|vault| {
        let import = preview(file, None, &wish, vault).expect("opens");
        vault.plan_import(&import, &plan).expect("fits")
    });
    let added = session.import_while(&planned, || true).await;
    added.expect("writes").expect("was not stopped")
}

#[tokio::test]
async fn an_archive_takes_no_version_that_is_not_itself() {
    const TEST: &str = "archive::an_archive_takes_no_version_that_is_not_itself";
    let world = World::new(TEST).await;
    let id = four_versions(&world).await;
    let lies: [(&str, &str, Lie); 8] = [
        ("another version", "versions/of-items", |said| {
            said["versions"][0]["overview"] = said["versions"][1]["overview"].clone();
        }),
        ("nothing", "versions/of-items", |said| {
            said["versions"][1]["overview"] = json!("");
        }),
        ("a version to come", "versions/of-items", |said| {
            said["versions"][2]["version"] = json!(9);
        }),
        ("a version twice", "versions/of-items", |said| {
            said["versions"][1] = said["versions"][0].clone();
        }),
        ("another item", "versions/of-items", |said| {
            said["versions"][0]["item_id"] = json!("11".repeat(16));
        }),
        ("more without end", "versions/of-items", |said| {
            said["more"] = json!(true);
        }),
        ("another secret", "versions/details", |said| {
            let one = said["details"][0]["details"].clone();
            said["details"][1]["details"] = one;
        }),
        ("the secret of nothing", "versions/details", |said| {
            said["details"][0]["version"] = json!(3);
        }),
    ];
    for (what, last, spoil) in lies {
        let path = world.vault_path(last);
        world.proxy.lie(move |asked, answer| {
            if asked.path == path
                && let Some(mut value) = answer.value()
            {
                spoil(&mut value);
                answer.body = value.to_string().into_bytes();
            }
        });
        let refused = archive(&world).await.err();
        assert_eq!(refused, Some(ClientError::Tampered), "{what}");
    }
    world.proxy.tell_the_truth();
    let (file, missing) = archive(&world).await.expect("is made");
    assert_eq!(missing, 0);

    // An account of another server has all of it afterwards.
    let other = World::new(TEST).await;
    let fresh = &other.session;
    let purged: Vec<ItemId> = other.items.clone();
    fresh.trash(&purged).await.expect("moves");
    let added = restore(fresh, &file, &world.code.to_text()).await;
    assert_eq!(added.len(), 3);
    let row = |id: &ItemId| fresh.look(|vault| vault.summary(*id)).expect("there");
    let with_history: Vec<ItemId> = added.into_iter().filter(|id| row(id).version > 1).collect();
    let [restored] = with_history[..] else {
        panic!("{with_history:?}")
    };
    let theirs = fresh.versions(restored).await.expect("lists");
    let ours = world.session.versions(id).await.expect("lists");
    assert_eq!(theirs.len(), 4);
    for (is, was) in theirs.iter().zip(&ours) {
        let (Version::Read(is), Version::Read(was)) = (is, was) else {
            panic!("{is:?} {was:?}")
        };
        let facts = |row: &keyarc_vault::VersionRow| {
            let changes = row.changes.clone();
            (row.version, row.name.clone(), row.written_at_ms, changes)
        };
        assert_eq!(facts(is), facts(was));
        assert_eq!(is.from_archive, is.version < 4);
    }
    for version in 1..=4 {
        let then = fresh.version(restored, version).await.expect("opens");
        let was = world.session.version(id, version).await.expect("opens");
        assert!(then.content == was.content, "version {version}");
    }
    fresh.restore(&purged).await.expect("comes back");
    other.end().await;
    world.end().await;
}

/// An archive of several parts, and where each of them ends.
async fn in_parts(world: &World) -> (Vec<u8>, Vec<usize>) {
    let session = &world.session;
    let content = Content::Note {
        text: "canary-text-in-parts ".repeat(2_000),
    };
    let draft = ItemDraft::new("canary-name-in-parts", content);
    let item = session.save(&draft).await.expect("saves");
    let exported = session.look(|vault| vault.exported(item));
    let exported = exported.expect("there");
    let (mut out, mut rng) = (Vec::new(), world.device.rng());
    let lock = ArchiveLock::Code(&world.code);
    let begun = ArchiveWriter::begin(lock, Day(20_000), &mut out, &mut rng);
    let mut writer = begun.expect("begins");
    let mut ends = vec![out.len()];
    for _ in 0..40 {
        writer.put(&exported, &mut out, &mut rng).expect("fits");
        ends.push(out.len());
    }
    writer.finish(1, 2, &mut out, &mut rng).expect("ends");
    ends.push(out.len());
    ends.dedup();
    (out, ends)
}

#[tokio::test]
async fn an_archive_that_was_touched_gives_nothing_out() {
    const TEST: &str = "archive::an_archive_that_was_touched_gives_nothing_out";
    let world = World::new(TEST).await;
    let (file, ends) = in_parts(&world).await;
    let (other, others) = in_parts(&world).await;
    assert!(ends.len() > 4, "{ends:?}");
    assert_eq!(ends, others);
    let wish = ImportWish {
        password: Some(FilePassword(world.code.to_text().to_string())),
        ..ImportWish::default()
    };
    let opens = |file: &[u8]| {
        let read = world
            .session
            .look(|vault| preview(file, None, &wish, vault));
        // With another beginning it is a text without entries, if it is anything.
        read.is_ok_and(|import| {
            let preview = import.preview();
            preview.archive.is_some() || preview.new > 0
        })
    };
    assert!(opens(&file) && opens(&other));

    // Cut, at each end of a part and within parts.
    let within = (1..file.len()).step_by(file.len() / 61);
    for end in ends[..ends.len() - 1].iter().copied().chain(within) {
        assert!(!opens(&file[..end]), "cut at {end}");
    }
    // Lengthened, by nothing in particular and by the end once more.
    let last = ends[ends.len() - 2];
    assert!(!opens(&[&file[..], &[0]].concat()));
    assert!(!opens(&[&file[..], &file[last..]].concat()));
    for part in ends.windows(2) {
        let (from, to) = (part[0], part[1]);
        // Without a part, with it twice, and with that of another archive.
        let (before, this, after) = (&file[..from], &file[from..to], &file[to..]);
        assert!(!opens(&[before, after].concat()), "without {from}");
        assert!(
            !opens(&[before, this, this, after].concat()),
            "twice {from}"
        );
        let swapped = [before, &other[from..to], after].concat();
        assert!(!opens(&swapped), "of another {from}");
    }
    // Two parts in the place of each other.
    for parts in ends.windows(3) {
        let [a, b, c] = [parts[0], parts[1], parts[2]];
        let reordered = [&file[..a], &file[b..c], &file[a..b], &file[c..]].concat();
        assert!(!opens(&reordered), "{a}");
    }
    // The end of one archive under the beginning of another.
    assert!(!opens(&[&file[..last], &other[last..]].concat()));
    for at in (0..file.len()).step_by(file.len() / 61) {
        let mut changed = file.clone();
        changed[at] ^= 1;
        assert!(!opens(&changed), "bit of {at}");
    }
    world.end().await;
}
