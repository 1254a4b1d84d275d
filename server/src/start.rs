//! From a configuration to a running server.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use keyarc_auth::ServerKeys;
use keyarc_service::{OsEntropy, Policy, Services, SystemClock};
use keyarc_store::{OpenError, Store, StoreError, StoreOptions};
use tokio::{
    net::TcpListener,
    sync::watch,
    time::{sleep, timeout},
};

use crate::{
    config::{Config, ConfigError, Environment, Origin},
    dev_secret, jobs, listen, reminders,
    site::Site,
    state::AppState,
    stopwatch,
};

/// Pause between two attempts to reach the database at start.
const RETRY: Duration = Duration::from_millis(500);
/// Milliseconds in a day.
const DAY_MS: u64 = 24 * 3_600_000;

/// Why the server did not start, one clear sentence each.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// See [`ConfigError`].
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The secret of development could not be kept.
    #[error("DATA_DIR: the file {} {problem}.", path.display())]
    DevSecret {
        /// The file.
        path: PathBuf,
        /// What is wrong, reading on from the file's name.
        problem: String,
    },
    /// The database cannot be used.
    #[error("DATABASE_URL: {0}.")]
    Database(String),
    /// The address is taken or not ours.
    #[error("BIND: {address} cannot be listened on: {source}.")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The runtime could not be made.
    #[error("The server's threads could not be started: {0}.")]
    Runtime(std::io::Error),
}

/// A server that listens but does not serve yet.
#[derive(Debug)]
pub struct Instance {
    listener: TcpListener,
    state: AppState,
    limits: listen::Limits,
    remind_every: Duration,
}

impl Instance {
    /// Opens the database, brings its schema up to date, and listens.
    pub async fn start(config: &Config) -> Result<Self, StartError> {
        let keys = server_keys(config)?;
        let store = open_database(config).await?;
        let listener = TcpListener::bind(config.bind)
            .await
            .map_err(|source| StartError::Bind {
                address: config.bind,
                source,
            })?;
        let origins = config.origins(port_of(&listener, config));
        let policy = policy(config, &origins);
        let services = Services::new(
            store,
            keys,
            policy,
            Arc::new(SystemClock),
            Arc::new(OsEntropy),
        );
        Ok(Self::assemble(config, services, listener))
    }

    /// Puts ready parts together, for tests with a clock or a database of their own.
    pub fn assemble(config: &Config, services: Services, listener: TcpListener) -> Self {
        let origins = config.origins(port_of(&listener, config));
        let site = Site::open(config.site_root.as_deref());
        let state = AppState::new(config, services, origins, site);
        let limits = listen::Limits {
            connections: config.max_connections,
            trusted_proxies: state.trusted_proxies(),
            waits: config.waits,
        };
        Self {
            listener,
            state,
            limits,
            remind_every: config.waits.reminders,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// What its handlers share.
    pub fn state(&self) -> &AppState {
        &self.state
    }

    /// Serves until `stop` is ready, then finishes what it accepted and closes the database.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        let Self {
            listener,
            state,
            limits,
            remind_every,
        } = self;
        let cleaning = tokio::spawn(jobs::clean_up(state.clone()));
        let (stop_reminding, stopped) = watch::channel(false);
        let mut reminding = tokio::spawn(reminders::run(state.clone(), remind_every, stopped));
        let patience = limits.waits.shutdown;
        let stopping = state.clone();
        let stop = async move {
            stop.await;
            stopping.stop();
            let _ = stop_reminding.send(true);
            tracing::info!("stopping: accepted requests are finished, new ones refused");
        };
        let router = crate::router(state.clone());
        if !listen::serve(listener, router, limits, stop).await {
            tracing::warn!("some requests took too long and were cut off");
        }
        cleaning.abort();
        if timeout(patience, &mut reminding).await.is_err() {
            // Its claims run out, and another server makes them.
            reminding.abort();
        }
        state.services().store().close().await;
        tracing::info!("stopped");
    }
}

/// The rules in force, from the configuration.
pub fn policy(config: &Config, origins: &[Origin]) -> Policy {
    Policy {
        origins: origins.iter().map(ToString::to_string).collect(),
        session_ms: u64::from(config.session_days) * DAY_MS,
        session_idle_ms: u64::from(config.session_idle_days) * DAY_MS,
        log_ins_per_minute: config.rates.login.get(),
        sign_ups_per_minute: config.rates.sign_up.get(),
        attachment_bytes: u64::from(config.attachments_mb) * 1024 * 1024,
        mail: reminders::mail_service(config),
        local_webhooks: config.environment == Environment::Development,
        ..Policy::default()
    }
}

fn port_of(listener: &TcpListener, config: &Config) -> u16 {
    listener
        .local_addr()
        .map_or(config.bind.port(), |address| address.port())
}

fn server_keys(config: &Config) -> Result<ServerKeys, StartError> {
    let secret = match &config.jwt_secret {
        Some(secret) => secret.clone(),
        None => dev_secret::read_or_make(&config.data_dir)?,
    };
    let previous = config
        .jwt_secret_previous
        .as_ref()
        .map(|secret| secret.expose().as_bytes());
    // The lengths were checked with the rest of the configuration.
    ServerKeys::derive(secret.expose().as_bytes(), previous).map_err(|weak| {
        let problem = crate::config::Problem {
            variable: "JWT_SECRET",
            rule: format!("is too weak: {weak}"),
        };
        StartError::Config(ConfigError {
            problems: vec![problem],
        })
    })
}

/// A database that is starting too gets some seconds; anything else is told at once.
async fn open_database(config: &Config) -> Result<Store, StartError> {
    let options = StoreOptions::new(config.database_url.expose());
    let store = Store::open(&options).map_err(|error| database_error(&error))?;
    let deadline = stopwatch::now() + config.waits.database;
    let mut told = false;
    loop {
        let error = match store.prepare().await {
            Ok(()) => return Ok(store),
            Err(error) => error,
        };
        let may_pass = matches!(error, OpenError::Store(StoreError::Unavailable(_)));
        if !may_pass || stopwatch::now() >= deadline {
            return Err(database_error(&error));
        }
        if !told {
            tracing::warn!("the database does not answer yet; trying again");
            told = true;
        }
        sleep(RETRY).await;
    }
}

fn database_error(error: &OpenError) -> StartError {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        let cause = source.to_string();
        // Wrappers that add nothing repeat their source word for word.
        if !text.ends_with(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
        next = source.source();
    }
    StartError::Database(text.trim_end_matches('.').to_owned())
}
