//! The ordinary life of an account: sign-up, log-in, items, a second device.

use crate::common::{PASSWORD, World, draft, edit, log_in, run, sign_up, value};
use keyarc_client::{ClientError, SaveError, Session, Stage};
use keyarc_crypto::{SetupCode, Suite};
use keyarc_vault::{ListQuery, OverviewChange, Scope, import};
use rand_core::UnwrapErr;

fn query(scope: Scope) -> ListQuery {
    ListQuery {
        scope,
        limit: 100,
        ..ListQuery::default()
    }
}

fn rows(session: &crate::common::TestSession, scope: Scope) -> Vec<String> {
    let today = keyarc_vault::Day(20_000);
    let list = session.look(|vault| vault.list(&query(scope), today));
    list.rows.into_iter().map(|row| row.name).collect()
}

#[test]
fn what_one_device_saves_another_reveals() {
    run(async {
        let world = World::new().await;
        let saved = world
            .session
            .save(&draft("Stripe", "sk_live_1"))
            .await
            .expect("saves");
        assert_eq!((saved.summary.version, value(&saved)), (1, "sk_live_1"));
        let other = world.device().await;
        assert_eq!(other.unlocked().items, 1);
        assert_eq!(other.unlocked().label, "ada@example.com");
        let item = other.reveal(saved.summary.id).await.expect("reveals");
        assert_eq!(
            (item.summary.name.as_str(), value(&item)),
            ("Stripe", "sk_live_1")
        );
    });
}

#[test]
fn an_edit_elsewhere_arrives_with_the_next_sync_or_reveal() {
    run(async {
        let world = World::new().await;
        let first = world
            .session
            .save(&draft("Stripe", "one"))
            .await
            .expect("saves");
        let other = world.device().await;
        other.save(&edit(&first, "two")).await.expect("saves");
        assert_eq!(world.session.look(|vault| vault.revision()), 1);
        let seen = world
            .session
            .reveal(first.summary.id)
            .await
            .expect("reveals");
        assert_eq!((seen.summary.version, value(&seen)), (2, "two"));
        assert_eq!(world.session.sync().await, Ok(false));
        other.save(&draft("GitHub", "three")).await.expect("saves");
        assert_eq!(world.session.sync().await, Ok(true));
        assert_eq!(world.session.unlocked().items, 2);
    });
}

#[test]
fn wrong_credentials_are_told_alike() {
    run(async {
        let world = World::new().await;
        assert_eq!(
            world.log_in("wrong").await.err(),
            Some(ClientError::WrongPassword)
        );
        assert_eq!(
            world.log_in("").await.err(),
            Some(ClientError::WrongPassword)
        );
        let mut rng = UnwrapErr(getrandom::SysRng);
        let unknown = SetupCode::make(Suite::Pbkdf2Sha256, &mut rng);
        let refused = log_in(&world.server, &unknown, PASSWORD).await.err();
        assert_eq!(refused, Some(ClientError::WrongPassword));
    });
}

#[test]
fn a_handle_that_is_taken_is_replaced() {
    run(async {
        let world = World::new().await;
        for (taken, works) in [(2, true), (3, false)] {
            world.server.borrow_mut().handles_taken = taken;
            let line = crate::common::Line::to(&world.server);
            let made = Session::sign_up(line, world.host.clone(), &sign_up()).await;
            assert_eq!(made.is_ok(), works, "{taken}");
        }
    });
}

#[test]
fn log_in_reports_its_stages_in_order() {
    run(async {
        let world = World::new().await;
        let told = &world.host.told.borrow().progress;
        assert_eq!(told.first(), Some(&(Stage::Deriving, 0)));
        assert_eq!(told.last(), Some(&(Stage::Sending, 100)));
        assert!(told.iter().all(|(_, percent)| *percent <= 100));
    });
}

#[test]
fn trash_restore_and_purge_reach_the_other_device() {
    run(async {
        let world = World::new().await;
        let a = world
            .session
            .save(&draft("A", "1"))
            .await
            .expect("saves")
            .summary
            .id;
        let b = world
            .session
            .save(&draft("B", "2"))
            .await
            .expect("saves")
            .summary
            .id;
        world.session.trash(&[a, b]).await.expect("trashes");
        world.session.restore(&[b]).await.expect("restores");
        world.session.set_favourite(b, true).await.expect("stars");
        let other = world.device().await;
        assert_eq!(rows(&other, Scope::Trash), ["A"]);
        assert_eq!(rows(&other, Scope::Favourites), ["B"]);
        // Only what is in the trash goes for good.
        other.purge(&[a, b]).await.expect("purges");
        world.session.sync().await.expect("syncs");
        assert_eq!(rows(&world.session, Scope::Trash), Vec::<String>::new());
        assert_eq!(rows(&world.session, Scope::All), ["B"]);
        assert_eq!(world.session.reveal(a).await, Err(ClientError::NotFound));
        assert_eq!(value(&world.session.reveal(b).await.expect("reveals")), "2");
    });
}

#[test]
fn a_small_change_goes_on_top_of_what_another_device_saved() {
    run(async {
        let world = World::new().await;
        let item = world
            .session
            .save(&draft("Stripe", "one"))
            .await
            .expect("saves");
        let other = world.device().await;
        other.save(&edit(&item, "two")).await.expect("saves");
        world
            .session
            .trash(&[item.summary.id])
            .await
            .expect("trashes");
        let now = world
            .session
            .reveal(item.summary.id)
            .await
            .expect("reveals");
        assert!(now.summary.trashed_at_ms.is_some());
        assert_eq!((now.summary.version, value(&now)), (3, "two"));
    });
}

#[test]
fn an_import_that_is_stopped_before_it_is_sent_writes_nothing() {
    run(async {
        let world = World::new().await;
        let planned: Vec<_> = (0..1_200)
            .map(|number| import::PlannedItem {
                draft: draft(&format!("KEY_{number}"), "secret"),
                variable: None,
                kept: None,
            })
            .collect();
        let left = std::cell::Cell::new(3);
        let goes_on = || left.replace(left.get() - 1) > 0;
        assert_eq!(
            world.session.import_while(&planned, goes_on).await,
            Ok(None)
        );
        assert_eq!(
            (world.revision(), world.session.unlocked().items),
            (0, 0),
            "stopped in the midst of sealing"
        );
        let added = world.session.import_while(&planned, || true).await;
        let added = added.expect("writes").expect("was not stopped");
        assert_eq!((added.len(), world.revision()), (1_200, 1));
        world.session.trash(&added).await.expect("takes it back");
        assert_eq!(world.session.unlocked().items, 0);
    });
}

#[test]
fn an_import_is_one_write_and_opens_elsewhere() {
    run(async {
        let world = World::new().await;
        let text: String = (0..1_200).map(|n| format!("KEY_{n}=value-{n}\n")).collect();
        let plan = |session: &crate::common::TestSession| {
            session.look(|vault| {
                let wish = keyarc_vault::ImportWish::default();
                let import = import::preview(text.as_bytes(), None, &wish, vault);
                let import = import.expect("small enough");
                let plan = keyarc_vault::ImportPlan {
                    folder: "Imported".into(),
                    ..keyarc_vault::ImportPlan::default()
                };
                vault.plan_import(&import, &plan).expect("plans")
            })
        };
        assert_eq!(world.session.import(&plan(&world.session)).await, Ok(1_200));
        assert_eq!(
            (world.revision(), world.session.unlocked().items),
            (1, 1_200)
        );
        let other = world.device().await;
        assert_eq!(other.unlocked().items, 1_200);
        assert_eq!(other.unlocked().unreadable, 0);
        assert_eq!(other.import(&plan(&other)).await, Ok(0));
        assert_eq!(world.revision(), 1);
    });
}

#[test]
fn a_broken_draft_is_not_sent() {
    run(async {
        let world = World::new().await;
        let refused = world.session.save(&draft("", "x")).await;
        assert!(matches!(refused, Err(SaveError::Draft(error)) if error.field == "name"));
        assert!(
            !world
                .server
                .borrow()
                .seen
                .iter()
                .any(|path| path.ends_with("/items"))
        );
    });
}

#[test]
fn a_kept_form_opens_for_its_own_account_only() {
    run(async {
        let world = World::new().await;
        let form = draft("Half", "writ");
        let sealed = world.session.seal_form(&form).expect("seals");
        assert!(!sealed.windows(4).any(|part| part == b"writ"));
        assert!(
            world
                .device()
                .await
                .open_form(&sealed)
                .is_some_and(|opened| opened == form)
        );
        let stranger = World::new().await;
        assert!(stranger.session.open_form(&sealed).is_none());
        assert!(world.session.open_form(&sealed[1..]).is_none());
    });
}

#[test]
fn the_end_of_a_session_is_told_as_such() {
    run(async {
        let world = World::new().await;
        let item = world
            .session
            .save(&draft("A", "1"))
            .await
            .expect("saves")
            .summary
            .id;
        world.server.borrow_mut().sessions_ended = true;
        assert_eq!(world.session.sync().await, Err(ClientError::SessionEnded));
        assert_eq!(
            world.session.reveal(item).await,
            Err(ClientError::SessionEnded)
        );
        let refused = world.session.save(&draft("B", "2")).await;
        assert_eq!(refused, Err(SaveError::Client(ClientError::SessionEnded)));
        // Ending what has ended is no failure.
        assert_eq!(world.session.log_out().await, Ok(()));
    });
}

#[test]
fn a_change_of_overview_alone_leaves_the_secret_where_it_is() {
    run(async {
        let world = World::new().await;
        let item = world
            .session
            .save(&draft("A", "1"))
            .await
            .expect("saves")
            .summary
            .id;
        let mut rng = UnwrapErr(getrandom::SysRng);
        let write = world
            .session
            .look(|vault| {
                vault.seal_overview_change(item, OverviewChange::Favourite(true), 1, &mut rng)
            })
            .expect("seals");
        assert!(write.details.is_none());
    });
}

#[test]
fn saved_views_open_for_their_account_alone() {
    run(async {
        let world = World::new().await;
        let views = vec![keyarc_vault::SavedView {
            name: "Production".to_owned(),
            path: "/vault?env=production".to_owned(),
        }];
        let sealed = world.session.seal_views(&views).expect("seals");
        assert!(!sealed.windows(10).any(|part| part == b"production"));
        let other = world.device().await;
        assert_eq!(other.open_views(&sealed), Some(views));
        let stranger = World::new().await;
        assert!(stranger.session.open_views(&sealed).is_none());
        assert!(world.session.open_form(&sealed).is_none(), "another label");
    });
}
