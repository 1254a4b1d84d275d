//! How processes that this one starts end.

use std::{os::unix::process::ExitStatusExt as _, process::ExitStatus};

/// The exit code as a shell tells it: of a process that a signal ended it is 128 and the signal.
pub fn code(status: ExitStatus) -> u8 {
    let of_signal = || status.signal().map(|signal| 128 + signal);
    let code = status.code().or_else(of_signal);
    code.and_then(|code| u8::try_from(code).ok())
        .unwrap_or(u8::MAX)
}
