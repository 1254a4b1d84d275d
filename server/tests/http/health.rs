//! Health while the database goes away and comes back, at start and later.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use keyarc_server::{Instance, config::Secret};
use keyarc_testkit::{POSTGRES_URL, TempDb, TestServer};
use keyarc_wire::{ErrorCode, paths};
use reqwest::StatusCode;
use tokio::{
    io::{AsyncRead, AsyncWrite, copy_bidirectional},
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
    time::{Instant, sleep},
};

use crate::common::{Person, get};

#[tokio::test]
async fn a_healthy_server_says_so_in_three_ways() {
    let server = TestServer::start().await;
    for path in ["/health", "/health/live", "/health/ready"] {
        assert_eq!(get(&server, path).await.status, StatusCode::OK, "{path}");
    }
    let report: serde_json::Value =
        serde_json::from_slice(&get(&server, "/health").await.body).expect("JSON");
    assert_eq!(report["status"], "ok");
    assert_eq!(report["database"], "ok");
}

#[tokio::test]
async fn a_closed_database_is_noticed() {
    let server = TestServer::start().await;
    server.state().services().store().close().await;
    assert_eq!(
        get(&server, "/health/ready").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(get(&server, "/health/live").await.status, StatusCode::OK);
    let answer = get(&server, "/health").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        answer.text().contains("\"database\":\"unreachable\""),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn the_folder_of_a_new_database_is_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = TestServer::config();
    config.data_dir = folder.path().join("data");
    config.database_url = Secret::new(format!(
        "sqlite://{}",
        folder.path().join("a/b/keyarc.db").display()
    ));
    Instance::start(&config).await.expect("starts");
    assert!(folder.path().join("a/b/keyarc.db").is_file());
}

#[tokio::test]
async fn an_unusable_database_stops_the_start_with_one_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let blocked = folder.path().join("file");
    std::fs::write(&blocked, "not a folder").expect("written");
    let mut config = TestServer::config();
    config.data_dir = folder.path().to_owned();
    config.waits.database = Duration::from_millis(300);
    for url in [
        format!("sqlite://{}/keyarc.db", blocked.display()),
        "postgres://keyarc:canary@127.0.0.1:1/keyarc".to_owned(),
    ] {
        config.database_url = Secret::new(url);
        let error = Instance::start(&config)
            .await
            .expect_err("refused")
            .to_string();
        assert!(
            error.starts_with("DATABASE_URL: ") && error.ends_with('.'),
            "{error}"
        );
        assert!(
            !error.contains('\n') && !error.contains("canary"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn an_address_in_use_is_told() {
    let taken = TestServer::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = TestServer::config();
    config.bind = taken.address();
    config.data_dir = folder.path().to_owned();
    let path = folder.path().join("keyarc.db");
    config.database_url = Secret::new(format!("sqlite://{}", path.display()));
    let error = Instance::start(&config)
        .await
        .expect_err("refused")
        .to_string();
    assert!(
        error.starts_with(&format!("BIND: {} cannot be listened on", taken.address())),
        "{error}"
    );
}

#[tokio::test]
async fn a_lost_and_a_returned_postgres_are_noticed() {
    let Some(db) = TempDb::postgres().await else {
        return;
    };
    let cable = Cable::to(db.url()).await;
    let url = cable.url.clone();
    let server = TestServer::start_with(TempDb::sqlite().await, |config| {
        config.database_url = Secret::new(url);
    })
    .await;
    let person = Person::signed_up(&server, 1).await;
    assert_eq!(get(&server, "/health/ready").await.status, StatusCode::OK);

    cable.cut();
    until(&server, StatusCode::SERVICE_UNAVAILABLE).await;
    let answer = person.get(paths::ACCOUNT).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!answer.header("retry-after").is_empty());
    answer.error(ErrorCode::Unavailable);
    assert_eq!(get(&server, "/health/live").await.status, StatusCode::OK);

    cable.mend();
    until(&server, StatusCode::OK).await;
    assert_eq!(person.get(paths::ACCOUNT).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_postgres_that_starts_later_is_waited_for() {
    let Some(db) = TempDb::postgres().await else {
        return;
    };
    let cable = Arc::new(Cable::to(db.url()).await);
    cable.cut();
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = TestServer::config();
    config.data_dir = folder.path().to_owned();
    config.database_url = Secret::new(cable.url.clone());
    let mending = Arc::clone(&cable);
    tokio::spawn(async move {
        sleep(Duration::from_secs(1)).await;
        mending.mend();
    });
    let started = Instant::now();
    Instance::start(&config).await.expect("starts");
    assert!(started.elapsed() >= Duration::from_secs(1));
}

async fn until(server: &TestServer, status: StatusCode) {
    let started = Instant::now();
    while get(server, "/health/ready").await.status != status {
        assert!(
            started.elapsed() < Duration::from_secs(15),
            "never became {status}"
        );
        sleep(Duration::from_millis(100)).await;
    }
}

/// A connection to Postgres that can be cut and mended.
struct Cable {
    url: String,
    up: Arc<AtomicBool>,
    cuts: watch::Sender<()>,
}

trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

impl Cable {
    async fn to(url: &str) -> Self {
        let socket = socket_folder(url);
        let target = url
            .split_once("://")
            .map_or("", |(_, rest)| rest)
            .to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let up = Arc::new(AtomicBool::new(true));
        let (cuts, cut) = watch::channel(());
        let is_up = Arc::clone(&up);
        let host = host_and_port(&target);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                if !is_up.load(Ordering::SeqCst) {
                    continue;
                }
                let far: Box<dyn Duplex> = match &socket {
                    Some(folder) => {
                        let path = format!("{folder}/.s.PGSQL.5432");
                        Box::new(UnixStream::connect(path).await.expect("Postgres answers"))
                    }
                    None => Box::new(TcpStream::connect(&host).await.expect("Postgres answers")),
                };
                let mut cut = cut.clone();
                cut.mark_unchanged();
                tokio::spawn(async move {
                    let mut far = far;
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        let (user, database) = user_and_database(&target);
        Self {
            url: format!("postgres://{user}@127.0.0.1:{port}/{database}"),
            up,
            cuts,
        }
    }

    fn cut(&self) {
        self.up.store(false, Ordering::SeqCst);
        self.cuts.send_replace(());
    }

    fn mend(&self) {
        self.up.store(true, Ordering::SeqCst);
    }
}

/// The folder of the socket, when the URL names one as its host.
fn socket_folder(url: &str) -> Option<String> {
    let host = url.split("host=").nth(1)?.split('&').next()?;
    host.starts_with('/').then(|| host.to_owned())
}

fn host_and_port(target: &str) -> String {
    let authority = target.split('/').next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    if host.contains(':') {
        host.to_owned()
    } else {
        format!("{host}:5432")
    }
}

fn user_and_database(target: &str) -> (String, String) {
    let (authority, rest) = target
        .split_once('/')
        .unwrap_or_else(|| panic!("{POSTGRES_URL}"));
    let user = authority
        .rsplit_once('@')
        .map_or("postgres", |(user, _)| user);
    (
        user.to_owned(),
        rest.split('?').next().unwrap_or_default().to_owned(),
    )
}
