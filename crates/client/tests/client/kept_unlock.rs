//! Unlocking by what stands for the password.

use keyarc_client::{ClientError, KeptLogIn, LoggingIn, Session};
use keyarc_crypto::SetupCode;
use keyarc_wire::{ClientKind, paths};

use crate::common::{Line, ORIGIN, PASSWORD, TestHost, World, change, draft, run};

const NEW: &str = "copper violin thunder meadow";
const CODE: &str = "123 456";

async fn begin(
    world: &World,
    code: &SetupCode,
    kept: &[u8],
) -> Result<LoggingIn<Line, TestHost>, ClientError> {
    let wish = KeptLogIn {
        origin: ORIGIN,
        code,
        kept,
        device_name: "Test",
        client: ClientKind::Browser,
        pins: None,
    };
    Session::begin_log_in_by_kept(Line::to(&world.server), TestHost::default(), &wish).await
}

#[test]
fn it_opens_what_the_password_opens_with_the_second_factor_between() {
    run(async {
        let world = World::new().await;
        let saved = world.session.save(&draft("Stripe", "one")).await;
        saved.expect("saves");
        let kept = world.session.keep_unlock(PASSWORD).await.expect("keeps");
        match begin(&world, &world.code, &kept).await.expect("opens") {
            LoggingIn::Open(session) => assert_eq!(session.unlocked().items, 1),
            LoggingIn::SecondFactor(_) => panic!("there is none"),
        }
        world.server.borrow_mut().require_code(CODE);
        match begin(&world, &world.code, &kept).await.expect("goes on") {
            LoggingIn::Open(_) => panic!("a code is missing"),
            LoggingIn::SecondFactor(pending) => {
                let session = pending.finish(CODE).await.ok().expect("opens");
                assert_eq!(session.unlocked().items, 1);
            }
        }
    });
}

#[test]
fn it_is_worth_nothing_with_another_password_or_setup_code() {
    run(async {
        let world = World::new().await;
        for wrong in ["another password", ""] {
            let kept = world.session.keep_unlock(wrong).await;
            assert_eq!(kept.err(), Some(ClientError::WrongPassword));
        }
        let kept = world.session.keep_unlock(PASSWORD).await.expect("keeps");
        let elsewhere = World::new().await;
        world.server.borrow_mut().seen.clear();
        for (code, kept) in [(&elsewhere.code, &kept[..]), (&world.code, &kept[1..])] {
            let refused = begin(&world, code, kept).await.err();
            assert_eq!(refused, Some(ClientError::WrongPassword));
        }
        assert_eq!(world.server.borrow().seen, [""; 0], "nothing is sent");

        let changed = world.session.change_password(&change(PASSWORD, NEW)).await;
        changed.expect("changes");
        let refused = begin(&world, &world.code, &kept).await.err();
        assert_eq!(refused, Some(ClientError::WrongPassword));
        assert!(
            world
                .server
                .borrow()
                .seen
                .iter()
                .any(|seen| *seen == paths::LOGIN)
        );
        let kept = world.session.keep_unlock(NEW).await.expect("keeps");
        begin(&world, &world.code, &kept).await.expect("opens");
    });
}
