//! A server in memory, a host without waiting, and accounts to test with.

mod server;

use std::{
    cell::{Cell, RefCell},
    future::Future,
    rc::Rc,
};

use keyarc_client::{
    ChangePassword, Host, LogIn, LoggingIn, NewKit, PendingLogIn, Session, SignUp, Stage, Trust,
};
use keyarc_crypto::{Checkpoint, KdfError, PasswordKey, RecoveryKey, SetupCode, Suite};
use keyarc_vault::{Content, ItemDraft};
use keyarc_wire::ClientKind;
use rand_core::UnwrapErr;
use zeroize::Zeroizing;

pub use server::{Fault, Line, Server, Snapshot};

pub const ORIGIN: &str = "https://keyarc.example";
pub const PASSWORD: &str = "quartz lantern mosaic dolphin";

pub type TestSession = Session<Line, TestHost>;

/// What a session told its host.
#[derive(Debug, Default)]
pub struct Told {
    pub pauses: Vec<u32>,
    pub offline: Vec<u32>,
    pub online: u32,
    pub progress: Vec<(Stage, u8)>,
    /// What was seen, as the device keeps it.
    pub pins: Option<Vec<u8>>,
    pub trust: Vec<Trust>,
}

/// Time stands still, waiting takes none, and keys derive at once.
#[derive(Clone, Default)]
pub struct TestHost {
    pub told: Rc<RefCell<Told>>,
    clock: Rc<Cell<u64>>,
}

impl TestHost {
    /// When its clock begins, Unix milliseconds.
    pub const START_MS: u64 = 1_700_000_000_000;

    /// Time passes.
    pub fn pass(&self, millis: u64) {
        self.clock.set(self.clock.get() + millis);
    }
}

impl Host for TestHost {
    type Rng = UnwrapErr<getrandom::SysRng>;

    fn rng(&self) -> Self::Rng {
        UnwrapErr(getrandom::SysRng)
    }

    fn now_ms(&self) -> u64 {
        self.clock.set(self.clock.get() + 1);
        Self::START_MS + self.clock.get()
    }

    async fn sleep(&self, millis: u32) {
        self.told.borrow_mut().pauses.push(millis);
        tokio::task::yield_now().await;
    }

    fn derive_password_key(
        &self,
        password: &str,
        code: &SetupCode,
    ) -> impl Future<Output = Result<PasswordKey, KdfError>> {
        let mut key = Zeroizing::new([0_u8; 32]);
        let suite = code.suite().to_byte();
        let input = password.bytes().chain(code.handle()).chain([suite]);
        for (at, byte) in input.enumerate() {
            key[at % 32] = key[at % 32].wrapping_mul(31).wrapping_add(byte);
        }
        let empty = password.is_empty();
        let key = PasswordKey::from_derived(key);
        std::future::ready(if empty {
            Err(KdfError::Password)
        } else {
            Ok(key)
        })
    }

    fn progress(&self, stage: Stage, percent: u8) {
        self.told.borrow_mut().progress.push((stage, percent));
    }

    fn keep_pins(&self, sealed: &[u8]) {
        self.told.borrow_mut().pins = Some(sealed.to_vec());
    }

    fn trust(&self, trust: Trust) {
        self.told.borrow_mut().trust.push(trust);
    }

    fn offline(&self, pending: u32) {
        self.told.borrow_mut().offline.push(pending);
    }

    fn online(&self) {
        self.told.borrow_mut().online += 1;
    }
}

/// A server, an account on it, and a session.
pub struct World {
    pub server: Rc<RefCell<Server>>,
    pub code: SetupCode,
    pub recovery_key: RecoveryKey,
    pub checkpoint: Checkpoint,
    pub session: TestSession,
    pub host: TestHost,
}

impl World {
    pub async fn new() -> Self {
        let server = Rc::new(RefCell::new(Server::new(TestHost::START_MS, 2)));
        let host = TestHost::default();
        let (session, kit) = Session::sign_up(Line::to(&server), host.clone(), &sign_up())
            .await
            .expect("signs up");
        let NewKit {
            setup_code: code,
            recovery_key,
            checkpoint,
        } = kit;
        Self {
            server,
            code,
            recovery_key,
            checkpoint,
            session,
            host,
        }
    }

    /// Another device of the same account.
    pub async fn device(&self) -> TestSession {
        self.log_in(PASSWORD).await.expect("logs in")
    }

    /// Comes back on the device that signed up, which remembers what it saw.
    pub async fn come_back(&self) -> Result<TestSession, keyarc_client::ClientError> {
        let pins = self.host.told.borrow().pins.clone();
        let wish = LogIn {
            pins: pins.as_deref(),
            ..log_in_wish(&self.code, PASSWORD)
        };
        Session::log_in(Line::to(&self.server), self.host.clone(), &wish).await
    }

    pub async fn log_in(&self, password: &str) -> Result<TestSession, keyarc_client::ClientError> {
        log_in(&self.server, &self.code, password).await
    }

    /// The next requests to change items meet these faults.
    pub fn faults(&self, faults: impl IntoIterator<Item = Fault>) {
        self.server.borrow_mut().faults.extend(faults);
    }

    /// Writes that the server carried out.
    pub fn revision(&self) -> u64 {
        self.server.borrow().revision()
    }
}

pub async fn log_in(
    server: &Rc<RefCell<Server>>,
    code: &SetupCode,
    password: &str,
) -> Result<TestSession, keyarc_client::ClientError> {
    let wish = log_in_wish(code, password);
    Session::log_in(Line::to(server), TestHost::default(), &wish).await
}

/// A log-in on a device without a memory.
fn log_in_wish<'a>(code: &'a SetupCode, password: &'a str) -> LogIn<'a> {
    LogIn {
        origin: ORIGIN,
        code,
        password,
        device_name: "Test",
        client: ClientKind::Browser,
        pins: None,
    }
}

/// The first half of a log-in to an account that has a second factor.
pub async fn begin_log_in(world: &World) -> Box<PendingLogIn<Line, TestHost>> {
    let wish = log_in_wish(&world.code, PASSWORD);
    let line = Line::to(&world.server);
    match Session::begin_log_in(line, TestHost::default(), &wish).await {
        Ok(LoggingIn::SecondFactor(pending)) => pending,
        Ok(LoggingIn::Open(_)) => panic!("no code was asked for"),
        Err(error) => panic!("{error}"),
    }
}

pub fn sign_up() -> SignUp<'static> {
    SignUp {
        origin: ORIGIN,
        password: PASSWORD,
        suite: Suite::Pbkdf2Sha256,
        email: Some("ada@example.com"),
        terms_version: "2026-11",
        device_name: "Test",
        client: ClientKind::Browser,
    }
}

/// To another password, as the account stands.
pub fn change(current: &'static str, new: &'static str) -> ChangePassword<'static> {
    ChangePassword {
        origin: ORIGIN,
        current,
        new,
        suite: Suite::Pbkdf2Sha256,
    }
}

/// A new API key.
pub fn draft(name: &str, value: &str) -> ItemDraft {
    ItemDraft::new(
        name,
        Content::ApiKey {
            value: value.into(),
        },
    )
}

/// The next version of an item, with another value.
pub fn edit(item: &keyarc_vault::Item, value: &str) -> ItemDraft {
    ItemDraft {
        id: Some(item.summary.id),
        base_version: item.summary.version,
        ..draft(&item.summary.name, value)
    }
}

pub fn value(item: &keyarc_vault::Item) -> &str {
    match &item.content {
        Content::ApiKey { value } => value,
        _ => "",
    }
}

/// Runs a test: sessions are not `Send`.
pub fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(test);
}
