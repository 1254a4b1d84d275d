use std::net::SocketAddr;

use keyarc_server::{
    AppState, Config, Instance,
    config::{Origin, Secret, Variables},
};
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle};

use crate::TempDb;

/// The real server on a port of its own, over a database of its own.
///
/// Its rate limits are out of the way unless a test sets them. It runs on the test's runtime and
/// ends with this value.
#[derive(Debug)]
pub struct TestServer {
    address: SocketAddr,
    state: AppState,
    db: TempDb,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
    _data: TempDir,
}

impl TestServer {
    /// A server over SQLite.
    pub async fn start() -> Self {
        Self::start_with(TempDb::sqlite().await, |_| {}).await
    }

    /// A server over a given database, with a changed configuration.
    pub async fn start_with(db: TempDb, change: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().expect("a temporary folder can be made");
        let mut config = Self::config();
        config.database_url = Secret::new(db.url().to_owned());
        config.data_dir = data.path().to_owned();
        change(&mut config);
        let instance = Instance::start(&config).await.expect("the server starts");
        let address = instance.address().expect("the server listens");
        let state = instance.state().clone();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(instance.serve(async move {
            // Also ready when the sender is dropped with the test.
            let _ = stopped.await;
        }));
        Self {
            address,
            state,
            db,
            stop: Some(stop),
            task,
            _data: data,
        }
    }

    /// A server that people reach at an origin, through something in front of it.
    pub async fn start_at(origin: &str) -> Self {
        Self::start_with(TempDb::sqlite().await, |config| {
            config.public_origin = Origin::parse(origin);
        })
        .await
    }

    /// The configuration of development on any free port, without rate limits and site.
    pub fn config() -> Config {
        let most = "1000000";
        let variables = Variables::from_pairs([
            ("BIND", "127.0.0.1:0"),
            ("RATE_LIMIT_PER_MINUTE", most),
            ("RATE_LIMIT_LOGIN_PER_MINUTE", most),
            ("RATE_LIMIT_SIGN_UP_PER_MINUTE", most),
            ("RATE_LIMIT_ACCOUNT_PER_MINUTE", most),
        ]);
        let mut config = Config::from_variables(&variables).expect("the configuration is valid");
        config.site_root = None;
        config
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The origin that log-ins are signed for, without a final slash.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A URL on it.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    /// What its handlers share.
    pub fn state(&self) -> &AppState {
        &self.state
    }

    /// Its database, through a connection of the test's own.
    pub fn db(&self) -> &TempDb {
        &self.db
    }

    /// Asks it to stop, as a signal would. It goes on with what it accepted.
    pub fn ask_to_stop(&mut self) {
        self.stop = None;
    }

    /// Stops it and waits until it has ended.
    pub async fn stop(mut self) {
        self.ask_to_stop();
        self.task.await.expect("the server ends in order");
    }
}
