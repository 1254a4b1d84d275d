//! The loop that sends what is due. Any number of servers may run it over one database: each
//! delivery is claimed by one of them at a time.

use std::time::Duration;

use futures::{StreamExt as _, stream};
use keyarc_service::{
    ServiceError,
    reminders::{self, Claim, Work},
};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

use crate::state::AppState;

/// How many deliveries are made side by side. Few of them are of one account.
const SIDE_BY_SIDE: usize = 8;
/// In every so many rounds, and in the first, it is looked for what is due: that walks over the dates
/// of all accounts. Whatever a device hands over for today is sent with the next look.
const ROUNDS_PER_PLAN: u32 = 20;
/// Most batches in one round; what is left comes in the next one. A batch of webhooks that all do
/// not answer takes half a minute, and must not put off for long what others wait for.
const BATCHES: usize = 10;

/// Sends what is due, every now and then, until `stop` changes. Then it finishes what it has begun,
/// and gives the rest back.
pub(crate) async fn run(state: AppState, every: Duration, mut stop: watch::Receiver<bool>) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut rounds: u32 = 0;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stop.changed() => return,
        }
        let plan = rounds.is_multiple_of(ROUNDS_PER_PLAN);
        let done = round(&state, plan, &stop).await;
        // One that failed is made up for at once.
        rounds = if done.is_ok() {
            rounds.wrapping_add(1)
        } else {
            0
        };
        if let Err(error) = done {
            // The next round does it; the health check tells about the database.
            tracing::warn!(%error, "could not send reminders");
        }
    }
}

async fn round(
    state: &AppState,
    plan: bool,
    stop: &watch::Receiver<bool>,
) -> Result<(), ServiceError> {
    let services = state.services();
    if plan {
        let planned = reminders::plan(services).await?;
        if planned > 0 {
            tracing::info!(planned, "reminders are due");
        }
    }
    for _ in 0..BATCHES {
        if *stop.borrow() {
            return Ok(());
        }
        let claims = reminders::claim(services).await?;
        if claims.is_empty() {
            return Ok(());
        }
        stream::iter(&claims)
            .for_each_concurrent(SIDE_BY_SIDE, |claim| deliver(state, claim, stop))
            .await;
        if *stop.borrow() {
            return reminders::release(services, &claims).await;
        }
    }
    Ok(())
}

async fn deliver(state: &AppState, claim: &Claim, stop: &watch::Receiver<bool>) {
    if *stop.borrow() {
        return;
    }
    let (services, courier) = (state.services(), state.courier());
    let outcome = match &claim.work {
        Work::Mail(mail) => {
            let language = state.site().languages().noted(mail.language.as_deref());
            courier
                .send_mail(mail, false, language.spoken(), services.now_ms())
                .await
        }
        Work::Call(call) => courier.call(call).await,
        Work::Nothing => Ok(()),
    };
    let channel = match claim.work {
        Work::Mail(_) => "mail",
        Work::Call(_) => "webhook",
        Work::Nothing => "none",
    };
    match outcome {
        Ok(()) => tracing::info!(channel, "a reminder was sent"),
        Err(problem) => tracing::info!(channel, ?problem, "a reminder was not taken"),
    }
    // What cannot be noted is sent again once the claim runs out, under the same name.
    if let Err(error) = reminders::note(services, claim, outcome).await {
        tracing::warn!(%error, "could not note that a reminder was sent");
    }
}
