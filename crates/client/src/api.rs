mod attachments;
mod machine;
mod problem;
mod reminders;
mod versions;

use std::cell::RefCell;

use keyarc_wire::{
    AccountResponse, AddPasskeyRequest, ApiError, CHANGES_MEDIA_TYPE, ChallengeRequest,
    ChallengeResponse, ChangePasswordRequest, ChangeRecoveryRequest, ChangesDecodeError,
    DetailsRequest, DetailsResponse, ErrorCode, FinishRecoveryRequest, FreshProof, JoinLinkRequest,
    JoinLinkResponse, KeepPinsRequest, KeepRecoveryNoteRequest, KnownDeviceStep, LinkNews,
    LoginRequest, LoginResponse, NewDeviceStep, OpenLinkRequest, OpenLinkResponse, PasskeyAdded,
    PasskeyCreation, PasskeyFactorRequest, PasskeyLoginRequest, RecoverRequest, RecoverResponse,
    RefreshResponse, RekeyRequest, SecondFactorRequest, SignUpRequest, StageItemsRequest, VaultId,
    WriteItemsRequest, WriteItemsResponse, limits, paths,
};
use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use crate::{
    HttpRequest, HttpResponse, Method, Patience, Transport, TransportError, changes::Changes,
};

const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";
/// Largest small answer: an account with its keys, or an error.
const SMALL_ANSWER: usize = 1024 * 1024;
/// Largest sync: several times the largest vault that is measured (50,000 items).
const CHANGES_ANSWER: usize = 256 * 1024 * 1024;
/// Longest token in bytes: more than any that KeyArc gives, less than a server takes in a header.
const TOKEN_MAX: usize = 4 * 1024;
/// A token is renewed this long before it ends, so that no request meets the very end of it.
const RENEW_BEFORE_MS: u64 = 60_000;

/// Why a request gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiFailure {
    /// There is no answer from KeyArc: it may or may not have done what was asked.
    #[error("the server did not answer")]
    NoAnswer,
    /// There is an answer, and it is not one that KeyArc gives.
    #[error("the server's answer does not follow the protocol")]
    Malformed,
    /// The request is larger than the server takes; it was not sent.
    #[error("the request is too large")]
    TooLarge,
    /// The server refused.
    #[error("{0}")]
    Refused(Box<ApiError>),
}

impl ApiFailure {
    /// The code of a refusal.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused(error) => Some(error.code),
            Self::NoAnswer | Self::Malformed | Self::TooLarge => None,
        }
    }
}

impl From<TransportError> for ApiFailure {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::NoAnswer => Self::NoAnswer,
            TransportError::TooLarge => Self::Malformed,
        }
    }
}

/// The server's endpoints, typed. Answers are checked for form; whether they are true is checked
/// by [`crate::Session`].
pub struct Api<T> {
    transport: T,
    bearer: RefCell<Option<Bearer>>,
}

/// The tokens of a client that keeps no cookies.
struct Bearer {
    session: Zeroizing<String>,
    access: Option<(Zeroizing<String>, u64)>,
}

impl<T: Transport> Api<T> {
    /// Over a transport, without a session.
    pub fn new(transport: T) -> Self {
        Self {
            transport,
            bearer: RefCell::new(None),
        }
    }

    pub(crate) fn transport(&self) -> &T {
        &self.transport
    }

    /// The same way to the server, with the same session.
    pub(crate) fn again(&self) -> Self
    where
        T: Clone,
    {
        let bearer = self.bearer.borrow();
        Self {
            transport: self.transport.clone(),
            bearer: RefCell::new(bearer.as_ref().map(|bearer| Bearer {
                session: bearer.session.clone(),
                access: None,
            })),
        }
    }

    /// Uses a session token, for [`keyarc_wire::ClientKind::Api`].
    pub fn use_session_token(&self, token: Zeroizing<String>) {
        *self.bearer.borrow_mut() = Some(Bearer {
            session: token,
            access: None,
        });
    }

    /// A nonce to sign.
    pub async fn challenge(
        &self,
        request: &ChallengeRequest,
    ) -> Result<ChallengeResponse, ApiFailure> {
        self.open_call(paths::CHALLENGE, request).await
    }

    /// Makes an account. The session comes as a cookie.
    pub async fn sign_up(&self, request: &SignUpRequest) -> Result<LoginResponse, ApiFailure> {
        self.open_call(paths::SIGN_UP, request).await
    }

    /// Begins a session.
    pub async fn log_in(&self, request: &LoginRequest) -> Result<LoginResponse, ApiFailure> {
        self.open_call(paths::LOGIN, request).await
    }

    /// Begins a session with the second factor.
    pub async fn log_in_second_factor(
        &self,
        request: &SecondFactorRequest,
    ) -> Result<LoginResponse, ApiFailure> {
        self.open_call(paths::LOGIN_SECOND_FACTOR, request).await
    }

    /// Begins a session with a passkey as the second factor.
    pub async fn log_in_by_passkey_factor(
        &self,
        request: &PasskeyFactorRequest,
    ) -> Result<LoginResponse, ApiFailure> {
        self.open_call(paths::LOGIN_PASSKEY_FACTOR, request).await
    }

    /// Begins a session by a passkey alone.
    pub async fn log_in_by_passkey(
        &self,
        request: &PasskeyLoginRequest,
    ) -> Result<LoginResponse, ApiFailure> {
        self.open_call(paths::LOGIN_PASSKEY, request).await
    }

    /// How a passkey is to be made.
    pub async fn begin_passkey(
        &self,
        fresh: &FreshProof,
        now_ms: u64,
    ) -> Result<PasskeyCreation, ApiFailure> {
        let call = post(paths::PASSKEYS_BEGIN.into(), Some(encode(fresh)?));
        json_body(&self.call(call, now_ms).await?)
    }

    /// Puts a passkey in force.
    pub async fn add_passkey(
        &self,
        request: &AddPasskeyRequest,
        now_ms: u64,
    ) -> Result<PasskeyAdded, ApiFailure> {
        let call = post(paths::PASSKEYS_ADD.into(), Some(encode(request)?));
        json_body(&self.call(call, now_ms).await?)
    }

    /// A new device begins to wait for another.
    pub async fn open_link(
        &self,
        request: &OpenLinkRequest,
    ) -> Result<OpenLinkResponse, ApiFailure> {
        self.open_call(paths::LINK_OPEN, request).await
    }

    /// What a new device says and hears.
    pub async fn step_of_new(&self, step: &NewDeviceStep) -> Result<LinkNews, ApiFailure> {
        self.open_call(paths::LINK_NEW, step).await
    }

    /// Joins a new device.
    pub async fn join_link(
        &self,
        request: &JoinLinkRequest,
        now_ms: u64,
    ) -> Result<JoinLinkResponse, ApiFailure> {
        let call = post(paths::LINK_JOIN.into(), Some(encode(request)?));
        json_body(&self.call(call, now_ms).await?)
    }

    /// What an unlocked device says and hears.
    pub async fn step_of_known(
        &self,
        step: &KnownDeviceStep,
        now_ms: u64,
    ) -> Result<LinkNews, ApiFailure> {
        let call = post(paths::LINK_KNOWN.into(), Some(encode(step)?));
        json_body(&self.call(call, now_ms).await?)
    }

    /// Ends the session and forgets its token.
    pub async fn log_out(&self, now_ms: u64) -> Result<(), ApiFailure> {
        self.call(post(paths::LOGOUT.into(), None), now_ms).await?;
        *self.bearer.borrow_mut() = None;
        Ok(())
    }

    /// The account.
    pub async fn account(&self, now_ms: u64) -> Result<AccountResponse, ApiFailure> {
        json_body(&self.call(get(paths::ACCOUNT.into()), now_ms).await?)
    }

    /// Forgets the notices shown.
    pub async fn dismiss_notices(&self, now_ms: u64) -> Result<(), ApiFailure> {
        self.call(post(paths::NOTICES_DISMISS.into(), None), now_ms)
            .await
            .map(drop)
    }

    /// Keeps what this device has seen, for the account's others.
    pub async fn keep_pins(
        &self,
        request: &KeepPinsRequest,
        now_ms: u64,
    ) -> Result<(), ApiFailure> {
        self.tell(paths::PINS, request, now_ms).await
    }

    /// Puts new keys in force.
    pub async fn change_password(
        &self,
        request: &ChangePasswordRequest,
        now_ms: u64,
    ) -> Result<(), ApiFailure> {
        self.tell(paths::PASSWORD, request, now_ms).await
    }

    /// What a recovery key opens.
    pub async fn recover(&self, request: &RecoverRequest) -> Result<RecoverResponse, ApiFailure> {
        self.open_call(paths::RECOVER, request).await
    }

    /// Puts new keys in force by a recovery key, and begins a session.
    pub async fn finish_recovery(
        &self,
        request: &FinishRecoveryRequest,
    ) -> Result<LoginResponse, ApiFailure> {
        self.open_call(paths::RECOVER_FINISH, request).await
    }

    /// Puts another recovery key in force, or none.
    pub async fn change_recovery(
        &self,
        request: &ChangeRecoveryRequest,
        now_ms: u64,
    ) -> Result<(), ApiFailure> {
        self.tell(paths::RECOVERY, request, now_ms).await
    }

    /// Keeps another note about the recovery key.
    pub async fn keep_recovery_note(
        &self,
        request: &KeepRecoveryNoteRequest,
        now_ms: u64,
    ) -> Result<(), ApiFailure> {
        self.tell(paths::RECOVERY_NOTE, request, now_ms).await
    }

    /// Keeps items aside that were sealed under a key to come.
    pub async fn stage_items(
        &self,
        request: &StageItemsRequest,
        now_ms: u64,
    ) -> Result<(), ApiFailure> {
        let mut call = post(paths::REKEY_ITEMS.into(), Some(encode(request)?));
        call.patience = Patience::Long;
        self.call(call, now_ms).await.map(drop)
    }

    /// Puts new keys in force throughout.
    pub async fn rekey(&self, request: &RekeyRequest, now_ms: u64) -> Result<(), ApiFailure> {
        let mut call = post(paths::REKEY.into(), Some(encode(request)?));
        call.patience = Patience::Long;
        self.call(call, now_ms).await.map(drop)
    }

    /// Drops what was staged.
    pub async fn discard_rekey(&self, now_ms: u64) -> Result<(), ApiFailure> {
        self.call(post(paths::REKEY_DISCARD.into(), None), now_ms)
            .await
            .map(drop)
    }

    /// The changes to a vault after a revision, its newest manifest, and those from a version on.
    pub async fn changes(
        &self,
        vault: VaultId,
        since: u64,
        manifests_from: Option<u64>,
        now_ms: u64,
    ) -> Result<Changes, ApiFailure> {
        let request = for_changes(get(paths::changes(vault, since, manifests_from)));
        let response = self.call(request, now_ms).await?;
        stream_of(response, |body| Changes::check(body, since))
    }

    /// Changes a vault, all or nothing.
    pub async fn write_items(
        &self,
        vault: VaultId,
        request: &WriteItemsRequest,
        now_ms: u64,
    ) -> Result<WriteItemsResponse, ApiFailure> {
        let body = encode(request)?;
        if body.len() > limits::WRITE_BODY {
            return Err(ApiFailure::TooLarge);
        }
        let mut call = post(paths::items(vault), Some(body));
        call.patience = Patience::Long;
        json_body(&self.call(call, now_ms).await?)
    }

    /// The details of some items.
    pub async fn details(
        &self,
        vault: VaultId,
        request: &DetailsRequest,
        now_ms: u64,
    ) -> Result<DetailsResponse, ApiFailure> {
        let mut call = post(paths::details(vault), Some(encode(request)?));
        // Base64 takes four thirds; the rest is for the fields around it.
        call.max_response = SMALL_ANSWER
            + request
                .item_ids
                .len()
                .saturating_mul(limits::DETAILS / 2 * 3);
        json_body(&self.call(call, now_ms).await?)
    }

    /// A call that needs no session.
    async fn open_call<A: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<A, ApiFailure> {
        let request = post(path.into(), Some(encode(body)?));
        json_body(&accepted(self.transport.send(request).await?)?)
    }

    /// A call within the session whose answer has nothing in it.
    async fn tell(
        &self,
        path: &str,
        request: &impl Serialize,
        now_ms: u64,
    ) -> Result<(), ApiFailure> {
        self.call(post(path.into(), Some(encode(request)?)), now_ms)
            .await
            .map(drop)
    }

    /// A call within the session. A refused access token is renewed once.
    async fn call(&self, request: HttpRequest, now_ms: u64) -> Result<HttpResponse, ApiFailure> {
        let Some(token) = self.access_token(now_ms).await? else {
            return accepted(self.transport.send(request).await?);
        };
        let again = HttpRequest {
            body: request.body.clone(),
            path: request.path.clone(),
            bearer: None,
            ..request
        };
        let response = self
            .transport
            .send(HttpRequest {
                bearer: Some(token),
                ..request
            })
            .await?;
        match accepted(response) {
            Err(failure) if failure.code() == Some(ErrorCode::Unauthenticated) => {
                if let Some(bearer) = self.bearer.borrow_mut().as_mut() {
                    bearer.access = None;
                }
                let bearer = self.access_token(now_ms).await?;
                accepted(self.transport.send(HttpRequest { bearer, ..again }).await?)
            }
            other => other,
        }
    }

    /// The access token in use, fetched when there is none or it is about to end; `None` where a
    /// cookie carries the session.
    async fn access_token(&self, now_ms: u64) -> Result<Option<Zeroizing<String>>, ApiFailure> {
        let session = match self.bearer.borrow().as_ref() {
            None => return Ok(None),
            Some(Bearer {
                access: Some((token, until)),
                ..
            }) if now_ms.saturating_add(RENEW_BEFORE_MS) < *until => {
                return Ok(Some(token.clone()));
            }
            Some(bearer) => bearer.session.clone(),
        };
        let mut request = post(paths::REFRESH.into(), None);
        request.bearer = Some(session);
        let fresh: RefreshResponse = json_body(&accepted(self.transport.send(request).await?)?)?;
        let token = Zeroizing::new(fresh.access_token);
        if !is_token(&token) {
            return Err(ApiFailure::Malformed);
        }
        if let Some(bearer) = self.bearer.borrow_mut().as_mut() {
            bearer.access = Some((token.clone(), fresh.expires_at_ms));
        }
        Ok(Some(token))
    }
}

/// Can this be sent back as a token? What could not be would look as if the server were away.
pub(crate) fn is_token(text: &str) -> bool {
    (1..=TOKEN_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn get(path: String) -> HttpRequest {
    HttpRequest {
        method: Method::Get,
        path,
        body: None,
        body_type: JSON,
        accept: JSON,
        bearer: None,
        max_response: SMALL_ANSWER,
        patience: Patience::Short,
    }
}

fn post(path: String, body: Option<Vec<u8>>) -> HttpRequest {
    HttpRequest {
        method: Method::Post,
        body,
        ..get(path)
    }
}

/// A request whose answer is a stream of changes.
fn for_changes(request: HttpRequest) -> HttpRequest {
    HttpRequest {
        accept: CHANGES_MEDIA_TYPE,
        max_response: CHANGES_ANSWER,
        patience: Patience::Long,
        ..request
    }
}

/// Such an answer, read by `check`.
fn stream_of<A>(
    response: HttpResponse,
    check: impl FnOnce(Vec<u8>) -> Result<A, ChangesDecodeError>,
) -> Result<A, ApiFailure> {
    if response.content_type != CHANGES_MEDIA_TYPE {
        return Err(ApiFailure::Malformed);
    }
    check(response.body).map_err(|error| match error {
        // A server that stops while it streams cuts the answer off: ask again later.
        ChangesDecodeError::Truncated => ApiFailure::NoAnswer,
        ChangesDecodeError::Malformed | ChangesDecodeError::Trailing => ApiFailure::Malformed,
    })
}

fn encode(body: &impl Serialize) -> Result<Vec<u8>, ApiFailure> {
    serde_json::to_vec(body).map_err(|_| ApiFailure::Malformed)
}

fn json_body<A: DeserializeOwned>(response: &HttpResponse) -> Result<A, ApiFailure> {
    if response.content_type != JSON {
        return Err(ApiFailure::Malformed);
    }
    serde_json::from_slice(&response.body).map_err(|_| ApiFailure::Malformed)
}

/// A success, or the refusal that the answer is.
fn accepted(response: HttpResponse) -> Result<HttpResponse, ApiFailure> {
    match response.status {
        200 | 201 | 204 => Ok(response),
        status if response.content_type == PROBLEM => {
            if status < 400 {
                return Err(ApiFailure::Malformed);
            }
            let mut error = problem::read(&response.body, status).ok_or(ApiFailure::Malformed)?;
            error.retry_after_seconds = error.retry_after_seconds.or(response.retry_after);
            Err(ApiFailure::Refused(Box::new(error)))
        }
        // A proxy in front of a server that is away answers in its own words.
        502..=504 => Err(ApiFailure::NoAnswer),
        _ => Err(ApiFailure::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, content_type: &str, body: &str) -> HttpResponse {
        HttpResponse {
            status,
            content_type: HttpResponse::media_type(content_type),
            retry_after: Some(7),
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn only_a_problem_body_is_a_refusal() {
        let problem = r#"{"code":"rate_limited","message":"Slow.","action":"Wait."}"#;
        let refused = accepted(answer(
            429,
            "Application/Problem+JSON; charset=utf-8",
            problem,
        ));
        let Err(ApiFailure::Refused(error)) = refused else {
            panic!("refused")
        };
        assert_eq!(
            (error.code, error.retry_after_seconds),
            (ErrorCode::RateLimited, Some(7))
        );
        for (status, kind, body, expected) in [
            (404, "text/html", "<h1>", ApiFailure::Malformed),
            (200 + 6, PROBLEM, problem, ApiFailure::Malformed),
            (429, PROBLEM, "{}", ApiFailure::Malformed),
            (503, "text/html", "away", ApiFailure::NoAnswer),
            (302, JSON, "{}", ApiFailure::Malformed),
        ] {
            assert_eq!(
                accepted(answer(status, kind, body)).err(),
                Some(expected),
                "{status}"
            );
        }
    }

    #[test]
    fn a_token_is_something_that_can_be_sent_back() {
        assert!(is_token("kas1_abc-DEF") && is_token(&"a".repeat(TOKEN_MAX)));
        for bad in ["", "a b", "a\r\nx: y", "\u{e9}", &"a".repeat(TOKEN_MAX + 1)] {
            assert!(!is_token(bad), "{bad:.20}");
        }
    }

    #[test]
    fn a_success_of_another_type_is_refused() {
        assert!(json_body::<u32>(&answer(200, "text/html", "1")).is_err());
        assert_eq!(json_body::<u32>(&answer(200, JSON, "1")), Ok(1));
        assert!(json_body::<u32>(&answer(200, JSON, "1 2")).is_err());
    }
}
