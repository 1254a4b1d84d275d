use std::{fmt, sync::Arc};

use keyarc_auth::ServerKeys;
use keyarc_store::Store;
use keyarc_wire::{AccountId, ClientKind, MailService, SessionId};

use crate::{Clock, Entropy, ServiceError};

/// The rules that an operator can set.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The origins that the server goes by, for example `https://keyarc.example`. A log-in
    /// statement must name one of them.
    pub origins: Vec<String>,
    /// The version of the terms that a sign-up must agree to.
    pub terms_version: String,
    /// A session's longest life in milliseconds.
    pub session_ms: u64,
    /// A session's longest rest in milliseconds.
    pub session_idle_ms: u64,
    /// Log-ins and changes of password per minute, for each address and for each handle.
    pub log_ins_per_minute: u32,
    /// Sign-ups per minute and address.
    pub sign_ups_per_minute: u32,
    /// Most bytes that the attachments of an account take, sealed.
    pub attachment_bytes: u64,
    /// What this server does with mail.
    pub mail: MailService,
    /// Webhooks may be on this machine, and then without TLS: in development.
    pub local_webhooks: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            origins: Vec::new(),
            terms_version: "2026-11".to_owned(),
            session_ms: 30 * 24 * 3_600_000,
            session_idle_ms: 7 * 24 * 3_600_000,
            log_ins_per_minute: 5,
            sign_ups_per_minute: 10,
            attachment_bytes: 1024 * 1024 * 1024,
            mail: MailService::None,
            local_webhooks: false,
        }
    }
}

/// What every use case works with. Cloning it is cheap.
#[derive(Clone)]
pub struct Services(Arc<Inner>);

struct Inner {
    store: Store,
    keys: ServerKeys,
    policy: Policy,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Services {
    /// Puts the parts together.
    pub fn new(
        store: Store,
        keys: ServerKeys,
        policy: Policy,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self(Arc::new(Inner {
            store,
            keys,
            policy,
            clock,
            entropy,
        }))
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The rules in force.
    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }

    /// Unix milliseconds.
    pub fn now_ms(&self) -> u64 {
        self.0.clock.now_ms()
    }

    pub(crate) fn keys(&self) -> &ServerKeys {
        &self.0.keys
    }

    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], ServiceError> {
        let mut bytes = [0; N];
        self.0.entropy.fill(&mut bytes)?;
        Ok(bytes)
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services")
            .field("policy", &self.0.policy)
            .finish_non_exhaustive()
    }
}

/// Who asks, proven by a session that is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// The account.
    pub account_id: AccountId,
    /// The session.
    pub session_id: SessionId,
    /// How the session's token is kept.
    pub client: ClientKind,
    /// Whether an access token was shown, rather than the session's own token.
    pub by_access_token: bool,
    /// When the session ends at the latest, Unix milliseconds.
    pub session_expires_at_ms: u64,
}

/// A use case's surroundings: the services and who asks.
#[derive(Debug, Clone)]
pub struct Context {
    /// What the use case works with.
    pub services: Services,
    /// Who asks.
    pub actor: Actor,
}
