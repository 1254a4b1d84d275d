use std::{env, net::SocketAddr, path::PathBuf};

use clap::Args;
use tokio::{net::TcpListener, task::LocalSet};
use zeroize::Zeroizing;

use crate::{
    external_secrets::{Answers, CallerSecret, HeldCopy, acceptor, serve},
    failure::Failure,
    keeper, machine, secret_file,
    signals::Signals,
};

/// The variable with the secret of callers.
const SECRET: &str = "KEYARC_CALLER_SECRET";

// `keyarc external-secrets`
#[derive(Debug, Args)]
pub struct ExternalSecrets {
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// A file with the secret that callers must know, of 24 characters or more. Without it the variable
    /// KEYARC_CALLER_SECRET has that.
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// A certificate with those that it was issued by, in PEM. Without it HTTP is spoken in clear.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub certificate: Option<PathBuf>,
    /// The certificate's private key, in PEM.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    pub key: Option<PathBuf>,
    /// The environment of what names none.
    #[arg(long, short, env = "KEYARC_ENVIRONMENT", value_name = "NAME")]
    pub environment: Option<String>,
}

/// Serves until a signal ends it. Whatever would keep every answer from being given ends it at once.
pub async fn run(wish: ExternalSecrets) -> Result<(), Failure> {
    let Some(given) = machine::given()? else {
        return Err(Failure::Usage(format!(
            "nothing but a machine token is read with here: set {} or {}, and {}",
            machine::TOKEN,
            machine::TOKEN_FILE,
            machine::SERVER
        )));
    };
    let secret = caller_secret(wish.secret_file)?;
    let tls = match (&wish.certificate, &wish.key) {
        (Some(certificate), Some(key)) => Some(acceptor(certificate, key)?),
        _ => None,
    };
    // What it holds is held for long.
    keeper::harden();
    let failed = |what: &str, error: std::io::Error| Failure::Machine(format!("{what}: {error}"));
    let signals = Signals::listen().map_err(|error| failed("signals cannot be heard", error))?;
    let copy = HeldCopy::of(given.open_now().await?);
    let listener = TcpListener::bind(wish.listen)
        .await
        .map_err(|error| failed(&format!("cannot listen at {}", wish.listen), error))?;
    let at = listener
        .local_addr()
        .map_err(|error| failed("cannot listen", error))?;
    if tls.is_none() && !at.ip().is_loopback() {
        eprintln!(
            "keyarc: without --certificate secrets cross the network in clear: let nobody but the operator reach this, or speak TLS"
        );
    }
    let scheme = if tls.is_some() { "https" } else { "http" };
    eprintln!("keyarc: listening at {scheme}://{at}");
    let answers = Answers::new(copy, secret, wish.environment);
    LocalSet::new()
        .run_until(serve(answers, listener, tls, signals))
        .await;
    Ok(())
}

fn caller_secret(file: Option<PathBuf>) -> Result<CallerSecret, Failure> {
    let given = env::var_os(SECRET).filter(|value| !value.is_empty());
    let text = match (file, given) {
        (Some(_), Some(_)) => {
            return Err(Failure::Usage(format!(
                "--secret-file and {SECRET} are both given: leave one of them out"
            )));
        }
        (Some(file), None) => secret_file::read(&file)?,
        (None, Some(given)) => Zeroizing::new(
            given
                .into_string()
                .map_err(|_| Failure::Usage(format!("{SECRET} is not text")))?,
        ),
        (None, None) => {
            return Err(Failure::Usage(format!(
                "callers need a secret: name a file with --secret-file, or set {SECRET}. `keyarc generate --base64 32` makes one"
            )));
        }
    };
    CallerSecret::parse(&text)
}
