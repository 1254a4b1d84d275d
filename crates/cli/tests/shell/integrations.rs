//! What `integrations` has for other systems: each file as it is shipped, used as its system does it.

mod direnv;
mod docker;
mod github;
mod gitlab;
mod kubernetes;
mod pre_commit;
#[cfg(target_os = "linux")]
mod systemd;
mod terraform;
mod vscode;
mod yaml;

use std::{
    env,
    ffi::OsString,
    fs,
    io::Write as _,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use keyarc_vault::{Content, ItemDraft, Variable};

use crate::{fixture::Shell, programs};

/// A file of the repository.
fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../integrations")
        .join(name)
}

fn shipped(name: &str) -> String {
    fs::read_to_string(path(name)).expect("it is shipped")
}

/// A program that other tests of this repository bring along, too.
fn installed(name: &str) -> PathBuf {
    let all = env::var_os("PATH").unwrap_or_default();
    let mut found = env::split_paths(&all).map(|folder| folder.join(name));
    let found = found.find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("{name} is not here: `cargo x setup` installs it"))
}

/// A machine with a token, the program in its path, and nothing else of ours.
struct Machine {
    shell: Shell,
    token: String,
    programs: PathBuf,
}

impl Machine {
    async fn new() -> Self {
        Self::of(Shell::logged_in().await).await
    }

    /// With one environment set more, called `Hostile`.
    async fn with_hostile(values: &[(&str, &str)]) -> Self {
        let one = |(name, value): &(&str, &str)| Variable {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        };
        let variables = values.iter().map(one).collect();
        let set = ItemDraft::new("Hostile", Content::EnvironmentSet { variables });
        Self::of(programs::with(vec![set]).await).await
    }

    async fn of(shell: Shell) -> Self {
        let token = shell.prints(&["token", "create", "machine", "--all"]).await;
        let programs = shell.work().join("programs");
        fs::create_dir(&programs).expect("a folder");
        symlink(env!("CARGO_BIN_EXE_keyarc"), programs.join("keyarc")).expect("links");
        Self {
            token: token.trim().to_owned(),
            programs,
            shell,
        }
    }

    /// Another program of its path.
    fn stub(&self, name: &str, script: &str) -> PathBuf {
        let path = self.programs.join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("writes");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("changes");
        path
    }

    fn search_path(&self) -> OsString {
        let all = env::var_os("PATH").unwrap_or_default();
        let all = [self.programs.clone()]
            .into_iter()
            .chain(env::split_paths(&all));
        env::join_paths(all).expect("a path")
    }

    /// A program, with nothing in its environment but what it takes to find others.
    fn bare(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", self.search_path())
            .env("HOME", self.shell.work())
            .current_dir(self.shell.work())
            .stdin(Stdio::null());
        command
    }

    /// The same where server and token are known.
    fn with_token(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = self.bare(program);
        command
            .env("KEYARC_SERVER", self.shell.server.origin())
            .env("KEYARC_TOKEN", &self.token);
        command
    }

    /// A file with the token, for its owner alone.
    fn token_file(&self) -> PathBuf {
        private(
            &self.shell.work().join("token"),
            &format!("{}\n", self.token),
        )
    }

    async fn revoke(&self) {
        self.shell.prints(&["token", "rm", "machine"]).await;
    }
}

fn private(path: &Path, content: &str) -> PathBuf {
    fs::write(path, content).expect("writes");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("changes");
    path.to_owned()
}

async fn ended(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().expect("it starts"))
        .await
        .expect("it ends")
}

/// With something on standard input.
async fn fed(mut command: Command, input: &str) -> Output {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let input = input.to_owned();
    tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().expect("it starts");
        // It may have refused before it reads.
        let _ = child
            .stdin
            .take()
            .expect("a pipe")
            .write_all(input.as_bytes());
        child.wait_with_output().expect("it ends")
    })
    .await
    .expect("it ends")
}

/// What it printed, once it has succeeded.
fn printed(out: Output) -> String {
    assert!(out.status.success(), "{out:?}");
    String::from_utf8(out.stdout).expect("UTF-8")
}
