//! The health of the vault. Nothing of it leaves this device: rating secrets fetches every item,
//! in the order of the ids, and so tells the server only that somebody has the vault rated.

use gloo_timers::future::TimeoutFuture;
use keyarc_app::worker::{Failure, HealthCommand, HealthReply, LEAST_SCORE, Reply};
use keyarc_vault::{Content, Item, Ratings, ToRate, Weakness, to_rate};
use keyarc_wire::ItemId;
use zeroize::Zeroizing;

use super::{
    commands::rate,
    state::{Open, VaultWorker},
};
use crate::browser::today;

/// Items whose details are fetched at once.
const BATCH: usize = 200;
/// Passwords rated in one go; other commands take their turn between two goes.
const RATED_AT_ONCE: usize = 8;

/// What is known of secrets, and which items are still to be looked at.
#[derive(Default)]
pub(super) struct Health {
    ratings: Ratings,
    /// The next one last.
    queue: Vec<ItemId>,
    total: u32,
}

impl VaultWorker {
    pub(super) async fn look_at_health(&self, command: HealthCommand) -> Result<Reply, Failure> {
        let session = self.session()?;
        let reply = match command {
            HealthCommand::Dashboard => {
                let health = self.health.borrow();
                HealthReply::Dashboard(
                    session.look(|vault| vault.dashboard(&health.ratings, today())),
                )
            }
            HealthCommand::Findings {
                check,
                offset,
                limit,
            } => {
                let health = self.health.borrow();
                let window = (offset, limit);
                HealthReply::Findings(
                    session.look(|vault| vault.findings(check, &health.ratings, window, today())),
                )
            }
            HealthCommand::Others { value, except } => {
                let value = Zeroizing::new(value);
                let health = self.health.borrow();
                HealthReply::Others(
                    session
                        .look(|vault| vault.others_with(&health.ratings, &value, except, today())),
                )
            }
            HealthCommand::Rate { begin } => self.rate_some(&session, begin).await?,
        };
        Ok(Reply::Health(Box::new(reply)))
    }

    async fn rate_some(&self, session: &Open, begin: bool) -> Result<HealthReply, Failure> {
        let mut batch = {
            let mut health = self.health.borrow_mut();
            if begin {
                let mut queue = session.look(|vault| vault.unrated(&health.ratings));
                queue.reverse();
                health.total = u32::try_from(queue.len()).unwrap_or(u32::MAX);
                health.queue = queue;
            }
            let from = health.queue.len().saturating_sub(BATCH);
            health.queue.split_off(from)
        };
        batch.reverse();
        if let Err(failure) = self.rate_batch(session, &batch).await {
            // They are the next ones again.
            batch.reverse();
            self.health.borrow_mut().queue.extend(batch);
            return Err(failure);
        }
        let health = self.health.borrow();
        let left = u32::try_from(health.queue.len()).unwrap_or(u32::MAX);
        Ok(HealthReply::Rated {
            done: health.total.saturating_sub(left),
            total: health.total,
        })
    }

    async fn rate_batch(&self, session: &Open, batch: &[ItemId]) -> Result<(), Failure> {
        let read = session.read_many(batch).await;
        let items = read.map_err(|error| self.failed(error))?;
        for few in items.chunks(RATED_AT_ONCE) {
            for item in few {
                let weakness = weakness(item).await?;
                let ratings = &mut self.health.borrow_mut().ratings;
                session.look(|vault| vault.note_rating(ratings, item, weakness));
            }
            TimeoutFuture::new(0).await;
        }
        let mut read: Vec<ItemId> = items.iter().map(|item| item.summary.id).collect();
        read.sort_unstable();
        let ratings = &mut self.health.borrow_mut().ratings;
        for id in batch.iter().filter(|id| read.binary_search(id).is_err()) {
            session.look(|vault| vault.note_unread(ratings, *id));
        }
        Ok(())
    }
}

async fn weakness(item: &Item) -> Result<Option<Weakness>, Failure> {
    match to_rate(&item.content) {
        ToRate::Known(weakness) => Ok(weakness),
        ToRate::Password(password) => {
            // What stands beside a password must not help it.
            let mut words = vec![item.summary.name.clone()];
            if let Content::Login { username, .. } = &item.content {
                words.push(username.clone());
            }
            let score = rate(password, &words).await?.score;
            Ok((score < LEAST_SCORE).then_some(Weakness::Guessable))
        }
    }
}
