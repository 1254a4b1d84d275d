//! A change of keys that is interrupted at every step.

use keyarc_client::{ChangeAllKeys, ChangePassword, ClientError, PasswordError, Recovering};
use keyarc_crypto::{SetupCode, Suite};
use keyarc_testkit::Delivery;
use keyarc_wire::{ClientKind, paths};

use crate::world::{Open, PASSWORD, World};

const NEW: &str = "canary velvet harbour copper";

/// What happens to one request of a change of keys.
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

/// Lets a fault happen to a request, counted from now on.
fn let_happen(world: &World, fault: Fault, step: u32) {
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
}

/// Exactly one of the two opens the account, with everything in it, and what was said of it is
/// true, or that it is not known. Says whether it is the new one.
fn is_new<E>(
    what: &str,
    old: &Result<Open, ClientError>,
    new: &Result<Open, ClientError>,
    told: &Result<E, PasswordError>,
) -> bool {
    let is_new = match (old, new) {
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
    match told {
        Ok(_) => assert!(is_new, "{what}"),
        Err(PasswordError::Unknown) => {}
        Err(_) => assert!(!is_new, "{what}"),
    }
    is_new
}

#[tokio::test]
async fn an_interrupted_change_leaves_the_old_keys_or_the_new() {
    let test = "rekey::an_interrupted_change_leaves_the_old_keys_or_the_new";
    for fault in FAULTS {
        // Every request that a change makes: where it looks, asks, changes and looks again.
        for step in 0..4 {
            let mut world = World::new(test).await;
            let_happen(&world, fault, step);
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
            if !is_new(&format!("{fault:?} at {step}: {told:?}"), &old, &new, &told) {
                world.password = PASSWORD;
            }
            world.end().await;
        }
    }
}

#[tokio::test]
async fn an_interrupted_recovery_leaves_the_old_password_or_the_new() {
    let test = "rekey::an_interrupted_recovery_leaves_the_old_password_or_the_new";
    for fault in FAULTS {
        // It asks what to sign, changes, and fetches the vault.
        for step in 0..3 {
            let mut world = World::new(test).await;
            let Ok(Recovering::Ready(recovery)) = world.recover().await else {
                panic!("the kit is good");
            };
            let_happen(&world, fault, step);
            let told = recovery.finish(NEW, "A device", ClientKind::Api).await;
            world.proxy.tell_the_truth();
            let old = world.log_in().await;
            world.password = NEW;
            let new = world.log_in().await;
            let what = format!("{fault:?} at {step}: {:?}", told.as_ref().err());
            if !is_new(&what, &old, &new, &told) {
                world.password = PASSWORD;
            }
            world.end().await;
        }
    }
}

#[tokio::test]
async fn an_interrupted_change_of_all_keys_leaves_the_old_or_the_new() {
    let test = "rekey::an_interrupted_change_of_all_keys_leaves_the_old_or_the_new";
    for fault in FAULTS {
        // Every request that it makes, until there is none more that a fault could happen to.
        for step in 0.. {
            let mut world = World::new(test).await;
            let wish = ChangeAllKeys {
                current: PASSWORD,
                new: NEW,
                suite: Suite::Pbkdf2Sha256,
            };
            let begun = world.session.begin_rekey(&wish).await;
            let mut rekey = begun.expect("an honest server");
            let before = world.proxy.asked().len();
            let_happen(&world, fault, step);
            let origin = world.proxy.origin();
            let told = world.session.rekey(&mut rekey, &origin, PASSWORD).await;
            let asked = world.proxy.asked().len() - before;
            world.proxy.tell_the_truth();
            let old = world.log_in_anew().await;
            let code = SetupCode::parse(&rekey.setup_code().to_text()).expect("reads back");
            let old_code = std::mem::replace(&mut world.code, code);
            world.password = NEW;
            let new = world.log_in_anew().await;
            let what = format!("{fault:?} at {step}: {:?}", told.as_ref().err());
            if is_new(&what, &old, &new, &told) {
                // What this device kept is sealed under keys that are gone.
                world.device = world.stranger();
            } else {
                (world.code, world.password) = (old_code, PASSWORD);
                old.expect("it opens").discard_rekey().await.expect(&what);
            }
            world.end().await;
            if asked <= step as usize {
                assert!(
                    told.is_ok() && step >= 8,
                    "it looks, stages, asks, changes, fetches"
                );
                break;
            }
        }
    }
}
