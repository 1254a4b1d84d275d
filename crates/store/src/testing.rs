//! Throwaway databases, for tests only. It stands here because SQL stands in no other crate.

use std::str::FromStr as _;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _, postgres::PgConnectOptions};

use crate::{
    OpenError, Store, StoreError,
    db::{Db, reading},
};

/// Makes an empty Postgres database beside the one that `admin_url` names.
pub async fn create_database(admin_url: &str, name: &str) -> Result<(), OpenError> {
    admin(admin_url, format!("CREATE DATABASE {}", identifier(name)?)).await
}

/// Drops a database with whatever is connected to it.
pub async fn drop_database(admin_url: &str, name: &str) -> Result<(), OpenError> {
    admin(
        admin_url,
        format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", identifier(name)?),
    )
    .await
}

async fn admin(url: &str, statement: String) -> Result<(), OpenError> {
    let options = PgConnectOptions::from_str(url).map_err(|_| OpenError::Url)?;
    let mut conn = PgConnection::connect_with(&options)
        .await
        .map_err(StoreError::from)?;
    sqlx::query(AssertSqlSafe(statement))
        .execute(&mut conn)
        .await
        .map_err(StoreError::from)?;
    conn.close().await.map_err(StoreError::from)?;
    Ok(())
}

/// Only plain names, since a name cannot be a parameter.
fn identifier(name: &str) -> Result<&str, OpenError> {
    let plain = name
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if plain && name.starts_with(|c: char| c.is_ascii_lowercase()) {
        Ok(name)
    } else {
        Err(OpenError::Url)
    }
}

/// One side of the comparison of the two schemas, each as sorted lines of text.
#[derive(Debug, PartialEq, Eq)]
pub struct Schema {
    /// `table.column type null|not null`
    pub columns: Vec<String>,
    /// `table(columns) → table(columns) on delete …`
    pub foreign_keys: Vec<String>,
    /// `table(columns) unique|plain`
    pub indexes: Vec<String>,
}

impl Store {
    /// Runs a statement on the connection that writes, to break something on purpose.
    pub async fn sabotage(&self, statement: &'static str) -> Result<(), StoreError> {
        match &self.db {
            Db::Sqlite(db) => {
                sqlx::query(statement).execute(&db.writer).await?;
            }
            Db::Postgres(pool) => {
                sqlx::query(statement).execute(pool).await?;
            }
        }
        Ok(())
    }

    /// How many connections are open.
    pub fn connections(&self) -> u32 {
        match &self.db {
            Db::Sqlite(db) => db.readers.size() + db.writer.size(),
            Db::Postgres(pool) => pool.size(),
        }
    }

    /// One number, by a query, to look at what was really stored.
    pub async fn count(&self, query: &'static str) -> Result<i64, StoreError> {
        Ok(reading!(self, |conn| {
            sqlx::query_scalar(query).fetch_one(&mut *conn).await?
        }))
    }

    /// One text, by a query.
    pub async fn text(&self, query: &'static str) -> Result<String, StoreError> {
        Ok(reading!(self, |conn| {
            sqlx::query_scalar(query).fetch_one(&mut *conn).await?
        }))
    }

    /// SQLite's plan of a query, one line per step; nothing on Postgres, whose planner decides
    /// by size.
    pub async fn sqlite_plan(&self, explain: &'static str) -> Result<Vec<String>, StoreError> {
        let Db::Sqlite(db) = &self.db else {
            return Ok(Vec::new());
        };
        let rows = sqlx::query(explain).fetch_all(&db.readers).await?;
        rows.iter().map(|row| Ok(row.try_get("detail")?)).collect()
    }

    /// The schema, in words that both databases have in common.
    pub async fn schema(&self) -> Result<Schema, StoreError> {
        match &self.db {
            Db::Sqlite(db) => Ok(Schema {
                columns: lines(
                    sqlx::query_scalar(SQLITE_COLUMNS)
                        .fetch_all(&db.readers)
                        .await?,
                ),
                foreign_keys: lines(
                    sqlx::query_scalar(SQLITE_FOREIGN_KEYS)
                        .fetch_all(&db.readers)
                        .await?,
                ),
                indexes: lines(
                    sqlx::query_scalar(SQLITE_INDEXES)
                        .fetch_all(&db.readers)
                        .await?,
                ),
            }),
            Db::Postgres(pool) => Ok(Schema {
                columns: lines(sqlx::query_scalar(POSTGRES_COLUMNS).fetch_all(pool).await?),
                foreign_keys: lines(
                    sqlx::query_scalar(POSTGRES_FOREIGN_KEYS)
                        .fetch_all(pool)
                        .await?,
                ),
                indexes: lines(sqlx::query_scalar(POSTGRES_INDEXES).fetch_all(pool).await?),
            }),
        }
    }
}

fn lines(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}

const SQLITE_COLUMNS: &str = "
    SELECT t.name || '.' || c.name || ' '
        || CASE c.type WHEN 'INTEGER' THEN 'integer' WHEN 'BLOB' THEN 'bytes'
           WHEN 'TEXT' THEN 'text' ELSE c.type END
        || CASE c.\"notnull\" WHEN 1 THEN ' not null' ELSE ' null' END
    FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
    WHERE t.type = 'table' AND t.name NOT LIKE '\\_%' ESCAPE '\\' AND t.name NOT LIKE 'sqlite%'";

const SQLITE_FOREIGN_KEYS: &str = "
    SELECT t.name || '(' || group_concat(f.\"from\", ',' ORDER BY f.seq) || ') → ' || f.\"table\"
        || '(' || group_concat(f.\"to\", ',' ORDER BY f.seq) || ') on delete '
        || lower(f.on_delete)
    FROM sqlite_schema AS t, pragma_foreign_key_list(t.name) AS f
    WHERE t.type = 'table' GROUP BY t.name, f.id";

const SQLITE_INDEXES: &str = "
    SELECT t.name || '(' || (SELECT group_concat(c.name, ',' ORDER BY c.seqno)
        FROM pragma_index_info(i.name) AS c) || ')'
        || CASE i.\"unique\" WHEN 1 THEN ' unique' ELSE ' plain' END
    FROM sqlite_schema AS t, pragma_index_list(t.name) AS i
    WHERE t.type = 'table' AND t.name NOT LIKE '\\_%' ESCAPE '\\'";

const POSTGRES_COLUMNS: &str = "
    SELECT table_name || '.' || column_name || ' '
        || CASE data_type WHEN 'bigint' THEN 'integer' WHEN 'bytea' THEN 'bytes'
           ELSE data_type END
        || CASE is_nullable WHEN 'NO' THEN ' not null' ELSE ' null' END
    FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name NOT LIKE '\\_%'";

const POSTGRES_FOREIGN_KEYS: &str = "
    SELECT k.conrelid::regclass || '('
        || (SELECT string_agg(a.attname, ',' ORDER BY o.n)
            FROM unnest(k.conkey) WITH ORDINALITY AS o(attnum, n)
            JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = o.attnum)
        || ') → ' || k.confrelid::regclass || '('
        || (SELECT string_agg(a.attname, ',' ORDER BY o.n)
            FROM unnest(k.confkey) WITH ORDINALITY AS o(attnum, n)
            JOIN pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = o.attnum)
        || ') on delete '
        || CASE k.confdeltype WHEN 'c' THEN 'cascade' WHEN 'a' THEN 'no action'
           WHEN 'r' THEN 'restrict' WHEN 'n' THEN 'set null' ELSE 'set default' END
    FROM pg_constraint AS k WHERE k.contype = 'f'";

const POSTGRES_INDEXES: &str = "
    SELECT i.indrelid::regclass || '('
        || (SELECT string_agg(a.attname, ',' ORDER BY o.n)
            FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS o(attnum, n)
            JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = o.attnum)
        || ')' || CASE WHEN i.indisunique THEN ' unique' ELSE ' plain' END
    FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relname NOT LIKE '\\_%'";
