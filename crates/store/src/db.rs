//! The two databases and the macros that run one body of SQL on either.
//!
//! SQL keeps to what both speak: `$1`, `RETURNING`, `ON CONFLICT`, recursion-free CTEs, BIGINT
//! times. Where a word must differ it stands behind a trait of the driver (see `batch`).

use sqlx::{PgPool, SqlitePool};

/// A database.
#[derive(Debug, Clone)]
pub(crate) enum Db {
    Sqlite(SqliteDb),
    Postgres(PgPool),
}

/// SQLite allows one writer: giving it one connection turns waiting for its lock into a fair
/// queue. Readers see the last commit and wait for nobody.
#[derive(Debug, Clone)]
pub(crate) struct SqliteDb {
    pub(crate) writer: SqlitePool,
    pub(crate) readers: SqlitePool,
}

/// Runs a body that reads, on a connection `conn`. With `|conn: Driver|` the body can name the
/// sqlx driver.
macro_rules! reading {
    ($store:expr, |$conn:ident $(: $driver:ident)?| $body:expr) => {
        match &$store.db {
            $crate::db::Db::Sqlite(db) => {
                $(type $driver = sqlx::Sqlite;)?
                let mut $conn = db.readers.acquire().await?;
                $body
            }
            $crate::db::Db::Postgres(pool) => {
                $(type $driver = sqlx::Postgres;)?
                let mut $conn = pool.acquire().await?;
                $body
            }
        }
    };
}

/// Runs a body of one statement that writes. It is its own transaction.
macro_rules! writing {
    ($store:expr, |$conn:ident $(: $driver:ident)?| $body:expr) => {
        match &$store.db {
            $crate::db::Db::Sqlite(db) => {
                $(type $driver = sqlx::Sqlite;)?
                let mut $conn = db.writer.acquire().await?;
                $body
            }
            $crate::db::Db::Postgres(pool) => {
                $(type $driver = sqlx::Postgres;)?
                let mut $conn = pool.acquire().await?;
                $body
            }
        }
    };
}

/// Runs a body in a transaction. Leaving it early, by `return` or `?`, rolls back.
macro_rules! transaction {
    ($store:expr, |$conn:ident $(: $driver:ident)?| $body:expr) => {
        match &$store.db {
            $crate::db::Db::Sqlite(db) => {
                $(type $driver = sqlx::Sqlite;)?
                // Taking the lock at once avoids the upgrade from reader to writer, which
                // SQLite may refuse.
                let mut $conn = db.writer.begin_with("BEGIN IMMEDIATE").await?;
                let value = $body;
                $conn.commit().await?;
                value
            }
            $crate::db::Db::Postgres(pool) => {
                $(type $driver = sqlx::Postgres;)?
                let mut $conn = pool.begin().await?;
                let value = $body;
                $conn.commit().await?;
                value
            }
        }
    };
}

pub(crate) use {reading, transaction, writing};
