//! Journeys about the recovery kit and all keys.

use keyarc_client::{
    ChangeAllKeys, ClientError, MadeRecoveryKey, Recover, Recovering, RecoveryState, Session,
    Transport,
};
use keyarc_crypto::{Checkpoint, Kit, RecoveryKey, SetupCode, Suite};
use keyarc_wire::ClientKind;

use super::journeys::{End, Eyes, Given, code_of, glance, said, visit};
use crate::device::Device;

/// The codes of a kit, as they are printed.
pub fn kit_text(code: &SetupCode, key: &RecoveryKey, checkpoint: &Checkpoint) -> String {
    let (code, key, checkpoint) = (code.to_text(), key.to_text(), checkpoint.to_text());
    [code.as_str(), &key, &checkpoint].join("\n")
}

/// What a session claims of a recovery key. That there is none is nothing that a server could be
/// kept from saying.
fn hear_of_it<T: Transport>(session: &Session<T, Device>, eyes: &Eyes) {
    let state = session.recovery();
    if matches!(state, RecoveryState::InForce { .. }) {
        eyes.hear("recovery key", format!("{state:?}"));
    }
}

async fn make<T: Transport>(
    session: &Session<T, Device>,
    given: &Given,
    eyes: &Eyes,
) -> Result<MadeRecoveryKey, String> {
    let made = session.make_recovery_key(&given.password).await;
    let made = made.map_err(said)?;
    let put = session.put_recovery_key(&given.origin, &given.password, &made);
    put.await.map_err(said)?;
    hear_of_it(session, eyes);
    let kit = kit_text(&code_of(given), made.key(), made.checkpoint());
    *eyes.kit.borrow_mut() = Some(kit);
    Ok(made)
}

pub async fn recovery_key<T: Transport>(
    session: &Session<T, Device>,
    given: &Given,
    eyes: &Eyes,
) -> End {
    hear_of_it(session, eyes);
    let made = make(session, given, eyes).await?;
    let proven = session.prove_recovery_key(&made.key().to_text()).await;
    let proven = proven.map_err(said)?;
    eyes.hear("proven", proven.to_string());
    session.put_recovery_off().await.map_err(said)?;
    hear_of_it(session, eyes);
    let revoked = session.revoke_recovery_key(&given.origin, &given.password);
    revoked.await.map_err(said)?;
    if let RecoveryState::InForce { .. } = session.recovery() {
        panic!("what was revoked is said to be in force");
    }
    make(session, given, eyes).await.map(drop)
}

pub async fn recover<T: Transport>(
    transport: T,
    device: Device,
    given: &Given,
    eyes: &Eyes,
) -> Result<Session<T, Device>, String> {
    let kit = Kit::parse(&given.kit).expect("a kit");
    let wish = Recover {
        origin: &given.origin,
        kit: &kit,
        pins: given.pins.as_deref(),
    };
    let begun = Session::begin_recovery(transport, device, &wish).await;
    let recovery = match begun.map_err(said)? {
        Recovering::Ready(recovery) => recovery,
        Recovering::SecondFactor(pending) => {
            let pending = match pending.finish(&given.wrong_code).await {
                Ok(_) => return Err("a wrong code was taken".into()),
                Err(refused) if refused.error == ClientError::WrongCode => {
                    refused.pending.ok_or("no second try")?
                }
                Err(refused) => return Err(said(refused.error)),
            };
            let right = pending.finish(&given.right_code).await;
            right.map_err(|refused| said(refused.error))?
        }
    };
    eyes.hear("setup code", recovery.setup_code().to_text().to_string());
    let open = recovery.finish(&given.new_password, "A device", ClientKind::Api);
    open.await.map_err(said)
}

pub async fn rekey<T: Transport + Clone>(
    session: &Session<T, Device>,
    given: &Given,
    eyes: &Eyes,
) -> End {
    session.discard_rekey().await.map_err(said)?;
    let wish = ChangeAllKeys {
        current: &given.password,
        new: &given.new_password,
        suite: Suite::Pbkdf2Sha256,
    };
    let mut rekey = session.begin_rekey(&wish).await.map_err(said)?;
    *eyes.code.borrow_mut() = Some(rekey.setup_code().to_text().to_string());
    *eyes.kit.borrow_mut() = Some(kit_text(
        rekey.setup_code(),
        rekey.recovery_key(),
        rekey.checkpoint(),
    ));
    let changed = session.rekey(&mut rekey, &given.origin, &given.password);
    let new = match changed.await {
        Ok(new) => new,
        Err(error) => {
            // What is open stays open and readable, as far as the server gives anything.
            if glance(session, eyes).await.is_ok() {
                eyes.look("not changed", session, None);
            }
            return Err(said(error));
        }
    };
    eyes.look("changed", &new, None);
    hear_of_it(&new, eyes);
    visit(&new, eyes).await
}
