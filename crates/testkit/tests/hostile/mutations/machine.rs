//! The journey about machine tokens.

use keyarc_client::{Machine, MachineError, NewToken, Session, Transport};
use keyarc_crypto::MachineToken;
use keyarc_vault::MachineScope;

use super::journeys::{End, Eyes, FOLDER, Given, SECRETS, edit, named, said};
use crate::device::Device;

/// What a machine reads with a token.
async fn read<T: Transport>(
    transport: T,
    device: &Device,
    given: &Given,
    token: &str,
    eyes: &Eyes,
) -> End {
    let token = MachineToken::parse(token).map_err(said)?;
    let opened = Machine::open(transport, device.clone(), &given.origin, &token).await;
    let copy = opened.map_err(said)?;
    let mut ids = copy.look(|vault| vault.item_ids());
    ids.sort_unstable();
    for item in copy.read_many(&ids).await.map_err(said)? {
        eyes.item("read by a token", &item);
    }
    Ok(())
}

/// Makes a token, reads with it before and after an item was changed, looks who did, and revokes it.
pub async fn machine<T: Transport + Clone>(
    session: &Session<T, Device>,
    transport: T,
    device: &Device,
    given: &Given,
    eyes: &Eyes,
) -> End {
    let scope = MachineScope {
        folders: vec![FOLDER.to_owned()],
        environments: Vec::new(),
    };
    let new = NewToken {
        name: "canary-token-0d31c8",
        scope: &scope,
        expires_at_ms: None,
        networks: &[],
        writes: false,
    };
    let made = session.make_token(&new).await.map_err(said)?;
    *eyes.token.borrow_mut() = Some(made.text.as_str().to_owned());
    let reads = || read(transport.clone(), device, given, &made.text, eyes);
    reads().await?;
    let api = named(session, "Api")?;
    let item = session.reveal(api).await.map_err(said)?;
    let saved = session.save(&edit(&item, SECRETS[3])).await;
    eyes.look("edited", session, Some(&saved.map_err(said)?));
    if let Some(behind) = session.update_tokens().await.map_err(said)?.first() {
        return Err(said(&behind.why));
    }
    reads().await?;
    session.tokens().await.map_err(said)?;
    session.token_uses(made.id, None).await.map_err(said)?;
    session.token_names().await.map_err(said)?;
    session.revoke_token(made.id).await.map_err(said)?;
    let token = MachineToken::parse(&made.text).map_err(said)?;
    match Machine::open(transport, device.clone(), &given.origin, &token).await {
        Err(MachineError::Revoked) => Ok(()),
        Err(error) => Err(said(error)),
        // What it was good for until then, and no more: nothing was added since.
        Ok(_) => Err("a revoked token still opens".into()),
    }
}
