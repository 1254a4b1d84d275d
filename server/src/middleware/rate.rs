//! The general rate limits, in memory and therefore per instance: by address for whoever has no
//! session, by account for the rest. Log-in and sign-up are counted in the database as well.

use std::{
    hash::Hash,
    net::IpAddr,
    sync::atomic::{AtomicU64, Ordering},
};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, MonotonicClock},
    middleware::NoOpMiddleware,
    state::keyed::HashMapStateStore,
};
use http::header;
use keyarc_wire::AccountId;
use tokio::time::Instant;

use super::{
    address::{ClientAddress, rate_key},
    cross_site::is_api,
};
use crate::{config::Rates, error::Failure, state::AppState, stopwatch};

/// Most keys that one limiter remembers; about 100 bytes each.
const MOST_KEYS: usize = 50_000;

type Instance = <MonotonicClock as governor::clock::Clock>::Instant;

/// A limiter whose memory is bounded.
struct Bounded<K: Hash + Eq + Clone> {
    limiter: RateLimiter<K, HashMapStateStore<K>, MonotonicClock, NoOpMiddleware<Instance>>,
    started: Instant,
    swept_at_s: AtomicU64,
}

impl<K: Hash + Eq + Clone> Bounded<K> {
    fn per_minute(count: std::num::NonZeroU32) -> Self {
        let quota = Quota::per_minute(count);
        Self {
            limiter: RateLimiter::new(quota, HashMapStateStore::default(), MonotonicClock),
            started: stopwatch::now(),
            swept_at_s: AtomicU64::new(0),
        }
    }

    /// Counts one request, or says how many seconds to wait.
    fn check(&self, key: &K) -> Result<(), u32> {
        if self.limiter.len() >= MOST_KEYS && !self.sweep() {
            // Everybody waits rather than anybody escaping: it takes tens of thousands of
            // networks in one minute to come here.
            return Err(1);
        }
        self.limiter.check_key(key).map_err(|refusal| {
            let wait = refusal.wait_time_from(MonotonicClock.now());
            u32::try_from(wait.as_secs())
                .unwrap_or(u32::MAX)
                .saturating_add(1)
        })
    }

    /// Forgets keys that are as good as new, at most once a second. True when there is room.
    fn sweep(&self) -> bool {
        let now_s = self.started.elapsed().as_secs() + 1;
        if self.swept_at_s.swap(now_s, Ordering::Relaxed) != now_s {
            self.limiter.retain_recent();
        }
        self.limiter.len() < MOST_KEYS
    }

    fn forget_quiet(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

/// Limits requests to the API and to `/auth`, and to what a token in the address opens. Pages and
/// files are not limited.
pub async fn layer(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let address = request.extensions().get::<ClientAddress>().copied();
    if let Some(ClientAddress(address)) = address
        && is_limited(request.uri().path())
    {
        let rates = state.rates();
        let counted = if has_credential(&request) {
            rates.check_credential(address)
        } else {
            rates.check_stranger(address)
        };
        if let Err(failure) = counted {
            return failure.into_response();
        }
    }
    next.run(request).await
}

fn is_limited(path: &str) -> bool {
    is_api(path) || path.starts_with("/feeds/") || path.starts_with("/reminders/")
}

/// Log-in and sign-up count as requests of a stranger, whatever cookie they bring.
fn has_credential(request: &Request) -> bool {
    let headers = request.headers();
    !request.uri().path().starts_with("/auth")
        && (headers.contains_key(header::AUTHORIZATION) || headers.contains_key(header::COOKIE))
}

/// The general limiters.
pub struct RateLimits {
    strangers: Bounded<IpAddr>,
    credentials: Bounded<IpAddr>,
    accounts: Bounded<[u8; 16]>,
}

impl RateLimits {
    /// Limiters that have seen nobody yet.
    pub fn new(rates: &Rates) -> Self {
        Self {
            strangers: Bounded::per_minute(rates.general),
            credentials: Bounded::per_minute(rates.account),
            accounts: Bounded::per_minute(rates.account),
        }
    }

    /// Counts a request without a session, and one whose session was not accepted.
    pub fn check_stranger(&self, address: IpAddr) -> Result<(), Failure> {
        self.strangers
            .check(&rate_key(address))
            .map_err(Failure::rate_limited)
    }

    /// Counts a request that brings some credential, before anybody has looked at it.
    pub fn check_credential(&self, address: IpAddr) -> Result<(), Failure> {
        self.credentials
            .check(&rate_key(address))
            .map_err(Failure::rate_limited)
    }

    /// Counts a request of an account.
    pub fn check_account(&self, account: AccountId) -> Result<(), Failure> {
        self.accounts
            .check(account.as_bytes())
            .map_err(Failure::rate_limited)
    }

    /// Forgets clients that have been quiet, so that memory follows the load down.
    pub fn sweep(&self) {
        self.strangers.forget_quiet();
        self.credentials.forget_quiet();
        self.accounts.forget_quiet();
    }
}

impl std::fmt::Debug for RateLimits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RateLimits")
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    #[test]
    fn the_burst_is_a_minutes_worth_and_keys_are_apart() {
        let limiter = Bounded::per_minute(NonZeroU32::new(3).expect("not zero"));
        for _ in 0..3 {
            assert_eq!(limiter.check(&1), Ok(()));
        }
        let wait = limiter.check(&1).expect_err("limited");
        assert!((1..=20).contains(&wait), "{wait}");
        assert_eq!(limiter.check(&2), Ok(()));
    }

    #[test]
    fn memory_is_bounded_even_when_every_request_has_a_new_key() {
        let limiter = Bounded::per_minute(NonZeroU32::MIN);
        let refused = (0..2 * MOST_KEYS)
            .filter(|key| limiter.check(key).is_err())
            .count();
        assert!(limiter.limiter.len() <= MOST_KEYS);
        assert!(refused >= MOST_KEYS / 2, "{refused}");
    }
}
