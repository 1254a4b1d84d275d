//! What items were before goes out of one account in an archive and comes into another: from a
//! server that keeps it, lies about it or has lost it.

use keyarc_client::{ClientError, SaveError};
use keyarc_crypto::SetupCode;
use keyarc_vault::{
    Change, Day, FilePassword, ImportPlan, ImportWish, Item, ItemDraft, Version, VersionRow,
    archive::{ArchiveLock, ArchiveWriter},
    import::{Import, preview},
};
use keyarc_wire::{ItemId, ItemVersion};
use rand_core::UnwrapErr;
use serde_json::{Value, json};

use crate::common::{Fault, TestSession, World, draft, edit, run, value};

/// What is changed of an answer.
type Lie = fn(&mut Value);

const CODE: &str = "KA1-05V6A-RVMDX-S1048-J2CA1-A5GQ3-0CHM6-RW3MF-1YTMV";
const DAY_MS: u64 = 24 * 3_600_000;

/// Of three items the first has five versions, the second two; the third has one, and is in the
/// trash with it.
async fn lived_in(world: &World) -> [ItemId; 3] {
    let session = &world.session;
    let first = session.save(&draft("A", "one")).await.expect("saves");
    let id = first.summary.id;
    world.host.pass(DAY_MS);
    session.save(&edit(&first, "two")).await.expect("saves");
    world.server.borrow_mut().clock_ms += 2 * DAY_MS;
    session.set_favourite(id, true).await.expect("stars");
    let third = session.reveal(id).await.expect("reveals");
    let renamed = ItemDraft {
        name: "B".into(),
        folder: "Shop".into(),
        ..ItemDraft::of(&third)
    };
    let fourth = session.save(&renamed).await.expect("saves");
    let fifth = ItemDraft {
        favourite: true,
        folder: "Shop".into(),
        ..edit(&fourth, "three")
    };
    session.save(&fifth).await.expect("saves");
    let second = session.save(&draft("C", "four")).await.expect("saves");
    session.save(&edit(&second, "five")).await.expect("saves");
    let trashed = session.save(&draft("D", "six")).await.expect("saves");
    session
        .trash(&[trashed.summary.id])
        .await
        .expect("moves to the trash");
    [id, second.summary.id, trashed.summary.id]
}

/// An archive of the whole vault, with how many earlier versions it has and how many it lacks.
async fn archive(session: &TestSession) -> Result<(Vec<u8>, usize, u32), ClientError> {
    let mut ids = session.look(|vault| vault.item_ids());
    ids.sort_unstable();
    let items = session.read_many(&ids).await?;
    archive_of(session, &items).await
}

async fn archive_of(
    session: &TestSession,
    items: &[Item],
) -> Result<(Vec<u8>, usize, u32), ClientError> {
    let (mut out, mut rng) = (Vec::new(), UnwrapErr(getrandom::SysRng));
    let code = SetupCode::parse(CODE).expect("a code");
    let lock = ArchiveLock::Code(&code);
    let mut writer = ArchiveWriter::begin(lock, Day(20_000), &mut out, &mut rng).expect("begins");
    let places: Vec<ItemVersion> = items
        .iter()
        .map(|item| ItemVersion {
            item_id: item.summary.id,
            version: item.summary.version,
        })
        .collect();
    let mut histories = session.histories(&places).await?;
    let mut count = 0;
    for item in items {
        let earlier = session.next_history(&mut histories).await?;
        count += earlier.len();
        let exported = session.look(|vault| vault.exported(item.clone()));
        let exported = exported.expect("there");
        writer
            .put_with(&exported, &earlier, &mut out, &mut rng)
            .expect("fits");
    }
    writer.finish(1, 2, &mut out, &mut rng).expect("ends");
    Ok((out, count, histories.missing()))
}

fn read(session: &TestSession, file: &[u8]) -> Import {
    let wish = ImportWish {
        password: Some(FilePassword(CODE.to_owned())),
        ..ImportWish::default()
    };
    session.look(|vault| preview(file, None, &wish, vault).expect("opens"))
}

async fn restore(session: &TestSession, file: &[u8]) -> Result<u32, SaveError> {
    let import = read(session, file);
    let plan = ImportPlan::default();
    let planned = session.look(|vault| vault.plan_import(&import, &plan));
    session.import(&planned.expect("fits")).await
}

fn named(session: &TestSession, name: &str) -> ItemId {
    let ids = session.look(|vault| vault.item_ids());
    let is_it = |id: &ItemId| {
        let row = session.look(|vault| vault.summary(*id));
        row.is_some_and(|row| row.name == name)
    };
    ids.into_iter().find(is_it).expect("there")
}

async fn rows(session: &TestSession, id: ItemId) -> Vec<VersionRow> {
    let versions = session.versions(id).await.expect("lists");
    let row = |version| match version {
        Version::Read(row) => row,
        other => panic!("{other:?}"),
    };
    versions.into_iter().map(row).collect()
}

fn twist(world: &World, path: &'static str, change: impl Fn(&mut Value) + 'static) {
    world.server.borrow_mut().twist = Some(Box::new(move |at, answer| {
        if at == path {
            change(answer);
        }
    }));
}

#[test]
fn another_account_has_the_same_history_afterwards() {
    run(async {
        let (world, other) = (World::new().await, World::new().await);
        // The server sends two versions at a time, and no more details than that.
        let [id, ..] = lived_in(&world).await;
        let before = rows(&world.session, id).await;
        let (file, count, missing) = archive(&world.session).await.expect("reads");
        assert_eq!((count, missing), (4 + 1 + 1, 0));

        other.host.pass(9 * DAY_MS);
        let there = &other.session;
        assert_eq!(read(there, &file).preview().earlier, 6);
        let revision = other.revision();
        assert_eq!(restore(there, &file).await, Ok(3));
        assert_eq!(other.revision(), revision + 1, "one write");
        let restored = named(there, "B");
        let after = rows(there, restored).await;
        let told = |rows: &[VersionRow]| -> Vec<_> {
            rows.iter()
                .map(|row| (row.version, row.name.clone(), row.changes.clone()))
                .collect()
        };
        assert_eq!(told(&after), told(&before));
        for (is, was) in after.iter().zip(&before) {
            assert_eq!(
                is.written_at_ms, was.written_at_ms,
                "version {}",
                is.version
            );
            assert_eq!(is.time_is_servers, was.time_is_servers);
            assert_eq!(is.from_archive, is.version < 5);
        }
        for (version, secret) in [(5, "three"), (4, "two"), (3, "two"), (2, "two"), (1, "one")] {
            let item = there.version(restored, version).await.expect("opens");
            assert_eq!(value(&item), secret, "version {version}");
        }
        let trashed = rows(there, named(there, "D")).await;
        assert_eq!(trashed.len(), 2);
        assert!(trashed[0].trashed && !trashed[1].trashed);

        // It goes on as any item: what is written here is of here.
        assert_eq!(there.restore_version(restored, 1).await, Ok(5));
        let after = rows(there, restored).await;
        assert_eq!((after.len(), after[0].from_archive), (6, false));
        assert_eq!(
            after[0].changes.as_deref(),
            Some(
                &[
                    Change::Name,
                    Change::Content,
                    Change::Folder,
                    Change::Unstarred
                ][..]
            )
        );
        // Another device of that account believes it, and so does a third account.
        let device = other.device().await;
        assert_eq!(rows(&device, restored).await, after);
        let (file, count, missing) = archive(&device).await.expect("reads");
        assert_eq!((count, missing), (5 + 1 + 1, 0));
        let third = World::new().await;
        assert_eq!(restore(&third.session, &file).await, Ok(3));
        let again = rows(&third.session, named(&third.session, "A")).await;
        assert!(again[1..].iter().all(|row| row.from_archive));
        let times = |rows: &[VersionRow]| -> Vec<_> {
            rows[1..].iter().map(|row| row.written_at_ms).collect()
        };
        assert_eq!(times(&again), times(&after));
    });
}

#[test]
fn the_same_archive_twice_adds_nothing_and_one_write_takes_all_of_it_back() {
    run(async {
        let (world, other) = (World::new().await, World::new().await);
        lived_in(&world).await;
        let (file, ..) = archive(&world.session).await.expect("reads");
        let there = &other.session;
        assert_eq!(restore(there, &file).await, Ok(3));
        let again = read(there, &file).preview();
        assert_eq!((again.new, again.duplicates, again.earlier), (0, 3, 0));
        assert_eq!(restore(there, &file).await, Ok(0));
        let again = read(&world.session, &file).preview();
        assert_eq!(
            (again.new, again.duplicates),
            (0, 3),
            "nor where it is from"
        );
        let all = there.look(|vault| vault.item_ids());
        there.trash(&all).await.expect("takes it back");
        assert_eq!(there.unlocked().items, 0);
        let wish = ImportPlan {
            without_earlier: true,
            ..ImportPlan::default()
        };
        let import = read(there, &file);
        let planned = there.look(|vault| vault.plan_import(&import, &wish));
        let planned = planned.expect("fits");
        assert!(planned.iter().all(|item| item.earlier().is_empty()));
    });
}

#[test]
fn a_restore_whose_answer_is_lost_is_written_once() {
    run(async {
        let (world, other) = (World::new().await, World::new().await);
        lived_in(&world).await;
        let (file, ..) = archive(&world.session).await.expect("reads");
        for fault in [Fault::AnswerLost, Fault::RequestLost, Fault::Twice] {
            let there = &other.session;
            other.faults([fault]);
            let revision = other.revision();
            assert_eq!(restore(there, &file).await, Ok(3), "{fault:?}");
            assert_eq!(other.revision(), revision + 1, "{fault:?}");
            assert_eq!(rows(there, named(there, "B")).await.len(), 5, "{fault:?}");
            let all = there.look(|vault| vault.item_ids());
            there.trash(&all).await.expect("moves");
            there.purge(&all).await.expect("purges");
        }
        other.faults([Fault::Lie]);
        let refused = restore(&other.session, &file).await;
        let tampered = SaveError::Client(ClientError::Tampered);
        assert_eq!(refused, Err(tampered), "it was not carried out");
    });
}

#[test]
fn what_the_server_has_lost_is_counted_and_left_as_a_gap() {
    run(async {
        let (world, other) = (World::new().await, World::new().await);
        let [id, second, _] = lived_in(&world).await;
        world.server.borrow_mut().forget_version(id, 2);
        world.server.borrow_mut().forget_version(second, 1);
        let (file, count, missing) = archive(&world.session).await.expect("reads");
        assert_eq!((count, missing), (4, 2));
        let there = &other.session;
        assert_eq!(restore(there, &file).await, Ok(3));
        let rows = rows(there, named(there, "B")).await;
        let changes: Vec<_> = rows.iter().map(|row| row.changes.clone()).collect();
        assert_eq!(
            changes,
            [
                Some(vec![Change::Content]),
                Some(vec![Change::Name, Change::Folder]),
                None,
                Some(vec![Change::Created]),
            ]
        );
        // The secret of one version, and with it that of the version which shares it.
        twist(&world, "/versions/details", |answer| {
            let details = answer["details"].as_array_mut().expect("a list");
            details.retain(|one| one["version"] != 3);
        });
        let (_, count, missing) = archive(&world.session).await.expect("reads");
        assert_eq!((count, missing), (3, 3));
    });
}

#[test]
fn a_history_that_no_honest_server_tells_ends_the_export() {
    let lies: [(&str, &'static str, Lie); 9] = [
        ("twice", "/versions/of-items", |answer| {
            answer["versions"][1] = answer["versions"][0].clone();
        }),
        ("out of order", "/versions/of-items", |answer| {
            answer["versions"].as_array_mut().expect("a list").reverse();
        }),
        ("of another item", "/versions/of-items", |answer| {
            answer["versions"][0]["item_id"] = json!("00".repeat(16));
        }),
        ("not below the one now", "/versions/of-items", |answer| {
            let versions = answer["versions"].as_array_mut().expect("a list");
            if let Some(last) = versions.last_mut() {
                last["version"] = json!(77);
            }
        }),
        ("version 0", "/versions/of-items", |answer| {
            answer["versions"][0]["version"] = json!(0);
        }),
        ("under another number", "/versions/of-items", |answer| {
            let first = answer["versions"][0]["overview"].clone();
            let versions = answer["versions"].as_array_mut().expect("a list");
            versions[1]["overview"] = first;
        }),
        ("more without end", "/versions/of-items", |answer| {
            answer["versions"] = json!([]);
            answer["more"] = json!(true);
        }),
        (
            "the secret of another version",
            "/versions/details",
            |answer| {
                let first = answer["details"][0]["details"].clone();
                let details = answer["details"].as_array_mut().expect("a list");
                details
                    .iter_mut()
                    .for_each(|one| one["details"] = first.clone());
            },
        ),
        (
            "a version nobody asked for",
            "/versions/details",
            |answer| {
                answer["details"][0]["version"] = json!(40);
            },
        ),
    ];
    for (what, path, lie) in lies {
        run(async {
            let world = World::new().await;
            lived_in(&world).await;
            world.server.borrow_mut().page = 25;
            twist(&world, path, lie);
            let refused = archive(&world.session).await;
            assert_eq!(refused.err(), Some(ClientError::Tampered), "{what}");
            // Once it speaks the truth, all is well.
            world.server.borrow_mut().twist = None;
            assert_eq!(archive(&world.session).await.expect("reads").1, 6, "{what}");
        });
    }
}

#[test]
fn what_changes_while_it_is_read_is_read_as_it_was() {
    run(async {
        let world = World::new().await;
        let [id, second, trashed] = lived_in(&world).await;
        let session = &world.session;
        let mut ids = vec![id, second, trashed];
        ids.sort_unstable();
        let items = session.read_many(&ids).await.expect("reads");
        let places: Vec<ItemVersion> = items
            .iter()
            .map(|item| ItemVersion {
                item_id: item.summary.id,
                version: item.summary.version,
            })
            .collect();
        let device = world.device().await;
        let theirs = device.reveal(id).await.expect("reveals");
        device.save(&edit(&theirs, "newer")).await.expect("saves");
        device.purge(&[trashed]).await.expect("purges");
        let mut histories = session.histories(&places).await.expect("reads");
        let mut counts = Vec::new();
        for place in &places {
            let history = session.next_history(&mut histories).await.expect("reads");
            counts.push((place.item_id, history.len()));
        }
        for (item, count) in [(id, 4), (second, 1), (trashed, 0)] {
            assert!(counts.contains(&(item, count)), "{counts:?}");
        }
        assert_eq!(histories.missing(), 0);
        let none = session.next_history(&mut histories).await;
        assert!(none.expect("nothing is asked").is_empty());
    });
}

#[test]
fn requests_grow_with_versions_and_not_with_items() {
    run(async {
        let world = World::new().await;
        world.server.borrow_mut().page = 500;
        let session = &world.session;
        for round in 0..3 {
            let ids = session.look(|vault| vault.item_ids());
            match round {
                0 => {
                    for number in 0..40 {
                        let new = draft(&format!("K{number}"), "one");
                        session.save(&new).await.expect("saves");
                    }
                }
                _ => {
                    for item in session.read_many(&ids).await.expect("reads") {
                        session.save(&edit(&item, "another")).await.expect("saves");
                    }
                }
            }
        }
        world.server.borrow_mut().seen.clear();
        let (_, count, missing) = archive(session).await.expect("reads");
        assert_eq!((count, missing), (80, 0));
        let seen = world.server.borrow().seen.clone();
        let asked = |path: &str| seen.iter().filter(|one| one.ends_with(path)).count();
        assert_eq!(asked("/versions/of-items"), 1);
        assert_eq!(asked("/versions/details"), 1);
    });
}

#[test]
fn a_server_that_is_away_is_told() {
    run(async {
        let world = World::new().await;
        lived_in(&world).await;
        let session = &world.session;
        let ids = session.look(|vault| vault.item_ids());
        let items = session.read_many(&ids).await.expect("reads");
        world.server.borrow_mut().down = true;
        let refused = archive_of(session, &items).await;
        assert_eq!(refused.err(), Some(ClientError::Unreachable));
        world.server.borrow_mut().down = false;
        assert_eq!(archive_of(session, &items).await.expect("reads").1, 6);
    });
}
