use keyarc_lookup::printable;
use serde::Serialize;

use super::history::moment;
use crate::{
    args::Printed,
    cache::Kept,
    failure::Failure,
    home::Home,
    keeper, keyring, machine, output,
    vault::{Answer, Question, Status},
};

#[derive(Serialize)]
struct Told {
    server: String,
    unlocked: bool,
    /// Whether the system's keyring opens it without the password.
    keyring: bool,
    #[serde(flatten)]
    vault: Option<Status>,
}

/// Tells which account is known here. That it is locked is an answer and no failure.
pub async fn run(home: &Home, printed: &Printed) -> Result<(), Failure> {
    if let Some(given) = machine::given()? {
        return of_token(home, &given, printed).await;
    }
    let account = home.account()?;
    let vault = match keeper::ask(home, &Question::Status).await {
        None => None,
        Some(answer) => match &answer? {
            Answer::Status(status) => Some(status.clone()),
            _ => None,
        },
    };
    let told = Told {
        server: account.server.clone(),
        unlocked: vault.is_some(),
        keyring: keyring::is_used(home),
        vault,
    };
    if printed.json {
        return output::json(&told);
    }
    let mut lines = vec![("Server", printable(&told.server))];
    match &told.vault {
        None => lines.push(("Vault", "locked".to_owned())),
        Some(vault) => {
            lines.push(("Account", printable(&vault.account)));
            lines.push(("Vault", format!("unlocked, {}", output::items(vault.items))));
            if vault.unreadable > 0 {
                lines.push((
                    "",
                    format!("{} cannot be opened", output::items(vault.unreadable)),
                ));
            }
            lines.push((
                "State",
                match vault.freshness_verified {
                    true => "the newest one seen, or a later one".to_owned(),
                    false => "whole and signed; this machine has seen none before".to_owned(),
                },
            ));
            if let Some(failure) = &vault.not_kept {
                lines.push((
                    "",
                    format!("what was seen is not remembered: {}", printable(failure)),
                ));
            }
            lines.push((
                "Memory",
                match vault.memory_locked {
                    true => "locked: keys are not written to a swap file".to_owned(),
                    false => {
                        "not locked: the system allows too little of it (ulimit -l)".to_owned()
                    }
                },
            ));
            if let Some(kept) = &vault.kept {
                lines.extend(kept_lines(kept));
            }
        }
    }
    if told.keyring {
        lines.push(("Keyring", "opens the vault without the password".to_owned()));
    }
    output::pairs(&lines)
}

/// Tells what the token that the environment gives is good for. One that opens nothing is a failure:
/// there is nothing else that could be told.
async fn of_token(home: &Home, given: &machine::Given, printed: &Printed) -> Result<(), Failure> {
    let answer = given.ask(home, &Question::Status).await?;
    let Answer::Status(status) = &answer else {
        return Err(Failure::Other("no status came".to_owned()));
    };
    let status = Status {
        kept: given.kept()?,
        ..status.clone()
    };
    let told = Told {
        server: given.server.clone(),
        unlocked: true,
        keyring: false,
        vault: Some(status.clone()),
    };
    if printed.json {
        return output::json(&told);
    }
    let until = status.expires_at_ms.map(moment);
    let mut lines = vec![
        ("Server", printable(&told.server)),
        ("Account", printable(&status.account)),
        ("Copy", output::items(status.items)),
        ("Good until", until.unwrap_or_else(|| "revoked".to_owned())),
    ];
    lines.extend(status.kept.iter().flat_map(kept_lines));
    output::pairs(&lines)
}

/// What is kept, and why it would not be used, if it would not.
fn kept_lines(kept: &Kept) -> impl Iterator<Item = (&'static str, String)> {
    let not_used = kept.not_used.as_ref();
    let not_used = not_used.map(|why| ("", format!("it is not used: {}", printable(why))));
    [Some(("Kept", kept.in_words())), not_used]
        .into_iter()
        .flatten()
}
