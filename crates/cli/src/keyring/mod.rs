//! What stands for the password, in the keyring of the operating system: opened with the session at
//! this machine, so that nothing is asked for.
//!
//! It is sealed under the setup code, which lies in `account.json` and not there; neither opens
//! anything without the other. Nothing of this runs, and no keyring is spoken to, unless somebody
//! asked for it: then a note lies beside the account.

#[cfg(target_os = "macos")]
mod keychain;
#[cfg(target_os = "macos")]
use keychain as system;
#[cfg(not(target_os = "macos"))]
mod secret_service;
#[cfg(not(target_os = "macos"))]
use secret_service as system;

use std::time::Duration;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use keyarc_client::{Host as _, NativeHost};
use keyarc_lookup::printable;
use rand_core::Rng as _;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    failure::Failure,
    home::{Account, Home},
    host::Open,
    keeper::{self, Begin, By},
    vault::Answer,
};

/// What is known here of what the keyring keeps.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    /// By which it is found there: random, it says nothing of the account.
    entry: String,
    /// Seconds without a question after which the keys are forgotten.
    idle_seconds: u64,
}

/// Whether the keyring is asked when nobody holds the keys.
pub fn is_used(home: &Home) -> bool {
    home.keyring_note().is_ok_and(|note| note.is_some())
}

/// That there is a keyring, and it is open: before anybody types a password in vain.
pub async fn look() -> Result<(), Failure> {
    system::open().await.map(drop)
}

/// What is kept of an open account. It takes the password.
pub async fn make(session: &Open, password: &str) -> Result<Answer, Failure> {
    let kept = session.keep_unlock(password).await?;
    Ok(Answer::Kept(BASE64_URL_SAFE_NO_PAD.encode(kept)))
}

/// What was kept, as it was made; `None` when it is no such thing.
pub fn read(kept: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(kept).ok()
}

/// Puts it into the keyring, in the place of what is there.
pub async fn keep(home: &Home, server: &str, kept: &str, idle: Duration) -> Result<(), Failure> {
    let before = note(home)?;
    let is_new = before.is_none();
    let note = Note {
        entry: before.map_or_else(new_entry, |note| note.entry),
        idle_seconds: idle.as_secs(),
    };
    let text = serde_json::to_vec(&note).map_err(|error| Failure::Other(error.to_string()))?;
    // Before there is anything in the keyring that nobody would know of.
    home.keep_keyring_note(&text)?;
    let label = format!("KeyArc: opens the vault at {}", printable(server));
    let put = async { system::open().await?.put(&note.entry, &label, kept).await };
    let put = put.await;
    if put.is_err() && is_new {
        home.forget_keyring_note()?;
    }
    put
}

/// Unlocks the vault by what the keyring keeps: a process holds the keys then. False when it keeps
/// nothing, or cannot be asked, which is told.
pub async fn unlock(
    home: &Home,
    account: &Account,
    idle: Option<Duration>,
) -> Result<bool, Failure> {
    let Some(note) = note(home)? else {
        return Ok(false);
    };
    let found = async { system::open().await?.get(&note.entry).await };
    let kept = match found.await {
        Ok(Some(kept)) => kept,
        Ok(None) => {
            eprintln!("keyarc: the system's keyring has nothing that opens the vault any more");
            home.forget_keyring_note()?;
            return Ok(false);
        }
        Err(failure) => {
            eprintln!("keyarc: {failure}");
            return Ok(false);
        }
    };
    let begin = Begin {
        server: account.server.clone(),
        setup_code: account.setup_code.clone(),
        by: By::Kept(kept.as_str().to_owned()),
        idle_seconds: idle.map_or(note.idle_seconds, |idle| idle.as_secs()),
    };
    match keeper::start(&begin, keeper::ask_code_at_terminal) {
        Err(Failure::PasswordChanged) => {
            // It opens nothing any more, and each try would count as a wrong password.
            forget(home).await?;
            Err(Failure::PasswordChanged)
        }
        // Another command was faster.
        Err(Failure::Usage(_)) if keeper::is_there(home).await => Ok(true),
        started => started.map(|()| true),
    }
}

/// Removes it from the keyring. Where nothing was kept, no keyring is spoken to.
pub async fn forget(home: &Home) -> Result<(), Failure> {
    if let Some(note) = note(home)? {
        system::open().await?.remove(&note.entry).await?;
        home.forget_keyring_note()?;
    }
    Ok(())
}

fn note(home: &Home) -> Result<Option<Note>, Failure> {
    let damaged = |path: &std::path::Path| {
        Failure::Machine(format!(
            "{} is damaged: remove it, and what is called KeyArc in the system's keyring",
            path.display()
        ))
    };
    match home.keyring_note()? {
        None => Ok(None),
        Some((path, text)) => serde_json::from_str(&text)
            .map(Some)
            .map_err(|_| damaged(&path)),
    }
}

fn new_entry() -> String {
    let mut entry = [0; 16];
    NativeHost.rng().fill_bytes(&mut entry);
    BASE64_URL_SAFE_NO_PAD.encode(entry)
}

/// Of a keyring that is not there, is closed, or fails.
fn unusable(why: &str) -> Failure {
    Failure::Machine(format!(
        "the system's keyring cannot be used: {}. Without one, `keyarc unlock` takes the password",
        printable(why)
    ))
}

/// What a keyring keeps is text.
fn text(secret: Zeroizing<Vec<u8>>) -> Result<Zeroizing<String>, Failure> {
    std::str::from_utf8(&secret)
        .map(|text| Zeroizing::new(text.to_owned()))
        .map_err(|_| unusable("what it keeps is not KeyArc's"))
}
