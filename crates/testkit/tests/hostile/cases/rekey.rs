//! A change of keys that is interrupted at every step.

use keyarc_client::{ChangePassword, ClientError, PasswordError};
use keyarc_crypto::Suite;
use keyarc_testkit::Delivery;
use keyarc_wire::paths;

use crate::world::{PASSWORD, World};

const NEW: &str = "canary velvet harbour copper";

/// What happens to one request of a change of password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Twice,
    Lost,
    AnswerLost,
    /// From then on nothing arrives any more.
    Gone,
    GoneAfter,
}

const FAULTS: [Fault; 5] = [
    Fault::Twice,
    Fault::Lost,
    Fault::AnswerLost,
    Fault::Gone,
    Fault::GoneAfter,
];

#[tokio::test]
async fn an_interrupted_change_leaves_the_old_keys_or_the_new() {
    let test = "rekey::an_interrupted_change_leaves_the_old_keys_or_the_new";
    for fault in FAULTS {
        // Every request that a change makes: where it looks, asks, changes and looks again.
        for step in 0..4 {
            let mut world = World::new(test).await;
            let mut number = 0;
            world.proxy.route(move |asked| {
                if asked.path == paths::PINS {
                    return Delivery::Once;
                }
                number += 1;
                match fault {
                    Fault::Gone | Fault::GoneAfter if number > step + 1 => Delivery::Lost,
                    _ if number != step + 1 => Delivery::Once,
                    Fault::Twice => Delivery::Twice,
                    Fault::Lost | Fault::Gone => Delivery::Lost,
                    Fault::AnswerLost | Fault::GoneAfter => Delivery::AnswerLost,
                }
            });
            let wish = ChangePassword {
                origin: &world.proxy.origin(),
                current: PASSWORD,
                new: NEW,
                suite: Suite::Pbkdf2Sha256,
            };
            let told = world.session.change_password(&wish).await;
            world.proxy.tell_the_truth();
            let old = world.log_in().await;
            world.password = NEW;
            let new = world.log_in().await;
            let what = format!("{fault:?} at {step}: {told:?}");
            let is_new = match (&old, &new) {
                (Ok(open), Err(ClientError::WrongPassword)) => {
                    assert_eq!(open.unlocked().items, 3, "{what}");
                    false
                }
                // A device that saw the new keys, or a server that lets only them in.
                (Err(ClientError::WrongPassword), Ok(open)) => {
                    assert_eq!(open.unlocked().items, 3, "{what}");
                    true
                }
                other => panic!("{what}: {:?}", (other.0.is_ok(), other.1.is_ok())),
            };
            // And what was said of it is true, or that it is not known.
            match told {
                Ok(()) => assert!(is_new, "{what}"),
                Err(PasswordError::Unknown) => {}
                Err(_) => assert!(!is_new, "{what}"),
            }
            if !is_new {
                world.password = PASSWORD;
            }
            world.end().await;
        }
    }
}
