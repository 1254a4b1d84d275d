//! A person's word before something is done with a secret, from where no program speaks for them:
//! the terminal that controls this process, or a program that shows a window.

use std::{
    fs::{File, OpenOptions},
    io::{self, ErrorKind, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use rustix::{
    fs::OFlags,
    termios::{QueueSelector, tcflush},
};
use tokio::{io::AsyncReadExt as _, process::Command};

/// The terminal that controls a process, whatever its input and output are.
const TERMINAL: &str = "/dev/tty";
/// For so long a person is waited for.
const PATIENCE: Duration = Duration::from_secs(90);
/// How often it is looked whether somebody has typed.
const LOOKS: Duration = Duration::from_millis(50);
/// The longest answer that is read, in bytes.
const LONGEST: usize = 64;

/// Who is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// Somebody at the terminal.
    Terminal,
    /// Somebody through a program, which is told the question as its argument and shows a window, as
    /// those that `SSH_ASKPASS` names do (ssh-add(1)).
    Program(PathBuf),
}

/// Whether somebody says yes: the first who can be asked is. No answer is none, and so it is where
/// there is nobody.
pub async fn is_given(question: &str, whom: &[Whom]) -> bool {
    let asked = async {
        for one in whom {
            let answer = match one {
                Whom::Terminal => at_terminal(question).await,
                Whom::Program(program) => by_program(program, question).await,
            };
            if let Ok(answer) = answer {
                return answer;
            }
        }
        false
    };
    let answer = tokio::time::timeout(PATIENCE, asked).await;
    answer.unwrap_or(false)
}

/// The error is that of a terminal that is not there.
async fn at_terminal(question: &str) -> io::Result<bool> {
    let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let terminal = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(nonblocking)
        .open(TERMINAL)?;
    // What was typed before the question is no answer to it.
    tcflush(&terminal, QueueSelector::IFlush)?;
    (&terminal).write_all(format!("keyarc: {question} [y/N] ").as_bytes())?;
    let line = typed(&terminal).await?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes" | "Yes"))
}

/// A line, without keeping anything else from going on.
async fn typed(mut terminal: &File) -> io::Result<String> {
    let mut line = Vec::new();
    while line.len() < LONGEST {
        let mut byte = [0];
        match terminal.read(&mut byte) {
            Ok(0) => break,
            Ok(_) if byte == *b"\n" => break,
            Ok(_) => line.push(byte[0]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => tokio::time::sleep(LOOKS).await,
            Err(error) => return Err(error),
        }
    }
    Ok(String::from_utf8_lossy(&line).into_owned())
}

/// The error is that of a program that cannot be run.
async fn by_program(program: &Path, question: &str) -> io::Result<bool> {
    let mut child = Command::new(program)
        .arg(question)
        .env("SSH_ASKPASS_PROMPT", "confirm")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let mut said = Vec::new();
    if let Some(out) = child.stdout.take() {
        out.take(LONGEST as u64).read_to_end(&mut said).await?;
    }
    let status = child.wait().await?;
    let said = String::from_utf8_lossy(&said);
    Ok(status.success() && matches!(said.trim(), "" | "yes"))
}
