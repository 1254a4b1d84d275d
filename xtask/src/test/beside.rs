//! The second build, which takes one core for minutes, in the pauses of the stories.

use std::{
    env, fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use anyhow::Context as _;

use super::{Counts, Part};
use crate::{build, process, say, workspace::Workspace};

/// The test of the second build, as a program of its own that gives way to all others.
#[derive(Debug, Default)]
pub struct Beside {
    running: Option<(Child, PathBuf)>,
}

impl Beside {
    /// Starts it, once there is a first build. What it says goes to a file until [`Self::end`].
    pub fn begin(&mut self, workspace: &Workspace) -> anyhow::Result<()> {
        build::release(workspace)?;
        say::step("the second build runs beside the stories, and is told of after them");
        let mut second = polite(workspace)?;
        second.args(["test", Part::Reproducible.name()]);
        self.start(&mut second, workspace.target.join("reproducible.log"))
    }

    fn start(&mut self, command: &mut Command, told: PathBuf) -> anyhow::Result<()> {
        let file =
            fs::File::create(&told).with_context(|| format!("opening {}", told.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .context("starting the second build")?;
        self.running = Some((child, told));
        Ok(())
    }

    /// Waits for it and shows what it said; without a beginning, runs it now.
    pub fn end(&mut self, workspace: &Workspace) -> anyhow::Result<Counts> {
        match self.running.take() {
            Some((mut child, told)) => {
                let status = child.wait().context("waiting for the second build")?;
                say::plain(&String::from_utf8_lossy(&fs::read(&told)?));
                Ok(Counts::one(status.success()))
            }
            None => Part::Reproducible.run(workspace, &[]),
        }
    }
}

/// This program, started so that it gets what others leave of the processor, where the system
/// has a way for that.
fn polite(workspace: &Workspace) -> anyhow::Result<Command> {
    let own = env::current_exe().context("asking where this program is")?;
    if process::find("nice").is_none() {
        return process::program(workspace, own);
    }
    let mut nice = process::program(workspace, "nice")?;
    nice.args(["-n", "19"]).arg(own);
    Ok(nice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ran_beside_is_waited_for_and_its_outcome_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let workspace = Workspace::locate().expect("a workspace");
        for (script, passed) in [
            ("sleep 0.1; echo alike", true),
            ("echo differs; exit 3", false),
        ] {
            let told = folder.path().join("told.log");
            let mut beside = Beside::default();
            let mut shell = Command::new("sh");
            shell.args(["-c", script]);
            beside.start(&mut shell, told.clone()).expect("starts");
            let counts = beside.end(&workspace).expect("ends");
            assert_eq!(counts, Counts::one(passed), "{script}");
            let said = fs::read_to_string(&told).expect("is there");
            assert!(script.contains(said.trim()) && !said.is_empty(), "{said}");
        }
    }
}
