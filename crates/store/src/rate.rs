use crate::{
    Store, StoreError,
    batch::{Batch, BatchSql},
    convert::{to_array, to_i64, to_u64},
    db::writing,
};

/// A counter after a hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// The counter.
    pub key: [u8; 16],
    /// Hits in this window, this one included.
    pub hits: u64,
    /// When the window ends, Unix milliseconds.
    pub window_ends_at_ms: u64,
}

impl Store {
    /// Adds one hit to each counter, and tells what it then has. A window begins with its first
    /// hit. One statement, so that counters hold across instances and no hit is lost between a
    /// read and a write. No key may occur twice.
    pub async fn hit(
        &self,
        keys: &[[u8; 16]],
        window_ms: u64,
        now_ms: u64,
    ) -> Result<Vec<Hit>, StoreError> {
        let mut batch = Batch::default();
        for key in keys {
            batch.push(key, 0, false, &[]);
        }
        let batch = batch.finish();
        let rows: Vec<(Vec<u8>, i64, i64)> = writing!(self, |conn: Driver| {
            sqlx::query_as(<Driver as BatchSql>::HIT)
                .bind(batch.rows)
                .bind(batch.bytes)
                .bind(to_i64(now_ms))
                .bind(to_i64(now_ms.saturating_add(window_ms)))
                .fetch_all(&mut *conn)
                .await?
        });
        rows.into_iter()
            .map(|(key, hits, window_ends_at_ms)| {
                Ok(Hit {
                    key: to_array(key)?,
                    hits: to_u64(hits)?,
                    window_ends_at_ms: to_u64(window_ends_at_ms)?,
                })
            })
            .collect()
    }

    /// Takes one hit back from a counter, if its window is not over. One statement.
    pub async fn take_hit_back(&self, key: &[u8; 16], now_ms: u64) -> Result<(), StoreError> {
        writing!(self, |conn| {
            sqlx::query(
                "UPDATE rate_counters SET hits = hits - 1
                 WHERE counter_key = $1 AND hits > 0 AND window_ends_at_ms > $2",
            )
            .bind(key.as_slice())
            .bind(to_i64(now_ms))
            .execute(&mut *conn)
            .await?;
        });
        Ok(())
    }
}
