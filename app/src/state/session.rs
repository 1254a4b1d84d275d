use std::time::Duration;

use keyarc_client::Trust;
use keyarc_vault::ItemDraft;
use leptos::{ev, prelude::*, task::spawn_local};

use crate::{
    state::{
        Connection, ConnectionState, Debounce, Items, OpenForm, Toasts, Uploads, tabs,
        use_connection, use_items, use_open_form, use_toasts, use_uploads, within,
    },
    worker::{Command, Event, KnownDevice, Reply, Stage, TakenView, Unlocked, Worker, use_worker},
};

/// Where the vault is between closed and open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum VaultPhase {
    /// The device has not been asked yet. The server and the first pass in the browser are
    /// here, and render the same skeleton.
    #[default]
    Unknown,
    /// This device knows no account.
    SignedOut,
    /// This device knows an account; the password opens it.
    Locked,
    /// Keys are being derived.
    Unlocking,
    /// The worker holds the keys.
    Unlocked,
}

/// How far long work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is going on.
    pub stage: Stage,
    /// Out of 100.
    pub percent: u8,
}

/// The vault's phase and what comes with it.
#[derive(Clone, Copy)]
pub struct Session {
    phase: RwSignal<VaultPhase>,
    device: RwSignal<Option<KnownDevice>>,
    open: RwSignal<Option<Unlocked>>,
    progress: RwSignal<Option<Progress>>,
    trouble: RwSignal<Option<String>>,
    awaits_code: RwSignal<bool>,
    /// How many changes that machine tokens handed in wait for a person.
    waiting: RwSignal<u32>,
    worker: Worker,
    connection: Connection,
    form: OpenForm,
    items: Items,
    toasts: Toasts,
    uploads: Uploads,
}

/// A server that does not answer is asked again after this.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// An open page asks the server this often.
const SYNC_EVERY: Duration = Duration::from_secs(60);
/// What was begun is finished before a lock; a worker that takes longer is ended anyway.
const CHANGES_WITHIN: Duration = Duration::from_millis(1_000);
/// A half-written form is sealed before a lock, under the same condition.
const KEEP_DRAFT_WITHIN: Duration = Duration::from_millis(1_500);

impl Session {
    /// The phase.
    pub fn phase(self) -> VaultPhase {
        self.phase.get()
    }

    /// The phase, without following it.
    pub fn phase_untracked(self) -> VaultPhase {
        self.phase.get_untracked()
    }

    /// The account that this device knows.
    pub fn device(self) -> Option<KnownDevice> {
        self.device.get()
    }

    /// How many changes that machine tokens handed in wait for a person, as far as is known.
    pub fn waiting(self) -> u32 {
        self.waiting.get()
    }

    /// The open vault.
    pub fn unlocked(self) -> Option<Unlocked> {
        self.open.get()
    }

    /// How far the open vault may be believed.
    pub fn trust(self) -> Trust {
        self.open
            .with(|open| open.as_ref().map_or(Trust::Fresh, |open| open.trust))
    }

    /// How far long work is.
    pub fn progress(self) -> Option<Progress> {
        self.progress.get()
    }

    /// Other long work begins or has ended.
    pub fn clear_progress(self) {
        self.progress.set(None);
    }

    /// Why the worker could not be asked at all.
    pub fn trouble(self) -> Option<String> {
        self.trouble.get()
    }

    /// Work that reports progress begins.
    pub fn begin_unlock(self) {
        self.progress.set(None);
        self.phase.set(VaultPhase::Unlocking);
    }

    /// The attempt failed; the phase is what it was.
    pub fn unlock_failed(self) {
        self.progress.set(None);
        let known = self.device.with_untracked(Option::is_some);
        self.phase.set(if known {
            VaultPhase::Locked
        } else {
            VaultPhase::SignedOut
        });
    }

    /// The worker holds the keys.
    pub fn opened(self, unlocked: Unlocked) {
        self.progress.set(None);
        self.awaits_code.set(false);
        self.open.set(Some(unlocked));
        self.phase.set(VaultPhase::Unlocked);
    }

    /// Another password is in force. The other tabs hold what belonged to the one before.
    pub fn password_changed(self, unlocked: Unlocked) {
        self.opened(unlocked);
        tabs::tell_lock();
    }

    /// Whether the password was right and a code of the second factor is missing.
    pub fn awaits_code(self) -> bool {
        self.awaits_code.get()
    }

    /// The password was right; a code is asked for next.
    pub fn ask_for_code(self) {
        self.awaits_code.set(true);
    }

    /// Begins again with the password.
    pub fn cancel_code(self) {
        self.awaits_code.set(false);
        spawn_local(async move {
            // A worker that is gone has wiped the keys already.
            let _ = self.worker.call(Command::CancelLogIn).await;
        });
    }

    /// Whether a form waits that was half-written when the vault was locked. True once.
    pub fn take_has_draft(self) -> bool {
        let waits = self
            .open
            .with_untracked(|open| open.as_ref().is_some_and(|o| o.has_draft));
        if waits {
            self.open.update_untracked(|open| {
                if let Some(open) = open {
                    open.has_draft = false;
                }
            });
        }
        waits
    }

    /// The notices were read.
    pub fn forget_notices(self) {
        self.open.update(|open| {
            if let Some(open) = open {
                open.notices.clear();
            }
        });
        // They come again at the next log-in when the server could not be told.
        self.send_for(Command::DismissNotices);
    }

    /// The question for the recovery kit was answered.
    pub fn kit_proven(self) {
        self.open.update(|open| {
            if let Some(open) = open {
                open.ask_for_kit = false;
            }
        });
    }

    /// The question for the recovery kit was put off.
    pub fn put_recovery_off(self) {
        self.kit_proven();
        // It is asked again at the next log-in when the server could not be told.
        self.send_for(Command::PutRecoveryOff);
    }

    /// A change of keys that was begun is given up.
    pub fn drop_rekey(self) {
        self.open.update(|open| {
            if let Some(open) = open {
                open.rekey_begun_at_ms = None;
            }
        });
        // The server drops it after a day when it could not be told.
        self.send_for(Command::DropRekey);
    }

    /// Sends the worker for something that the page shows as done already.
    fn send_for(self, command: Command) {
        spawn_local(async move {
            let _ = self.worker.call(command).await;
        });
    }

    /// Asks the worker what this device knows.
    pub fn look_at_device(self) {
        spawn_local(async move {
            let (phase, device) = match self.worker.call(Command::DeviceStatus).await {
                Ok(Reply::Device(device)) => {
                    self.trouble.set(None);
                    let known = device.is_some();
                    (
                        if known {
                            VaultPhase::Locked
                        } else {
                            VaultPhase::SignedOut
                        },
                        device,
                    )
                }
                Ok(_) => return,
                Err(failure) => {
                    self.trouble.set(Some(failure.to_string()));
                    (VaultPhase::SignedOut, None)
                }
            };
            self.device.set(device);
            self.phase.set(phase);
        });
    }

    /// Treats the device as unknown until the next visit: another account is to be opened.
    pub fn use_another_account(self) {
        self.phase.set(VaultPhase::SignedOut);
    }

    /// Goes back from [`Session::use_another_account`].
    pub fn use_known_account(self) {
        self.unlock_failed();
    }

    /// Locks this tab and all others.
    pub fn lock(self) {
        tabs::tell_lock();
        self.lock_here();
    }

    /// Locks this tab. Ending the worker is what wipes its memory; a half-written form is
    /// sealed before, and what was begun is finished.
    pub fn lock_here(self) {
        if self.phase.get_untracked() != VaultPhase::Unlocked {
            return;
        }
        let draft = self.form.unsaved();
        self.worker.close();
        self.drop_page_state();
        spawn_local(async move {
            self.settle().await;
            if self.worker.has_saved() {
                // It is not to be offered again.
                self.keep_draft(None).await;
            } else if draft.is_some() {
                self.keep_draft(draft).await;
            }
            self.worker.restart();
            self.look_at_device();
        });
    }

    /// Loads the page anew, which locks this tab: a new page has no keys. A half-written form is
    /// sealed before.
    pub fn reload(self) {
        spawn_local(async move {
            self.settle().await;
            let draft = self.form.unsaved();
            if draft.is_some() {
                self.keep_draft(draft).await;
            }
            // Where the browser refuses, it is loaded anew at the next visit.
            let _ = window().location().reload();
        });
    }

    /// Waits a moment for what the worker was asked to change.
    async fn settle(self) {
        // What waits for a server that is away would not be done in any time.
        if self.connection.get_untracked() == ConnectionState::Online {
            within(CHANGES_WITHIN, self.worker.settled()).await;
        }
    }

    /// Has the worker seal a half-written form; `None` forgets one that it has.
    async fn keep_draft(self, draft: Option<ItemDraft>) {
        let keep = Command::KeepDraft(draft.map(Box::new));
        within(KEEP_DRAFT_WITHIN, async move {
            let _ = self.worker.call(keep).await;
        })
        .await;
    }

    /// Ends the session at the server and locks. The device stays known unless `forget`.
    pub async fn log_out(self, forget: bool) {
        self.settle().await;
        let command = if forget {
            Command::ForgetDevice
        } else {
            Command::LogOut
        };
        if let Err(failure) = self.worker.call(command).await {
            self.toasts.failed(&failure);
            return;
        }
        tabs::tell_lock();
        self.drop_page_state();
        self.worker.restart();
        self.look_at_device();
    }

    /// Fetches what changed elsewhere. Nothing is said when the server is away: the connection
    /// is shown by itself.
    pub fn sync(self) {
        if self.phase.get_untracked() == VaultPhase::Unlocked {
            spawn_local(async move {
                let _ = self.worker.call(Command::Sync).await;
            });
        }
    }

    fn drop_page_state(self) {
        self.phase.set(VaultPhase::Unknown);
        self.open.set(None);
        self.progress.set(None);
        self.waiting.set(0);
        self.form.clear();
        self.items.clear();
        self.toasts.clear();
        self.uploads.clear();
    }
}

/// Makes the session available. Needs the worker, the connection, toasts, items and the open form.
pub fn provide_session() {
    provide_context(Session {
        phase: RwSignal::new(VaultPhase::Unknown),
        device: RwSignal::new(None),
        open: RwSignal::new(None),
        progress: RwSignal::new(None),
        trouble: RwSignal::new(None),
        awaits_code: RwSignal::new(false),
        waiting: RwSignal::new(0),
        worker: use_worker(),
        connection: use_connection(),
        form: use_open_form(),
        items: use_items(),
        toasts: use_toasts(),
        uploads: use_uploads(),
    });
}

/// See [`provide_session`].
pub fn use_session() -> Session {
    expect_context()
}

/// Listens to the worker, and asks it what this device knows.
pub(super) fn follow_worker() {
    let session = use_session();
    let connection = use_connection();
    let toasts = use_toasts();
    Effect::new(move |_| {
        session
            .worker
            .on_event(move |event| on_event(session, connection, toasts, event));
        session.worker.on_death(move || {
            session.lock_here();
            toasts.fail(t!(
                "The vault stopped unexpectedly and is locked. Nothing saved is lost."
            ));
        });
        session.look_at_device();
        // While the server is away it is asked more often whether it is back.
        let again = Debounce::new(RETRY_AFTER);
        session.worker.on_event(move |event| match event {
            Event::Offline { .. } => again.call(move || session.sync()),
            Event::Online => again.cancel(),
            _ => {}
        });
        // What other devices change is seen when somebody looks, and while they do.
        let look = move || {
            if !document().hidden() {
                session.sync();
            }
        };
        window_event_listener(ev::focus, move |_| look());
        window_event_listener(ev::online, move |_| look());
        window_event_listener(ev::visibilitychange, move |_| look());
        set_interval(look, SYNC_EVERY);
    });
}

fn on_event(session: Session, connection: Connection, toasts: Toasts, event: &Event) {
    match *event {
        Event::Changed { .. } => {
            session.items.refresh();
            tabs::tell_changed();
        }
        Event::Progress { stage, percent } => {
            session.progress.set(Some(Progress { stage, percent }));
        }
        Event::Trust(trust) => session.open.update(|open| {
            if let Some(open) = open {
                open.trust = trust;
            }
        }),
        Event::Offline { pending } => connection.set(ConnectionState::Offline { pending }),
        Event::Online => connection.set(ConnectionState::Online),
        Event::Taken {
            ref taken,
            waiting,
            more,
        } => {
            session.waiting.set(waiting);
            tell_taken(toasts, taken);
            if more {
                toasts.say(tn!(
                    waiting,
                    "{count} change by a machine token waits for you, in the settings.",
                    "{count} changes by machine tokens wait for you, in the settings."
                ));
            }
        }
        Event::SessionEnded => {
            session.lock_here();
            toasts.say(t!("The session was ended from elsewhere. Unlock to go on."));
        }
    }
}

/// Says what machine tokens changed: one item by its name, more by their number, for each token.
fn tell_taken(toasts: Toasts, taken: &[TakenView]) {
    let mut rest: Vec<&TakenView> = taken.iter().collect();
    while let Some(first) = rest.first().copied() {
        let (own, others): (Vec<&TakenView>, Vec<&TakenView>) =
            rest.into_iter().partition(|one| one.token == first.token);
        rest = others;
        let token = &first.token;
        toasts.say(match own.as_slice() {
            [one] if one.trashed => t!(
                "{token} moved {name} to the trash.",
                token,
                name = &one.name
            ),
            [one] => t!("{token} changed {name}.", token, name = &one.name),
            more => tn!(
                more.len() as u32,
                "{token} changed {count} item.",
                "{token} changed {count} items.",
                token
            ),
        });
    }
}
