use std::{ffi::OsString, io, process::ExitCode, time::Duration};

use clap::Args;
use keyarc_lookup::{Environment, printable};
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    process::{Child, Command},
    signal::unix::{SignalKind, signal},
};

use super::run::not_started;
use crate::{
    args::time,
    failure::Failure,
    home::Home,
    machine, output,
    process::code,
    ssh::{self, Agent, Begin, Socket, Which},
};

// `keyarc ssh-agent`
#[derive(Debug, Args)]
pub struct SshAgent {
    /// Only keys of this folder and those in it.
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<String>,
    /// Only keys of this environment, and of none in particular.
    #[arg(long, short, env = "KEYARC_ENVIRONMENT", value_name = "NAME")]
    pub environment: Option<String>,
    /// Ask before each signature, at the terminal or through the program that SSH_ASKPASS names.
    #[arg(long)]
    pub confirm: bool,
    /// End when nobody asked for so long: 90s, 15m, 8h. Not with a command.
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = time)]
    pub idle: Duration,
    /// A command, after `--`: the agent is there for it alone.
    #[arg(last = true)]
    pub command: Vec<OsString>,
}

/// Starts an agent, for one command or in the background.
pub async fn run(home: &Home, wish: SshAgent) -> Result<ExitCode, Failure> {
    let which = Which {
        folder: wish.folder,
        environment: wish.environment.map(Environment::ThisOrNone),
    };
    let agent = Agent::new(home, which.clone(), wish.confirm)?;
    let (identities, left_out) = agent.identities().await?;
    for one in left_out {
        eprintln!("keyarc: not served: {}", printable(&one));
    }
    if identities.is_empty() {
        eprintln!("keyarc: there is no SSH key to serve.");
    }
    let Some((program, arguments)) = wish.command.split_first() else {
        let begun = ssh::start(&Begin {
            which,
            confirms: wish.confirm,
            idle_seconds: wish.idle.as_secs(),
            is_offline: home.is_offline(),
        })?;
        let path = begun.socket.to_string_lossy().replace('\'', r"'\''");
        let lines = format!(
            "SSH_AUTH_SOCK='{path}'; export SSH_AUTH_SOCK;\nSSH_AGENT_PID={0}; export SSH_AGENT_PID;\n",
            begun.pid
        );
        output::secret(lines.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    };
    let socket = Socket::make()?;
    let started = Command::new(program)
        .args(arguments)
        .env("SSH_AUTH_SOCK", socket.path())
        .env_remove("SSH_AGENT_PID")
        // The command has things signed, and does not get what reads the keys.
        .env_remove(machine::TOKEN)
        .env_remove(machine::TOKEN_FILE)
        .spawn();
    let child = started.map_err(|error| not_started(program, &error))?;
    tokio::select! {
        code = outlived(child) => match code {
            Ok(code) => Ok(ExitCode::from(code)),
            Err(error) => Err(Failure::Machine(error.to_string())),
        },
        never = agent.listen(&socket) => match never {},
    }
}

/// Waits for a command. What the terminal tells both of them is the command's to heed; what is told
/// to this process alone is passed on.
async fn outlived(mut child: Child) -> io::Result<u8> {
    let pid = child.id().and_then(|id| i32::try_from(id).ok());
    let pid = pid.and_then(Pid::from_raw);
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut quit = signal(SignalKind::quit())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let mut hung_up = signal(SignalKind::hangup())?;
    loop {
        let passed_on = tokio::select! {
            status = child.wait() => return status.map(code),
            _ = interrupted.recv() => None,
            _ = quit.recv() => None,
            _ = terminated.recv() => Some(Signal::TERM),
            _ = hung_up.recv() => Some(Signal::HUP),
        };
        if let (Some(pid), Some(signal)) = (pid, passed_on) {
            let _ = kill_process(pid, signal);
        }
    }
}
