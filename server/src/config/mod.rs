//! Configuration: environment variables, then `.env` in development, then safe defaults.
//!
//! Every mistake is collected, so that an operator mends a configuration in one go. Nothing here
//! touches the network or writes a file. `docs/configuration.md` says the same for people.

mod origin;
mod problem;
mod reader;
mod secret;
mod smtp;
mod variables;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    path::{Path, PathBuf},
    time::Duration,
};

use ipnet::IpNet;

pub use origin::Origin;
pub use problem::{ConfigError, Problem};
pub use secret::Secret;
pub use smtp::Smtp;
pub use variables::Variables;

use reader::Reader;

/// Shortest signing secret in bytes: the output length of HMAC-SHA256 (RFC 7518, section 3.2).
pub const JWT_SECRET_MIN: usize = 32;

/// What the server may assume about its surroundings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// One person's machine: secrets are made when missing, logs are for reading.
    Development,
    /// Reachable by others: nothing is made up, logs are for machines.
    Production,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// Most requests in a minute. Each is also the burst that is allowed at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// From one address, to `/auth` and, without a session, to `/api`.
    pub general: NonZeroU32,
    /// Log-ins from one address, and for one handle.
    pub login: NonZeroU32,
    /// Sign-ups from one address.
    pub sign_up: NonZeroU32,
    /// Authenticated requests of one account.
    pub account: NonZeroU32,
}

/// How long the server waits for what. Not configurable from outside; tests shorten them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// From accepting a connection, or from the end of the last response, to the end of the
    /// next request's headers. It is the idle timeout as well.
    pub headers: Duration,
    /// Longest pause between two pieces of a request body.
    pub body_pause: Duration,
    /// After this long, a body must have kept to [`Waits::BODY_BYTES_PER_SECOND`].
    pub body_grace: Duration,
    /// Longest time in which a client takes none of the bytes that wait for it.
    pub write_stall: Duration,
    /// How long accepted requests may go on after a signal to stop.
    pub shutdown: Duration,
    /// Longest wait for the database in a health check.
    pub health: Duration,
    /// How long to try to reach the database at start.
    pub database: Duration,
    /// Between two looks for reminders that are due.
    pub reminders: Duration,
}

impl Waits {
    /// Slowest body that is still taken, on average over its time beyond [`Waits::body_grace`].
    pub const BODY_BYTES_PER_SECOND: u64 = 8 * 1024;
}

impl Default for Waits {
    fn default() -> Self {
        Self {
            headers: Duration::from_secs(15),
            body_pause: Duration::from_secs(10),
            body_grace: Duration::from_secs(20),
            write_stall: Duration::from_secs(30),
            shutdown: Duration::from_secs(25),
            health: Duration::from_secs(2),
            database: Duration::from_secs(15),
            reminders: Duration::from_secs(30),
        }
    }
}

/// The whole configuration, every part checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// `KEYARC_ENV`.
    pub environment: Environment,
    /// `BIND`.
    pub bind: SocketAddr,
    /// `PUBLIC_ORIGIN`; always there in production.
    pub public_origin: Option<Origin>,
    /// `DATABASE_URL`.
    pub database_url: Secret,
    /// `DATA_DIR`.
    pub data_dir: PathBuf,
    /// `JWT_SECRET`; always there in production.
    pub jwt_secret: Option<Secret>,
    /// `JWT_SECRET_PREVIOUS`.
    pub jwt_secret_previous: Option<Secret>,
    /// `TRUSTED_PROXIES`.
    pub trusted_proxies: Vec<IpNet>,
    /// `LOG_FORMAT`.
    pub log_format: LogFormat,
    /// `LOG_LEVEL`.
    pub log_level: tracing::Level,
    /// The `RATE_LIMIT_…` variables.
    pub rates: Rates,
    /// `SESSION_DAYS`.
    pub session_days: u32,
    /// `SESSION_IDLE_DAYS`.
    pub session_idle_days: u32,
    /// `ATTACHMENTS_MB_PER_ACCOUNT`.
    pub attachments_mb: u32,
    /// `SITE_ROOT`; `None` when there is no built site, which only development tolerates.
    pub site_root: Option<PathBuf>,
    /// `MAX_CONNECTIONS`.
    pub max_connections: usize,
    /// `SMTP_URL` and `MAIL_FROM`; `None` when this server sends no mail over SMTP.
    pub smtp: Option<Smtp>,
    /// See [`Waits`].
    pub waits: Waits,
}

impl Config {
    /// Reads the process's environment, and `.env` in the working folder in development.
    pub fn load() -> Result<Self, ConfigError> {
        let mut variables = Variables::from_environment();
        if variables.get("KEYARC_ENV") != Ok(Some("production")) {
            variables = variables
                .with_file(Path::new(".env"))
                .map_err(|problem| ConfigError {
                    problems: vec![problem],
                })?;
        }
        Self::from_variables(&variables)
    }

    /// Checks given variables. `SITE_ROOT` is looked up on the disk; nothing else is.
    pub fn from_variables(variables: &Variables) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(variables);
        let environment = read_environment(&mut reader, variables);
        let production = environment == Environment::Production;

        let loopback = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 3000);
        let bind = reader.or(
            "BIND",
            loopback,
            "must be an address and a port, for example 0.0.0.0:8080",
            |text| text.parse().ok(),
        );
        let public_origin = read_origin(&mut reader, production);
        let data_dir = PathBuf::from(reader.text("DATA_DIR").unwrap_or("data"));
        let database_url = reader.or(
            "DATABASE_URL",
            Secret::new(format!("sqlite://{}/keyarc.db", data_dir.display())),
            "must begin with sqlite:// or postgres://",
            |text| is_database_url(text).then(|| Secret::new(text.to_owned())),
        );
        let jwt_secret = read_jwt_secret(&mut reader, "JWT_SECRET");
        if production && jwt_secret.is_none() {
            reader.complain(
                "JWT_SECRET",
                "is required in production: at least 32 random bytes",
            );
        }
        let jwt_secret_previous = read_jwt_secret(&mut reader, "JWT_SECRET_PREVIOUS");
        let trusted_proxies = reader.or(
            "TRUSTED_PROXIES",
            Vec::new(),
            "must be networks separated by commas, for example 10.0.0.0/8,fd00::/8",
            read_networks,
        );
        let log_format = reader.or(
            "LOG_FORMAT",
            if production {
                LogFormat::Json
            } else {
                LogFormat::Text
            },
            "must be json or text",
            |text| match text {
                "json" => Some(LogFormat::Json),
                "text" => Some(LogFormat::Text),
                _ => None,
            },
        );
        let log_level = reader.or(
            "LOG_LEVEL",
            tracing::Level::INFO,
            "must be error, warn, info, debug or trace",
            |text| {
                text.parse()
                    .ok()
                    .filter(|_| text.bytes().all(|b| b.is_ascii_lowercase()))
            },
        );
        let rates = Rates {
            general: reader.rate("RATE_LIMIT_PER_MINUTE", 100),
            login: reader.rate("RATE_LIMIT_LOGIN_PER_MINUTE", 5),
            sign_up: reader.rate("RATE_LIMIT_SIGN_UP_PER_MINUTE", 10),
            account: reader.rate("RATE_LIMIT_ACCOUNT_PER_MINUTE", 600),
        };
        let session_days = reader.number("SESSION_DAYS", 30, 1, 365);
        let session_idle_days = reader.number("SESSION_IDLE_DAYS", 7.min(session_days), 1, 365);
        if session_idle_days > session_days {
            reader.complain("SESSION_IDLE_DAYS", "must not exceed SESSION_DAYS");
        }
        let attachments_mb = reader.number("ATTACHMENTS_MB_PER_ACCOUNT", 1024, 0, 1_000_000);
        let site_root = read_site_root(&mut reader, production);
        let smtp = smtp::read(&mut reader);
        let max_connections = reader.number("MAX_CONNECTIONS", 1024, 16, 100_000) as usize;

        let config = Self {
            environment,
            bind,
            public_origin,
            database_url,
            data_dir,
            jwt_secret,
            jwt_secret_previous,
            trusted_proxies,
            log_format,
            log_level,
            rates,
            session_days,
            session_idle_days,
            attachments_mb,
            site_root,
            max_connections,
            smtp,
            waits: Waits::default(),
        };
        reader.finish(config)
    }

    /// The origins that the server goes by, the public one first, once the port is known.
    pub fn origins(&self, port: u16) -> Vec<Origin> {
        match &self.public_origin {
            Some(origin) => vec![origin.clone()],
            None => ["127.0.0.1", "localhost", "[::1]"]
                .map(|host| Origin::loopback(host, port))
                .to_vec(),
        }
    }

    /// Whether browsers reach the server over TLS, which decides about cookies and HSTS.
    pub fn is_https(&self) -> bool {
        self.public_origin.as_ref().is_some_and(Origin::is_https)
    }
}

fn read_environment(reader: &mut Reader<'_>, variables: &Variables) -> Environment {
    if variables.is_from_file("KEYARC_ENV") {
        // A file that is only read in development cannot say that this is not development.
        reader.complain("KEYARC_ENV", "must be set in the environment, not in .env");
        return Environment::Development;
    }
    reader.or(
        "KEYARC_ENV",
        Environment::Development,
        "must be development or production",
        |text| match text {
            "development" => Some(Environment::Development),
            "production" => Some(Environment::Production),
            _ => None,
        },
    )
}

fn read_origin(reader: &mut Reader<'_>, production: bool) -> Option<Origin> {
    const NAME: &str = "PUBLIC_ORIGIN";
    let origin = reader.or(
        NAME,
        None,
        "must be an origin as browsers write it, for example https://keyarc.example: lower case, \
         no path, no final slash, no standard port",
        |text| Origin::parse(text).map(Some),
    );
    match &origin {
        Some(origin) if !origin.is_https() && !origin.is_loopback() => {
            reader.complain(NAME, "must be https, except on this machine itself");
        }
        None if production && reader.text(NAME).is_none() => {
            reader.complain(
                NAME,
                "is required in production, for example https://keyarc.example",
            );
        }
        _ => {}
    }
    origin
}

fn read_jwt_secret(reader: &mut Reader<'_>, name: &'static str) -> Option<Secret> {
    let text = reader.text(name)?;
    if text.len() < JWT_SECRET_MIN {
        reader.complain(
            name,
            "must have at least 32 bytes, for example from: openssl rand -hex 32",
        );
    }
    // A short secret still counts as given, so that it is not also reported as missing.
    Some(Secret::new(text.to_owned()))
}

fn is_database_url(text: &str) -> bool {
    ["sqlite://", "postgres://", "postgresql://"]
        .iter()
        .any(|scheme| {
            text.strip_prefix(scheme)
                .is_some_and(|rest| !rest.is_empty())
        })
}

/// Networks, or single addresses, separated by commas.
fn read_networks(text: &str) -> Option<Vec<IpNet>> {
    text.split(',')
        .map(|part| {
            let part = part.trim();
            part.parse()
                .ok()
                .or_else(|| part.parse().ok().map(|ip: IpAddr| IpNet::from(ip)))
        })
        .collect()
}

fn read_site_root(reader: &mut Reader<'_>, production: bool) -> Option<PathBuf> {
    const NAME: &str = "SITE_ROOT";
    if let Some(text) = reader.text(NAME) {
        let path = PathBuf::from(text);
        if !path.is_dir() {
            reader.complain(NAME, "must name the folder of the built site");
        }
        return Some(path);
    }
    let beside_binary = std::env::current_exe()
        .ok()
        .and_then(|exe| Some(exe.parent()?.join("site")));
    let found = beside_binary
        .into_iter()
        .chain([PathBuf::from("target/site")])
        .find(|path| path.is_dir());
    if found.is_none() && production {
        reader.complain(
            NAME,
            "is required: there is no built site beside the binary",
        );
    }
    found
}

#[cfg(test)]
mod tests;
