//! The process that holds the keys while the vault is unlocked, and the way to it.
//!
//! It listens on a socket in a folder of its owner's, speaks to processes of its owner alone, and
//! ends when nobody asked anything for a while, when it is told to, or when the session ends.

mod ahead;
pub mod message;
mod serve;

use std::{
    env,
    process::{ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use tokio::net::UnixStream;
use zeroize::Zeroizing;

use crate::{
    failure::Failure,
    home::Home,
    machine::tell_age,
    prompt,
    vault::{Answer, Question},
};

use message::{Asked, Replied};

pub use message::{Begin, By, Said, Told};
pub use serve::{harden, serve};

/// The argument that makes this program the keeper. Nobody types it.
pub const ARGUMENT: &str = "keeper";
/// How long an answer may take: a server may be slow, and this machine asleep.
const PATIENCE: Duration = Duration::from_secs(120);

/// Asks the keeper; `None` when there is none.
pub async fn ask(home: &Home, question: &Question) -> Option<Result<Answer, Failure>> {
    let mut line = UnixStream::connect(home.socket()).await.ok()?;
    let talk = async {
        let asked = Asked {
            question,
            is_offline: home.is_offline(),
        };
        message::send(&mut line, &asked).await?;
        message::receive::<Replied>(&mut line).await
    };
    let answer = match tokio::time::timeout(PATIENCE, talk).await {
        Ok(Ok(replied)) => {
            if let Some(age) = replied.age_seconds {
                let why = match home.is_offline() {
                    true => "offline",
                    false => "the server cannot be reached",
                };
                tell_age(why, age);
            }
            replied.answer
        }
        Ok(Err(_)) => Err(Failure::Other(
            "the process that holds the keys ended; run `keyarc unlock`".to_owned(),
        )),
        Err(_) => Err(Failure::Other(
            "the process that holds the keys does not answer".to_owned(),
        )),
    };
    Some(answer)
}

/// Whether somebody holds the keys. It is no question that keeps them from being forgotten.
pub async fn is_there(home: &Home) -> bool {
    UnixStream::connect(home.socket()).await.is_ok()
}

/// Starts a keeper, which logs in, and waits until it holds the keys. Questions that it has for
/// the person are put through `ask_code`.
pub fn start(
    begin: &Begin,
    ask_code: impl Fn(bool) -> Result<Zeroizing<String>, Failure>,
) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::Machine(format!(
            "cannot start the process that holds the keys: {error}"
        ))
    };
    let own = env::current_exe().map_err(failed)?;
    let mut child = Command::new(own)
        .arg(ARGUMENT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let pipes = child.stdin.take().zip(child.stdout.take());
    let Some((mut to, mut from)) = pipes else {
        return Err(Failure::Machine(
            "cannot speak to the process that holds the keys".to_owned(),
        ));
    };
    let outcome = begun(&mut to, &mut from, begin, ask_code);
    if outcome.is_err() {
        let _ = child.kill();
        let _ = child.wait();
    }
    outcome
}

fn begun(
    to: &mut ChildStdin,
    from: &mut ChildStdout,
    begin: &Begin,
    ask_code: impl Fn(bool) -> Result<Zeroizing<String>, Failure>,
) -> Result<(), Failure> {
    let broken = |_| Failure::Machine("the process that was to hold the keys ended".to_owned());
    message::write(to, begin).map_err(broken)?;
    loop {
        match message::read::<Told>(from).map_err(broken)? {
            Told::Ready => return Ok(()),
            Told::Failed(failure) => return Err(failure),
            Told::AskCode { again } => {
                let code = Said::Code(ask_code(again)?.as_str().to_owned());
                message::write(to, &code).map_err(broken)?;
            }
        }
    }
}

/// Asks at the terminal.
pub fn ask_code_at_terminal(again: bool) -> Result<Zeroizing<String>, Failure> {
    prompt::secret(match again {
        false => "Code of the second factor: ",
        true => "That code was not accepted. Another one: ",
    })
}
