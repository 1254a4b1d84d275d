//! A terminal with nobody before it.

use std::{fs::File, io::Read as _, process::Command, thread, time::Duration};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{Mode, OFlags},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize},
};

use crate::fixture::Shell;

/// The person's end of a terminal, and the program's.
pub fn terminal() -> (File, File) {
    let here = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC);
    let here = here.expect("a terminal");
    grantpt(&here).expect("is granted");
    unlockpt(&here).expect("is unlocked");
    let size = Winsize {
        ws_row: 33,
        ws_col: 77,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&here, size).expect("has a size");
    let name = ptsname(&here, Vec::new()).expect("a name");
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let there = rustix::fs::open(name, flags, Mode::empty()).expect("opens");
    (here.into(), there.into())
}

/// Waits until the terminal has shown something.
pub fn until(from: &mut File, shown: &mut String, wanted: &str) {
    let mut piece = [0; 1024];
    // Nothing takes so long, and a program that asks something else waits for ever.
    let patience = Timespec {
        tv_sec: 60,
        tv_nsec: 0,
    };
    while !shown.contains(wanted) {
        let mut waiting = [PollFd::new(from, PollFlags::IN)];
        let woken = poll(&mut waiting, Some(&patience)).expect("polls");
        assert!(woken > 0, "it waits after {shown:?} and not for {wanted:?}");
        match from.read(&mut piece) {
            Ok(length @ 1..) => shown.push_str(&String::from_utf8_lossy(&piece[..length])),
            _ => panic!("it ended after {shown:?}"),
        }
    }
}

/// Waits until what is typed is not shown: a program asks first, and hides what comes then.
pub fn until_hidden(from: &File) {
    let shows = || {
        let known = tcgetattr(from).expect("is a terminal");
        known.local_modes.contains(LocalModes::ECHO)
    };
    for _ in 0..60_000 {
        if !shows() {
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
    panic!("what is typed stays shown");
}

/// A command that has it for all of its streams.
pub fn at_terminal(shell: &Shell, words: &[&str], there: &File) -> Command {
    let mut command = shell.command(words);
    command
        .stdin(there.try_clone().expect("is shared"))
        .stdout(there.try_clone().expect("is shared"))
        .stderr(there.try_clone().expect("is shared"));
    command
}
