//! What an item was before, from a server that keeps it, lies about it or has lost it; and a
//! trash that empties itself.

use std::{cell::RefCell, rc::Rc};

use keyarc_client::{ClientError, SaveError, Trust};
use keyarc_vault::{Change, Item, ItemDraft, Version, VersionRow};
use keyarc_wire::ItemId;
use serde_json::{Value, json};

use crate::common::{Fault, TestHost, TestSession, World, draft, edit, run, value};

/// What is changed of an answer.
type Lie = fn(&mut Value);

const DAY_MS: u64 = 24 * 3_600_000;

/// An item of five versions: two secrets, a star, another name, another secret.
async fn five_versions(world: &World) -> ItemId {
    let session = &world.session;
    let first = session.save(&draft("A", "one")).await.expect("saves");
    let id = first.summary.id;
    session.save(&edit(&first, "two")).await.expect("saves");
    session.set_favourite(id, true).await.expect("stars");
    let third = session.reveal(id).await.expect("reveals");
    let renamed = ItemDraft {
        name: "B".into(),
        ..ItemDraft::of(&third)
    };
    let fourth = session.save(&renamed).await.expect("saves");
    let fifth = ItemDraft {
        favourite: true,
        ..edit(&fourth, "three")
    };
    session.save(&fifth).await.expect("saves");
    id
}

fn read(version: &Version) -> &VersionRow {
    match version {
        Version::Read(row) => row,
        other => panic!("{other:?}"),
    }
}

async fn secret(session: &TestSession, id: ItemId, version: u64) -> Result<String, ClientError> {
    let item = session.version(id, version).await;
    item.map(|item| value(&item).to_owned())
}

/// Changes what is said of versions, or of their details.
fn twist(world: &World, path: &'static str, change: impl Fn(&mut Value) + 'static) {
    world.server.borrow_mut().twist = Some(Box::new(move |at, answer| {
        if at == path {
            change(answer);
        }
    }));
}

#[test]
fn every_version_is_told_with_what_it_changed_and_opens() {
    run(async {
        let world = World::new().await;
        let id = five_versions(&world).await;
        let session = &world.session;
        let versions = session.versions(id).await.expect("lists");
        let told: Vec<_> = versions.iter().map(read).collect();
        let changes: Vec<_> = told
            .iter()
            .map(|row| (row.version, row.changes.clone().expect("known")))
            .collect();
        let wanted = [
            (5, vec![Change::Content]),
            (4, vec![Change::Name]),
            (3, vec![Change::Starred]),
            (2, vec![Change::Content]),
            (1, vec![Change::Created]),
        ];
        assert_eq!(changes, wanted);
        assert!(told.iter().all(|row| row.written_at_ms.is_some()));
        // Nothing in the item says when it was starred.
        let by_server: Vec<_> = told.iter().map(|row| row.time_is_servers).collect();
        assert_eq!(by_server, [false, false, true, false, false]);
        for (version, wanted) in [(5, "three"), (4, "two"), (3, "two"), (2, "two"), (1, "one")] {
            assert_eq!(
                secret(session, id, version).await.as_deref(),
                Ok(wanted),
                "{version}"
            );
        }
        assert_eq!(secret(session, id, 6).await, Err(ClientError::NotFound));
        let nowhere = ItemId([7; 16]);
        assert_eq!(session.versions(nowhere).await, Err(ClientError::NotFound));
    });
}

#[test]
fn a_version_comes_back_as_the_next_one_and_can_be_taken_back() {
    run(async {
        let world = World::new().await;
        let id = five_versions(&world).await;
        let session = &world.session;
        assert_eq!(session.restore_version(id, 1).await, Ok(5));
        let now = session.reveal(id).await.expect("reveals");
        assert_eq!((value(&now), now.summary.name.as_str()), ("one", "A"));
        assert_eq!((now.summary.version, now.summary.favourite), (6, false));
        assert_eq!(session.restore_version(id, 5).await, Ok(6));
        let now = session.reveal(id).await.expect("reveals");
        assert_eq!((value(&now), now.summary.name.as_str()), ("three", "B"));
        assert_eq!(session.versions(id).await.expect("lists").len(), 7);
        // Somebody else was faster: nothing is overwritten.
        let other = world.device().await;
        let theirs = other.reveal(id).await.expect("reveals");
        other.save(&edit(&theirs, "four")).await.expect("saves");
        let refused = session.restore_version(id, 1).await;
        assert!(
            matches!(refused, Err(SaveError::Conflict { current: Some(_) })),
            "{refused:?}"
        );
        let now = session.reveal(id).await.expect("reveals");
        assert_eq!((value(&now), now.summary.version), ("four", 8));
    });
}

#[test]
fn what_the_server_does_not_have_is_a_gap() {
    run(async {
        let world = World::new().await;
        let id = five_versions(&world).await;
        let session = &world.session;
        for version in [1, 3] {
            world.server.borrow_mut().forget_version(id, version);
        }
        let versions = session.versions(id).await.expect("lists");
        assert_eq!(versions.len(), 5);
        assert_eq!(
            versions[2],
            Version::Missing {
                newest: 3,
                oldest: 3
            }
        );
        assert_eq!(
            versions[4],
            Version::Missing {
                newest: 1,
                oldest: 1
            }
        );
        // What is not there cannot be compared with.
        assert_eq!(read(&versions[1]).changes, None);
        assert_eq!(secret(session, id, 3).await, Err(ClientError::NotFound));
        assert_eq!(secret(session, id, 2).await.as_deref(), Ok("two"));
    });
}

#[test]
fn a_history_that_no_honest_server_tells_is_refused() {
    let lies: [(&str, Lie); 7] = [
        ("twice", |answer| {
            answer["versions"][1] = answer["versions"][0].clone();
        }),
        ("out of order", |answer| {
            answer["versions"].as_array_mut().expect("a list").reverse();
        }),
        ("not below the one now", |answer| {
            answer["versions"][0]["version"] = json!(5)
        }),
        ("above it", |answer| {
            answer["versions"][0]["version"] = json!(77)
        }),
        ("version 0", |answer| {
            answer["versions"][1]["version"] = json!(0)
        }),
        ("an older item", |answer| {
            answer["current_version"] = json!(4)
        }),
        ("more without end", |answer| {
            answer["versions"] = json!([]);
            answer["more"] = json!(true);
        }),
    ];
    for (what, lie) in lies {
        run(async {
            let world = World::new().await;
            let id = five_versions(&world).await;
            world.server.borrow_mut().page = 25;
            twist(&world, "/versions", lie);
            let refused = world.session.versions(id).await;
            assert_eq!(refused, Err(ClientError::Tampered), "{what}");
        });
    }
}

#[test]
fn a_version_opens_as_nothing_but_itself() {
    run(async {
        let world = World::new().await;
        let id = five_versions(&world).await;
        let session = &world.session;
        // What was version 4 stands under the number 3.
        let four = Rc::new(RefCell::new(Value::Null));
        let keep = four.clone();
        twist(&world, "/versions", move |answer| {
            for version in answer["versions"].as_array_mut().expect("a list") {
                if version["version"] == 4 {
                    *keep.borrow_mut() = version["overview"].clone();
                }
                if version["version"] == 3 {
                    version["overview"] = keep.borrow().clone();
                }
            }
        });
        let versions = session.versions(id).await.expect("lists");
        assert_eq!(read(&versions[1]).changes, None);
        assert_eq!(versions[2], Version::Unreadable { version: 3 });
        // Nothing of it can be shown or restored.
        assert_eq!(secret(session, id, 3).await, Err(ClientError::Tampered));
        let refused = session.restore_version(id, 3).await;
        assert_eq!(refused, Err(SaveError::Client(ClientError::Tampered)));
        assert_eq!(
            session
                .look(|vault| vault.summary(id))
                .expect("there")
                .version,
            5
        );
        // The secret of another version.
        let heard = Rc::new(RefCell::new(Value::Null));
        let keep = heard.clone();
        twist(&world, "/versions/details", move |answer| {
            *keep.borrow_mut() = answer.clone()
        });
        assert_eq!(secret(session, id, 1).await.as_deref(), Ok("one"));
        let first = heard.borrow().clone();
        twist(&world, "/versions/details", move |answer| {
            *answer = first.clone()
        });
        for version in [2, 3, 4] {
            assert_eq!(
                secret(session, id, version).await,
                Err(ClientError::Tampered)
            );
        }
        world.server.borrow_mut().twist = None;
        assert_eq!(secret(session, id, 4).await.as_deref(), Ok("two"));
    });
}

#[test]
fn what_changed_elsewhere_is_fetched_first() {
    run(async {
        let world = World::new().await;
        let id = five_versions(&world).await;
        let other = world.device().await;
        let theirs: Item = other.reveal(id).await.expect("reveals");
        other.save(&edit(&theirs, "four")).await.expect("saves");
        let versions = world.session.versions(id).await.expect("lists");
        assert_eq!(read(&versions[0]).version, 6);
        other.trash(&[id]).await.expect("moves");
        other.purge(&[id]).await.expect("purges");
        assert_eq!(world.session.versions(id).await, Err(ClientError::NotFound));
    });
}

#[test]
fn a_server_that_is_away_loses_nothing() {
    run(async {
        let world = World::new().await;
        let id = five_versions(&world).await;
        world.server.borrow_mut().down = true;
        assert_eq!(
            world.session.versions(id).await,
            Err(ClientError::Unreachable)
        );
        assert_eq!(
            secret(&world.session, id, 1).await,
            Err(ClientError::Unreachable)
        );
        world.server.borrow_mut().down = false;
        assert_eq!(world.session.versions(id).await.expect("lists").len(), 5);
    });
}

/// Two items, the first of them in the trash.
async fn one_in_the_trash(world: &World) -> ItemId {
    let session = &world.session;
    let item = session.save(&draft("A", "one")).await.expect("saves");
    session.save(&draft("B", "two")).await.expect("saves");
    session.trash(&[item.summary.id]).await.expect("moves");
    item.summary.id
}

/// So much time passes here, and so much there.
fn pass(world: &World, here: u64, there: u64) {
    world.host.pass(here);
    world.server.borrow_mut().clock_ms = TestHost::START_MS + there;
}

#[test]
fn what_lay_in_the_trash_for_thirty_days_goes() {
    run(async {
        let world = World::new().await;
        let id = one_in_the_trash(&world).await;
        let asked = world.server.borrow().seen.len();
        assert_eq!(world.session.empty_old_trash().await, Ok(0));
        assert_eq!(
            world.server.borrow().seen.len(),
            asked,
            "nobody needs to be asked"
        );
        pass(&world, 30 * DAY_MS - 1_000, 30 * DAY_MS);
        assert_eq!(world.session.empty_old_trash().await, Ok(0));
        pass(&world, 2_000, 30 * DAY_MS + 1_000);
        let revision = world.revision();
        assert_eq!(world.session.empty_old_trash().await, Ok(1));
        assert_eq!(world.revision(), revision + 1);
        assert!(world.session.look(|vault| vault.summary(id)).is_none());
        assert_eq!(world.session.unlocked().items, 1);
        assert_eq!(world.session.empty_old_trash().await, Ok(0));
    });
}

#[test]
fn a_clock_that_is_wrong_deletes_nothing() {
    run(async {
        // Here it is next year already, there it is not; and the other way round.
        for (here, there) in [
            (365 * DAY_MS, 0),
            (31 * DAY_MS, 2 * DAY_MS),
            (DAY_MS, 365 * DAY_MS),
            (32 * DAY_MS, 30 * DAY_MS),
            (30 * DAY_MS + 5_000, 29 * DAY_MS + 5_000),
        ] {
            let world = World::new().await;
            one_in_the_trash(&world).await;
            pass(&world, here, there);
            assert_eq!(
                world.session.empty_old_trash().await,
                Ok(0),
                "{here} {there}"
            );
        }
    });
}

#[test]
fn a_vault_that_may_not_be_the_newest_deletes_nothing() {
    run(async {
        let world = World::new().await;
        one_in_the_trash(&world).await;
        pass(&world, 31 * DAY_MS, 31 * DAY_MS);
        world.server.borrow_mut().forget_pins();
        world.host.told.borrow_mut().pins = None;
        let stranger = world.come_back().await.expect("logs in");
        assert_eq!(stranger.trust(), Trust::FreshnessUnverified);
        assert_eq!(stranger.empty_old_trash().await, Ok(0));
        // The state of before, which this device knows to be old.
        let early = world.server.borrow_mut().snapshot();
        world
            .session
            .save(&draft("C", "three"))
            .await
            .expect("saves");
        world.server.borrow_mut().restore(early);
        world.server.borrow_mut().forget_pins();
        let back = world.come_back().await.expect("logs in");
        assert!(back.trust().is_alarm());
        assert_eq!(back.empty_old_trash().await, Ok(0));
    });
}

#[test]
fn what_somebody_restores_meanwhile_stays() {
    run(async {
        let world = World::new().await;
        let id = one_in_the_trash(&world).await;
        let other = world.device().await;
        pass(&world, 31 * DAY_MS, 31 * DAY_MS);
        other.restore(&[id]).await.expect("restores");
        assert_eq!(world.session.empty_old_trash().await, Ok(0));
        assert_eq!(world.session.unlocked().items, 2);
        // An answer that is lost is looked up.
        world.session.trash(&[id]).await.expect("moves");
        pass(&world, 31 * DAY_MS, 62 * DAY_MS);
        world.faults([Fault::AnswerLost]);
        assert_eq!(world.session.empty_old_trash().await, Ok(1));
    });
}
