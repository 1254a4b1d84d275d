use std::{path::Path, str::FromStr as _, sync::Arc, time::Duration};

use sqlx::{
    PgPool,
    postgres::PgConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous},
};
use tokio::sync::Semaphore;

use crate::{
    OpenError, StoreError,
    db::{Db, SqliteDb, reading},
    pool::Pools,
};

/// The first SQLite without the bug that resets a write-ahead log in use
/// (<https://www.sqlite.org/wal.html#walresetbug>).
const MIN_SQLITE: [u32; 3] = [3, 51, 3];

/// How long an operation waits for a connection before the database counts as unavailable.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// The same for the one connection that writes to SQLite, where a large import may be ahead.
const WRITER_TIMEOUT: Duration = Duration::from_secs(15);

/// How to open a database.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// `sqlite://<file>` or `postgres://…`.
    pub url: String,
    /// Connections for everything but syncs.
    pub connections: u32,
    /// Syncs that may run at a time. Each has a connection of its own, so that long ones never
    /// starve short reads.
    pub syncs: u32,
    /// How long a sync waits for its turn.
    pub sync_wait: Duration,
    /// How long a sync waits for a reader that does not read before it gives up.
    pub sync_stall: Duration,
    /// How long a reader may take for each chunk of 64 KiB on average, beyond the first
    /// `sync_stall`. Without it a handful of very slow readers would keep everybody waiting.
    pub sync_pace: Duration,
    /// How long a connection rests before it is closed.
    pub rest: Duration,
}

impl StoreOptions {
    /// The usual sizes for a URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            connections: 6,
            syncs: 6,
            sync_wait: Duration::from_secs(30),
            sync_stall: Duration::from_secs(30),
            sync_pace: Duration::from_secs(2),
            rest: Duration::from_secs(60),
        }
    }
}

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DbKind {
    /// Embedded, one machine.
    Sqlite,
    /// Any number of machines.
    Postgres,
}

/// A database. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) db: Db,
    pub(crate) syncs: Arc<Semaphore>,
    pub(crate) sync_wait: Duration,
    pub(crate) sync_stall: Duration,
    pub(crate) sync_pace: Duration,
    _pools: Arc<Pools>,
}

impl Store {
    /// Opens a database without reaching for it yet. Makes the folder of an SQLite file.
    ///
    /// Must be called within a Tokio runtime.
    pub fn open(options: &StoreOptions) -> Result<Self, OpenError> {
        let mut pools = Pools::new(options.rest);
        let db = if options.url.starts_with("sqlite:") {
            Db::Sqlite(open_sqlite(options, &mut pools)?)
        } else if options.url.starts_with("postgres:") || options.url.starts_with("postgresql:") {
            Db::Postgres(open_postgres(options, &mut pools)?)
        } else {
            return Err(OpenError::Url);
        };
        Ok(Self {
            db,
            syncs: Arc::new(Semaphore::new(options.syncs.max(1) as usize)),
            sync_wait: options.sync_wait,
            sync_stall: options.sync_stall,
            sync_pace: options.sync_pace,
            _pools: Arc::new(pools),
        })
    }

    /// Checks the SQLite version and brings the schema up to date. May be called again after it
    /// failed; instances that start together wait for one another.
    pub async fn prepare(&self) -> Result<(), OpenError> {
        // A migration that this binary does not know was made by a newer one during a rolling
        // deploy. Migrations only expand, so it does not matter here.
        match &self.db {
            Db::Sqlite(db) => {
                check_sqlite_version(&db.writer).await?;
                let mut migrations = sqlx::migrate!("migrations/sqlite");
                migrations.set_ignore_missing(true);
                migrations.run(&db.writer).await?;
            }
            Db::Postgres(pool) => {
                let mut migrations = sqlx::migrate!("migrations/postgres");
                migrations.set_ignore_missing(true);
                migrations.run(pool).await?;
            }
        }
        Ok(())
    }

    /// [`Store::open`] and [`Store::prepare`].
    pub async fn connect(options: &StoreOptions) -> Result<Self, OpenError> {
        let store = Self::open(options)?;
        store.prepare().await?;
        Ok(store)
    }

    /// Which database it is.
    pub fn kind(&self) -> DbKind {
        match self.db {
            Db::Sqlite(_) => DbKind::Sqlite,
            Db::Postgres(_) => DbKind::Postgres,
        }
    }

    /// Finds out whether the database answers and has its schema.
    pub async fn ping(&self) -> Result<(), StoreError> {
        reading!(self, |conn| {
            sqlx::query("SELECT 1 FROM accounts LIMIT 1")
                .fetch_optional(&mut *conn)
                .await?;
            Ok(())
        })
    }

    /// Waits for what runs and closes every connection.
    pub async fn close(&self) {
        match &self.db {
            Db::Sqlite(db) => {
                db.readers.close().await;
                // Last, so that SQLite folds the write-ahead log into the file.
                db.writer.close().await;
            }
            Db::Postgres(pool) => pool.close().await,
        }
    }
}

fn open_sqlite(options: &StoreOptions, pools: &mut Pools) -> Result<SqliteDb, OpenError> {
    // A database in memory would be another one for each connection.
    if options.url.contains(":memory:") || options.url.contains("mode=memory") {
        return Err(OpenError::Url);
    }
    let base = SqliteConnectOptions::from_str(&options.url).map_err(|_| OpenError::Url)?;
    let file = base.get_filename().to_owned();
    if file.as_os_str().is_empty() || file == Path::new(":memory:") {
        return Err(OpenError::Url);
    }
    if let Some(folder) = file.parent() {
        make_folder(folder).map_err(OpenError::Folder)?;
    }
    let base = base
        .busy_timeout(Duration::from_secs(5))
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Full)
        // Deleted ciphertext is overwritten rather than left in free pages.
        .pragma("secure_delete", "ON")
        // 1 MiB of pages per connection: items are read once and in order.
        .pragma("cache_size", "-1024");
    let writer = base
        .clone()
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .pragma("journal_size_limit", "16777216");
    let readers = base.pragma("query_only", "ON");
    Ok(SqliteDb {
        writer: pools.open(1, WRITER_TIMEOUT, writer),
        readers: pools.open(connections(options), ACQUIRE_TIMEOUT, readers),
    })
}

/// A folder that did not exist is for this user alone. One that did is the operator's.
fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn open_postgres(options: &StoreOptions, pools: &mut Pools) -> Result<PgPool, OpenError> {
    let connect = PgConnectOptions::from_str(&options.url)
        .map_err(|_| OpenError::Url)?
        .application_name("keyarc");
    Ok(pools.open(connections(options), ACQUIRE_TIMEOUT, connect))
}

/// Connections of both kinds of work together.
fn connections(options: &StoreOptions) -> u32 {
    options.connections.max(1) + options.syncs.max(1)
}

async fn check_sqlite_version(pool: &SqlitePool) -> Result<(), OpenError> {
    let found: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(pool)
        .await
        .map_err(StoreError::from)?;
    if sqlite_version_is_sound(&found) {
        Ok(())
    } else {
        Err(OpenError::SqliteVersion { found })
    }
}

fn sqlite_version_is_sound(found: &str) -> bool {
    let mut parts = [0; 3];
    let mut texts = found.split('.');
    for part in &mut parts {
        match texts.next().map(str::parse) {
            Some(Ok(number)) => *part = number,
            _ => return false,
        }
    }
    parts >= MIN_SQLITE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_sqlite_versions_are_refused() {
        for sound in ["3.51.3", "3.52.0", "3.100.0", "4.0.0", "3.51.3.1"] {
            assert!(sqlite_version_is_sound(sound), "{sound}");
        }
        for unsound in ["3.51.2", "3.7.0", "3.9.99", "2.99.99", "3.51", "", "x"] {
            assert!(!sqlite_version_is_sound(unsound), "{unsound}");
        }
    }

    #[tokio::test]
    async fn other_urls_are_refused() {
        for url in [
            "",
            "mysql://x",
            "sqlite",
            "sqlite::memory:",
            "sqlite://",
            "data.db",
        ] {
            let result = Store::open(&StoreOptions::new(url));
            assert!(matches!(result, Err(OpenError::Url)), "{url}: {result:?}");
        }
    }
}
