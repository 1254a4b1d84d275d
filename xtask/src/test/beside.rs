//! The second build, which takes one core for minutes, in the pauses of the stories.

use std::{
    env,
    ffi::OsStr,
    fs,
    path::PathBuf,
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
};

use anyhow::Context as _;

use super::{Counts, Part};
use crate::{build, process, say, workspace::Workspace};

/// Runs its arguments so that they get what others leave of the processor, and ends with them, or
/// them when its input ends: whoever started it is gone then.
///
/// Where Linux shares the processor between sessions first, a nice value counts within the session
/// alone, and browsers have sessions of their own. That of a session is in its `autogroup`; see
/// sched(7).
const GIVING_WAY: &str = r#"
exec 3<&0
{ echo 19 > /proc/self/autogroup; } 2> /dev/null
(cat <&3 > /dev/null; kill 0) &
guard=$!
nice -n 19 "$@" < /dev/null &
wait $!
status=$?
kill "$guard"
exit "$status"
"#;

/// The test of the second build, as a program of its own that gives way to all others.
#[derive(Debug, Default)]
pub struct Beside {
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    /// Open for as long as this program is there.
    input: Option<ChildStdin>,
    told: PathBuf,
}

impl Running {
    fn start(command: &mut Command, told: PathBuf) -> anyhow::Result<Self> {
        let file =
            fs::File::create(&told).with_context(|| format!("opening {}", told.display()))?;
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .context("starting the second build")?;
        let input = child.stdin.take();
        Ok(Self { child, input, told })
    }

    fn wait(mut self) -> anyhow::Result<ExitStatus> {
        let status = self.child.wait().context("waiting for the second build")?;
        drop(self.input);
        say::plain(&String::from_utf8_lossy(&fs::read(&self.told)?));
        Ok(status)
    }
}

impl Beside {
    /// Starts it, once there is a first build. What it says goes to a file until [`Self::end`].
    pub fn begin(&mut self, workspace: &Workspace) -> anyhow::Result<()> {
        build::release(workspace)?;
        say::step("the second build runs beside the stories, and is told of after them");
        let own = env::current_exe().context("asking where this program is")?;
        let mut second = giving_way(workspace, &own)?;
        second.args(["test", Part::Reproducible.name()]);
        let told = workspace.target.join("reproducible.log");
        self.running = Some(Running::start(&mut second, told)?);
        Ok(())
    }

    /// Waits for it and shows what it said; without a beginning, runs it now.
    pub fn end(&mut self, workspace: &Workspace) -> anyhow::Result<Counts> {
        match self.running.take() {
            Some(running) => Ok(Counts::one(running.wait()?.success())),
            None => Part::Reproducible.run(workspace, &[]),
        }
    }
}

/// A program that gives way to all others, where the system has a way for that.
fn giving_way(workspace: &Workspace, own: impl AsRef<OsStr>) -> anyhow::Result<Command> {
    if process::find("setsid").is_none() || process::find("nice").is_none() {
        return process::program(workspace, own);
    }
    let mut session = process::program(workspace, "setsid")?;
    session
        .args(["--wait", "sh", "-c", GIVING_WAY, "sh"])
        .arg(own);
    Ok(session)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(script: &str) -> (Beside, tempfile::TempDir, Workspace) {
        let folder = tempfile::tempdir().expect("a folder");
        let workspace = Workspace::locate().expect("a workspace");
        let mut shell = giving_way(&workspace, "sh").expect("a command");
        shell.args(["-c", script]);
        let running = Running::start(&mut shell, folder.path().join("told.log")).expect("starts");
        let running = Some(running);
        (Beside { running }, folder, workspace)
    }

    #[test]
    fn what_ran_beside_is_waited_for_and_its_outcome_counts() {
        for (script, passed) in [
            ("sleep 0.1; echo alike", true),
            ("echo differs; exit 3", false),
        ] {
            let (mut beside, folder, workspace) = begun(script);
            let counts = beside.end(&workspace).expect("ends");
            assert_eq!(counts, Counts::one(passed), "{script}");
            let said = fs::read_to_string(folder.path().join("told.log")).expect("is there");
            assert!(script.contains(said.trim()) && !said.is_empty(), "{said}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn it_ends_with_whoever_started_it() {
        let (beside, _folder, _) = begun("sleep 600");
        let mut running = beside.running.expect("runs");
        drop(running.input.take());
        let status = running.child.wait().expect("ends");
        assert!(!status.success());
    }
}
