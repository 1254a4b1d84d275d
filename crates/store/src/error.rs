use sqlx::migrate::MigrateError;

/// Why a store operation did not happen. In every case nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk is full. Reading still works.
    #[error("the disk is full")]
    Full(#[source] Cause),
    /// The database cannot be reached, or did not answer in time.
    #[error("the database is unavailable")]
    Unavailable(#[source] Cause),
    /// Too many syncs are running and none ended in time.
    #[error("too many syncs at once")]
    Busy,
    /// A sync was given up, because its reader had stopped reading.
    #[error("a sync was given up in the middle")]
    Stalled,
    /// Anything else: a fault in this crate or a damaged database.
    #[error("the database answered unexpectedly")]
    Broken(#[source] Cause),
}

/// The driver's error, for the log alone.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Cause(sqlx::Error);

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is not one that can be used.
    #[error("the database URL must be sqlite://<file> or postgres://<host>/<database>")]
    Url,
    /// The SQLite that was linked has a bug that corrupts databases.
    #[error("SQLite {found} is linked, but 3.51.3 or later is required")]
    SqliteVersion {
        /// The version found.
        found: String,
    },
    /// The database file's folder could not be made.
    #[error("the folder of the database file could not be made")]
    Folder(#[source] std::io::Error),
    /// The database cannot be used now; trying again later may help.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The schema could not be brought up to date.
    #[error("the database could not be migrated")]
    Migration(#[source] MigrationCause),
}

/// The driver's error, for the log alone.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct MigrationCause(MigrateError);

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match Kind::of(&error) {
            Kind::Full => Self::Full(Cause(error)),
            Kind::Unavailable => Self::Unavailable(Cause(error)),
            Kind::Broken => Self::Broken(Cause(error)),
        }
    }
}

impl From<MigrateError> for OpenError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(cause) | MigrateError::ExecuteMigration(cause, _)
                if Kind::of(&cause) != Kind::Broken =>
            {
                Self::Store(cause.into())
            }
            other => Self::Migration(MigrationCause(other)),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Full,
    Unavailable,
    Broken,
}

impl Kind {
    fn of(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed => Self::Unavailable,
            sqlx::Error::Database(database) => {
                let code = database.code();
                let code = code.as_deref().unwrap_or_default();
                match code.parse() {
                    // A Postgres SQLSTATE has five characters; all of SQLite's codes that
                    // matter here have fewer.
                    Ok(number) if code.len() < 5 => Self::of_sqlite(number),
                    _ => Self::of_postgres(code),
                }
            }
            _ => Self::Broken,
        }
    }

    /// <https://www.sqlite.org/rescode.html>; the low byte is the primary code.
    fn of_sqlite(code: u32) -> Self {
        /// No room for the write-ahead log's index.
        const IOERR_SHMSIZE: u32 = 4874;
        match (code, code & 0xff) {
            // FULL
            (IOERR_SHMSIZE, _) | (_, 13) => Self::Full,
            // BUSY, LOCKED, READONLY, IOERR, CANTOPEN
            (_, 5 | 6 | 8 | 10 | 14) => Self::Unavailable,
            _ => Self::Broken,
        }
    }

    /// PostgreSQL documentation, appendix A.
    fn of_postgres(code: &str) -> Self {
        match (code, code.get(..2).unwrap_or_default()) {
            // disk_full
            ("53100", _) => Self::Full,
            // Connection exceptions, insufficient resources, operator intervention, and the
            // two failures that only say: try again.
            (_, "08" | "53" | "57") | ("40001" | "40P01" | "55P03", _) => Self::Unavailable,
            _ => Self::Broken,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_apart() {
        assert_eq!(Kind::of_sqlite(13), Kind::Full);
        assert_eq!(Kind::of_sqlite(4874), Kind::Full);
        assert_eq!(Kind::of_sqlite(5), Kind::Unavailable);
        assert_eq!(Kind::of_sqlite(261), Kind::Unavailable);
        assert_eq!(Kind::of_sqlite(266), Kind::Unavailable);
        assert_eq!(Kind::of_sqlite(2067), Kind::Broken);
        assert_eq!(Kind::of_sqlite(11), Kind::Broken);
        assert_eq!(Kind::of_postgres("53100"), Kind::Full);
        assert_eq!(Kind::of_postgres("53300"), Kind::Unavailable);
        assert_eq!(Kind::of_postgres("57P01"), Kind::Unavailable);
        assert_eq!(Kind::of_postgres("08006"), Kind::Unavailable);
        assert_eq!(Kind::of_postgres("40P01"), Kind::Unavailable);
        assert_eq!(Kind::of_postgres("23505"), Kind::Broken);
        assert_eq!(Kind::of_postgres(""), Kind::Broken);
    }

    #[test]
    fn a_pool_that_times_out_is_unavailable() {
        assert!(matches!(
            StoreError::from(sqlx::Error::PoolTimedOut),
            StoreError::Unavailable(_)
        ));
        assert!(matches!(
            StoreError::from(sqlx::Error::RowNotFound),
            StoreError::Broken(_)
        ));
    }
}
