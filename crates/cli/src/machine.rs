//! Reading and handing in with a machine token, which the environment gives: no account is known to this machine.
//! Nothing is kept on it, unless the environment says so (`cache`).

use std::{env, path::Path};

use keyarc_client::{
    ClientError, KeptError, KeptFloor, Machine, MachineError, NativeHost, NativeTransport,
};
use keyarc_crypto::MachineToken;
use zeroize::Zeroizing;

use crate::{
    cache::{self, Cache, Kept, NotUsed},
    failure::Failure,
    home::Home,
    open::{distrusted, transport},
    secret_file,
    vault::{Answer, Question, Source, answer},
};

/// The variable with the token.
pub const TOKEN: &str = "KEYARC_TOKEN";
/// The variable that names a file with the token, in the place of [`TOKEN`].
pub const TOKEN_FILE: &str = "KEYARC_TOKEN_FILE";
/// The variable with the server.
pub const SERVER: &str = "KEYARC_SERVER";

/// What a token opens, in this process.
pub type OpenedCopy = Machine<NativeTransport, NativeHost>;

/// Whether the environment gives a token, however it is written.
pub fn is_given() -> bool {
    is_set(TOKEN) || is_set(TOKEN_FILE)
}

fn is_set(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// A token, and where it is good.
pub struct Given {
    token: MachineToken,
    /// The server's origin.
    pub server: String,
}

/// The token that the environment gives, if it gives one. What is wrong with it is told without it.
pub fn given() -> Result<Option<Given>, Failure> {
    let (text, variable) = match (is_set(TOKEN), is_set(TOKEN_FILE)) {
        (false, false) => return Ok(None),
        (true, true) => {
            return Err(Failure::Usage(format!(
                "{TOKEN} and {TOKEN_FILE} are both set: unset one of them"
            )));
        }
        (true, false) => {
            let unreadable = |_| Failure::Usage(format!("{TOKEN} is not text"));
            (Zeroizing::new(env::var(TOKEN).map_err(unreadable)?), TOKEN)
        }
        (false, true) => {
            let path = env::var_os(TOKEN_FILE).unwrap_or_default();
            (secret_file::read(Path::new(&path))?, TOKEN_FILE)
        }
    };
    let wrong = |error| match variable {
        TOKEN => Failure::Usage(format!("{TOKEN} is not a machine token: {error}")),
        _ => Failure::Usage(format!(
            "the file that {TOKEN_FILE} names holds no machine token: {error}"
        )),
    };
    let token = MachineToken::parse(&text).map_err(wrong)?;
    match env::var(SERVER) {
        Ok(server) if !server.is_empty() => Ok(Some(Given { token, server })),
        _ => Err(Failure::Usage(format!(
            "{variable} is set: set {SERVER} too, for example to https://keyarc.example"
        ))),
    }
}

impl Given {
    /// Answers a question from the token's copy. What only an account can do is refused before anybody
    /// is asked.
    pub async fn ask(&self, home: &Home, question: &Question) -> Result<Answer, Failure> {
        let writes = matches!(question, Question::Form(_) | Question::Change(_));
        if !writes {
            reads(question)?;
        }
        let copy = self.open(home.is_offline()).await?;
        if writes && !copy.writes() {
            return Err(reads_only());
        }
        answer(Source::Machine(&copy), question).await
    }

    /// Whether something can be changed with the token. To be asked before somebody is asked for a
    /// secret.
    pub async fn writes(&self, home: &Home) -> Result<(), Failure> {
        match self.open(home.is_offline()).await?.writes() {
            true => Ok(()),
            false => Err(reads_only()),
        }
    }

    /// What is kept of the copy; `None` when nothing is.
    pub fn kept(&self) -> Result<Option<Kept>, Failure> {
        let cache = Cache::of(&self.token)?;
        Ok(cache.and_then(|cache| cache.report(&self.token, &self.server)))
    }

    /// Opens the copy: as the server has it, or, where that cannot be reached or is not to be asked, as
    /// it was kept.
    async fn open(&self, is_offline: bool) -> Result<OpenedCopy, Failure> {
        let Some(cache) = Cache::of(&self.token)? else {
            return match is_offline {
                true => Err(Failure::Offline(format!(
                    "--offline answers from what is kept, and nothing is: set {} to the time for which it may be used, as in 24h, and read once",
                    cache::MAX_AGE
                ))),
                false => self.open_now().await,
            };
        };
        if is_offline {
            return self.open_kept(&cache, "offline");
        }
        let floor = cache.floor(&self.token);
        match self.fetch(floor.as_ref()).await? {
            Ok(copy) => {
                if let Err(why) = cache.keep(&self.token, &copy).await {
                    eprintln!(
                        "keyarc: what was read is not kept for when the server cannot be reached: {why}"
                    );
                }
                Ok(copy)
            }
            Err(MachineError::Client(ClientError::Unreachable)) => {
                self.open_kept(&cache, "the server cannot be reached")
            }
            Err(error) => {
                if is_over(&error) {
                    cache.forget();
                }
                Err(error.into())
            }
        }
    }

    /// Opens the copy as the server has it now, and keeps nothing.
    pub async fn open_now(&self) -> Result<OpenedCopy, Failure> {
        self.fetch(None).await?.map_err(Failure::from)
    }

    /// Fetches the copy. A server that is not believed to be itself is another matter than one that
    /// does not answer.
    async fn fetch(
        &self,
        floor: Option<&KeptFloor>,
    ) -> Result<Result<OpenedCopy, MachineError>, Failure> {
        let transport = transport(&self.server)?;
        let asked = transport.clone();
        let opened =
            Machine::open_after(transport, NativeHost, &self.server, &self.token, floor).await;
        match (&opened, asked.distrust()) {
            (Err(MachineError::Client(ClientError::Unreachable)), Some(why)) => {
                Err(distrusted(&self.server, why))
            }
            _ => Ok(opened),
        }
    }

    fn open_kept(&self, cache: &Cache, why: &str) -> Result<OpenedCopy, Failure> {
        match cache.open(&self.token, &self.server) {
            Ok((copy, age)) => {
                tell_age(why, age);
                Ok(copy)
            }
            Err(NotUsed::Kept(KeptError::Ended)) => {
                cache.forget();
                Err(MachineError::Expired.into())
            }
            Err(not_used) => Err(Failure::Offline(format!(
                "{why}, and no copy that was kept is used: {not_used}"
            ))),
        }
    }
}

/// Says that an answer is what the server sent before, once for each answer.
pub fn tell_age(why: &str, age_seconds: u64) {
    eprintln!(
        "keyarc: {why}; this is what the server sent {} ago",
        cache::ago(age_seconds)
    );
}

/// Whether a token will never open anything again.
fn is_over(error: &MachineError) -> bool {
    matches!(
        error,
        MachineError::Refused | MachineError::Expired | MachineError::Revoked
    )
}

/// Whether a token can answer: it reads what is there now, and so does whoever cannot reach the server.
pub fn reads(question: &Question) -> Result<(), Failure> {
    let is_past = match question {
        Question::History(_) => true,
        Question::Values(all) => all.iter().any(|one| one.version.is_some()),
        Question::Item(one) => one.version.is_some(),
        _ => false,
    };
    if is_past {
        return Err(Failure::Usage(format!(
            "a machine token ({TOKEN} is set) has items as they are, and no earlier versions"
        )));
    }
    match question {
        Question::Form(_)
        | Question::Change(_)
        | Question::Checks(_)
        | Question::Checked(_)
        | Question::Import(_)
        | Question::Export(_)
        | Question::MakeToken(_)
        | Question::Tokens
        | Question::RemoveTokens(_)
        | Question::TokenUses(_)
        | Question::KeepUnlock(_) => Err(needs_account()),
        Question::Status
        | Question::Items
        | Question::List(_)
        | Question::Values(_)
        | Question::Item(_)
        | Question::Variables(_)
        | Question::Code(_)
        | Question::History(_)
        | Question::Credential(_)
        | Question::Registries(_)
        | Question::SshIdentities(_)
        | Question::SshSign(_)
        | Question::Within(..)
        | Question::Lock => Ok(()),
    }
}

/// That nothing can be changed with this token.
pub fn reads_only() -> Failure {
    Failure::Usage(format!(
        "this machine token reads only: its owner can make one that writes, or unset {TOKEN} to use the account of this machine"
    ))
}

/// That no token can do something.
pub fn needs_account() -> Failure {
    Failure::Usage(format!(
        "a machine token cannot do this: unset {TOKEN} to use the account of this machine"
    ))
}

impl From<MachineError> for Failure {
    fn from(error: MachineError) -> Self {
        match error {
            MachineError::Client(ClientError::SessionEnded | ClientError::WrongPassword)
            | MachineError::Refused => Self::Refused(
                "the machine token was not accepted: the server has none like it, or it is for another server".to_owned(),
            ),
            MachineError::Expired => {
                Self::Refused("the machine token has ended: make another one".to_owned())
            }
            MachineError::Revoked => Self::Refused("the machine token was revoked".to_owned()),
            MachineError::AddressRefused => Self::Refused(
                "the machine token may not be used from this machine's address".to_owned(),
            ),
            skew @ MachineError::ClockSkew { .. } => Self::Refused(format!(
                "{skew}: set it right, the server takes five minutes at most"
            )),
            MachineError::Client(error) => error.into(),
        }
    }
}
