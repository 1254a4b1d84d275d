//! Running other programs.

use std::{
    env,
    ffi::OsStr,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, bail};

use crate::{say, workspace::Workspace};

/// Variables that `cargo run` sets for this program. Build scripts watch some of them, so that
/// passing them on would make the next plain `cargo build` compile the same crates again.
const OF_CARGO_RUN: [&str; 4] = [
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_PATH",
    "CARGO_PKG_",
    "CARGO_BIN_NAME",
];

/// A program, started in the repository with the tools first in its search path.
pub fn program(workspace: &Workspace, name: impl AsRef<OsStr>) -> anyhow::Result<Command> {
    let mut command = Command::new(name);
    command
        .current_dir(&workspace.root)
        .env("PATH", workspace.path()?)
        .env_remove("CARGO");
    for (key, _) in env::vars_os() {
        if OF_CARGO_RUN
            .iter()
            .any(|prefix| key.to_string_lossy().starts_with(prefix))
        {
            command.env_remove(key);
        }
    }
    Ok(command)
}

/// Cargo, of the toolchain that the repository fixes.
pub fn cargo(workspace: &Workspace) -> anyhow::Result<Command> {
    program(workspace, "cargo")
}

/// Says what runs, runs it, and fails if it does.
pub fn run(command: &mut Command) -> anyhow::Result<()> {
    if succeeds(command)? {
        Ok(())
    } else {
        bail!("`{}` failed", shown(command))
    }
}

/// Runs what has too many arguments to say.
pub fn run_quietly(command: &mut Command) -> anyhow::Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command
        .status()
        .with_context(|| format!("starting `{program}`"))?;
    if !status.success() {
        bail!("`{program}` failed");
    }
    Ok(())
}

/// Says what runs, runs it, and tells whether it succeeded.
pub fn succeeds(command: &mut Command) -> anyhow::Result<bool> {
    say::note(&format!("$ {}", shown(command)));
    let status = command
        .status()
        .with_context(|| format!("starting `{}`", shown(command)))?;
    Ok(status.success())
}

/// What the program writes to its standard output, when it succeeds.
pub fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("starting `{}`", shown(command)))?;
    if !output.status.success() {
        bail!("`{}` failed", shown(command));
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("reading what `{}` wrote", shown(command)))
}

/// What the program writes when asked quietly, or `None` when it is not there or fails.
pub fn ask(command: &mut Command) -> Option<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    if !output.status.success() {
        return None;
    }
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Says what runs and runs it, giving each line of its output to `each` after showing it.
pub fn watched(command: &mut Command, mut each: impl FnMut(&str)) -> anyhow::Result<bool> {
    say::note(&format!("$ {}", shown(command)));
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting `{}`", shown(command)))?;
    if let Some(out) = child.stdout.take() {
        for line in BufReader::new(out).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            say::line(&line);
            each(&line);
        }
    }
    Ok(child.wait()?.success())
}

/// Where a program stands in the search path.
pub fn find(name: &str) -> Option<PathBuf> {
    find_in(&env::var_os("PATH")?, name)
}

fn find_in(path: &OsStr, name: &str) -> Option<PathBuf> {
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    env::split_paths(path)
        .map(|folder| folder.join(&file))
        .find(|found| found.is_file())
}

/// Whether this process may install system packages.
pub fn is_root() -> bool {
    ask(Command::new("id").arg("-u")).is_some_and(|id| id == "0")
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut text = program
        .file_name()
        .unwrap_or(program.as_os_str())
        .to_string_lossy()
        .into_owned();
    for argument in command.get_args() {
        let argument = argument.to_string_lossy();
        text.push(' ');
        match argument.chars().any(char::is_whitespace) {
            true => text.push_str(&format!("'{argument}'")),
            false => text.push_str(&argument),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let mut command = Command::new("/usr/bin/printf");
        command.args(["%s", "two words"]);
        assert_eq!(shown(&command), "printf %s 'two words'");
    }

    #[test]
    fn every_line_is_seen_and_the_failure_told() {
        let mut lines = Vec::new();
        let ok = watched(
            Command::new("sh").args(["-c", "echo a; echo b; exit 3"]),
            |line| {
                lines.push(line.to_owned());
            },
        );
        assert!(!ok.expect("sh starts"));
        assert_eq!(lines, ["a", "b"]);
    }

    #[test]
    fn a_program_is_found_only_where_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(
            folder
                .path()
                .join(format!("tool{}", env::consts::EXE_SUFFIX)),
            "",
        )
        .expect("a file");
        assert!(find_in(folder.path().as_os_str(), "tool").is_some());
        assert!(find_in(folder.path().as_os_str(), "other").is_none());
    }
}
