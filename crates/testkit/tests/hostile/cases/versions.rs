//! Versions of an item that were replaced, from a server that bends them.

use keyarc_client::{ClientError, SaveError};
use keyarc_vault::{Content, Item, ItemDraft, Version};
use keyarc_wire::ItemId;
use serde_json::{Value, json};

use crate::world::World;

/// What is changed of an answer.
type Lie = fn(&mut Value);

/// The first item of a world, of four versions, the last of which has another secret.
async fn four_versions(world: &World) -> ItemId {
    let (session, id) = (&world.session, world.items[0]);
    let before = session.reveal(id).await.expect("reveals");
    save(world, &before, "canary-another-secret").await;
    session.set_favourite(id, true).await.expect("stars");
    let starred = session.reveal(id).await.expect("reveals");
    // As it was, so that the world ends as it began.
    let last = ItemDraft {
        favourite: false,
        ..ItemDraft::of(&before)
    };
    let base_version = starred.summary.version;
    let saved = session
        .save(&ItemDraft {
            base_version,
            ..last
        })
        .await;
    assert_eq!(saved.expect("saves").summary.version, 4);
    id
}

async fn save(world: &World, item: &Item, value: &str) {
    let draft = ItemDraft {
        content: Content::ApiKey {
            value: value.to_owned(),
        },
        ..ItemDraft::of(item)
    };
    world.session.save(&draft).await.expect("saves");
}

/// What was asked of another path is answered truly.
fn lie(world: &World, last: &str, change: impl Fn(&mut Value) + Send + 'static) {
    let path = world.vault_path(last);
    world.proxy.lie(move |asked, answer| {
        if asked.path == path
            && let Some(mut value) = answer.value()
        {
            change(&mut value);
            answer.body = value.to_string().into_bytes();
        }
    });
}

/// The version cannot be shown, cannot be restored, and nothing was written.
async fn is_kept_back(world: &World, id: ItemId, version: u64, what: &str) {
    let session = &world.session;
    let refused = session.version(id, version).await.err();
    assert_eq!(refused, Some(ClientError::Tampered), "{what}");
    let refused = session.restore_version(id, version).await.err();
    let tampered = Some(SaveError::Client(ClientError::Tampered));
    assert_eq!(refused, tampered, "{what}");
    let now = session.look(|vault| vault.summary(id)).expect("there");
    assert_eq!(now.version, 4, "{what}");
}

/// The overview of a version, as it was said last.
fn overview(said: &Value, version: u64) -> Value {
    let all = said["versions"].as_array().expect("a list");
    let one = all.iter().find(|one| one["version"] == version);
    one.expect("there")["overview"].clone()
}

#[tokio::test]
async fn a_version_stands_for_nothing_else() {
    let world = World::new("versions::a_version_stands_for_nothing_else").await;
    let id = four_versions(&world).await;
    let session = &world.session;
    assert_eq!(session.versions(id).await.expect("lists").len(), 4);
    let ours = world.last_said(&world.vault_path("versions"));
    let ours = ours.value().expect("JSON");
    // Of another item, as it is now and as it was.
    let other = world.items[1];
    session.set_favourite(other, true).await.expect("stars");
    session.versions(other).await.expect("lists");
    let theirs = world.last_said(&world.vault_path("versions"));
    let theirs = theirs.value().expect("JSON");
    session.set_favourite(other, false).await.expect("unstars");
    let spoils = [
        ("another version", overview(&ours, 3)),
        ("another item", overview(&theirs, 1)),
        ("nothing", json!("")),
        ("text", json!("S0EBAQ")),
    ];
    for (what, instead) in spoils {
        lie(&world, "versions", move |said| {
            for version in said["versions"].as_array_mut().into_iter().flatten() {
                if version["version"] == 2 {
                    version["overview"] = instead.clone();
                }
            }
        });
        let versions = session.versions(id).await.expect("lists");
        assert_eq!(versions[2], Version::Unreadable { version: 2 }, "{what}");
        is_kept_back(&world, id, 2, what).await;
    }
    // The secret of another version, another item, another kind.
    world.proxy.tell_the_truth();
    session.version(id, 1).await.expect("opens");
    let first = world.last_said(&world.vault_path("versions/details"));
    let first = first.value().expect("JSON")["details"][0]["details"].clone();
    session.reveal(other).await.expect("reveals");
    let another = world.last_said(&world.vault_path("details"));
    let another = another.value().expect("JSON")["details"][0]["details"].clone();
    let of_old = overview(&ours, 2);
    let secrets = [
        ("an older secret", first),
        ("another item's", another),
        ("an overview", of_old),
        ("nothing", json!("")),
    ];
    for (what, instead) in secrets {
        lie(&world, "versions/details", move |said| {
            said["details"][0]["details"] = instead.clone();
        });
        is_kept_back(&world, id, 2, what).await;
    }
    // A history that is none.
    let lists: [(&str, Lie); 4] = [
        ("a version to come", |said| {
            said["versions"][0]["version"] = json!(9)
        }),
        ("a version twice", |said| {
            said["versions"][1] = said["versions"][0].clone();
        }),
        ("an item of before", |said| {
            said["current_version"] = json!(3)
        }),
        ("more without end", |said| said["more"] = json!(true)),
    ];
    for (what, spoil) in lists {
        lie(&world, "versions", spoil);
        let refused = session.versions(id).await.err();
        assert_eq!(refused, Some(ClientError::Tampered), "{what}");
    }
    world.proxy.tell_the_truth();
    let second = session.version(id, 2).await.expect("opens");
    assert!(
        matches!(&second.content, Content::ApiKey { value } if value == "canary-another-secret")
    );
    world.end().await;
}

#[tokio::test]
async fn what_is_left_out_is_seen_to_be_missing() {
    let world = World::new("versions::what_is_left_out_is_seen_to_be_missing").await;
    let id = four_versions(&world).await;
    let session = &world.session;
    lie(&world, "versions", |said| {
        let all = said["versions"].as_array_mut().expect("a list");
        all.retain(|one| one["version"] != 2);
    });
    let versions = session.versions(id).await.expect("lists");
    let gap = Version::Missing {
        newest: 2,
        oldest: 2,
    };
    assert_eq!((versions.len(), &versions[2]), (4, &gap));
    // What came after it claims no comparison with what is not there.
    assert!(matches!(&versions[1], Version::Read(row) if row.changes.is_none()));
    let refused = session.version(id, 2).await.err();
    assert_eq!(refused, Some(ClientError::NotFound));
    lie(&world, "versions", |said| said["versions"] = json!([]));
    let versions = session.versions(id).await.expect("lists");
    let gap = Version::Missing {
        newest: 3,
        oldest: 1,
    };
    assert_eq!(versions[1..], [gap]);
    world.end().await;
}
