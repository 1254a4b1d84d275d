use std::{
    io,
    sync::{Mutex, OnceLock, PoisonError},
};

use keyarc_server::{config::LogFormat, telemetry};
use tracing::Level;

/// Where everything goes that the process logs.
#[derive(Debug, Default)]
struct Captured(Mutex<Vec<u8>>);

impl io::Write for &Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything that this test program has logged since the first call, at the finest level, as
/// the server's JSON lines. One program has one log: its tests share it.
pub fn captured_log() -> Vec<u8> {
    static CAPTURED: OnceLock<&'static Captured> = OnceLock::new();
    let captured = CAPTURED.get_or_init(|| {
        let captured: &'static Captured = Box::leak(Box::default());
        let subscriber = telemetry::subscriber(LogFormat::Json, Level::TRACE, move || captured);
        tracing::subscriber::set_global_default(subscriber).expect("the only subscriber");
        captured
    });
    let all = captured.0.lock().unwrap_or_else(PoisonError::into_inner);
    all.clone()
}
