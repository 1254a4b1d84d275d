use std::{
    cell::{Cell, RefCell},
    convert::Infallible,
    env, fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    rc::Rc,
    time::{Duration, Instant},
};

use keyarc_lookup::printable;
use rustix::process::{getuid, setsid};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
    signal::unix::{SignalKind, signal},
    task::{LocalSet, spawn_local},
};
use zeroize::Zeroizing;

use super::{
    keys::{Identity, ToSign, Which},
    wire::{LONGEST, Request, Response},
};
use crate::{
    approval::{self, Whom},
    failure::Failure,
    home::Home,
    keeper::{self, message},
    machine::{self, Given},
    vault::{Answer, Question},
};

/// The argument that makes this program an agent in the background. Nobody types it.
pub const ARGUMENT: &str = "ssh-agent-in-the-background";
/// How often an agent in the background looks whether the vault is still unlocked.
const LOOKS: Duration = Duration::from_secs(2);
/// What a wrong password costs.
const WRONG: Duration = Duration::from_secs(1);

/// What an agent in the background is started with. A machine token is in its environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begin {
    /// With which keys.
    pub which: Which,
    /// Whether somebody is asked before each signature.
    pub confirms: bool,
    /// Seconds without a request after which it ends.
    pub idle_seconds: u64,
    /// No server is to be asked.
    pub is_offline: bool,
}

/// What an agent in the background tells once it listens.
#[derive(Debug, Serialize, Deserialize)]
pub struct Begun {
    /// Where.
    pub socket: PathBuf,
    /// Its process.
    pub pid: u32,
}

/// Where an agent listens: in a folder of its own, for its owner alone, which goes with it.
pub struct Socket {
    listener: UnixListener,
    folder: TempDir,
}

impl Socket {
    /// Makes the folder, in the one that is the user's for as long as they are logged in, or else in
    /// that for temporary files.
    pub fn make() -> Result<Self, Failure> {
        let places = [env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from)];
        let place = places.into_iter().flatten().find(|place| place.is_dir());
        let place = place.unwrap_or_else(env::temp_dir);
        let folder = tempfile::Builder::new()
            .prefix("keyarc-ssh-")
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(&place)
            .map_err(|error| Failure::of_file("cannot make a folder in", &place, &error))?;
        let path = folder.path().join("agent");
        let listener = UnixListener::bind(&path)
            .map_err(|error| Failure::of_file("cannot listen at", &path, &error))?;
        Ok(Self { listener, folder })
    }

    /// What `SSH_AUTH_SOCK` is set to.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("agent")
    }
}

/// An agent. It holds no keys: the process that holds those of the vault is asked, or the copy of a
/// machine token is opened for each answer.
pub struct Agent {
    home: Home,
    /// The token whose copy the keys are in; `None` where they are in the vault of the account.
    given: Option<Given>,
    which: Which,
    /// Who is asked before each signature, if anybody.
    asks: Option<Vec<Whom>>,
    /// One question at a time.
    asking: tokio::sync::Mutex<()>,
    /// With what it was locked, if it is.
    locked: RefCell<Option<Zeroizing<Vec<u8>>>>,
    used: Cell<Instant>,
}

impl Agent {
    /// An agent that asks whoever can be asked: somebody at the terminal, or through the program
    /// that `SSH_ASKPASS` names, as other agents do.
    pub fn new(home: &Home, which: Which, confirms: bool) -> Result<Rc<Self>, Failure> {
        let program = env::var_os("SSH_ASKPASS").map(|name| Whom::Program(name.into()));
        let whom = [Whom::Terminal].into_iter().chain(program);
        Ok(Rc::new(Self {
            home: home.clone(),
            given: machine::given()?,
            which,
            asks: confirms.then(|| whom.collect()),
            asking: tokio::sync::Mutex::default(),
            locked: RefCell::default(),
            used: Cell::new(now()),
        }))
    }

    /// The keys, and what is to be said of those that are not served.
    pub async fn identities(&self) -> Result<(Vec<Identity>, Vec<String>), Failure> {
        let question = Question::SshIdentities(self.which.clone());
        match self.ask(&question).await? {
            Answer::Identities {
                ref identities,
                ref left_out,
            } => Ok((identities.clone(), left_out.clone())),
            _ => Err(Failure::Other("no keys came".to_owned())),
        }
    }

    /// Asks whoever has the keys.
    async fn ask(&self, question: &Question) -> Result<Answer, Failure> {
        match &self.given {
            Some(given) => given.ask(&self.home, question).await,
            None => {
                let answer = keeper::ask(&self.home, question).await;
                answer.unwrap_or(Err(Failure::Locked))
            }
        }
    }

    /// Answers whoever comes, for ever.
    pub async fn listen(self: &Rc<Self>, socket: &Socket) -> Infallible {
        let own = |peer: tokio::net::unix::UCred| peer.uid() == getuid().as_raw();
        // What a token opened does not leave its thread.
        let talks = LocalSet::new();
        let accepted = async {
            loop {
                let Ok((line, _)) = socket.listener.accept().await else {
                    continue;
                };
                if line.peer_cred().is_ok_and(own) {
                    let agent = Rc::clone(self);
                    spawn_local(async move { agent.talk(line).await });
                }
            }
        };
        talks.run_until(accepted).await
    }

    /// Comes back when nobody asked for so long, or when the vault was locked.
    async fn outlived(&self, idle: Duration) {
        loop {
            tokio::time::sleep(LOOKS.min(idle)).await;
            let used = self.used.get();
            let is_locked = self.given.is_none() && !keeper::is_there(&self.home).await;
            if is_locked || now().duration_since(used) >= idle {
                return;
            }
        }
    }

    /// Answers one after the other until there is none, or one that is no request.
    async fn talk(&self, mut line: UnixStream) {
        while let Ok(length) = line.read_u32().await {
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            if length > LONGEST {
                return;
            }
            let mut bytes = Zeroizing::new(vec![0; length]);
            if line.read_exact(&mut bytes).await.is_err() {
                return;
            }
            let Some(request) = Request::read(&bytes) else {
                return;
            };
            self.used.set(now());
            let response = self.answer(request).await;
            if line.write_all(&response.written()).await.is_err() {
                return;
            }
        }
    }

    async fn answer(&self, request: Request) -> Response {
        let is_locked = self.locked.borrow().is_some();
        match request {
            Request::Identities if is_locked => Response::Identities(Vec::new()),
            Request::Identities => match self.identities().await {
                Ok((identities, _)) => Response::Identities(identities),
                Err(_) => Response::Failure,
            },
            Request::Sign {
                public,
                data,
                flags,
            } if !is_locked => self.sign(public, data, flags).await,
            Request::Lock(password) if !is_locked => {
                *self.locked.borrow_mut() = Some(password);
                Response::Success
            }
            Request::Unlock(password) => self.unlock(&password).await,
            _ => Response::Failure,
        }
    }

    async fn unlock(&self, password: &[u8]) -> Response {
        let is_right = |own: &Zeroizing<Vec<u8>>| bool::from(own.as_slice().ct_eq(password));
        let was_right = self.locked.borrow().as_ref().is_some_and(is_right);
        if was_right {
            *self.locked.borrow_mut() = None;
            return Response::Success;
        }
        tokio::time::sleep(WRONG).await;
        Response::Failure
    }

    async fn sign(&self, public: Vec<u8>, data: Vec<u8>, flags: u32) -> Response {
        if let Some(whom) = &self.asks
            && !self.is_confirmed(whom, &public).await
        {
            return Response::Failure;
        }
        let question = Question::SshSign(ToSign {
            which: self.which.clone(),
            public,
            data,
            flags,
        });
        match self.ask(&question).await {
            Ok(Answer::Signature(ref signature)) => Response::Signature(signature.clone()),
            _ => Response::Failure,
        }
    }

    async fn is_confirmed(&self, whom: &[Whom], public: &[u8]) -> bool {
        let Ok((identities, _)) = self.identities().await else {
            return false;
        };
        let Some(key) = identities.iter().find(|key| key.public == public) else {
            return false;
        };
        let _one = self.asking.lock().await;
        let question = format!("Sign with the SSH key {}?", printable(&key.comment));
        approval::is_given(&question, whom).await
    }
}

/// Starts an agent in the background, and waits until it listens.
pub fn start(begin: &Begin) -> Result<Begun, Failure> {
    let failed = |error: io::Error| Failure::Machine(format!("cannot start the agent: {error}"));
    let own = env::current_exe().map_err(failed)?;
    let mut child = Command::new(own)
        .arg(ARGUMENT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let pipes = child.stdin.take().zip(child.stdout.take());
    let Some((mut to, mut from)) = pipes else {
        return Err(Failure::Machine("cannot speak to the agent".to_owned()));
    };
    message::write(&mut to, begin).map_err(failed)?;
    message::read::<Result<Begun, Failure>>(&mut from).map_err(failed)?
}

/// Is an agent in the background, as what comes through standard input says.
pub async fn serve(home: &Home) -> Result<(), Failure> {
    let begin: Begin = message::read(&mut io::stdin())
        .map_err(|_| Failure::Machine("what the agent begins with did not come".to_owned()))?;
    let begun = Socket::make();
    let told = match &begun {
        Ok(socket) => Ok(Begun {
            socket: socket.path(),
            pid: std::process::id(),
        }),
        Err(failure) => Err(failure.clone()),
    };
    message::write(&mut io::stdout(), &told)
        .map_err(|error| Failure::Machine(error.to_string()))?;
    let socket = begun?;
    let _ = setsid();
    let _ = env::set_current_dir(Path::new("/"));
    let home = home.clone().offline(begin.is_offline);
    let agent = Agent::new(&home, begin.which, begin.confirms)?;
    let failed = |error: io::Error| Failure::Machine(error.to_string());
    let mut terminated = signal(SignalKind::terminate()).map_err(failed)?;
    let mut hung_up = signal(SignalKind::hangup()).map_err(failed)?;
    tokio::select! {
        never = agent.listen(&socket) => match never {},
        () = agent.outlived(Duration::from_secs(begin.idle_seconds)) => {}
        _ = terminated.recv() => {}
        _ = hung_up.recv() => {}
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long nobody asked is a matter of this machine's clock"
)]
fn now() -> Instant {
    Instant::now()
}
