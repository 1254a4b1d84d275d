use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use gloo_timers::future::TimeoutFuture;
use keyarc_app::worker::{Event, Failure, Stage};
use keyarc_client::{
    ClientError, FetchTransport, Host as _, JoinedLink, MadeRecoveryKey, NewDevice, PendingLogIn,
    PendingPasskey, PendingRecovery, Recovery, Rekey, SaveError, Session, Stage as ClientStage,
};
use keyarc_crypto::SetupCode;
use keyarc_vault::Selection;
use keyarc_wire::Handle;
use wasm_bindgen_futures::spawn_local;

use super::{
    arrange::Undos, check::Checking, export::Exporting, failure, health::Health, import::Importing,
    moment::Moment, saving::fetch_saving_soon, tell, uploads::Attaching,
};
use crate::browser::{BrowserHost, DeviceStore, Report};

/// A session in this browser.
pub(super) type Open = Session<FetchTransport, BrowserHost>;

/// A log-in that lacks its second factor.
pub(super) struct AwaitsCode {
    pub(super) pending: Box<PendingLogIn<FetchTransport, BrowserHost>>,
    /// Keep the setup code on this device afterwards, under this name.
    pub(super) keep_as: Option<String>,
    /// What the session will have seen.
    pub(super) pins: PinKeeper,
    /// The token is worth nothing afterwards, Unix milliseconds.
    pub(super) until_ms: u64,
}

/// How far a recovery came, and what its session will have seen.
pub(super) enum Recovering {
    /// A code is missing.
    Code(Box<PendingRecovery<FetchTransport, BrowserHost>>, PinKeeper),
    /// The new password is missing.
    Password(Box<Recovery<FetchTransport, BrowserHost>>, PinKeeper),
}
/// A new device that waits for an unlocked one.
pub(super) type WaitsForLink = NewDevice<FetchTransport, BrowserHost>;

/// A log-in that its passkey has not signed yet.
pub(super) type AwaitsPasskey = PendingPasskey<FetchTransport, BrowserHost>;

/// How long the server waits for a code, in milliseconds.
const CODE_WITHIN_MS: u32 = 5 * 60_000;

/// How long a reply waits for the device's store, in milliseconds at least.
const WRITE_WITHIN_MS: u32 = 250;

/// What the worker remembers between commands.
#[derive(Default)]
pub(super) struct VaultWorker {
    open: RefCell<Option<Rc<Open>>>,
    awaits_code: Rc<RefCell<Option<AwaitsCode>>>,
    /// A recovery that is not finished.
    pub(super) recovering: RefCell<Option<Recovering>>,
    /// A recovery key that is not in force.
    pub(super) made_key: RefCell<Option<MadeRecoveryKey>>,
    /// New keys that are not in force. Taken out while they are put there.
    pub(super) rekey: RefCell<Option<Rekey>>,
    /// A log-in by a passkey that has not signed yet.
    pub(super) awaits_passkey: RefCell<Option<(AwaitsPasskey, PinKeeper)>>,
    /// A link that waits for an unlocked device, here on a new one.
    pub(super) waits_for_link: RefCell<Option<Rc<WaitsForLink>>>,
    /// What came over such a link.
    pub(super) linked: RefCell<Option<SetupCode>>,
    /// A link to a new device whose words are being compared.
    pub(super) joined_link: RefCell<Option<JoinedLink>>,
    /// A file on its way into the vault.
    pub(super) import: Importing,
    /// A file on its way out of it.
    pub(super) export: Exporting,
    /// Files on their way to items and from them.
    pub(super) attaching: Attaching,
    /// The vault as it was at a moment.
    pub(super) moment: RefCell<Moment>,
    /// What is known of the vault's secrets.
    pub(super) health: RefCell<Health>,
    /// Tests of keys: the one that is being made, those to come, and what was found.
    pub(super) checking: RefCell<Checking>,
    /// What is selected in the list.
    pub(super) selection: RefCell<Selection>,
    /// The last changes of many items, to be taken back.
    pub(super) undos: RefCell<Undos>,
    /// The revision whose dates the server was told of, or is being told of.
    pub(super) told: Cell<Option<u64>>,
    /// The revision that the copies of machine tokens follow, or are being brought to.
    pub(super) copied: Cell<Option<u64>>,
    /// When it was last looked whether machine tokens handed something in, Unix milliseconds.
    pub(super) looked_at_ms: Cell<Option<u64>>,
    /// How much of it waits for a person.
    pub(super) waits: Cell<u32>,
    pub(super) device: DeviceStore,
}

impl VaultWorker {
    /// The open session.
    pub(super) fn session(&self) -> Result<Rc<Open>, Failure> {
        self.open.borrow().clone().ok_or(Failure::Locked)
    }

    /// Takes a session in place of the one before, if there was one.
    pub(super) fn enter(&self, session: Open) -> Rc<Open> {
        let session = Rc::new(session);
        self.leave();
        *self.open.borrow_mut() = Some(Rc::clone(&session));
        fetch_saving_soon();
        session
    }

    /// Waits for the code of a log-in, and wipes its keys when none comes.
    pub(super) fn await_code(
        &self,
        pending: Box<PendingLogIn<FetchTransport, BrowserHost>>,
        keep_as: Option<String>,
        pins: PinKeeper,
    ) {
        let until_ms = host(&pins).now_ms() + u64::from(CODE_WITHIN_MS);
        self.await_code_again(AwaitsCode {
            pending,
            keep_as,
            pins,
            until_ms,
        });
        let awaits_code = Rc::clone(&self.awaits_code);
        spawn_local(async move {
            TimeoutFuture::new(CODE_WITHIN_MS).await;
            // Another log-in may wait by then.
            awaits_code
                .borrow_mut()
                .take_if(|awaits| awaits.until_ms <= until_ms);
        });
    }

    /// Waits on, after a code that was wrong.
    pub(super) fn await_code_again(&self, awaits: AwaitsCode) {
        *self.awaits_code.borrow_mut() = Some(awaits);
    }

    /// Looks at the log-in that waits for its code.
    pub(super) fn look_at_log_in<R>(&self, look: impl FnOnce(&AwaitsCode) -> R) -> Option<R> {
        self.awaits_code.borrow().as_ref().map(look)
    }

    /// The log-in that waits for its code; it waits no more.
    pub(super) fn take_awaits_code(&self) -> Option<AwaitsCode> {
        self.awaits_code.borrow_mut().take()
    }

    /// Drops the session, and with it the keys once no command uses them any more.
    pub(super) fn leave(&self) {
        self.import.forget();
        self.export.forget();
        self.attaching.forget();
        self.selection.take();
        self.undos.take();
        self.awaits_code.borrow_mut().take();
        self.made_key.borrow_mut().take();
        self.rekey.borrow_mut().take();
        self.awaits_passkey.borrow_mut().take();
        self.health.take();
        self.linked.borrow_mut().take();
        self.joined_link.borrow_mut().take();
        self.checking.take();
        self.told.set(None);
        self.copied.set(None);
        self.looked_at_ms.set(None);
        self.waits.set(0);
        self.open.borrow_mut().take();
    }

    /// What a person is told of an error. The keys stay after the end of a session, so that the
    /// page can still have a half-written form sealed before it locks.
    pub(super) fn failed(&self, error: ClientError) -> Failure {
        if error == ClientError::SessionEnded {
            tell(Event::SessionEnded);
        }
        failure::from_client(error)
    }

    /// As [`Self::failed`], for what can be in conflict.
    pub(super) fn not_saved(&self, error: SaveError) -> Failure {
        match error {
            SaveError::Client(error) => self.failed(error),
            other => failure::from_save(other),
        }
    }
}

/// Keeps what a session has seen, once the device is to remember its account.
#[derive(Clone, Default)]
pub(super) struct PinKeeper(Rc<Keeping>);

#[derive(Default)]
struct Keeping {
    account: Cell<Option<Handle>>,
    newest: RefCell<Option<Vec<u8>>>,
}

impl PinKeeper {
    /// From now on what is seen is kept for this account.
    pub(super) fn remember(&self, account: Handle) {
        self.0.account.set(Some(account));
        self.write();
    }

    fn take(&self, sealed: Vec<u8>) {
        *self.0.newest.borrow_mut() = Some(sealed);
        self.write();
    }

    fn write(&self) {
        let newest = self.0.newest.borrow().clone();
        if let (Some(account), Some(sealed)) = (self.0.account.get(), newest) {
            WRITES.with(|writes| writes.set(writes.get() + 1));
            spawn_local(async move {
                // A browser that keeps nothing is a device without a memory.
                let _ = DeviceStore.keep_pins(account, &sealed).await;
                WRITES.with(|writes| writes.set(writes.get() - 1));
            });
        }
    }
}

thread_local! {
    /// Pins that are on their way to the device's store.
    static WRITES: Cell<u32> = const { Cell::new(0) };
}

/// Waits until what was seen is kept on this device, and for a store that hangs no longer than
/// anybody would.
pub(super) async fn pins_are_kept() {
    for _ in 0..WRITE_WITHIN_MS {
        if WRITES.with(Cell::get) == 0 {
            return;
        }
        TimeoutFuture::new(1).await;
    }
}

/// A host that reports to the page.
pub(super) fn host(pins: &PinKeeper) -> BrowserHost {
    let pins = pins.clone();
    BrowserHost::new(move |report| {
        tell(match report {
            Report::Progress(stage, percent) => Event::Progress {
                stage: page_stage(stage),
                percent,
            },
            Report::Offline(pending) => Event::Offline { pending },
            Report::Online => Event::Online,
            Report::Trust(trust) => Event::Trust(trust),
            Report::Pins(sealed) => return pins.take(sealed),
        });
    })
}

fn page_stage(stage: ClientStage) -> Stage {
    match stage {
        ClientStage::Deriving => Stage::Deriving,
        ClientStage::Fetching => Stage::Fetching,
        ClientStage::Opening => Stage::Opening,
        ClientStage::Sealing => Stage::Sealing,
        ClientStage::Sending => Stage::Sending,
        ClientStage::Verifying => Stage::Verifying,
    }
}
