use std::sync::atomic::{AtomicU32, Ordering};

use keyarc_store::{Store, StoreOptions, testing};
use tempfile::TempDir;

/// The environment variable that names a Postgres server where tests may make and drop
/// databases, for example `postgres://postgres@localhost/postgres?host=/run/postgresql`.
pub const POSTGRES_URL: &str = "KEYARC_TEST_POSTGRES_URL";

/// A fresh database of its own, gone when this is dropped.
#[derive(Debug)]
pub struct TempDb {
    store: Store,
    url: String,
    _place: Place,
}

#[derive(Debug)]
enum Place {
    Folder { _folder: TempDir },
    Server { _database: ServerDatabase },
}

impl TempDb {
    /// An SQLite file in a temporary folder.
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let url = format!("sqlite://{}", folder.path().join("keyarc.db").display());
        let store = connect(&url).await;
        Self {
            store,
            url,
            _place: Place::Folder { _folder: folder },
        }
    }

    /// A database on the server that [`POSTGRES_URL`] names. When it names none, the test is
    /// skipped with a note; under `CI` or `KEYARC_REQUIRE_POSTGRES` it fails instead.
    pub async fn postgres() -> Option<Self> {
        let Ok(admin_url) = std::env::var(POSTGRES_URL) else {
            let required = ["CI", "KEYARC_REQUIRE_POSTGRES"]
                .iter()
                .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
            assert!(
                !required,
                "{POSTGRES_URL} is not set, but Postgres must be tested here"
            );
            eprintln!("note: {POSTGRES_URL} is not set: not tested on Postgres");
            return None;
        };
        let database = ServerDatabase::make(admin_url).await;
        let url = database.url();
        let store = connect(&url).await;
        Some(Self {
            store,
            url,
            _place: Place::Server {
                _database: database,
            },
        })
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Where the database is, for a server or a second instance.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Another instance over the same database.
    pub async fn another(&self) -> Store {
        connect(&self.url).await
    }

    /// Another instance over the same database, with options of its own.
    pub async fn another_with(&self, options: impl FnOnce(&mut StoreOptions)) -> Store {
        let mut chosen = StoreOptions::new(&self.url);
        options(&mut chosen);
        Store::connect(&chosen)
            .await
            .expect("the temporary database can be opened")
    }
}

async fn connect(url: &str) -> Store {
    Store::connect(&StoreOptions::new(url))
        .await
        .expect("the temporary database can be opened")
}

/// A database on a Postgres server, dropped with this value.
#[derive(Debug)]
struct ServerDatabase {
    admin_url: String,
    name: String,
}

impl ServerDatabase {
    async fn make(admin_url: String) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("keyarc_test_{}_{number}", std::process::id());
        // A process of the same number may have died here before.
        testing::drop_database(&admin_url, &name)
            .await
            .expect("the Postgres server answers");
        testing::create_database(&admin_url, &name)
            .await
            .expect("a database can be made");
        Self { admin_url, name }
    }

    /// The server's URL with the database's name in place of its own.
    fn url(&self) -> String {
        let (before, query) = match self.admin_url.split_once('?') {
            Some((before, query)) => (before, format!("?{query}")),
            None => (self.admin_url.as_str(), String::new()),
        };
        let (scheme, rest) = before.split_once("://").expect("a URL has a scheme");
        let host = rest.split_once('/').map_or(rest, |(host, _)| host);
        format!("{scheme}://{host}/{}{query}", self.name)
    }
}

impl Drop for ServerDatabase {
    /// On a thread of its own, because a test's runtime cannot be waited for from within.
    fn drop(&mut self) {
        let (admin_url, name) = (self.admin_url.clone(), self.name.clone());
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let runtime = runtime.map_err(|error| error.to_string())?;
            runtime
                .block_on(testing::drop_database(&admin_url, &name))
                .map_err(|error| error.to_string())
        });
        if !matches!(dropped.join(), Ok(Ok(()))) {
            eprintln!("note: the database {} was left behind", self.name);
        }
    }
}

/// Runs each story as two tests, `on_sqlite` and `on_postgres`, in a module of the story's name.
///
/// ```ignore
/// on_both! {
///     async fn an_item_reads_back(db) {
///         let store = db.store();
///     }
/// }
/// ```
#[macro_export]
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($db:ident) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn story($db: &$crate::TempDb) $body

            #[tokio::test]
            async fn on_sqlite() {
                story(&$crate::TempDb::sqlite().await).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                if let Some(db) = $crate::TempDb::postgres().await {
                    story(&db).await;
                }
            }
        }
    )+};
}
