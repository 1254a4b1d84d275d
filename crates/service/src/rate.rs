//! Limits that hold across instances, because their counters stand in the database.

use std::net::IpAddr;

use keyarc_wire::Handle;

use crate::{ServiceError, Services};

const WINDOW_MS: u64 = 60_000;

/// What a counter counts. The number is part of its key, and must not be used again for
/// something else.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Counter {
    LogInByAddress = 1,
    LogInByHandle = 2,
    SignUpByAddress = 3,
}

/// Counts an attempt to log in, or to change the password, for its address and its handle, and
/// refuses one too many.
pub(crate) async fn log_in(
    services: &Services,
    address: IpAddr,
    handle: Handle,
) -> Result<(), ServiceError> {
    let keys = [
        address_key(services, Counter::LogInByAddress, address),
        services
            .keys()
            .counter_key(Counter::LogInByHandle as u8, handle.as_bytes()),
    ];
    hit(services, &keys, services.policy().log_ins_per_minute).await
}

/// Counts a sign-up attempt for its address, and refuses one too many.
pub(crate) async fn sign_up(services: &Services, address: IpAddr) -> Result<(), ServiceError> {
    let key = address_key(services, Counter::SignUpByAddress, address);
    hit(services, &[key], services.policy().sign_ups_per_minute).await
}

/// Counts before anything else is looked at, so that whatever an attempt holds, it counts.
async fn hit(services: &Services, keys: &[[u8; 16]], limit: u32) -> Result<(), ServiceError> {
    let now_ms = services.now_ms();
    let hits = services.store().hit(keys, WINDOW_MS, now_ms).await?;
    let refused_until = hits
        .iter()
        .filter(|hit| hit.hits > u64::from(limit))
        .map(|hit| hit.window_ends_at_ms)
        .max();
    match refused_until {
        None => Ok(()),
        Some(until_ms) => {
            let seconds = until_ms.saturating_sub(now_ms).div_ceil(1000).max(1);
            Err(ServiceError::RateLimited {
                retry_after_seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
            })
        }
    }
}

/// One person has a whole IPv6 /64 at least: it counts as one address.
fn address_key(services: &Services, counter: Counter, address: IpAddr) -> [u8; 16] {
    match address.to_canonical() {
        IpAddr::V4(v4) => services.keys().counter_key(counter as u8, &v4.octets()),
        IpAddr::V6(v6) => services
            .keys()
            .counter_key(counter as u8, &v6.octets()[..8]),
    }
}
