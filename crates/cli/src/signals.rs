//! Signals that would end this process, heard instead.

use std::io;

use rustix::process::Signal;
use tokio::signal::unix::{Signal as Listener, SignalKind, signal};

/// From now on these signals do nothing by themselves.
pub struct Signals([(Signal, Listener); 5]);

impl Signals {
    /// Those of keys, of a hang-up, to end, and that the window has another size.
    pub fn listen() -> io::Result<Self> {
        Ok(Self([
            (Signal::INT, signal(SignalKind::interrupt())?),
            (Signal::TERM, signal(SignalKind::terminate())?),
            (Signal::HUP, signal(SignalKind::hangup())?),
            (Signal::QUIT, signal(SignalKind::quit())?),
            (Signal::WINCH, signal(SignalKind::window_change())?),
        ]))
    }

    /// The next one.
    pub async fn next(&mut self) -> Signal {
        let [a, b, c, d, e] = &mut self.0;
        tokio::select! {
            _ = a.1.recv() => a.0,
            _ = b.1.recv() => b.0,
            _ = c.1.recv() => c.0,
            _ = d.1.recv() => d.0,
            _ = e.1.recv() => e.0,
        }
    }

    /// The next one that is to end this process.
    pub async fn end(&mut self) -> Signal {
        loop {
            let which = self.next().await;
            if which != Signal::WINCH {
                return which;
            }
        }
    }
}
