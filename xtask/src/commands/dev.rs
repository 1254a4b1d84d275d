use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use crate::{build, process, say, strength, tools, workspace::Workspace};

/// Serves a debug build and rebuilds and reloads at every change.
pub fn run(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<bool> {
    super::no_arguments("dev", arguments)?;
    tools::ensure(&tools::site(workspace)?)?;
    let meter = strength::build(workspace)?;
    build::forget(workspace)?;
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        // The watcher empties the site folder when it starts.
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                let site = workspace.site();
                if site.join("pkg").is_dir()
                    && !site.join("strength").is_dir()
                    && let Err(error) = strength::place(workspace, &meter)
                {
                    say::error(&format!("{error:#}"));
                }
                thread::sleep(Duration::from_millis(500));
            }
        });
        let watched = process::cargo(workspace).and_then(|mut cargo| {
            let cargo = cargo
                .args(["leptos", "watch"])
                .env("SITE_ROOT", workspace.site());
            process::succeeds(cargo)
        });
        ended.store(true, Ordering::Relaxed);
        watched
    })
}
