//! What a process costs beside another one, from outside.

use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use serde_json::{Value, json};

use crate::{process::cpu_ms, sample};

/// What a process cost from its start to its end.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// Milliseconds until it had ended.
    pub wall_ms: f64,
    /// Milliseconds of CPU of its first thread.
    pub cpu_ms: f64,
}

/// Runs a program to its end. What it prints goes nowhere.
pub fn cost(mut command: Command) -> anyhow::Result<Cost> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let shown = command.get_program().display().to_string();
    let started = sample::now();
    let mut child = command
        .spawn()
        .with_context(|| format!("starting {shown}"))?;
    let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    // It is left where it ended, so that the kernel still knows what it used.
    waitid(
        WaitId::Pid(id.context("a process id")?),
        WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
    )?;
    let wall_ms = sample::millis(started.elapsed());
    let cpu_ms = cpu_ms(child.id())?;
    let status = child.wait()?;
    ensure!(status.success(), "{shown} ended with {status}");
    Ok(Cost { wall_ms, cpu_ms })
}

/// Costs that were taken in turns, so that what disturbs the machine for a while meets both.
pub struct Compared {
    pairs: Vec<(Cost, Cost)>,
}

/// Runs one program and then the other, again and again.
pub fn compare(
    pairs: usize,
    floor: impl Fn() -> Command,
    measured: impl Fn() -> Command,
) -> anyhow::Result<Compared> {
    let mut all = Vec::with_capacity(pairs);
    // The first pair warms up what the others find warm.
    for pair in 0..=pairs {
        let both = (cost(floor())?, cost(measured())?);
        if pair > 0 {
            all.push(both);
        }
    }
    Ok(Compared { pairs: all })
}

impl Compared {
    fn middle(&self, of: impl Fn(&(Cost, Cost)) -> f64) -> f64 {
        sample::median(self.pairs.iter().map(of).collect())
    }

    /// How many times the floor it costs, and what both cost: the middle ones.
    pub fn told(&self) -> Value {
        json!({
            "pairs": self.pairs.len(),
            "ratio": self.middle(|(floor, it)| it.wall_ms / floor.wall_ms),
            "cpu_ratio": self.middle(|(floor, it)| it.cpu_ms / floor.cpu_ms),
            "ms": self.middle(|(_, it)| it.wall_ms),
            "cpu_ms": self.middle(|(_, it)| it.cpu_ms),
            "floor_ms": self.middle(|(floor, _)| floor.wall_ms),
            "floor_cpu_ms": self.middle(|(floor, _)| floor.cpu_ms),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_longer_costs_more() {
        let run = |program: &str, word: &str| {
            let mut command = Command::new(program);
            command.arg(word);
            command
        };
        let compared = compare(3, || run("true", ""), || run("sleep", "0.05"));
        let told = compared.expect("both run").told();
        assert!(
            told["ratio"].as_f64().is_some_and(|ratio| ratio > 1.0),
            "{told}"
        );
        assert!(told["ms"].as_f64().is_some_and(|ms| ms >= 50.0), "{told}");
        assert!(cost(run("false", "")).is_err());
    }
}
