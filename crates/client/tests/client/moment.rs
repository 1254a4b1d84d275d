//! The vault as it was at a moment, from a server that keeps it, lies about it or has lost it.

use keyarc_client::{ClientError, SaveError};
use keyarc_vault::{Change, ItemDraft, MomentRow, OldVersion, Then, ThenIs};
use keyarc_wire::ItemId;
use serde_json::{Value, json};

use crate::common::{TestHost, TestSession, World, draft, edit, run, value};

/// What is changed of an answer.
type Lie = fn(&mut Value);

const MINUTE_MS: u64 = 60_000;

/// So many minutes after the start, here and there.
fn at(world: &World, minute: u64) {
    let passed = world.server.borrow().clock_ms - TestHost::START_MS;
    world.host.pass(minute * MINUTE_MS - passed);
    world.server.borrow_mut().clock_ms = TestHost::START_MS + minute * MINUTE_MS;
}

/// Half a minute after it.
const fn after(minute: u64) -> u64 {
    TestHost::START_MS + minute * MINUTE_MS + MINUTE_MS / 2
}

/// Minute 0: A, B and C are made. 1: A has another secret. 2: B is starred and renamed, C goes to
/// the trash. 3: A has a third secret. 4: D is made.
async fn four_minutes(world: &World) -> [ItemId; 3] {
    let session = &world.session;
    let mut made = Vec::new();
    for name in ["A", "B", "C"] {
        made.push(session.save(&draft(name, "one")).await.expect("saves"));
    }
    let ids = [0, 1, 2].map(|at: usize| made[at].summary.id);
    at(world, 1);
    let second = session.save(&edit(&made[0], "two")).await.expect("saves");
    at(world, 2);
    let renamed = ItemDraft {
        name: "B later".into(),
        favourite: true,
        ..ItemDraft::of(&made[1])
    };
    session.save(&renamed).await.expect("saves");
    session.trash(&[ids[2]]).await.expect("moves");
    at(world, 3);
    session.save(&edit(&second, "three")).await.expect("saves");
    at(world, 4);
    session.save(&draft("D", "one")).await.expect("saves");
    ids
}

fn rows(session: &TestSession, all: &[Then]) -> Vec<(String, ThenIs)> {
    let row = |then: &Then| session.look(|vault| vault.moment_row(then)).expect("there");
    let rows = all.iter().map(row);
    rows.map(|MomentRow { summary, then }| (summary.name, then))
        .collect()
}

fn other(changes: &[Change]) -> ThenIs {
    ThenIs::Other {
        changes: changes.to_vec(),
    }
}

fn versions(all: &[Then]) -> Vec<&OldVersion> {
    all.iter().filter_map(Then::other).collect()
}

async fn is_now(session: &TestSession, id: ItemId) -> (String, String, bool) {
    let item = session.reveal(id).await.expect("reveals");
    let is_trashed = item.summary.trashed_at_ms.is_some();
    (value(&item).to_owned(), item.summary.name, is_trashed)
}

#[test]
fn a_moment_tells_what_each_item_was_and_what_has_changed_since() {
    run(async {
        let world = World::new().await;
        four_minutes(&world).await;
        let session = &world.session;
        let told = |minute| async move {
            let all = session.moment(after(minute)).await.expect("tells");
            rows(session, &all)
        };
        let a = |is: ThenIs| ("A".to_owned(), is);
        let c_since = ("C".to_owned(), other(&[Change::Trashed]));
        let b_since = ("B".to_owned(), other(&[Change::Name, Change::Starred]));
        let secret = other(&[Change::Content]);
        let zero = [a(secret.clone()), b_since, c_since];
        assert_eq!(told(0).await, zero);
        assert_eq!(told(1).await, zero);
        let same = |name: &str| (name.to_owned(), ThenIs::Same);
        let two = [a(secret), same("B later"), same("C")];
        assert_eq!(told(2).await, two);
        let three = ["A", "B later", "C"].map(same);
        assert_eq!(told(3).await, three);
        assert_eq!(told(4).await.len(), 4);
        let before = session.moment(TestHost::START_MS - 1).await;
        assert!(before.expect("tells").is_empty());
    });
}

#[test]
fn items_become_what_they_were_in_one_write_and_that_is_taken_back() {
    run(async {
        let world = World::new().await;
        let [a, b, c] = four_minutes(&world).await;
        let session = &world.session;
        let all = session.moment(after(1)).await.expect("tells");
        let revision = world.revision();
        at(&world, 5);
        let done = session.return_to(&versions(&all)).await.expect("returns");
        assert_eq!((done.changed, done.lost), (3, 0));
        assert_eq!(world.revision(), revision + 1);
        let made: Vec<_> = done.undo.made().map(|one| one.version).collect();
        assert_eq!(made, [4, 3, 3]);
        let is = |secret: &str, name: &str, trashed| (secret.to_owned(), name.to_owned(), trashed);
        assert_eq!(is_now(session, a).await, is("two", "A", false));
        assert_eq!(is_now(session, b).await, is("one", "B", false));
        assert_eq!(is_now(session, c).await, is("one", "C", false));
        // Somebody goes on with one of them: it stays as it is.
        let item = session.reveal(b).await.expect("reveals");
        session.save(&edit(&item, "new")).await.expect("saves");
        assert_eq!(session.undo_return(&done.undo).await, Ok((2, 1)));
        assert_eq!(is_now(session, a).await, is("three", "A", false));
        assert_eq!(is_now(session, b).await, is("new", "B", false));
        assert_eq!(is_now(session, c).await, is("one", "C", true));
        // What was in the trash goes there again, and its time in it begins anew.
        session.restore(&[c]).await.expect("moves");
        at(&world, 9);
        let all = session.moment(after(3)).await.expect("tells");
        let c_then = versions(&all).into_iter().find(|old| old.summary().id == c);
        let done = session
            .return_to(&[c_then.expect("it was in the trash")])
            .await;
        assert_eq!(done.expect("returns").changed, 1);
        let row = session.look(|vault| vault.summary(c)).expect("there");
        assert!(row.trashed_at_ms.is_some_and(|then| then >= after(8)));
    });
}

#[test]
fn somebody_elses_write_comes_first_and_nothing_of_it_is_lost() {
    run(async {
        let world = World::new().await;
        let [a, b, _] = four_minutes(&world).await;
        let session = &world.session;
        let all = session.moment(after(1)).await.expect("tells");
        let other = world.device().await;
        let theirs = other.reveal(a).await.expect("reveals");
        other.save(&edit(&theirs, "four")).await.expect("saves");
        other.trash(&[b]).await.expect("moves");
        other.purge(&[b]).await.expect("purges");
        let done = session.return_to(&versions(&all)).await.expect("returns");
        assert_eq!((done.changed, done.lost), (2, 1));
        assert_eq!(is_now(session, a).await.0, "two");
        let told = session.versions(a).await.expect("lists");
        assert_eq!(told.len(), 5, "theirs is a version of before");
    });
}

#[test]
fn what_is_not_kept_says_so_and_does_not_come_back() {
    run(async {
        let world = World::new().await;
        let [a, ..] = four_minutes(&world).await;
        let session = &world.session;
        world.server.borrow_mut().forget_version(a, 1);
        let all = session.moment(after(0)).await.expect("tells");
        assert_eq!(rows(session, &all)[0].1, ThenIs::NotKept);
        assert!(!all[0].can_return() && all[0].differs());
        // The overview is there, its secret is not.
        let all = session.moment(after(1)).await;
        let all = all.expect("tells");
        assert_eq!(rows(session, &all)[0].1, ThenIs::NotKept);
        let all = session.moment(after(2)).await.expect("tells");
        assert_eq!(rows(session, &all)[0].1, ThenIs::NotKept);
    });
}

#[test]
fn secrets_that_the_server_lost_are_counted() {
    run(async {
        let world = World::new().await;
        let [a, ..] = four_minutes(&world).await;
        let session = &world.session;
        let all = session.moment(after(1)).await.expect("tells");
        world.server.borrow_mut().forget_version(a, 2);
        let done = session.return_to(&versions(&all)).await.expect("returns");
        assert_eq!((done.changed, done.lost), (2, 1));
        assert_eq!(is_now(session, a).await.0, "three");
    });
}

#[test]
fn a_moment_that_no_honest_server_tells_is_refused() {
    let lies: [(&str, Lie); 6] = [
        ("an item twice", |answer| {
            answer["versions"][1] = answer["versions"][0].clone();
        }),
        ("an item that is not there", |answer| {
            answer["versions"][0]["item_id"] = json!("07070707070707070707070707070707");
        }),
        ("a version to come", |answer| {
            answer["versions"][0]["version"] = json!(77);
        }),
        ("version 0", |answer| {
            answer["versions"][0]["version"] = json!(0);
        }),
        ("one that was replaced before", |answer| {
            answer["versions"][0]["replaced_at_ms"] = json!(1);
        }),
        ("more without end", |answer| {
            answer["versions"] = json!([]);
            answer["more"] = json!(true);
        }),
    ];
    for (what, lie) in lies {
        run(async {
            let world = World::new().await;
            four_minutes(&world).await;
            world.server.borrow_mut().page = 25;
            world.server.borrow_mut().twist = Some(Box::new(move |at, answer| {
                if at == "/moment" {
                    lie(answer);
                }
            }));
            let refused = world.session.moment(after(0)).await.err();
            assert_eq!(refused, Some(ClientError::Tampered), "{what}");
        });
    }
}

#[test]
fn one_items_version_does_not_stand_for_anothers() {
    run(async {
        let world = World::new().await;
        four_minutes(&world).await;
        let session = &world.session;
        world.server.borrow_mut().page = 25;
        world.server.borrow_mut().twist = Some(Box::new(move |at, answer| {
            if at == "/moment" {
                let other = answer["versions"][1]["overview"].clone();
                answer["versions"][0]["overview"] = other;
            }
            if at == "/versions/details" {
                let all = answer["details"].as_array_mut().expect("a list");
                if let [one, other, ..] = all.as_mut_slice() {
                    one["details"] = other["details"].clone();
                }
            }
        }));
        let all = session.moment(after(1)).await.expect("tells");
        let unreadable = rows(session, &all)
            .into_iter()
            .filter(|(_, is)| *is == ThenIs::Unreadable)
            .count();
        assert_eq!(unreadable, 1);
        let revision = world.revision();
        let returned = session.return_to(&versions(&all)).await;
        let refused = returned.map(|done| done.changed);
        assert!(
            matches!(
                refused,
                Ok(2) | Err(SaveError::Client(ClientError::Tampered))
            ),
            "{refused:?}"
        );
        assert!(refused.is_ok() || world.revision() == revision);
    });
}

#[test]
fn a_server_that_is_away_loses_nothing() {
    run(async {
        let world = World::new().await;
        let [a, ..] = four_minutes(&world).await;
        let session = &world.session;
        let all = session.moment(after(1)).await.expect("tells");
        world.server.borrow_mut().down = true;
        let away = session.moment(after(1)).await.err();
        assert_eq!(away, Some(ClientError::Unreachable));
        let away = session.return_to(&versions(&all)).await.err();
        assert_eq!(away, Some(SaveError::Client(ClientError::Unreachable)));
        world.server.borrow_mut().down = false;
        assert_eq!(is_now(session, a).await.0, "three");
    });
}
