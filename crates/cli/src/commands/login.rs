use zeroize::Zeroizing;

use super::link;
use crate::{
    args::{Idle, Lock, Login, Unlock},
    failure::Failure,
    home::{Account, Home},
    keeper::{self, Begin, By},
    keyring, open, prompt,
    secret::Secret,
    vault::{Answer, Question},
};

const PASSWORD: &str = "Master password: ";
/// How often the password may be typed once another device has handed the setup code over.
const PASSWORD_TRIES: u32 = 3;

/// Makes this machine known to an account. It is kept only once its password has opened the vault.
pub async fn login(home: &Home, wish: &Login) -> Result<(), Failure> {
    open::transport(&wish.server)?;
    home.make()?;
    if home.account().is_ok() {
        return Err(Failure::Usage(
            "an account is known on this machine already: run `keyarc unlock`, or `keyarc logout` first".to_owned(),
        ));
    }
    if wish.keyring.keyring {
        keyring::look().await?;
    }
    if wish.link {
        return login_linked(home, wish).await;
    }
    let [code, password] = match wish.stdin {
        true => prompt::lines::<2>()?,
        false => [
            prompt::secret("Setup code, from the recovery kit: ")?,
            prompt::secret(PASSWORD)?,
        ],
    };
    let account = Account {
        server: wish.server.clone(),
        setup_code: code.trim().to_owned(),
    };
    account.code().map_err(|_| {
        Failure::Usage(
            "this is not a setup code: it begins with KA and stands on the recovery kit".to_owned(),
        )
    })?;
    start(&account, &password, &wish.idle, wish.stdin)?;
    known(home, &account, &password, wish).await
}

/// The same with a setup code that another device hands over. That took a person at two screens, so
/// that a mistake in the password does not end it at once.
async fn login_linked(home: &Home, wish: &Login) -> Result<(), Failure> {
    let code = link::setup_code(&wish.server).await?;
    let account = Account {
        server: wish.server.clone(),
        setup_code: code.as_str().to_owned(),
    };
    eprintln!("The setup code is here.");
    let mut tries = 1;
    loop {
        let password = prompt::secret(PASSWORD)?;
        match start(&account, &password, &wish.idle, false) {
            Ok(()) => return known(home, &account, &password, wish).await,
            Err(Failure::Refused(why)) if tries < PASSWORD_TRIES => eprintln!("keyarc: {why}"),
            Err(failure) => return Err(failure),
        }
        tries += 1;
    }
}

async fn known(
    home: &Home,
    account: &Account,
    password: &Zeroizing<String>,
    wish: &Login,
) -> Result<(), Failure> {
    home.keep(account)?;
    eprintln!("This machine knows the account now, and its vault is unlocked.");
    match wish.keyring.keyring {
        true => keep(home, account, password, &wish.idle).await,
        false => Ok(()),
    }
}

/// Unlocks the vault of the account that is known here.
pub async fn unlock(home: &Home, wish: &Unlock) -> Result<(), Failure> {
    let account = home.account()?;
    let keeps = wish.keyring.keyring;
    if keeps {
        keyring::look().await?;
    }
    let is_open = keeper::ask(home, &Question::Status)
        .await
        .is_some_and(|answer| answer.is_ok());
    if is_open && !keeps {
        eprintln!("The vault is unlocked already.");
        return Ok(());
    }
    if !keeps && !wish.stdin {
        match keyring::unlock(home, &account, Some(wish.idle.idle)).await {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(failure @ Failure::PasswordChanged) if prompt::is_possible() => {
                eprintln!("keyarc: {failure}");
            }
            Err(failure) => return Err(failure),
        }
    }
    let password = match wish.stdin {
        true => {
            let [password] = prompt::lines::<1>()?;
            password
        }
        false => prompt::secret(PASSWORD)?,
    };
    if !is_open {
        start(&account, &password, &wish.idle, wish.stdin)?;
    }
    match keeps {
        true => keep(home, &account, &password, &wish.idle).await,
        false => Ok(()),
    }
}

/// Has whoever holds the keys make what stands for the password, and puts it into the keyring.
async fn keep(
    home: &Home,
    account: &Account,
    password: &Zeroizing<String>,
    idle: &Idle,
) -> Result<(), Failure> {
    let question = Question::KeepUnlock(Secret(password.as_str().to_owned()));
    let answer = keeper::ask(home, &question).await;
    let answer = answer.unwrap_or(Err(Failure::Locked))?;
    let Answer::Kept(kept) = &answer else {
        return Err(Failure::Other("nothing came that could be kept".to_owned()));
    };
    keyring::keep(home, &account.server, kept, idle.idle).await?;
    eprintln!(
        "The system's keyring opens the vault from now on, until `keyarc lock --forget` or another password."
    );
    Ok(())
}

/// Locks the vault. Locking what is locked already is no mistake.
pub async fn lock(home: &Home, wish: &Lock) -> Result<(), Failure> {
    end_keeper(home).await?;
    if wish.forget {
        return keyring::forget(home).await;
    }
    if keyring::is_used(home) {
        eprintln!(
            "The system's keyring opens it again when it is needed: `keyarc lock --forget` ends that."
        );
    }
    Ok(())
}

/// Locks the vault and forgets the account.
pub async fn logout(home: &Home) -> Result<(), Failure> {
    end_keeper(home).await?;
    let forgotten = keyring::forget(home).await;
    home.forget()?;
    forgotten.map_err(|failure| {
        Failure::Machine(format!(
            "the account is forgotten here, and what the keyring keeps opens nothing without it; remove it there: {failure}"
        ))
    })
}

async fn end_keeper(home: &Home) -> Result<(), Failure> {
    match keeper::ask(home, &Question::Lock).await {
        Some(answer) => answer.map(drop),
        None => Ok(()),
    }
}

fn start(
    account: &Account,
    password: &Zeroizing<String>,
    idle: &Idle,
    by_script: bool,
) -> Result<(), Failure> {
    let begin = Begin {
        server: account.server.clone(),
        setup_code: account.setup_code.clone(),
        by: By::Password(password.as_str().to_owned()),
        idle_seconds: idle.idle.as_secs(),
    };
    keeper::start(&begin, |again| match by_script {
        // The line after those that were read.
        true if !again => {
            let [code] = prompt::lines::<1>()?;
            Ok(code)
        }
        true => Err(Failure::Refused("the code was not accepted".to_owned())),
        false => keeper::ask_code_at_terminal(again),
    })
}
