//! Programs that are measured from outside, as the kernel sees them.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context as _, bail};

use crate::sample;

/// How long a program may take to answer before it counts as broken.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two attempts to reach a program that starts.
const PAUSE: Duration = Duration::from_micros(200);

/// A running program. Dropping it ends it.
pub struct Program {
    child: Child,
    address: SocketAddr,
    /// Milliseconds from starting it to its first answer.
    pub first_answer_ms: f64,
}

impl Program {
    /// Starts a program that listens at `address`, and waits until it answers `path` with 200.
    pub fn start(command: &mut Command, address: SocketAddr, path: &str) -> anyhow::Result<Self> {
        let started = sample::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("starting {}", command.get_program().display()))?;
        while started.elapsed() < PATIENCE {
            if answers(address, path) {
                return Ok(Self {
                    child,
                    address,
                    first_answer_ms: sample::millis(started.elapsed()),
                });
            }
            if let Some(status) = child.try_wait()? {
                bail!("{} ended with {status}", command.get_program().display());
            }
            thread::sleep(PAUSE);
        }
        let _ = child.kill();
        bail!("{} did not answer", command.get_program().display())
    }

    /// Where it listens, as browsers write it.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Milliseconds of CPU that all its threads have used.
    pub fn cpu_ms(&self) -> anyhow::Result<f64> {
        cpu_ms(self.child.id())
    }

    /// Resident memory now and at its highest, in MiB.
    pub fn memory_mib(&self) -> anyhow::Result<(f64, f64)> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        Ok((mebibytes(&status, "VmRSS:")?, mebibytes(&status, "VmHWM:")?))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Milliseconds of CPU that the living threads of a process have used, from the scheduler, which
/// counts nanoseconds.
pub fn cpu_ms(process: u32) -> anyhow::Result<f64> {
    let mut nanoseconds = 0_u64;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        // A thread may end between being listed and being read.
        let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) else {
            continue;
        };
        let first = text
            .split_whitespace()
            .next()
            .context("schedstat has numbers")?;
        nanoseconds += first.parse::<u64>()?;
    }
    Ok(nanoseconds as f64 / 1_000_000.0)
}

/// An address of this machine that was free a moment ago.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}

/// The KeyArc server over a folder, with limits that let one address do all the measuring.
pub fn keyarc(program: &Path, site: &Path, folder: &Path, address: SocketAddr) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .env("BIND", address.to_string())
        .env("DATA_DIR", folder.join("data"))
        .env(
            "DATABASE_URL",
            format!("sqlite://{}", folder.join("data/keyarc.db").display()),
        )
        .env("SITE_ROOT", site)
        .env("LOG_LEVEL", "warn");
    for limit in [
        "RATE_LIMIT",
        "RATE_LIMIT_LOGIN",
        "RATE_LIMIT_SIGN_UP",
        "RATE_LIMIT_ACCOUNT",
    ] {
        command.env(format!("{limit}_PER_MINUTE"), "1000000");
    }
    command
}

fn answers(address: SocketAddr, path: &str) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        )?;
        let mut head = [0; 12];
        stream.read_exact(&mut head)?;
        Ok(head == *b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}

fn mebibytes(status: &str, field: &str) -> anyhow::Result<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kibibytes = line.and_then(|rest| rest.split_whitespace().next());
    Ok(kibibytes
        .with_context(|| format!("{field} is told"))?
        .parse::<f64>()?
        / 1_024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_in_mebibytes() {
        let status = "Name:\tx\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\n";
        assert_eq!(mebibytes(status, "VmRSS:").expect("told"), 10.0);
        assert!(mebibytes(status, "VmSwap:").is_err());
    }

    #[test]
    fn work_shows_as_cpu_time() {
        let before = cpu_ms(std::process::id()).expect("told");
        let mut sum = 0_u64;
        for number in 0..20_000_000_u64 {
            sum = std::hint::black_box(sum.wrapping_add(number * number));
        }
        assert!(cpu_ms(std::process::id()).expect("told") > before, "{sum}");
    }
}
