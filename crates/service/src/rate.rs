//! Limits that hold across instances, because their counters stand in the database.

use std::net::IpAddr;

use keyarc_wire::{AccountId, Handle, MachineTokenId};

use crate::{ServiceError, Services};

const WINDOW_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * WINDOW_MS;
/// Wrong codes of a second factor are counted over this time.
const SECOND_FACTOR_WINDOW_MS: u64 = 15 * 60_000;
/// So many may be wrong in that time. Of the 1,000,000 codes three are good at a time, so that
/// guessing for a year succeeds with whoever knows the password once in two./// So many may be wrong in that time. Three of the 1,000,000 codes are good at a time.
const WRONG_CODES: u32 = 5;

/// So many requests of machine tokens in a minute, for each token and for each address. A pipeline
/// makes one for each command, which is far more often than a person logs in; nobody guesses 256 bits.
const MACHINE_PER_MINUTE: u32 = 120;

/// What a counter counts. The number is part of its key, and must not be used again for
/// something else.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Counter {
    LogInByAddress = 1,
    LogInByHandle = 2,
    SignUpByAddress = 3,
    SecondFactorByAccount = 4,
    LinkByAddress = 5,
    LinkByAccount = 6,
    MailCodeByAccount = 7,
    WrongMailCodeByAccount = 8,
    TestByAccount = 9,
    MailCodeByMailbox = 10,
    MachineByAddress = 11,
    MachineByToken = 12,
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
    let limit = services.policy().log_ins_per_minute;
    hit(services, &keys, WINDOW_MS, limit).await
}

/// Counts a sign-up attempt for its address, and refuses one too many.
pub(crate) async fn sign_up(services: &Services, address: IpAddr) -> Result<(), ServiceError> {
    let key = address_key(services, Counter::SignUpByAddress, address);
    let limit = services.policy().sign_ups_per_minute;
    hit(services, &[key], WINDOW_MS, limit).await
}

/// Counts a step into a device link for its address, and for the account that joins, and refuses
/// one too many.
pub(crate) async fn link(
    services: &Services,
    address: IpAddr,
    account: Option<AccountId>,
) -> Result<(), ServiceError> {
    let mut keys = vec![address_key(services, Counter::LinkByAddress, address)];
    if let Some(account) = account {
        let counter = Counter::LinkByAccount as u8;
        keys.push(services.keys().counter_key(counter, account.as_bytes()));
    }
    let limit = services.policy().log_ins_per_minute;
    hit(services, &keys, WINDOW_MS, limit).await
}

/// Counts a request of a machine token, for its address and for the token, and refuses one too many.
pub(crate) async fn machine(
    services: &Services,
    address: IpAddr,
    token: MachineTokenId,
) -> Result<(), ServiceError> {
    let keys = [
        address_key(services, Counter::MachineByAddress, address),
        services
            .keys()
            .counter_key(Counter::MachineByToken as u8, token.as_bytes()),
    ];
    hit(services, &keys, WINDOW_MS, MACHINE_PER_MINUTE).await
}

/// Counts a code of a second factor as wrong before it is looked at, and refuses one too many.
/// So however many are tried at the same time, no more are looked at. [`right_code`] takes it
/// back.
pub(crate) async fn code(services: &Services, account: AccountId) -> Result<(), ServiceError> {
    let key = code_key(services, account);
    hit(services, &[key], SECOND_FACTOR_WINDOW_MS, WRONG_CODES).await
}

/// The code that was counted was right.
pub(crate) async fn right_code(
    services: &Services,
    account: AccountId,
) -> Result<(), ServiceError> {
    let key = code_key(services, account);
    Ok(services
        .store()
        .take_hit_back(&key, services.now_ms())
        .await?)
}

fn code_key(services: &Services, account: AccountId) -> [u8; 16] {
    services
        .keys()
        .counter_key(Counter::SecondFactorByAccount as u8, account.as_bytes())
}

/// Counts a mail with a code that an account asks for, and refuses one too many: its address may be
/// somebody else's, and stand with any number of accounts.
pub(crate) async fn mail_code(
    services: &Services,
    account: AccountId,
    to: &str,
) -> Result<(), ServiceError> {
    by_account(services, Counter::MailCodeByAccount, account, HOUR_MS, 3).await?;
    let mailbox = services.keys().counter_key(
        Counter::MailCodeByMailbox as u8,
        to.to_lowercase().as_bytes(),
    );
    hit(services, &[mailbox], HOUR_MS, 5).await
}

/// Counts an attempt at such a code, and refuses one too many.
pub(crate) async fn try_mail_code(
    services: &Services,
    account: AccountId,
) -> Result<(), ServiceError> {
    by_account(
        services,
        Counter::WrongMailCodeByAccount,
        account,
        HOUR_MS,
        10,
    )
    .await
}

/// Counts a delivery that an account tries, and refuses one too many.
pub(crate) async fn test_delivery(
    services: &Services,
    account: AccountId,
) -> Result<(), ServiceError> {
    by_account(services, Counter::TestByAccount, account, WINDOW_MS, 5).await
}

async fn by_account(
    services: &Services,
    counter: Counter,
    account: AccountId,
    window_ms: u64,
    limit: u32,
) -> Result<(), ServiceError> {
    let key = services
        .keys()
        .counter_key(counter as u8, account.as_bytes());
    hit(services, &[key], window_ms, limit).await
}

/// Counts before anything else is looked at, so that whatever an attempt holds, it counts.
async fn hit(
    services: &Services,
    keys: &[[u8; 16]],
    window_ms: u64,
    limit: u32,
) -> Result<(), ServiceError> {
    let now_ms = services.now_ms();
    let hits = services.store().hit(keys, window_ms, now_ms).await?;
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
