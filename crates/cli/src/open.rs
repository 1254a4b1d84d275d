//! Logging in from this machine.

use keyarc_client::{
    ClientError, Distrust, KeptLogIn, LogIn, LoggingIn, NativeTransport, NativeTransportError,
    PendingLogIn, Session,
};
use keyarc_crypto::SetupCode;
use keyarc_wire::ClientKind;
use zeroize::Zeroizing;

use crate::{
    failure::Failure,
    home::{Account, Home},
    host::{Machine, Open},
    keeper::{self, By},
    keyring, machine,
    project::Project,
    prompt, tokens,
    vault::{Answer, Question, Source, answer},
};

/// How far a log-in came.
pub enum Opening {
    /// All the way.
    Open(Box<Open>),
    /// A code is missing.
    Code(Box<PendingLogIn<NativeTransport, Machine>>),
}

/// Logs in with the password, or with what stands for it. What is wrong with the server's address or
/// the setup code is told before anything is sent.
pub async fn begin(
    home: &Home,
    machine: &Machine,
    server: &str,
    code: &str,
    by: &By,
) -> Result<Opening, Failure> {
    let code = SetupCode::parse(code)
        .map_err(|error| Failure::Usage(format!("this is not a setup code: {error}")))?;
    let transport = transport(server)?;
    let asked = transport.clone();
    let seen = home.seen()?;
    let name = device_name();
    let (client, pins) = (ClientKind::Api, seen.as_deref());
    let begun = match by {
        By::Password(password) => {
            let wish = LogIn {
                origin: server,
                code: &code,
                password,
                device_name: &name,
                client,
                pins,
            };
            Session::begin_log_in(transport, machine.clone(), &wish).await
        }
        By::Kept(kept) => {
            let wish = KeptLogIn {
                origin: server,
                code: &code,
                kept: &keyring::read(kept).ok_or(Failure::PasswordChanged)?,
                device_name: &name,
                client,
                pins,
            };
            let begun = Session::begin_log_in_by_kept(transport, machine.clone(), &wish).await;
            if matches!(begun, Err(ClientError::WrongPassword)) {
                return Err(Failure::PasswordChanged);
            }
            begun
        }
    };
    match begun {
        Ok(LoggingIn::Open(session)) => Ok(Opening::Open(session)),
        Ok(LoggingIn::SecondFactor(pending)) => Ok(Opening::Code(pending)),
        Err(error) => Err(failed(server, &asked, error)),
    }
}

/// Of what a server was asked for in vain.
pub fn failed(server: &str, asked: &NativeTransport, error: ClientError) -> Failure {
    match (error, asked.distrust()) {
        (ClientError::Unreachable, Some(why)) => distrusted(server, why),
        (error, _) => error.into(),
    }
}

/// Of a server whose certificate is not taken.
pub fn distrusted(server: &str, why: Distrust) -> Failure {
    let (is, advice) = match why {
        Distrust::UnknownIssuer => (
            "is signed by nobody whom this machine trusts",
            "If the server is your own, add its authority to those of this machine, or name the file that has it in SSL_CERT_FILE. If it is not, somebody may stand between you and it: do not go on",
        ),
        Distrust::Expired => (
            "has expired",
            "If the clock of this machine is right, tell whoever runs the server",
        ),
        Distrust::NotYetValid => (
            "is not valid yet",
            "If the clock of this machine is right, tell whoever runs the server",
        ),
        Distrust::OtherName => (
            "is for another name",
            "Look whether the address is right: it must be the one that the certificate names",
        ),
        Distrust::Other => (
            "does not verify",
            "Somebody may stand between you and it: do not go on",
        ),
    };
    Failure::Distrusted(format!(
        "the certificate of {} {is}, and nothing was sent. {advice}",
        keyarc_lookup::printable(server)
    ))
}

/// Goes on with a code. One that is not accepted may be followed by another.
pub async fn finish(
    pending: Box<PendingLogIn<NativeTransport, Machine>>,
    code: &str,
) -> Result<Opening, Failure> {
    match pending.finish(code).await {
        Ok(session) => Ok(Opening::Open(Box::new(session))),
        Err(refused) if refused.error == ClientError::WrongCode => match refused.pending {
            Some(pending) => Ok(Opening::Code(pending)),
            None => Err(refused.error.into()),
        },
        Err(refused) => Err(refused.error.into()),
    }
}

/// The way to a server.
pub fn transport(server: &str) -> Result<NativeTransport, Failure> {
    NativeTransport::new(server).map_err(|error| match error {
        NativeTransportError::Origin => Failure::Usage(format!(
            "{} is not the address of a server: write https:// and its name, as in https://keyarc.example; http:// only for this machine",
            keyarc_lookup::printable(server),
        )),
        NativeTransportError::Setup => Failure::Machine("the HTTP client cannot be set up".to_owned()),
    })
}

/// Asks whoever holds the keys, or the copy that a token opens where there is one; when nobody does, opens the vault for this one question, if
/// somebody is there to type the password.
pub async fn ask(home: &Home, question: &Question) -> Result<Answer, Failure> {
    let project = Project::here()?;
    let question = &project.narrowed(question);
    if let Some(given) = machine::given()? {
        project.check(&given.server)?;
        return given.ask(home, question).await;
    }
    if let Ok(account) = home.account() {
        project.check(&account.server)?;
    }
    if let Some(answer) = keeper::ask(home, question).await {
        return answer;
    }
    let account = home.account()?;
    if home.is_offline() {
        return Err(Failure::Offline(
            "--offline: the vault is locked, and nothing is kept on this machine that its password could open"
                .to_owned(),
        ));
    }
    if keyring::unlock(home, &account, None).await? {
        return keeper::ask(home, question)
            .await
            .unwrap_or(Err(Failure::Locked));
    }
    if !prompt::is_possible() {
        return Err(Failure::Locked);
    }
    let machine = Machine::new(home);
    let session = open_here(home, &machine, &account).await?;
    if session.has_writing_tokens() {
        for said in tokens::behind(&session).await {
            eprintln!("keyarc: {said}");
        }
    }
    let answer = answer(Source::Account(&session), question).await;
    let _ = session.log_out().await;
    if let Some(unkept) = machine.unkept() {
        eprintln!("keyarc: what was seen of the vault is not remembered: {unkept}");
    }
    answer
}

async fn open_here(home: &Home, machine: &Machine, account: &Account) -> Result<Open, Failure> {
    let password = prompt::secret("Master password: ")?;
    let mut opening = begin(
        home,
        machine,
        &account.server,
        &account.setup_code,
        &By::Password(password.as_str().to_owned()),
    )
    .await?;
    let mut again = false;
    loop {
        match opening {
            Opening::Open(session) => return Ok(*session),
            Opening::Code(pending) => {
                let code: Zeroizing<String> = keeper::ask_code_at_terminal(again)?;
                opening = finish(pending, &code).await?;
                again = true;
            }
        }
    }
}

/// What the owner sees in the list of sessions.
fn device_name() -> String {
    let name = rustix::system::uname();
    let node = name.nodename().to_string_lossy();
    format!("keyarc on {}", keyarc_lookup::printable(&node))
        .chars()
        .take(60)
        .collect()
}
