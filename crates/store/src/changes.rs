use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures::{Stream, TryStreamExt as _};
use keyarc_wire::{Bytes, Change, ItemChange, ItemId, Sealed, VaultId};
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    time::Sleep,
};
use tracing::Instrument as _;

use crate::{
    Store, StoreError,
    convert::{to_array, to_i64, to_u64},
    db::reading,
};

/// The rows of a sync, some at a time. It borrows nothing; dropping it ends the query.
///
/// It ends with an error unless it is complete.
#[derive(Debug)]
pub struct Changes {
    /// An empty chunk says that there are no more.
    chunks: mpsc::Receiver<Result<Vec<Change>, StoreError>>,
    ended: bool,
}

impl Stream for Changes {
    type Item = Result<Vec<Change>, StoreError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let chunk = match std::task::ready!(self.chunks.poll_recv(cx)) {
            Some(Ok(rows)) if rows.is_empty() => None,
            Some(chunk) => Some(chunk),
            // The other side gave up: what came so far must not pass for the whole.
            None => Some(Err(StoreError::Stalled)),
        };
        self.ended = !matches!(chunk, Some(Ok(_)));
        Poll::Ready(chunk)
    }
}

/// A chunk is handed on when it has this many bytes of overviews, or [`CHUNK_ROWS`] rows.
const CHUNK_BYTES: usize = 64 * 1024;
const CHUNK_ROWS: usize = 256;
/// Chunks that wait for the reader, beside the one being filled.
const CHUNKS_AHEAD: usize = 1;

/// Without an item id, a manifest.
type Columns = (Option<Vec<u8>>, i64, i64, Option<i64>, Option<Vec<u8>>);

impl Store {
    /// What changed in a vault after a revision, with its newest manifest and all from version
    /// `manifests_from` on, in no particular order. One statement, hence one consistent state; its rows pass through in chunks, so that memory stays constant.
    ///
    /// It waits for its turn among the syncs and for a connection before it answers, so that
    /// what goes wrong up to there can still be told. A reader that stops reading, or is far too
    /// slow, is given up, because it would keep a connection and an old state of the database alive.
    pub async fn changes(
        &self,
        vault: VaultId,
        since: u64,
        manifests_from: Option<u64>,
    ) -> Result<Changes, StoreError> {
        let (chunks, changes) = self.begin_stream().await?;
        reading!(self, |conn| {
            let task = async move {
                let rows = sqlx::query_as::<_, Columns>(
                    "SELECT item_id, version, revision, details_version, overview
                     FROM items WHERE vault_id = $1 AND revision > $2
                     UNION ALL
                     SELECT CAST(NULL AS BYTEA), manifests.version, manifests.version,
                     CAST(NULL AS BIGINT), manifests.manifest
                     FROM manifests JOIN vaults ON vaults.vault_id = manifests.vault_id
                     WHERE manifests.vault_id = $1
                     AND (manifests.version >= $3 OR manifests.version = vaults.revision)",
                )
                .bind(vault.as_bytes().as_slice())
                .bind(to_i64(since))
                .bind(manifests_from.map_or(i64::MAX, to_i64))
                .fetch(&mut *conn);
                chunks.fill(rows, to_change).await;
            };
            tokio::spawn(task.in_current_span());
        });
        Ok(changes)
    }

    /// Waits for a turn among the syncs. What is filled into the one comes out of the other.
    pub(crate) async fn begin_stream(&self) -> Result<(Chunks, Changes), StoreError> {
        let turn = tokio::time::timeout(self.sync_wait, self.syncs.clone().acquire_owned());
        // The semaphore is never closed.
        let Ok(Ok(turn)) = turn.await else {
            return Err(StoreError::Busy);
        };
        let (sender, receiver) = mpsc::channel(CHUNKS_AHEAD);
        let chunks = Chunks {
            _turn: turn,
            sender,
            stall: self.sync_stall,
            pace: self.sync_pace,
            end: Box::pin(tokio::time::sleep(self.sync_stall)),
            rows: Vec::new(),
            bytes: 0,
        };
        let changes = Changes {
            chunks: receiver,
            ended: false,
        };
        Ok((chunks, changes))
    }
}

/// Collects rows into chunks.
pub(crate) struct Chunks {
    /// Given back when the last row is through.
    _turn: OwnedSemaphorePermit,
    sender: mpsc::Sender<Result<Vec<Change>, StoreError>>,
    stall: Duration,
    pace: Duration,
    /// When patience ends. Each chunk taken moves it on by `pace`.
    end: Pin<Box<Sleep>>,
    rows: Vec<Change>,
    bytes: usize,
}

/// Nobody reads any more.
struct Abandoned;

impl Chunks {
    /// Passes the rows of a query on, each made into what it says.
    pub(crate) async fn fill<C>(
        mut self,
        mut rows: impl Stream<Item = Result<C, sqlx::Error>> + Unpin,
        read: fn(C) -> Result<Change, StoreError>,
    ) {
        loop {
            let row = match rows.try_next().await {
                Ok(Some(columns)) => read(columns),
                Ok(None) => {
                    if self.flush().await.is_ok() {
                        let _ = self.send(Ok(Vec::new())).await;
                    }
                    return;
                }
                Err(error) => Err(error.into()),
            };
            let sent = match row {
                Ok(row) => self.push(row).await,
                Err(error) => {
                    let _ = self.send(Err(error)).await;
                    return;
                }
            };
            if sent.is_err() {
                return;
            }
        }
    }

    async fn push(&mut self, row: Change) -> Result<(), Abandoned> {
        self.bytes += match &row {
            Change::Item(item) => item.live.as_ref().map_or(0, |(_, o)| o.0.len()),
            Change::Manifest(manifest) => manifest.0.len(),
            Change::Details(details) => details.details.0.len(),
            Change::Grant(grant) => grant.0.len(),
            Change::Waiting(waiting) => waiting.change.0.len(),
        };
        self.rows.push(row);
        if self.bytes >= CHUNK_BYTES || self.rows.len() >= CHUNK_ROWS {
            self.flush().await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Abandoned> {
        self.bytes = 0;
        let rows = std::mem::replace(&mut self.rows, Vec::with_capacity(CHUNK_ROWS));
        if rows.is_empty() {
            Ok(())
        } else {
            self.send(Ok(rows)).await
        }
    }

    async fn send(&mut self, chunk: Result<Vec<Change>, StoreError>) -> Result<(), Abandoned> {
        tokio::select! {
            sent = self.sender.send_timeout(chunk, self.stall) => sent.map_err(|_| Abandoned)?,
            () = &mut self.end => return Err(Abandoned),
        }
        let end = self.end.deadline() + self.pace;
        self.end.as_mut().reset(end);
        Ok(())
    }
}

fn to_change(columns: Columns) -> Result<Change, StoreError> {
    let (item_id, version, revision, details_version, overview) = columns;
    let Some(item_id) = item_id else {
        return Ok(Change::Manifest(Bytes(overview.unwrap_or_default())));
    };
    Ok(Change::Item(ItemChange {
        item_id: ItemId(to_array(item_id)?),
        version: to_u64(version)?,
        revision: to_u64(revision)?,
        live: match (details_version, overview) {
            (Some(version), Some(overview)) => Some((to_u64(version)?, Sealed(overview))),
            _ => None,
        },
    }))
}
