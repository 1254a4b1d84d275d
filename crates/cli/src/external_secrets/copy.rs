use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use keyarc_client::{ClientError, Host as _, NativeHost};
use keyarc_lookup::Wanted;
use keyarc_vault::Content;
use serde::Serialize;
use tokio::{sync::Mutex, time::timeout};
use zeroize::Zeroizing;

use crate::{
    failure::Failure,
    machine::OpenedCopy,
    values::{value, variables},
    vault::{Source, item_meant},
};

/// A copy that was fetched so long ago is fetched anew before anything is told of it. The operator asks
/// for one value after the other, and all of them are to be of one fetch.
const FRESH: Duration = Duration::from_secs(5);
/// How long fetching it may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the machine token reads, never older than some seconds.
pub struct HeldCopy {
    opened: OpenedCopy,
    fetched: Mutex<Fetched>,
}

/// When it was fetched, and what came of it. A failure is an answer for as long as a success is, so
/// that many who ask do not wait for a server that is away one after the other.
struct Fetched {
    at: Instant,
    outcome: Result<(), Failure>,
}

/// What an item holds.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Told {
    /// One value.
    Value(Text),
    /// The variables of an environment set.
    Variables(BTreeMap<String, Text>),
}

/// A value on its way out. It is wiped when it is dropped.
#[derive(Serialize)]
#[serde(transparent)]
pub struct Text(#[serde(serialize_with = "plain")] Zeroizing<String>);

fn plain<S: serde::Serializer>(text: &Zeroizing<String>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(text)
}

impl HeldCopy {
    /// One that was fetched this moment.
    pub fn of(opened: OpenedCopy) -> Self {
        Self {
            opened,
            fetched: Mutex::new(Fetched {
                at: now(),
                outcome: Ok(()),
            }),
        }
    }

    /// The value that is wanted, or all variables of an environment set of which none is named.
    pub async fn tell(&self, wanted: &Wanted) -> Result<Told, Failure> {
        self.refresh().await?;
        let source = Source::Machine(&self.opened);
        let item = source.reveal(item_meant(source, wanted)?).await?;
        if let (Content::EnvironmentSet { .. }, None) = (&item.content, &wanted.field) {
            let all = variables(&item)?.into_iter();
            return Ok(Told::Variables(
                all.map(|(name, value)| (name, Text(Zeroizing::new(value))))
                    .collect(),
            ));
        }
        let text = value(&item, wanted.field.as_deref(), NativeHost.now_ms())?;
        Ok(Told::Value(Text(text)))
    }

    /// Whoever comes while somebody fetches waits for the same.
    async fn refresh(&self) -> Result<(), Failure> {
        let mut fetched = self.fetched.lock().await;
        if now().duration_since(fetched.at) >= FRESH {
            let synced = timeout(PATIENCE, self.opened.sync()).await;
            fetched.outcome = match synced {
                Ok(synced) => synced.map_err(Failure::from),
                Err(_) => Err(ClientError::Unreachable.into()),
            };
            fetched.at = now();
        }
        fetched.outcome.clone()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long ago something was fetched is this process's own affair"
)]
fn now() -> Instant {
    Instant::now()
}
