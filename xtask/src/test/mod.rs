//! The parts of the test command.

mod beside;
mod browser;
mod built;
pub mod clippy;
mod counts;
mod deny;
mod native;
mod reproducible;
mod schemathesis;
mod typescript;
mod wasm;

use std::time::Instant;

use self::beside::Beside;
use crate::{process, say, tidy, workspace::Workspace};

pub use browser::playwright;
pub use counts::Counts;

/// A part of the tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// rustfmt.
    Fmt,
    /// The laws of the repository.
    Tidy,
    /// Licences, sources, duplicates and advisories of dependencies.
    Deny,
    /// clippy, for the server's machine and for the browser.
    Clippy,
    /// Every native test, with SQLite and with Postgres.
    Unit,
    /// The database crates only.
    Store,
    /// Tests inside WebAssembly, in a browser.
    Wasm,
    /// The built site only.
    Built,
    /// The user stories, in a browser, against the real server.
    EndToEnd,
    /// The real server, asked by its description alone.
    Schemathesis,
    /// The client for TypeScript.
    Typescript,
    /// Lighthouse over the public pages.
    Lighthouse,
    /// A second build from another folder.
    Reproducible,
}

/// Everything once, what fails fastest first. [`Part::Store`] and [`Part::Built`] are in others.
pub const ALL: [Part; 11] = [
    Part::Fmt,
    Part::Tidy,
    Part::Deny,
    Part::Clippy,
    Part::Unit,
    Part::Typescript,
    Part::Wasm,
    Part::EndToEnd,
    Part::Schemathesis,
    Part::Reproducible,
    Part::Lighthouse,
];

/// What takes seconds once things are compiled.
pub const QUICK: [Part; 3] = [Part::Fmt, Part::Tidy, Part::Clippy];

const NAMES: [(&str, Part); 13] = [
    ("fmt", Part::Fmt),
    ("tidy", Part::Tidy),
    ("deny", Part::Deny),
    ("clippy", Part::Clippy),
    ("unit", Part::Unit),
    ("store", Part::Store),
    ("wasm", Part::Wasm),
    ("built", Part::Built),
    ("e2e", Part::EndToEnd),
    ("schemathesis", Part::Schemathesis),
    ("typescript", Part::Typescript),
    ("lighthouse", Part::Lighthouse),
    ("reproducible", Part::Reproducible),
];

impl Part {
    /// The part that a person names so.
    pub fn named(name: &str) -> Option<Self> {
        NAMES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, part)| *part)
    }

    /// What parts are called.
    pub fn names() -> Vec<&'static str> {
        NAMES.iter().map(|(name, _)| *name).collect()
    }

    fn name(self) -> &'static str {
        NAMES
            .iter()
            .find(|(_, part)| *part == self)
            .map_or("?", |(name, _)| name)
    }

    fn run(self, workspace: &Workspace, arguments: &[String]) -> anyhow::Result<Counts> {
        match self {
            Self::Fmt => {
                process::succeeds(process::cargo(workspace)?.args(["fmt", "--all", "--check"]))
                    .map(Counts::one)
            }
            Self::Tidy => {
                let found = tidy::check(workspace)?;
                found
                    .iter()
                    .for_each(|violation| say::line(&violation.to_string()));
                Ok(Counts::violations(found.len()))
            }
            Self::Deny => deny::run(workspace),
            Self::Clippy => clippy::run(workspace),
            Self::Unit => native::all(workspace, arguments),
            Self::Store => native::store(workspace, arguments),
            Self::Wasm => wasm::run(workspace, arguments),
            Self::Built => built::run(workspace),
            Self::EndToEnd => browser::stories(workspace, arguments),
            Self::Schemathesis => schemathesis::run(workspace, arguments),
            Self::Typescript => typescript::run(workspace, arguments),
            Self::Lighthouse => browser::lighthouse(workspace, arguments),
            Self::Reproducible => reproducible::run(workspace),
        }
    }
}

/// Runs the parts, all of them even when one fails, and closes with the names of what failed and one
/// line of counts.
pub fn run_parts(
    workspace: &Workspace,
    parts: &[Part],
    arguments: &[String],
) -> anyhow::Result<bool> {
    let mut total = Counts::default();
    let mut told = Vec::new();
    let mut beside = Beside::default();
    for &part in parts {
        say::step(&format!("test {}", part.name()));
        #[expect(clippy::disallowed_methods, reason = "only shown to a person")]
        let started = Instant::now();
        let counts = match part {
            Part::EndToEnd if parts.contains(&Part::Reproducible) => beside
                .begin(workspace)
                .and_then(|()| part.run(workspace, arguments)),
            Part::Reproducible => beside.end(workspace),
            _ => part.run(workspace, arguments),
        };
        let counts = counts.unwrap_or_else(|error| {
            say::error(&format!("{}: {error:#}", part.name()));
            Counts::one(false)
        });
        told.push((part, counts.clone(), started.elapsed()));
        total += counts;
    }
    say::line("");
    for (part, counts, _) in &told {
        for name in &counts.names {
            say::line(&format!("{} failed: {name}", part.name()));
        }
    }
    for (part, counts, time) in told {
        say::line(&format!(
            "{:<12} {counts} ({} s)",
            part.name(),
            time.as_secs()
        ));
    }
    say::line(&total.to_string());
    Ok(total.failed == 0 && total.passed > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_one_name() {
        for (name, part) in NAMES {
            assert_eq!(Part::named(name), Some(part));
            assert_eq!(part.name(), name);
        }
        assert_eq!(Part::named("nothing"), None);
    }

    #[test]
    fn the_whole_has_each_part_but_the_extracts() {
        let left_out: Vec<_> = NAMES
            .iter()
            .filter(|(_, part)| !ALL.contains(part))
            .collect();
        assert_eq!(left_out, [&("store", Part::Store), &("built", Part::Built)]);
    }
}
