//! An account that the measurements own, without the cost of deriving its key each time.

use std::{cell::Cell, rc::Rc};

use anyhow::Context as _;
use keyarc_auth::{LoginPurpose, LoginStatement};
use keyarc_client::{
    Api, Host, HttpRequest, HttpResponse, NativeHost, NativeTransport, Session, SignUp, Transport,
    TransportError,
};
use keyarc_crypto::{KdfError, PasswordKey, SetupCode, Suite, UnlockKeys};
use keyarc_vault::import::PlannedItem;
use keyarc_wire::{ChallengeRequest, ClientKind, Fixed, Handle, LoginProof, LoginRequest, VaultId};
use rand_core::Rng as _;
use zeroize::Zeroizing;

use crate::sample;

/// The terms that a new account agrees to.
pub const TERMS: &str = "2026-11";
/// Items in one write.
const AT_ONCE: usize = 10_000;

/// How to get into an account.
pub struct Member {
    origin: String,
    code: SetupCode,
    unlock: UnlockKeys,
    /// Its one vault.
    pub vault: VaultId,
}

impl Member {
    /// Makes an account with so many items.
    pub async fn with_items(origin: &str, items: usize) -> anyhow::Result<Self> {
        let wish = SignUp {
            origin,
            password: "not used",
            suite: Suite::Argon2id,
            email: None,
            terms_version: TERMS,
            device_name: "keyarc-bench",
            client: ClientKind::Api,
        };
        let transport = NativeTransport::new(origin)?;
        let (session, kit) = Session::sign_up(transport, FastHost, &wish)
            .await
            .context("signing up")?;
        fill(&session, items).await?;
        let unlock = UnlockKeys::derive(&password_key(), &kit.setup_code);
        let vault = session.look(|vault| vault.id());
        Ok(Self {
            origin: origin.to_owned(),
            code: kit.setup_code,
            unlock,
            vault,
        })
    }

    /// Logs in: a challenge, a signature, a session.
    pub async fn log_in<T: Transport>(&self, api: &Api<T>) -> anyhow::Result<()> {
        let handle = self.code.handle();
        let challenge = api
            .challenge(&ChallengeRequest {
                handle: Handle(handle),
            })
            .await?;
        let mut client_nonce = [0; 32];
        NativeHost.rng().fill_bytes(&mut client_nonce);
        let statement = LoginStatement {
            purpose: LoginPurpose::Login,
            origin: &self.origin,
            handle,
            server_nonce: challenge.nonce.0,
            client_nonce,
            time_ms: NativeHost.now_ms(),
        };
        let proof = LoginProof {
            origin: self.origin.clone(),
            server_nonce: challenge.nonce,
            client_nonce: Fixed(client_nonce),
            time_ms: statement.time_ms,
            signature: Fixed(statement.sign(self.unlock.auth())),
        };
        let request = LoginRequest {
            handle: Handle(handle),
            proof,
            client: ClientKind::Api,
            device_name: "keyarc-bench".to_owned(),
        };
        let token = api
            .log_in(&request)
            .await?
            .session_token
            .context("API clients get a token")?;
        api.use_session_token(Zeroizing::new(token));
        Ok(())
    }

    /// A way to the server of its own, and the count of bytes that it received.
    pub fn connect(&self) -> anyhow::Result<(Api<Counting>, Rc<Cell<usize>>)> {
        let received = Rc::new(Cell::new(0));
        let inner = NativeTransport::new(&self.origin)?;
        Ok((
            Api::new(Counting {
                inner,
                received: received.clone(),
            }),
            received,
        ))
    }
}

/// Saves so many sample items.
pub async fn fill<T: Transport, H: Host>(
    session: &Session<T, H>,
    items: usize,
) -> anyhow::Result<()> {
    let planned: Vec<PlannedItem> = (0..items)
        .map(|number| PlannedItem {
            draft: sample::draft(number),
            variable: None,
            kept: None,
        })
        .collect();
    for chunk in planned.chunks(AT_ONCE) {
        session.import(chunk).await.context("saving items")?;
    }
    Ok(())
}

/// Counts what comes back.
pub struct Counting {
    inner: NativeTransport,
    received: Rc<Cell<usize>>,
}

impl Transport for Counting {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let response = self.inner.send(request).await?;
        self.received.set(self.received.get() + response.body.len());
        Ok(response)
    }
}

/// Derives no key: the server never sees the difference.
struct FastHost;

impl Host for FastHost {
    type Rng = <NativeHost as Host>::Rng;

    fn rng(&self) -> Self::Rng {
        NativeHost.rng()
    }

    fn now_ms(&self) -> u64 {
        NativeHost.now_ms()
    }

    fn sleep(&self, millis: u32) -> impl Future<Output = ()> {
        NativeHost.sleep(millis)
    }

    async fn derive_password_key(&self, _: &str, _: &SetupCode) -> Result<PasswordKey, KdfError> {
        Ok(password_key())
    }
}

fn password_key() -> PasswordKey {
    PasswordKey::from_derived(Zeroizing::new([7; 32]))
}
