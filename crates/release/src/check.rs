use std::fmt;

use crate::{Hash, Release, fetch::Server, hash};

/// Something that a server serves otherwise than the release says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It serves nothing at a path.
    Missing(String),
    /// A file has other content.
    File(String),
    /// A document has other content.
    Page(String),
    /// A content security policy is another.
    Policy(String),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(path) => write!(f, "{path} is not served"),
            Self::File(path) => write!(f, "{path} is not the released file"),
            Self::Page(path) => write!(f, "{path} is not the released document"),
            Self::Policy(path) => write!(f, "{path} has another content security policy"),
        }
    }
}

/// Asks a server for everything that a release names and tells what differs. `Err` is a server
/// that could not be asked.
///
/// This says what the server gave to whoever asked, now. It cannot say what it gives to others.
pub fn check(origin: &str, release: &Release) -> anyhow::Result<Vec<Finding>> {
    let server = Server::new(origin);
    let mut found = Vec::new();
    for (path, expected) in &release.files {
        found.extend(match server.get(path)? {
            None => Some(Finding::Missing(path.clone())),
            Some(served) => differs(expected, &served.body).then(|| Finding::File(path.clone())),
        });
    }
    for (path, expected) in &release.pages {
        found.extend(match server.get(path)? {
            None => Some(Finding::Missing(path.clone())),
            Some(served) => differs(expected, &served.page()).then(|| Finding::Page(path.clone())),
        });
    }
    for (path, expected) in &release.policies {
        // That it is not there was said above, but for public pages.
        if let Some(served) = server.get(path)?
            && served.policy != *expected
        {
            found.push(Finding::Policy(path.clone()));
        }
    }
    Ok(found)
}

fn differs(expected: &Hash, body: &[u8]) -> bool {
    hash(body) != *expected
}
