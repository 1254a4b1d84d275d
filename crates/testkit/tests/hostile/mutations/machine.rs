//! The journey about machine tokens.

use keyarc_client::{Machine, MachineError, MachineWish, NewToken, Session, Transport};
use keyarc_crypto::MachineToken;
use keyarc_vault::{Item, MachineScope};
use keyarc_wire::ItemId;

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

/// What a machine hands in with a token, and what it sees then.
async fn hand_in<T: Transport>(
    transport: T,
    device: &Device,
    given: &Given,
    token: &str,
    item: ItemId,
    eyes: &Eyes,
) -> End {
    let token = MachineToken::parse(token).map_err(said)?;
    let opened = Machine::open(transport, device.clone(), &given.origin, &token).await;
    let copy = opened.map_err(said)?;
    // A machine remembers nothing, and may be shown what was true before. What it makes of that is its own.
    let now = copy.reveal(item).await.map_err(said)?;
    eyes.item("about to be changed", &now);
    let wish = MachineWish::Change(item, Box::new(edit(&now, SECRETS[1])));
    copy.hand_in(&[wish]).await.map_err(said)?;
    let made = copy.reveal(item).await.map_err(said)?;
    let Item {
        summary,
        content,
        notes,
        fields,
        ..
    } = &made;
    let put = (
        &summary.name,
        &summary.folder,
        &summary.tags,
        content,
        notes,
        fields,
    );
    eyes.hear("handed in", serde_json::to_string(&put).map_err(said)?);
    let kept = |item: &Item| {
        let summary = &item.summary;
        (
            summary.rotation,
            summary.favourite,
            summary.created_at_ms,
            summary.checks.clone(),
        )
    };
    match kept(&made) == kept(&now) {
        true => Ok(()),
        false => Err("more was changed than was handed in".into()),
    }
}

/// Makes a token that writes, reads with it before and after an item was changed, hands a change in,
/// takes that and discards another, looks who did, and revokes it.
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
        writes: true,
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
    hand_in(transport.clone(), device, given, &made.text, api, eyes).await?;
    reads().await?;
    let outcome = session.take_changes().await.map_err(said)?;
    if outcome.taken.len() != 1 || !outcome.waiting.is_empty() {
        return Err("what was handed in was not taken".into());
    }
    let taken = session.reveal(api).await.map_err(said)?;
    eyes.look("taken", session, Some(&taken));
    // One that is made on what the item was.
    hand_in(transport.clone(), device, given, &made.text, api, eyes).await?;
    let outcome = session.take_changes().await.map_err(said)?;
    let names: Vec<_> = outcome.waiting.iter().map(|row| row.change).collect();
    if names.len() != 1 {
        return Err("what is outdated does not wait".into());
    }
    session.discard_changes(&names).await.map_err(said)?;
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
