//! Sessions: how one begins, is used, and ends.

use std::{net::IpAddr, time::Duration};

use keyarc_auth::{AccessToken, LoginPurpose, SessionToken};
use keyarc_store::{BeginOutcome, NewSession, SessionRow};
use keyarc_wire::{
    ChallengeRequest, ChallengeResponse, ClientKind, Fixed, LoginRequest, LoginResponse,
    RefreshResponse, SessionId, SessionInfo,
};

use crate::{
    Actor, Context, ServiceError, Services, account, network, proof, rate, second_factor, validate,
};

/// Lifetime of an access token in seconds.
const ACCESS_TOKEN_S: u64 = 15 * 60;
/// The time of last use is kept to this precision, so that reading does not write.
const TOUCH_MS: u64 = 60_000;
/// How long a request waits for that to be written.
const TOUCH_PATIENCE: Duration = Duration::from_millis(500);
/// The public key of the seed `[0; 32]`, verified against when a handle is unknown.
pub(crate) const DUMMY_KEY: [u8; 32] = [
    0x3b, 0x6a, 0x27, 0xbc, 0xce, 0xb6, 0xa4, 0x2d, 0x62, 0xa3, 0xa8, 0xd0, 0x2a, 0x6f, 0x0d, 0x73,
    0x65, 0x32, 0x15, 0x77, 0x1d, 0xe2, 0x43, 0xa6, 0x3a, 0xc0, 0x48, 0xa1, 0x8b, 0x59, 0xda, 0x29,
];

/// A session has begun.
#[derive(Debug)]
pub struct LoggedIn {
    /// What the client gets. It holds the token for API clients only.
    pub response: LoginResponse,
    /// The token, for the cookie of a browser.
    pub token: SessionToken,
    /// When the session ends at the latest, Unix milliseconds.
    pub expires_at_ms: u64,
}

/// What a client shows to be recognised by.
#[derive(Clone, Copy)]
pub enum Credential<'a> {
    /// The opaque session token, from the cookie or as a bearer.
    SessionToken(&'a str),
    /// An access token (JWT), as a bearer.
    AccessToken(&'a str),
}

/// Makes a server nonce. Writes nothing, and is the same for known and unknown handles.
pub fn challenge(
    services: &Services,
    request: &ChallengeRequest,
) -> Result<ChallengeResponse, ServiceError> {
    let challenge = services.keys().issue_challenge(
        request.handle.as_bytes(),
        services.now_ms(),
        services.random()?,
    );
    Ok(ChallengeResponse {
        nonce: Fixed(challenge.nonce),
        expires_at_ms: challenge.expires_at_ms,
    })
}

/// Logs in, or asks for the second factor. `address` is the client's, for the rate limit and the
/// list of sessions; `previous` the session token that the browser still had, whose session ends.
///
/// An unknown handle takes the same path as a known one with a wrong signature, down to a
/// verification against a key that is nobody's.
pub async fn log_in(
    services: &Services,
    address: IpAddr,
    request: &LoginRequest,
    previous: Option<&str>,
) -> Result<LoggedIn, ServiceError> {
    rate::log_in(services, address, request.handle).await?;
    validate::device_name(&request.device_name)?;
    let nonce = proof::check_challenge(services, request.handle, &request.proof)?;
    let known = services.store().login_key(request.handle).await?;
    let key = known.map_or(DUMMY_KEY, |known| known.auth_public_key);
    proof::check_signature(LoginPurpose::Login, request.handle, &request.proof, &key)?;
    // Whoever knows the dummy's seed comes this far, and no further.
    let proven = known.ok_or(ServiceError::LoginRefused)?;
    if proven.second_factor {
        let (handle, proof) = (request.handle, &request.proof);
        let required = second_factor::require(services, proven.account_id, handle, proof, &nonce);
        return Err(required.await?);
    }

    let begun = Beginning::new(
        services,
        address,
        request.client,
        &request.device_name,
        previous,
    )?;
    let ended = begun.ended.as_ref();
    if services
        .store()
        .begin_session(&proven, &begun.session, &nonce, None, ended)
        .await?
        != BeginOutcome::Begun
    {
        return Err(ServiceError::LoginRefused);
    }
    let account = account::response(services, proven.account_id, begun.session.id).await?;
    Ok(begun.into_logged_in(account))
}

/// Finds out who asks, and from which `address`. A session that was revoked or has expired is
/// refused from the next request on.
pub async fn authenticate(
    services: &Services,
    address: IpAddr,
    credential: Credential<'_>,
) -> Result<Context, ServiceError> {
    let now_ms = services.now_ms();
    let by_access_token = matches!(credential, Credential::AccessToken(_));
    let session = match credential {
        Credential::SessionToken(text) => {
            let token = SessionToken::parse(text).map_err(|_| ServiceError::Unauthenticated)?;
            services.store().session_by_token(&token.hash()).await?
        }
        Credential::AccessToken(text) => {
            let claims = services
                .keys()
                .check_access(text, now_ms)
                .map_err(|_| ServiceError::Unauthenticated)?;
            let session = services
                .store()
                .session_by_id(SessionId(claims.session_id))
                .await?;
            session.filter(|session| {
                session.account_id.0 == claims.account_id && session.client == ClientKind::Api
            })
        }
    };
    let session = session
        .filter(|session| is_in_force(services, session, now_ms))
        .ok_or(ServiceError::Unauthenticated)?;
    touch(services, &session, address, now_ms).await;
    Ok(Context {
        services: services.clone(),
        actor: Actor {
            account_id: session.account_id,
            session_id: session.id,
            client: session.client,
            by_access_token,
            session_expires_at_ms: session.expires_at_ms,
        },
    })
}

/// Makes an access token for an API client. Only the session token of an API session gets one:
/// an access token cannot prolong itself.
pub fn refresh(services: &Services, context: &Context) -> Result<RefreshResponse, ServiceError> {
    let actor = &context.actor;
    if actor.by_access_token || actor.client != ClientKind::Api {
        return Err(ServiceError::Unauthenticated);
    }
    let issued_at = services.now_ms() / 1000;
    // Rounded down: the token does not outlive the session.
    let expires_at = (issued_at + ACCESS_TOKEN_S).min(actor.session_expires_at_ms / 1000);
    let access_token = services.keys().sign_access(&AccessToken {
        account_id: actor.account_id.0,
        session_id: actor.session_id.0,
        issued_at,
        expires_at,
    });
    Ok(RefreshResponse {
        access_token,
        expires_at_ms: expires_at * 1000,
    })
}

/// Ends the session that asks. A second time is no error.
pub async fn log_out(context: &Context) -> Result<(), ServiceError> {
    let Actor {
        account_id,
        session_id,
        ..
    } = context.actor;
    context
        .services
        .store()
        .end_session(account_id, session_id)
        .await?;
    Ok(())
}

/// The account's sessions that are in force, latest used first.
pub async fn list(context: &Context) -> Result<Vec<SessionInfo>, ServiceError> {
    let services = &context.services;
    let now_ms = services.now_ms();
    let sessions = services.store().sessions(context.actor.account_id).await?;
    Ok(sessions
        .into_iter()
        .filter(|session| is_in_force(services, session, now_ms))
        .map(|session| SessionInfo {
            id: session.id,
            device_name: session.device_name,
            created_at_ms: session.created_at_ms,
            last_used_at_ms: session.last_used_at_ms,
            network: session.network,
            current: session.id == context.actor.session_id,
        })
        .collect())
}

/// Gives one of the account's sessions another name.
pub async fn rename(
    context: &Context,
    session: SessionId,
    device_name: &str,
) -> Result<(), ServiceError> {
    validate::device_name(device_name)?;
    let account_id = context.actor.account_id;
    let store = context.services.store();
    if store
        .rename_session(account_id, session, device_name.trim())
        .await?
    {
        Ok(())
    } else {
        Err(ServiceError::NotFound)
    }
}

/// Ends one of the account's sessions.
pub async fn revoke(context: &Context, session: SessionId) -> Result<(), ServiceError> {
    if context
        .services
        .store()
        .end_session(context.actor.account_id, session)
        .await?
    {
        Ok(())
    } else {
        Err(ServiceError::NotFound)
    }
}

/// Ends all of the account's sessions but the one that asks, and tells how many there were.
pub async fn revoke_others(context: &Context) -> Result<u32, ServiceError> {
    let Actor {
        account_id,
        session_id,
        ..
    } = context.actor;
    let ended = context
        .services
        .store()
        .end_other_sessions(account_id, session_id)
        .await?;
    Ok(u32::try_from(ended).unwrap_or(u32::MAX))
}

fn is_in_force(services: &Services, session: &SessionRow, now_ms: u64) -> bool {
    let rests_until = session
        .last_used_at_ms
        .saturating_add(services.policy().session_idle_ms);
    now_ms < session.expires_at_ms && now_ms < rests_until
}

/// Neither a full disk nor a large import ahead of it must keep anybody from reading.
async fn touch(services: &Services, session: &SessionRow, address: IpAddr, now_ms: u64) {
    if now_ms < session.last_used_at_ms.saturating_add(TOUCH_MS) {
        return;
    }
    let network = network::coarse(address);
    let touched = services.store().touch_session(session.id, now_ms, &network);
    match tokio::time::timeout(TOUCH_PATIENCE, touched).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "a session's last use could not be noted"),
        Err(_) => tracing::debug!("a session's last use was not noted: writing takes long"),
    }
}

/// A session that is about to begin.
pub(crate) struct Beginning {
    pub(crate) session: NewSession,
    pub(crate) ended: Option<[u8; 32]>,
    token: SessionToken,
}

impl Beginning {
    pub(crate) fn new(
        services: &Services,
        address: IpAddr,
        client: ClientKind,
        device_name: &str,
        previous: Option<&str>,
    ) -> Result<Self, ServiceError> {
        let now_ms = services.now_ms();
        let token = SessionToken::make(services.random()?);
        let session = NewSession {
            id: SessionId(services.random()?),
            token_hash: token.hash(),
            client,
            device_name: device_name.to_owned(),
            network: network::coarse(address),
            created_at_ms: now_ms,
            expires_at_ms: now_ms.saturating_add(services.policy().session_ms),
        };
        // The cookie is about to be overwritten; its session must not live on unseen.
        let ended = previous
            .filter(|_| client == ClientKind::Browser)
            .and_then(|previous| SessionToken::parse(previous).ok())
            .map(|previous| previous.hash());
        Ok(Self {
            session,
            ended,
            token,
        })
    }

    pub(crate) fn into_logged_in(self, account: keyarc_wire::AccountResponse) -> LoggedIn {
        let session_token =
            (self.session.client == ClientKind::Api).then(|| self.token.to_text().to_string());
        LoggedIn {
            response: LoginResponse {
                account,
                session_token,
            },
            token: self.token,
            expires_at_ms: self.session.expires_at_ms,
        }
    }
}
