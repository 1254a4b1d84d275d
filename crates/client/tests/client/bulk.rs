//! Changes of many items: one write, on top of what others wrote, and back again.

use keyarc_client::{Bulk, ClientError, SaveError, Undone};
use keyarc_vault::{BulkChange, ListQuery, Scope, SelectStep, Selection};
use keyarc_wire::ItemId;

use crate::common::{Fault, TestSession, World, draft, edit, run};

async fn filled(world: &World, names: &[&str]) -> Vec<ItemId> {
    let mut ids = Vec::new();
    for name in names {
        let saved = world.session.save(&draft(name, name)).await.expect("saves");
        ids.push(saved.summary.id);
    }
    ids
}

fn folder_of(session: &TestSession, id: ItemId) -> String {
    session.look(|vault| vault.summary(id).expect("there").folder)
}

fn into(folder: &str) -> BulkChange {
    BulkChange::Folder(folder.to_owned())
}

#[test]
fn many_items_are_one_write_and_so_is_taking_it_back() {
    run(async {
        let world = World::new().await;
        let ids = filled(&world, &["One", "Two", "Three"]).await;
        let before = world.revision();
        let Bulk { changed, undo } = world
            .session
            .change_many(&ids, &into("Shop"))
            .await
            .expect("changes");
        assert_eq!((changed, world.revision()), (3, before + 1));
        let other = world.device().await;
        assert!(ids.iter().all(|id| folder_of(&other, *id) == "Shop"));
        let undone = world.session.undo_many(&undo).await.expect("undoes");
        assert_eq!(
            (undone, world.revision()),
            (
                Undone {
                    restored: 3,
                    left: 0
                },
                before + 2
            )
        );
        other.sync().await.expect("syncs");
        assert!(ids.iter().all(|id| folder_of(&other, *id).is_empty()));
        // Nothing to do is no write.
        let again = world.session.change_many(&ids, &into("")).await;
        assert_eq!(again.map(|bulk| bulk.changed).ok(), Some(0));
        assert_eq!(world.revision(), before + 2);
    });
}

#[test]
fn a_change_goes_on_top_of_what_another_device_wrote() {
    run(async {
        let world = World::new().await;
        let ids = filled(&world, &["One", "Two"]).await;
        let other = world.device().await;
        let theirs = other.reveal(ids[0]).await.expect("reveals");
        other.save(&edit(&theirs, "theirs")).await.expect("saves");
        let bulk = world
            .session
            .change_many(&ids, &into("Shop"))
            .await
            .expect("changes");
        assert_eq!(bulk.changed, 2);
        let now = world.session.reveal(ids[0]).await.expect("reveals");
        assert_eq!(now.content.part("value"), Some("theirs"));
        assert_eq!(now.summary.folder, "Shop");
        // They edit one of the two; the undo leaves it alone, and says so.
        other.sync().await.expect("syncs");
        let theirs = other.reveal(ids[1]).await.expect("reveals");
        other.save(&edit(&theirs, "again")).await.expect("saves");
        let undone = world.session.undo_many(&bulk.undo).await.expect("undoes");
        assert_eq!(
            undone,
            Undone {
                restored: 1,
                left: 1
            }
        );
        assert_eq!(folder_of(&world.session, ids[0]), "");
        let kept = world.session.reveal(ids[1]).await.expect("reveals");
        assert_eq!(kept.content.part("value"), Some("again"));
    });
}

#[test]
fn a_change_whose_answer_was_lost_is_not_made_twice() {
    run(async {
        let world = World::new().await;
        let ids = filled(&world, &["One", "Two"]).await;
        let before = world.revision();
        world.faults([Fault::AnswerLost, Fault::RequestLost]);
        let bulk = world
            .session
            .change_many(&ids, &BulkChange::Favourite(true))
            .await
            .expect("changes");
        assert_eq!((bulk.changed, world.revision()), (2, before + 1));
        let undone = world.session.undo_many(&bulk.undo).await.expect("undoes");
        assert_eq!(
            undone,
            Undone {
                restored: 2,
                left: 0
            }
        );
    });
}

#[test]
fn a_mistake_changes_nothing() {
    run(async {
        let world = World::new().await;
        let ids = filled(&world, &["One"]).await;
        let before = world.revision();
        let refused = world.session.change_many(&ids, &into("bell\u{7}")).await;
        assert!(matches!(refused, Err(SaveError::Draft(error)) if error.field == "folder"));
        assert_eq!(world.revision(), before);
    });
}

#[test]
fn only_what_is_in_the_trash_is_deleted_for_good() {
    run(async {
        let world = World::new().await;
        let ids = filled(&world, &["One", "Two", "Three"]).await;
        world
            .session
            .change_many(&ids[..2], &BulkChange::Trash)
            .await
            .expect("trashes");
        let before = world.revision();
        assert_eq!(world.session.purge_many(&ids).await, Ok(2));
        assert_eq!(world.revision(), before + 1);
        assert_eq!(world.session.unlocked().items, 1);
        assert_eq!(world.session.purge_many(&ids).await, Ok(0));
    });
}

#[test]
fn more_than_one_write_takes_is_refused_before_anything_is_sent() {
    run(async {
        let world = World::new().await;
        let ids = filled(&world, &["One"]).await;
        // The same item again and again stands for as many items.
        let many = vec![ids[0]; keyarc_wire::limits::ITEMS_PER_WRITE + 1];
        let before = world.revision();
        let refused = world.session.change_many(&many, &into("Shop")).await;
        assert!(matches!(
            refused,
            Err(SaveError::Client(ClientError::TooLarge))
        ));
        assert_eq!(world.revision(), before);
    });
}

#[test]
fn a_selection_holds_what_it_held_when_the_list_goes_on() {
    run(async {
        let world = World::new().await;
        filled(&world, &["One", "Two"]).await;
        let mut selection = Selection::default();
        let window = ListQuery {
            limit: 10,
            ..ListQuery::default()
        };
        let mut select = |step| {
            world
                .session
                .look(|vault| vault.select(&mut selection, step, &window, keyarc_vault::Day(0)))
        };
        assert_eq!(select(SelectStep::All).count, 2);
        world
            .session
            .save(&draft("Three", "three"))
            .await
            .expect("saves");
        assert_eq!(select(SelectStep::Look).count, 2);
        let trash = ListQuery {
            scope: Scope::Trash,
            ..window.clone()
        };
        let told = world.session.look(|vault| {
            vault.select(
                &mut selection,
                SelectStep::Look,
                &trash,
                keyarc_vault::Day(0),
            )
        });
        assert_eq!(told.count, 0);
    });
}
