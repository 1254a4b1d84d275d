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
        let told = workspace.target.join("reproducible.log");
        let file =
            fs::File::create(&told).with_context(|| format!("opening {}", told.display()))?;
        let child = polite(workspace)?
            .args(["test", Part::Reproducible.name()])
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
        let Some((mut child, told)) = self.running.take() else {
            return Part::Reproducible.run(workspace, &[]);
        };
        let succeeded = child
            .wait()
            .context("waiting for the second build")?
            .success();
        say::plain(&String::from_utf8_lossy(&fs::read(&told)?));
        Ok(Counts::one(succeeded))
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
