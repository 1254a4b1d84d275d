//! Running a command whose output is looked at on its way: what it prints of the secrets that it
//! was given is masked.

use std::{
    env,
    fs::File,
    io::{self, IsTerminal as _, PipeReader, PipeWriter, Read as _, Write as _},
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::process::CommandExt as _,
    },
    process::{Command, Stdio},
    sync::Arc,
    thread,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, Signal, ioctl_tiocsctty, kill_process, kill_process_group, setsid},
};
use tokio::sync::mpsc;

use super::run::not_started;
use crate::{
    failure::Failure,
    mask::{Masker, Needles},
    process::code,
    signals::Signals,
    terminal::{self, Pair, Raw},
};

/// The argument with which this program gives a command its terminal and then becomes it. Nobody
/// types it.
pub const ARGUMENT: &str = "take-terminal";
/// How long what may be the beginning of a secret waits for the rest.
const QUIET: Timespec = milliseconds(100);
/// How long the terminal of a command that has ended may be silent until nothing more is expected.
const LINGER: Timespec = milliseconds(50);

const fn milliseconds(count: i64) -> Timespec {
    Timespec {
        tv_sec: 0,
        tv_nsec: count * 1_000_000,
    }
}

/// Becomes a command whose terminal is standard input, output or error: that a process can only
/// take for itself.
pub fn take_terminal() -> Failure {
    let mut words = env::args_os().skip(2);
    let Some(program) = words.next() else {
        return Failure::Usage("name a command".to_owned());
    };
    let _ = setsid();
    let (stdin, stdout, stderr) = (io::stdin(), io::stdout(), io::stderr());
    let streams = [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()];
    if let Some(terminal) = streams
        .into_iter()
        .find(|stream| rustix::termios::isatty(stream))
        && let Err(error) = ioctl_tiocsctty(terminal)
    {
        return Failure::Machine(format!("the command gets no terminal: {error}"));
    }
    let error = Command::new(&program).args(words).exec();
    not_started(&program, &error)
}

/// Runs a command, and tells its exit code; 128 and its number for a signal that ended it, as shells
/// do. `not_started` says why it did not start.
pub async fn run(
    command: Command,
    needles: Needles,
    not_started: impl Fn(&io::Error) -> Failure,
) -> Result<u8, Failure> {
    // Before there is a child that a signal could miss.
    let mut signals = Signals::listen().map_err(|error| cannot(&error))?;
    let mut begun = begin(command, needles).map_err(|error| not_started(&error))?;
    let status = loop {
        tokio::select! {
            status = begun.child.wait() => break status.map_err(|error| cannot(&error))?,
            which = signals.next() => begun.pass_on(which),
        }
    };
    // From now on what nothing is heard from has ended.
    drop(begun.ended);
    loop {
        tokio::select! {
            none = begun.streams.recv() => if none.is_none() { break },
            _ = signals.end() => break,
        }
    }
    Ok(code(status))
}

fn cannot(error: &io::Error) -> Failure {
    Failure::Machine(format!("the command cannot be watched: {error}"))
}

/// A command that runs.
struct Begun {
    child: tokio::process::Child,
    /// Says that the command has ended by being dropped.
    ended: PipeWriter,
    /// Nothing more comes once all that it prints went out.
    streams: mpsc::Receiver<()>,
    /// The person's terminal and the command's, if there is one.
    terminals: Option<(File, OwnedFd)>,
    _raw: Option<Raw>,
}

impl Begun {
    /// What keys would send goes to all that the command started, as a terminal does it.
    fn pass_on(&self, which: Signal) {
        if let (Signal::WINCH, Some((own, its))) = (which, &self.terminals) {
            let _ = terminal::resize(its, own);
            return;
        }
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        let Some(id) = id.and_then(Pid::from_raw) else {
            return;
        };
        let _ = match which {
            Signal::TERM => kill_process(id, which),
            _ => kill_process_group(id, which),
        };
    }
}

fn begin(command: Command, needles: Needles) -> io::Result<Begun> {
    let own = terminal::own()?;
    let pair = own.as_ref().map(Pair::like).transpose()?;
    let mut command = match pair {
        Some(_) => with_terminal(&command)?,
        None => command,
    };
    if pair.is_none() {
        command.process_group(0);
    }
    let mut streams = Vec::new();
    let mut output = |is_terminal: bool, to: io::Result<OwnedFd>| -> io::Result<Stdio> {
        if let (true, Some(pair)) = (is_terminal, &pair) {
            return Ok(pair.there.try_clone()?.into());
        }
        let (from, there) = io::pipe()?;
        streams.push((OwnedFd::from(from), File::from(to?), None));
        Ok(there.into())
    };
    let (stdout, stderr) = (io::stdout(), io::stderr());
    command.stdout(output(
        stdout.is_terminal(),
        stdout.as_fd().try_clone_to_owned(),
    )?);
    command.stderr(output(
        stderr.is_terminal(),
        stderr.as_fd().try_clone_to_owned(),
    )?);
    let mut raw = None;
    if let (true, Some(pair)) = (io::stdin().is_terminal(), &pair) {
        command.stdin(pair.there.try_clone()?);
        raw = Some(Raw::begin()?);
    }
    let child = tokio::process::Command::from(command).spawn()?;
    let (over, ended) = io::pipe()?;
    let terminals = match (own, pair) {
        (Some(own), Some(Pair { here, there })) => {
            // As long as it is open here, its end never comes.
            drop(there);
            streams.push((here.try_clone()?, own.try_clone()?, Some(over)));
            if raw.is_some() {
                pass_keys(here.try_clone()?.into());
            }
            Some((own, here))
        }
        _ => None,
    };
    let (open, streams_open) = mpsc::channel(1);
    let needles = Arc::new(needles);
    for (from, to, over) in streams {
        let (masker, open) = (Masker::new(Arc::clone(&needles)), open.clone());
        thread::spawn(move || {
            // Whoever reads it may have seen enough: the command is told when it writes more.
            let _ = pass_masked(from.into(), to, masker, over);
            drop(open);
        });
    }
    Ok(Begun {
        child,
        ended,
        streams: streams_open,
        terminals,
        _raw: raw,
    })
}

/// This program once more, which takes the terminal and becomes the command.
fn with_terminal(command: &Command) -> io::Result<Command> {
    let mut taking = Command::new(env::current_exe()?);
    taking
        .arg(ARGUMENT)
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            taking.env(name, value);
        }
    }
    Ok(taking)
}

/// Passes what is typed on for as long as this process lives.
fn pass_keys(mut to: File) {
    thread::spawn(move || io::copy(&mut io::stdin(), &mut to));
}

/// Passes a stream on until it ends; with `over`, until nothing comes and that has ended.
fn pass_masked(
    mut from: File,
    mut to: File,
    mut masker: Masker,
    mut over: Option<PipeReader>,
) -> io::Result<()> {
    let mut piece = vec![0; 16 * 1024];
    let mut out = Vec::new();
    let mut is_over = false;
    loop {
        let timeout = match (masker.may_settle(), is_over) {
            (true, _) => Some(&QUIET),
            (false, true) => Some(&LINGER),
            (false, false) => None,
        };
        let mut watched = vec![PollFd::new(&from, PollFlags::IN)];
        watched.extend(over.iter().map(|over| PollFd::new(over, PollFlags::IN)));
        let ready = match poll(&mut watched, timeout) {
            Err(rustix::io::Errno::INTR) => continue,
            ready => ready?,
        };
        if ready == 0 {
            if is_over {
                break;
            }
            masker.settle(&mut out);
        }
        let [has_more, ends] = [0, 1].map(|at| {
            let happened = watched.get(at).map(|one: &PollFd<'_>| one.revents());
            happened.is_some_and(|events| !events.is_empty())
        });
        if ends {
            is_over = true;
            over = None;
        }
        if has_more {
            match from.read(&mut piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // A terminal whose other end was closed says that it is broken.
                Ok(0) | Err(_) => break,
                Ok(length) => masker.push(&piece[..length], &mut out),
            }
        }
        to.write_all(&out)?;
        out.clear();
    }
    masker.finish(&mut out);
    to.write_all(&out)
}
