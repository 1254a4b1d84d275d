//! The laws of the repository that no compiler checks.

mod built;
mod graph;
mod laws;
mod sources;

use std::fmt;

use crate::workspace::Workspace;

pub use built::check as built;

/// A law that is broken, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// A file, with its line where one is to blame, or a package.
    pub place: String,
    /// Which law, in words that tell what to do.
    pub law: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.law)
    }
}

/// Every violation in the sources and the dependencies.
pub fn check(workspace: &Workspace) -> anyhow::Result<Vec<Violation>> {
    let graph = graph::Graph::read(workspace)?;
    let mut found = laws::check(&graph);
    found.extend(sources::check(workspace)?);
    found.extend(crate::language::check(workspace)?);
    Ok(found)
}
