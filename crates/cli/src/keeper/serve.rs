use std::{
    cell::{Cell, RefCell},
    env,
    fs::{self, TryLockError},
    io,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    pin::pin,
    rc::Rc,
    task::Poll,
    time::{Duration, Instant},
};

use futures::{FutureExt as _, poll};
use rustix::process::{Resource, Rlimit, getuid, setrlimit, setsid};
use tokio::{
    net::{UnixListener, UnixStream},
    signal::unix::{SignalKind, signal},
};
use zeroize::Zeroizing;

use super::{
    ahead::Ahead,
    message::{self, Asked, Begin, Replied, Said, Told},
};
use crate::{
    cache,
    commands::Listing,
    failure::Failure,
    home::{Home, private_file},
    host::{Machine, Open, doubt},
    machine::reads,
    open::{self, Opening, distrusted},
    tokens,
    vault::{Answer, Question, Source, answer},
};

/// A state that was fetched so long ago is fetched anew before a question is answered.
const FRESH: Duration = Duration::from_secs(2);
/// So often it is asked whether machine tokens handed something in.
const TAKE_EVERY: Duration = Duration::from_secs(30);
/// How long another process may take that begins to hold the keys, or ends.
const TURN: Duration = Duration::from_secs(30);
/// How often it is looked at.
const TURN_STEP: Duration = Duration::from_millis(20);
/// Bytes of sealed details that were read before and are kept in memory.
const REMEMBERED: u64 = 8 * 1024 * 1024;
/// Bytes that must be allowed: a program that needs more memory than it may lock ends.
#[cfg(target_os = "linux")]
const LOCKABLE: u64 = 1024 * 1024 * 1024;

/// What becomes of a keeper.
struct Keeper {
    /// Where it listens.
    socket: PathBuf,
    session: Open,
    machine: Machine,
    idle: Duration,
    memory_locked: bool,
    used: Cell<Instant>,
    fetched: Cell<Instant>,
    /// When it was last asked whether machine tokens handed something in.
    taken: Cell<Option<Instant>>,
    ended: Cell<bool>,
    /// The server's origin.
    server: String,
    ahead: Ahead,
    listed: RefCell<Option<Listed>>,
    /// What was answered last of what was read before.
    last: RefCell<Option<Question>>,
}

/// The list that was asked for last: it is the same as long as nothing changes.
struct Listed {
    listing: Listing,
    /// That of the vault.
    revision: u64,
    text: String,
}

/// Is the keeper: logs in with what comes through standard input, tells the outcome through
/// standard output, and answers until it is to end.
pub async fn serve(home: &Home) -> Result<(), Failure> {
    let memory_locked = harden();
    let begun = begin(home, memory_locked).await;
    let (keeper, listener, lock) = match begun {
        Ok(begun) => begun,
        Err(failure) => {
            let _ = message::write(&mut io::stdout(), &Told::Failed(failure));
            return Ok(());
        }
    };
    message::write(&mut io::stdout(), &Told::Ready)
        .map_err(|error| Failure::Machine(error.to_string()))?;
    // Nobody's terminal ends it, and it keeps no folder from being unmounted.
    let _ = setsid();
    let _ = env::set_current_dir("/");
    let keeper = Rc::new(keeper);
    listen(&keeper, &listener).await;
    let _ = fs::remove_file(home.socket());
    let _ = keeper.session.log_out().await;
    drop(lock);
    Ok(())
}

/// What a process that lives long keeps from files besides: no dumps, whatever else it may become,
/// and no swap where the system allows to forbid it. Tells whether memory is locked in.
pub fn harden() -> bool {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = setrlimit(Resource::Core, none);
    lock_memory()
}

#[cfg(target_os = "linux")]
fn lock_memory() -> bool {
    use rustix::{
        mm::{MlockAllFlags, mlockall},
        process::getrlimit,
    };
    let allowed = getrlimit(Resource::Memlock);
    let raised = Rlimit {
        current: allowed.maximum,
        maximum: allowed.maximum,
    };
    let every = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
    allowed.maximum.is_none_or(|most| most >= LOCKABLE)
        && setrlimit(Resource::Memlock, raised).is_ok()
        && mlockall(every).is_ok()
}

/// Other systems offer no way to lock all of it in.
#[cfg(not(target_os = "linux"))]
fn lock_memory() -> bool {
    false
}

async fn begin(
    home: &Home,
    memory_locked: bool,
) -> Result<(Keeper, UnixListener, fs::File), Failure> {
    let broken = |_| Failure::Machine("what the keys are opened with did not come".to_owned());
    let begin: Begin = message::read(&mut io::stdin()).map_err(broken)?;
    let ahead = Ahead::new(cache::max_age()?);
    home.make()?;
    let lock = private_file(&home.lock())?;
    take_turn(home, &lock).await?;
    let machine = Machine::new(home);
    let session = log_in(home, &machine, &begin).await?;
    // Whoever had the lock before may have been killed.
    let _ = fs::remove_file(home.socket());
    let failed = |error: io::Error| Failure::of_file("cannot listen at", &home.socket(), &error);
    let listener = UnixListener::bind(home.socket()).map_err(failed)?;
    fs::set_permissions(home.socket(), fs::Permissions::from_mode(0o600)).map_err(failed)?;
    let now = now();
    ahead.keep(&session).await;
    if !ahead.keeps_all() {
        session.remember_details(REMEMBERED);
    }
    let keeper = Keeper {
        socket: home.socket(),
        server: begin.server.clone(),
        ahead,
        session,
        machine,
        idle: Duration::from_secs(begin.idle_seconds),
        memory_locked,
        used: Cell::new(now),
        fetched: Cell::new(now),
        taken: Cell::new(None),
        ended: Cell::new(false),
        listed: RefCell::default(),
        last: RefCell::default(),
    };
    Ok((keeper, listener, lock))
}

/// Whether sealed details are opened for an answer, as they are now.
fn reads_secrets(question: &Question) -> bool {
    let is_known = matches!(
        question,
        Question::Status | Question::Items | Question::List(_) | Question::Lock
    );
    !is_known && reads(question).is_ok()
}

/// Waits until nobody else holds the keys. Whoever does answers; whoever does not is about to, or about
/// to end: it tells the server that its session is over, which takes a moment.
async fn take_turn(home: &Home, lock: &fs::File) -> Result<(), Failure> {
    let begun = now();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => {
                return Err(Failure::of_file("cannot lock", &home.lock(), &error));
            }
            Err(TryLockError::WouldBlock) if super::is_there(home).await => {
                return Err(Failure::Usage("the vault is unlocked already".to_owned()));
            }
            Err(TryLockError::WouldBlock) if begun.elapsed() > TURN => {
                return Err(Failure::Other(
                    "the process that held the keys neither answers nor ends; try again".to_owned(),
                ));
            }
            Err(TryLockError::WouldBlock) => tokio::time::sleep(TURN_STEP).await,
        }
    }
}

async fn log_in(home: &Home, machine: &Machine, begin: &Begin) -> Result<Open, Failure> {
    let mut opening =
        open::begin(home, machine, &begin.server, &begin.setup_code, &begin.by).await?;
    let mut again = false;
    loop {
        let pending = match opening {
            Opening::Open(session) => return Ok(*session),
            Opening::Code(pending) => pending,
        };
        let broken = |_| Failure::Machine("nobody was there to be asked for a code".to_owned());
        message::write(&mut io::stdout(), &Told::AskCode { again }).map_err(broken)?;
        let Said::Code(code) = &message::read::<Said>(&mut io::stdin()).map_err(broken)?;
        opening = open::finish(pending, &Zeroizing::new(code.clone())).await?;
        again = true;
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long nobody asked is a matter of this machine's clock"
)]
fn now() -> Instant {
    Instant::now()
}

async fn listen(keeper: &Rc<Keeper>, listener: &UnixListener) {
    let Ok(mut terminated) = signal(SignalKind::terminate()) else {
        return;
    };
    let Ok(mut hung_up) = signal(SignalKind::hangup()) else {
        return;
    };
    while !keeper.ended.get() {
        let left = keeper
            .idle
            .saturating_sub(now().duration_since(keeper.used.get()));
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((line, _)) = accepted {
                    // One after the other: each takes some milliseconds, and a question to lock
                    // ends all that would come after it.
                    keeper.talk(line).await;
                }
            }
            () = tokio::time::sleep(left) => {
                if now().duration_since(keeper.used.get()) >= keeper.idle {
                    return;
                }
            }
            _ = terminated.recv() => return,
            _ = hung_up.recv() => return,
        }
    }
}

impl Keeper {
    /// Answers one question. Whoever is another user, or says nothing, is hung up on.
    async fn talk(&self, mut line: UnixStream) {
        let own = |peer: tokio::net::unix::UCred| peer.uid() == getuid().as_raw();
        if !line.peer_cred().is_ok_and(own) {
            return;
        }
        let heard = message::receive::<Asked<Question>>(&mut line);
        let Ok(Ok(asked)) = tokio::time::timeout(Duration::from_secs(2), heard).await else {
            return;
        };
        self.used.set(now());
        let replied = self.reply(&asked).await;
        let is_over = matches!(replied.answer, Err(Failure::SessionEnded));
        if is_over || matches!(asked.question, Question::Lock) {
            self.ended.set(true);
            // Before anybody is told: who asks after that finds nobody.
            let _ = fs::remove_file(&self.socket);
        }
        let _ = message::send(&mut line, &replied).await;
    }

    /// Answers from the newest state; or, where the server cannot be reached or is not to be asked, from
    /// what it sent before, if that may be used.
    async fn reply(&self, asked: &Asked<Question>) -> Replied {
        let question = &asked.question;
        let is_offline = asked.is_offline && !matches!(question, Question::Lock);
        let newest = match is_offline {
            true => Err(Failure::Unreachable),
            false => self.answer(question).await,
        };
        let now = |answer| Replied {
            answer,
            age_seconds: None,
        };
        match newest {
            Err(Failure::Unreachable) => {}
            answer => return now(answer),
        }
        let distrust = self.session.transport().distrust();
        if let Some(why) = distrust.filter(|_| !is_offline) {
            return now(Err(distrusted(&self.server, why)));
        }
        match self.ahead.age(question, is_offline) {
            Err(failure) => now(Err(failure)),
            Ok(age) => {
                self.session.read_kept(true);
                let answer = self.told(question).await;
                self.session.read_kept(false);
                Replied {
                    answer,
                    age_seconds: Some(age),
                }
            }
        }
    }

    async fn answer(&self, question: &Question) -> Result<Answer, Failure> {
        if reads_secrets(question)
            && let Some(answer) = self.remembered(question).await?
        {
            return Ok(answer);
        }
        if !matches!(question, Question::Lock) && now().duration_since(self.fetched.get()) >= FRESH
        {
            self.refresh().await?;
        }
        self.told(question).await
    }

    /// An answer of what was read before, where that is all of it. The server is asked whether anything is
    /// new, and whether this session still is one: that is as many requests as reading takes, but neither
    /// side handles what has not changed.
    async fn remembered(&self, question: &Question) -> Result<Option<Answer>, Failure> {
        let mut refresh = pin!(self.refresh());
        // What the last question took is there, most likely: it is opened while the server answers. For
        // any other the server would perhaps be asked in vain, once more than reading takes.
        let is_last = self.last.borrow().as_ref() == Some(question);
        let revision = || self.session.look(|vault| vault.revision());
        let before = revision();
        let asked = match is_last {
            true => {
                let asked = poll!(refresh.as_mut());
                // What writes requests has its turn, before this takes the processor.
                tokio::task::yield_now().await;
                asked
            }
            false => Poll::Pending,
        };
        self.session.read_kept(true);
        // What is remembered needs nobody to be waited for.
        let answer = self.told(question).now_or_never();
        self.session.read_kept(false);
        let Some(Ok(answer)) = answer else {
            self.last.take();
            match asked {
                Poll::Ready(refreshed) => refreshed?,
                Poll::Pending if is_last => refresh.await?,
                Poll::Pending => {}
            }
            return Ok(None);
        };
        match asked {
            Poll::Ready(refreshed) => refreshed?,
            Poll::Pending => refresh.await?,
        }
        let is_as_it_was = revision() == before && doubt(self.session.trust()).is_none();
        self.last.replace(is_as_it_was.then(|| question.clone()));
        Ok(is_as_it_was.then_some(answer))
    }

    /// Fetches what is new, and takes what machine tokens handed in.
    async fn refresh(&self) -> Result<(), Failure> {
        self.session.sync().await?;
        self.fetched.set(now());
        self.take().await;
        self.ahead.keep(&self.session).await;
        Ok(())
    }

    /// Takes what machine tokens handed in, where one writes. What came of it is seen in the items, and
    /// what failed is tried again.
    async fn take(&self) {
        let is_soon = |at: Instant| now().duration_since(at) < TAKE_EVERY;
        if self.session.has_writing_tokens() && !self.taken.get().is_some_and(is_soon) {
            self.taken.set(Some(now()));
            tokens::behind(&self.session).await;
        }
    }

    /// Answers from what is open.
    async fn told(&self, question: &Question) -> Result<Answer, Failure> {
        let listing = match question {
            Question::List(listing) => Some((listing, self.session.look(|vault| vault.revision()))),
            _ => None,
        };
        if let (Some((listing, revision)), Some(last)) = (listing, &*self.listed.borrow())
            && last.revision == revision
            && last.listing == *listing
            // What is not to be believed is not shown from memory either.
            && doubt(self.session.trust()).is_none()
        {
            return Ok(Answer::Text(last.text.clone()));
        }
        let mut answer = answer(Source::Account(&self.session), question).await?;
        if let (Some((listing, revision)), Answer::Text(text)) = (listing, &answer) {
            *self.listed.borrow_mut() = Some(Listed {
                listing: listing.clone(),
                revision,
                text: text.clone(),
            });
        }
        if let Answer::Status(status) = &mut answer {
            status.memory_locked = self.memory_locked;
            status.not_kept = self.machine.unkept();
            status.kept = self.ahead.kept(&self.session);
        }
        Ok(answer)
    }
}
