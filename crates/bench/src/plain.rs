//! Reading the rows of a sync with plain sqlx and nothing around it.

use anyhow::Context as _;
use futures::TryStreamExt as _;
use keyarc_wire::VaultId;
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};

use crate::process;

const RUNS: u32 = 20;

type Row = (Vec<u8>, i64, i64, Option<i64>, Option<Vec<u8>>);

/// CPU for one read of all rows, this process's own.
pub async fn measure(database: &str, vault: &str) -> anyhow::Result<Value> {
    let vault: VaultId = vault.parse().context("a vault id")?;
    let mut connection = SqliteConnection::connect(database).await?;
    let rows = read(&mut connection, vault).await?;
    let before = process::cpu_ms(std::process::id())?;
    for _ in 0..RUNS {
        read(&mut connection, vault).await?;
    }
    let cpu_ms = (process::cpu_ms(std::process::id())? - before) / f64::from(RUNS);
    Ok(json!({ "rows": rows, "cpu_ms": cpu_ms }))
}

async fn read(connection: &mut SqliteConnection, vault: VaultId) -> anyhow::Result<u64> {
    let mut rows = sqlx::query_as::<_, Row>(
        "SELECT item_id, version, revision, details_version, overview FROM items
         WHERE vault_id = $1 AND revision > $2",
    )
    .bind(vault.0.as_slice())
    .bind(0_i64)
    .fetch(connection);
    let mut count = 0;
    while let Some(row) = rows.try_next().await? {
        std::hint::black_box(row);
        count += 1;
    }
    Ok(count)
}
