//! A terminal for a command whose output is looked at before it reaches the person's own.

use std::{
    fs::File,
    io,
    os::fd::{AsFd, OwnedFd},
};

use rustix::{
    fs::{Mode, OFlags, open},
    io::{FdFlags, fcntl_setfd},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{OptionalActions, Termios, isatty, tcgetattr, tcgetwinsize, tcsetattr, tcsetwinsize},
};

/// The person's terminal, if one of the three streams is one: the first that is.
pub fn own() -> io::Result<Option<File>> {
    let (stdin, stdout, stderr) = (io::stdin(), io::stdout(), io::stderr());
    let streams = [stdout.as_fd(), stderr.as_fd(), stdin.as_fd()];
    match streams.into_iter().find(|stream| isatty(stream)) {
        Some(stream) => Ok(Some(stream.try_clone_to_owned()?.into())),
        None => Ok(None),
    }
}

/// Two ends of a terminal that nobody sees.
pub struct Pair {
    /// What the command prints comes out here, and what is typed goes in.
    pub here: OwnedFd,
    /// The command's end.
    pub there: OwnedFd,
}

impl Pair {
    /// One that behaves as another does, and has its size.
    pub fn like(own: &impl AsFd) -> io::Result<Self> {
        let here = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
        fcntl_setfd(&here, FdFlags::CLOEXEC)?;
        grantpt(&here)?;
        unlockpt(&here)?;
        let name = ptsname(&here, Vec::new())?;
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let there = open(name, flags, Mode::empty())?;
        tcsetattr(&there, OptionalActions::Now, &tcgetattr(own)?)?;
        let pair = Self { here, there };
        resize(&pair.here, own)?;
        Ok(pair)
    }
}

/// Gives a terminal the size of another.
pub fn resize(terminal: &impl AsFd, like: &impl AsFd) -> io::Result<()> {
    Ok(tcsetwinsize(terminal, tcgetwinsize(like)?)?)
}

/// Standard input hands over every key as it is, until this is dropped: what keys mean is the
/// matter of the terminal that the command has.
pub struct Raw(Termios);

impl Raw {
    pub fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(io::stdin(), OptionalActions::Now, &raw)?;
        Ok(Self(before))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}
