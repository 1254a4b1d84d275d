use zeroize::Zeroizing;

use super::{link, lock};
use crate::{
    args::{Idle, Login, Unlock},
    failure::Failure,
    home::{Account, Home},
    keeper::{self, Begin},
    open, prompt,
    vault::Question,
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
    known(home, &account)
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
            Ok(()) => return known(home, &account),
            Err(Failure::Refused(why)) if tries < PASSWORD_TRIES => eprintln!("keyarc: {why}"),
            Err(failure) => return Err(failure),
        }
        tries += 1;
    }
}

fn known(home: &Home, account: &Account) -> Result<(), Failure> {
    home.keep(account)?;
    eprintln!("This machine knows the account now, and its vault is unlocked.");
    Ok(())
}

/// Unlocks the vault of the account that is known here.
pub async fn unlock(home: &Home, wish: &Unlock) -> Result<(), Failure> {
    let account = home.account()?;
    if keeper::ask(home, &Question::Status)
        .await
        .is_some_and(|answer| answer.is_ok())
    {
        eprintln!("The vault is unlocked already.");
        return Ok(());
    }
    let password = match wish.stdin {
        true => {
            let [password] = prompt::lines::<1>()?;
            password
        }
        false => prompt::secret(PASSWORD)?,
    };
    start(&account, &password, &wish.idle, wish.stdin)
}

/// Locks the vault and forgets the account.
pub async fn logout(home: &Home) -> Result<(), Failure> {
    lock(home).await?;
    home.forget()
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
        password: password.as_str().to_owned(),
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
