//! The second half of a log-in.

use crate::common::{PASSWORD, World, begin_log_in, draft, run};
use keyarc_client::ClientError;
use keyarc_wire::{ErrorCode, paths};

const CODE: &str = "123 456";

async fn world() -> World {
    let world = World::new().await;
    world
        .session
        .save(&draft("Stripe", "one"))
        .await
        .expect("saves");
    world.server.borrow_mut().require_code(CODE);
    world
}

#[test]
fn the_vault_opens_with_the_code_and_not_before() {
    run(async {
        let world = world().await;
        world.server.borrow_mut().seen.clear();
        let pending = begin_log_in(&world).await;
        assert_eq!(
            world.server.borrow().seen,
            [paths::CHALLENGE, paths::LOGIN],
            "nothing is fetched"
        );
        assert_eq!(*pending.setup_code().to_text(), *world.code.to_text());
        let session = pending.finish(CODE).await.ok().expect("opens");
        assert_eq!(session.unlocked().items, 1);
    });
}

#[test]
fn who_cannot_ask_for_a_code_is_told() {
    run(async {
        let world = world().await;
        let refused = world.log_in(PASSWORD).await.err();
        assert_eq!(refused, Some(ClientError::SecondFactorRequired));
        // A wrong password is that and nothing else.
        let refused = world.log_in("wrong").await.err();
        assert_eq!(refused, Some(ClientError::WrongPassword));
    });
}

#[test]
fn after_a_wrong_code_another_can_be_tried() {
    run(async {
        let world = world().await;
        let pending = begin_log_in(&world).await;
        let refused = pending.finish("000000").await.err().expect("refused");
        assert_eq!(refused.error, ClientError::WrongCode);
        let pending = refused.pending.expect("goes on");
        // Nor does it matter that the server was away for a moment.
        world.server.borrow_mut().down = true;
        let refused = pending.finish(CODE).await.err().expect("refused");
        assert_eq!(refused.error, ClientError::Unreachable);
        world.server.borrow_mut().down = false;
        let pending = refused.pending.expect("goes on");
        assert!(pending.finish(CODE).await.is_ok());
    });
}

#[test]
fn a_log_in_that_took_too_long_begins_again() {
    run(async {
        let world = world().await;
        let pending = begin_log_in(&world).await;
        world.server.borrow_mut().let_log_in_expire();
        let refused = pending.finish(CODE).await.err().expect("refused");
        assert_eq!(refused.error, ClientError::LogInExpired);
        assert!(refused.pending.is_none());
    });
}

#[test]
fn what_comes_with_the_code_is_checked_like_any_account() {
    run(async {
        let world = world().await;
        let pending = begin_log_in(&world).await;
        world.server.borrow_mut().twist = Some(Box::new(|path, answer| {
            if path == paths::LOGIN_SECOND_FACTOR {
                answer["account"]["keyset"]["version"] = 2.into();
            }
        }));
        let refused = pending.finish(CODE).await.err().expect("refused");
        assert_eq!(refused.error, ClientError::Tampered);
        assert!(refused.pending.is_none());
    });
}

#[test]
fn a_demand_without_a_way_to_meet_it_is_refused() {
    run(async {
        let world = World::new().await;
        world
            .server
            .borrow_mut()
            .refuse_log_ins(ErrorCode::SecondFactorRequired);
        let refused = world.log_in(PASSWORD).await.err();
        assert_eq!(refused, Some(ClientError::Tampered));
    });
}
