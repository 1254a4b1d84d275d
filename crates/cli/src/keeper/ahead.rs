//! What the process that holds the keys has in its memory for when the server cannot be reached: the
//! sealed secrets of all items. Nothing of it is written anywhere, and it ends with the keys.

use std::{cell::RefCell, time::Duration};

use keyarc_client::{Host as _, NativeHost};

use crate::{
    cache::{self, Kept, ago},
    failure::Failure,
    host::Open,
    machine::reads,
    vault::Question,
};

/// For how long what the server sent may be used without it, and since when.
pub struct Ahead {
    max_age: Option<Duration>,
    /// When all of it was there the last time, Unix milliseconds, or why it was not.
    fetched: RefCell<Result<u64, Failure>>,
}

impl Ahead {
    pub fn new(max_age: Option<Duration>) -> Self {
        Self {
            max_age,
            fetched: RefCell::new(Err(Failure::Unreachable)),
        }
    }

    /// Whether all of the vault is to be kept.
    pub fn keeps_all(&self) -> bool {
        self.max_age.is_some()
    }

    /// Fetches what is not there yet, if anything is to be used without the server. That it cannot be
    /// fetched is no failure of whoever asks for something else: `status` tells of it.
    pub async fn keep(&self, session: &Open) {
        if !self.keeps_all() {
            return;
        }
        let fetched = session.keep_details().await;
        let now = NativeHost.now_ms();
        match fetched {
            Ok(()) => *self.fetched.borrow_mut() = Ok(now),
            // What was whole before still is, and grows older.
            Err(_) if self.fetched.borrow().is_ok() => {}
            Err(error) => *self.fetched.borrow_mut() = Err(error.into()),
        }
    }

    /// How old it is, in seconds, where a question may be answered of it.
    pub fn age(&self, question: &Question, is_offline: bool) -> Result<u64, Failure> {
        let why = match is_offline {
            true => "--offline",
            false => "the server cannot be reached",
        };
        if reads(question).is_err() {
            return Err(match is_offline {
                true => Failure::Offline(
                    "--offline: without the server items are read as they are, and nothing else is done"
                        .to_owned(),
                ),
                // Whether it was done is not known.
                false => Failure::Unreachable,
            });
        }
        let age = self.usable();
        age.map_err(|not_used| match self.max_age {
            None if !is_offline => Failure::Unreachable,
            _ => Failure::Offline(format!("{why}, and {not_used}")),
        })
    }

    /// What there is to say of it; `None` when nothing is to be used without the server.
    pub fn kept(&self, session: &Open) -> Option<Kept> {
        let max_age = self.max_age?;
        let (_, bytes) = session.kept_details();
        let fetched = self.fetched.borrow().clone().ok();
        let age = fetched.and_then(|at| NativeHost.now_ms().checked_sub(at));
        Some(Kept {
            path: None,
            bytes,
            age_seconds: age.map(|age| age / 1_000),
            max_age_seconds: max_age.as_secs(),
            not_used: self.usable().err(),
        })
    }

    fn usable(&self) -> Result<u64, String> {
        let Some(max_age) = self.max_age else {
            return Err(format!(
                "nothing was kept in memory: {} was not set when the vault was unlocked",
                cache::MAX_AGE
            ));
        };
        let fetched = match &*self.fetched.borrow() {
            Ok(fetched) => *fetched,
            Err(why) => return Err(format!("not all of the vault could be kept: {why}")),
        };
        let age = NativeHost.now_ms().checked_sub(fetched);
        let Some(age) = age.map(|age| age / 1_000) else {
            return Err("the clock of this machine is before the time of what is kept".to_owned());
        };
        match age.checked_sub(max_age.as_secs()) {
            None | Some(0) => Ok(age),
            Some(over) => Err(format!(
                "what is kept in memory is older than {} says, by {}",
                cache::MAX_AGE,
                ago(over)
            )),
        }
    }
}
