//! Whether a request was made with the token that it names.

use std::net::IpAddr;

use ipnet::IpNet;
use keyarc_auth::{HandInStatement, HandedIn, MachineStatement};
use keyarc_signature::{SignatureError, VerifyingKey};
use keyarc_store::{MachineKeyRow, UsedNonce};
use keyarc_wire::{HandInRequest, MachineRequest, MachineTokenId, MachineUse, MachineUseKind};

use crate::{ServiceError, Services, network, rate, session::DUMMY_KEY};

/// How far the time in a request may be from this server's, in milliseconds.
const SKEW_MS: u64 = 5 * 60_000;

/// What every request of a token says of itself.
struct Claim<'a> {
    token: MachineTokenId,
    origin: &'a str,
    time_ms: u64,
    /// What is remembered of it, so that it serves once.
    once: [u8; 32],
    kind: MachineUseKind,
}

/// Finds out whether a request to read was made with the token that it names, once and now.
pub(super) async fn prove_request(
    services: &Services,
    address: IpAddr,
    request: &MachineRequest,
    kind: MachineUseKind,
) -> Result<(), ServiceError> {
    let items: Vec<[u8; 16]> = request.item_ids.iter().map(|item| item.0).collect();
    let statement = MachineStatement {
        origin: &request.origin,
        token: request.token_id.0,
        time_ms: request.time_ms,
        client_nonce: request.client_nonce.0,
        items: &items,
    };
    let claim = Claim {
        token: request.token_id,
        origin: &request.origin,
        time_ms: request.time_ms,
        once: statement.once(),
        kind,
    };
    let verify = |key: &VerifyingKey| statement.verify(key, &request.signature.0);
    prove(services, address, &claim, verify).await
}

/// The same of changes that are handed in, for which the token has to write.
pub(super) async fn prove_hand_in(
    services: &Services,
    address: IpAddr,
    request: &HandInRequest,
) -> Result<(), ServiceError> {
    let changes: Vec<HandedIn<'_>> = request
        .changes
        .iter()
        .map(|one| HandedIn {
            change: one.change_id.0,
            item: one.item_id.0,
            base: one.base_version,
            replaces: one.replaces.map(|replaced| replaced.0),
            sealed: one.change.as_ref(),
        })
        .collect();
    let statement = HandInStatement {
        origin: &request.origin,
        token: request.token_id.0,
        time_ms: request.time_ms,
        client_nonce: request.client_nonce.0,
        changes: &changes,
    };
    let claim = Claim {
        token: request.token_id,
        origin: &request.origin,
        time_ms: request.time_ms,
        once: statement.once(),
        kind: MachineUseKind::HandedIn,
    };
    let verify = |key: &VerifyingKey| statement.verify(key, &request.signature.0);
    prove(services, address, &claim, verify).await
}

/// An unknown token takes the same path as a known one with a wrong signature, down to a verification
/// against a key that is nobody's.
///
/// Only who has proven the key learns of expiry, revocation and networks, and only then anything is
/// written.
async fn prove(
    services: &Services,
    address: IpAddr,
    claim: &Claim<'_>,
    verify: impl FnOnce(&VerifyingKey) -> Result<(), SignatureError>,
) -> Result<(), ServiceError> {
    rate::machine(services, address, claim.token).await?;
    if !services
        .policy()
        .origins
        .iter()
        .any(|one| one == claim.origin)
    {
        return Err(ServiceError::LoginRefused);
    }
    let now_ms = services.now_ms();
    if claim.time_ms.abs_diff(now_ms) > SKEW_MS {
        return Err(ServiceError::ClockSkew {
            server_time_ms: now_ms,
        });
    }
    let known = services.store().machine_key(claim.token).await?;
    let key = known
        .as_ref()
        .map_or(DUMMY_KEY, |known| known.auth_public_key);
    VerifyingKey::from_bytes(&key)
        .and_then(|key| verify(&key))
        .map_err(|_| ServiceError::LoginRefused)?;
    // Whoever knows the dummy's seed comes this far, and no further.
    let known = known.ok_or(ServiceError::LoginRefused)?;
    let refusal = refusal(&known, address, now_ms, claim.kind);
    let used = MachineUse {
        at_ms: now_ms,
        address: network::coarse(address),
        kind: match &refusal {
            None => claim.kind,
            Some((kind, _)) => *kind,
        },
    };
    let once = UsedNonce {
        nonce: claim.once,
        // Until a request with this time would be refused for that.
        expires_at_ms: claim.time_ms.saturating_add(SKEW_MS),
    };
    let store = services.store();
    let is_first = store.note_machine_use(claim.token, &once, &used).await?;
    match (is_first, refusal) {
        (false, _) => Err(ServiceError::LoginRefused),
        (true, Some((_, error))) => Err(error),
        (true, None) => Ok(()),
    }
}

/// Why a token is not good for a request, if it is not.
fn refusal(
    known: &MachineKeyRow,
    address: IpAddr,
    now_ms: u64,
    kind: MachineUseKind,
) -> Option<(MachineUseKind, ServiceError)> {
    if known.revoked_at_ms.is_some() {
        return Some((MachineUseKind::RefusedRevoked, ServiceError::TokenRevoked));
    }
    if known.expires_at_ms.is_some_and(|end| end <= now_ms) {
        return Some((MachineUseKind::RefusedExpired, ServiceError::TokenExpired));
    }
    let address = address.to_canonical();
    let contains = |network: &String| {
        // They were checked when they were taken.
        let network: Option<IpNet> = network.parse().ok();
        network.is_some_and(|network| network.contains(&address))
    };
    let is_allowed = known.networks.is_empty() || known.networks.iter().any(contains);
    if !is_allowed {
        return Some((MachineUseKind::RefusedAddress, ServiceError::AddressRefused));
    }
    let is_beyond = kind == MachineUseKind::HandedIn && !known.writes;
    is_beyond.then_some((
        MachineUseKind::RefusedReadsOnly,
        ServiceError::TokenReadsOnly,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_is_told_apart_in_order() {
        let known = |networks: &[&str], expires: Option<u64>, revoked: Option<u64>| MachineKeyRow {
            auth_public_key: [0; 32],
            networks: networks.iter().map(|text| (*text).to_owned()).collect(),
            expires_at_ms: expires,
            revoked_at_ms: revoked,
            writes: false,
        };
        let kind = |row: &MachineKeyRow, address: &str| {
            let address = address.parse().expect("an address");
            refusal(row, address, 100, MachineUseKind::Opened).map(|(kind, _)| kind)
        };
        assert_eq!(kind(&known(&[], None, None), "203.0.113.7"), None);
        assert_eq!(kind(&known(&[], Some(101), None), "::1"), None);
        let inside = known(&["10.0.0.0/8", "2001:db8::/32"], None, None);
        for address in ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::7"] {
            assert_eq!(kind(&inside, address), None, "{address}");
        }
        for address in ["11.0.0.1", "2001:db9::7"] {
            let told = Some(MachineUseKind::RefusedAddress);
            assert_eq!(kind(&inside, address), told, "{address}");
        }
        let ended = known(&["10.0.0.0/8"], Some(100), None);
        assert_eq!(
            kind(&ended, "11.0.0.1"),
            Some(MachineUseKind::RefusedExpired)
        );
        let revoked = known(&[], Some(100), Some(50));
        assert_eq!(
            kind(&revoked, "11.0.0.1"),
            Some(MachineUseKind::RefusedRevoked)
        );
        // That it only reads is told last.
        let hands_in = |row: &MachineKeyRow, address: &str| {
            let address = address.parse().expect("an address");
            refusal(row, address, 100, MachineUseKind::HandedIn).map(|(kind, _)| kind)
        };
        let told = Some(MachineUseKind::RefusedReadsOnly);
        assert_eq!(hands_in(&inside, "10.1.2.3"), told);
        let elsewhere = Some(MachineUseKind::RefusedAddress);
        assert_eq!(hands_in(&inside, "11.0.0.1"), elsewhere);
        let writes = MachineKeyRow {
            writes: true,
            ..inside
        };
        assert_eq!(hands_in(&writes, "10.1.2.3"), None);
    }
}
