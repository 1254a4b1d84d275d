//! Pools of connections that close what rests.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use sqlx::{Connection as _, Database, Pool, pool::PoolOptions};
use tokio::{task::JoinSet, time::sleep};

/// A connection that rested longer than this is tested before it is used.
const TEST_AFTER_IDLE: Duration = Duration::from_secs(1);
/// A connection that is older is not used again: what a database keeps for it does not grow for ever.
const MAX_AGE: Duration = Duration::from_secs(30 * 60);

/// Opens pools, and ends what looks after them when it is dropped.
#[derive(Debug)]
pub(crate) struct Pools {
    rest: Duration,
    closers: JoinSet<()>,
}

impl Pools {
    /// Pools of which a connection is closed after it rested for `rest` to twice as long.
    pub(crate) fn new(rest: Duration) -> Self {
        Self {
            rest,
            closers: JoinSet::new(),
        }
    }

    /// A pool of at most so many connections, for one of which an operation waits for `wait`. Nothing is
    /// connected to yet.
    pub(crate) fn open<DB: Database>(
        &mut self,
        connections: u32,
        wait: Duration,
        options: <DB::Connection as sqlx::Connection>::Options,
    ) -> Pool<DB> {
        let taken = Arc::new(AtomicU32::new(0));
        let (again, anew) = (taken.clone(), taken.clone());
        let pool = PoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(wait)
            // The task that sqlx starts for either counts what rests with a number that drops below zero
            // for a moment when a connection is taken while it is given back: a task that reads it then
            // runs through 2^64 connections, on a core of its own, and the pool does not close any more
            // (https://github.com/launchbadge/sqlx/issues/3645). Without either there is no such task.
            .idle_timeout(None)
            .max_lifetime(None)
            // Testing each time would cost a round trip per query.
            .test_before_acquire(false)
            .before_acquire(move |conn: &mut DB::Connection, meta| {
                again.fetch_add(1, Ordering::Relaxed);
                Box::pin(
                    async move { Ok(meta.idle_for < TEST_AFTER_IDLE || conn.ping().await.is_ok()) },
                )
            })
            .after_connect(move |_, _| {
                anew.fetch_add(1, Ordering::Relaxed);
                Box::pin(async { Ok(()) })
            })
            .after_release(|_, meta| Box::pin(async move { Ok(meta.age < MAX_AGE) }))
            .connect_lazy_with(options);
        self.closers
            .spawn(close_at_rest(pool.clone(), taken, self.rest));
        pool
    }
}

/// Closes connections at rest, so that an idle server stays small.
///
/// The pool gives out the one that rested longest. So when connections were `taken` fewer times than
/// there are connections, as many as are missing rested all the while, and they are those it gives out
/// next.
async fn close_at_rest<DB: Database>(pool: Pool<DB>, taken: Arc<AtomicU32>, rest: Duration) {
    let closing = async {
        loop {
            sleep(rest).await;
            for _ in taken.swap(0, Ordering::Relaxed)..pool.size() {
                let Some(resting) = pool.try_acquire() else {
                    break;
                };
                if let Err(error) = resting.close().await {
                    tracing::debug!(%error, "a connection at rest could not be closed politely");
                }
            }
        }
    };
    let _closed: Result<(), sqlx::Error> = pool.close_event().do_until(closing).await;
}
