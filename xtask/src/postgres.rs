//! A Postgres server for the tests that lives as long as this process and leaves nothing behind.

use std::{
    fs,
    os::unix::{fs::chown, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context as _, bail};

use crate::{process, say, tools::system, workspace::Workspace};

/// Names the throwaway server to the tests, as a URL.
pub const URL_VARIABLE: &str = "KEYARC_TEST_POSTGRES_URL";

/// Runs the server and waits at its own standard input. That ends when this process does, in
/// whatever way, so that neither an interrupt nor a crash leaves a server or a folder.
const GUARD: &str = r#"
trap '' INT
"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=off -c full_page_writes=off \
  -c synchronous_commit=off -c max_connections=200 >"$2/log" 2>&1 </dev/null &
server=$!
read -r _
kill -QUIT "$server" 2>/dev/null
wait "$server"
rm -rf "$2"
"#;

/// A running server. Dropping it stops it and removes its folder.
pub struct Postgres {
    guard: Child,
    folder: PathBuf,
}

impl Postgres {
    /// Starts a server on a socket in a folder of its own. Data is not synced to disk.
    pub fn start(workspace: &Workspace) -> anyhow::Result<Self> {
        system::postgres().ensure()?;
        let programs = system::postgres_programs().context("Postgres was just found")?;
        say::step("starting a throwaway Postgres");
        let folder = temporary_folder()?;
        let owner = Owner::of_server(workspace)?;
        if let Some(owner) = &owner {
            chown(&folder, Some(owner.user), Some(owner.group))?;
        }
        let mut initdb = Command::new(programs.join("initdb"));
        initdb.args([
            "-A",
            "trust",
            "-U",
            "postgres",
            "--no-sync",
            "-E",
            "UTF8",
            "--locale=C",
            "-D",
        ]);
        initdb
            .arg(folder.join("data"))
            .current_dir(&folder)
            .stdout(Stdio::null());
        process::run(owned(&mut initdb, owner.as_ref()))?;

        let mut guard = Command::new("sh");
        guard
            .args(["-c", GUARD, "keyarc-postgres"])
            .arg(&programs)
            .arg(&folder);
        guard.current_dir(&folder).stdin(Stdio::piped());
        let guard = owned(&mut guard, owner.as_ref())
            .spawn()
            .context("starting Postgres")?;
        let server = Self { guard, folder };
        server.wait_until_ready(&programs)?;
        Ok(server)
    }

    /// How to reach it.
    pub fn url(&self) -> String {
        format!(
            "postgres://postgres@localhost/postgres?host={}",
            self.folder.display()
        )
    }

    fn wait_until_ready(&self, programs: &Path) -> anyhow::Result<()> {
        const TRIES: u32 = 300;
        for _ in 0..TRIES {
            let mut ready = Command::new(programs.join("pg_isready"));
            ready.arg("-q").arg("-h").arg(&self.folder);
            if process::ask(&mut ready).is_some() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(100));
        }
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        bail!("Postgres did not start within {} s:\n{log}", TRIES / 10)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

/// Whom the server runs as.
struct Owner {
    user: u32,
    group: u32,
}

impl Owner {
    /// The server refuses to run as root and then runs as the user that its package made.
    /// Anybody else runs it as themselves.
    fn of_server(workspace: &Workspace) -> anyhow::Result<Option<Self>> {
        if !process::is_root() {
            return Ok(None);
        }
        let id = |flag: &str| -> anyhow::Result<u32> {
            let text =
                process::output(process::program(workspace, "id")?.args([flag, "postgres"]))?;
            text.trim().parse().context("the user id of `postgres`")
        };
        Ok(Some(Self {
            user: id("-u")?,
            group: id("-g")?,
        }))
    }
}

fn owned<'a>(command: &'a mut Command, owner: Option<&Owner>) -> &'a mut Command {
    match owner {
        Some(owner) => command.uid(owner.user).gid(owner.group),
        None => command,
    }
}

/// The folder's path is also that of the socket, which may have only about a hundred bytes, so
/// it stands in /tmp rather than below the target folder.
fn temporary_folder() -> anyhow::Result<PathBuf> {
    let made = process::output(Command::new("mktemp").args(["-d", "/tmp/keyarc-postgres-XXXXXX"]))?;
    Ok(PathBuf::from(made.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_answers_while_it_lives_and_leaves_nothing() {
        let workspace = Workspace::locate().expect("this repository");
        let server = Postgres::start(&workspace).expect("started");
        let programs = system::postgres_programs().expect("found");
        let mut question = Command::new(programs.join("psql"));
        question.args([&server.url(), "-tAc", "SELECT 41 + 1"]);
        assert_eq!(process::ask(&mut question).as_deref(), Some("42"));
        let folder = server.folder.clone();
        assert!(folder.exists());
        drop(server);
        assert!(!folder.exists());
        assert_eq!(process::ask(&mut question), None);
    }
}
