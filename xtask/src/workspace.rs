//! Where things are.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

/// The folders that the commands work with.
#[derive(Debug)]
pub struct Workspace {
    /// The repository.
    pub root: PathBuf,
    /// Cargo's target folder. One for everything, so that nothing is built twice.
    pub target: PathBuf,
    /// Tools of fixed versions: `$KEYARC_TOOLS`, or the user's cache folder.
    pub tools: PathBuf,
    /// Where the same sources are built: here, and in the copy that [`Self::second`] is.
    pub roots: [PathBuf; 2],
}

impl Workspace {
    /// Finds the folders.
    pub fn locate() -> anyhow::Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("xtask stands in a folder of the repository")?
            .to_path_buf();
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => root.join(folder),
            None => root.join("target"),
        };
        let tools = tools_folder(
            env::var_os("KEYARC_TOOLS"),
            env::var_os("XDG_CACHE_HOME"),
            env::var_os("HOME"),
        )
        .context("set KEYARC_TOOLS, XDG_CACHE_HOME or HOME, so that tools have a place")?;
        Ok(Self {
            tools: root.join(tools),
            roots: [root.clone(), second_root(&target)],
            root,
            target,
        })
    }

    /// A copy of the repository in another folder, to build the same a second time.
    pub fn second(&self) -> Self {
        let root = second_root(&self.target);
        Self {
            target: root.join("target"),
            tools: self.tools.clone(),
            roots: self.roots.clone(),
            root,
        }
    }

    /// The folder of the browser tests.
    pub fn end2end(&self) -> PathBuf {
        self.root.join("end2end")
    }

    /// The folder of the client for TypeScript.
    pub fn typescript_client(&self) -> PathBuf {
        self.root.join("clients/typescript")
    }

    /// The built site.
    pub fn site(&self) -> PathBuf {
        self.target.join("site")
    }

    /// The server as built for release. Its profile's name is the folder's.
    pub fn server(&self) -> PathBuf {
        self.target
            .join("server-release")
            .join(format!("keyarc-server{}", env::consts::EXE_SUFFIX))
    }

    /// The search path with the tools first.
    pub fn path(&self) -> anyhow::Result<OsString> {
        let own = [self.tools.join("bin"), self.tools.join("node_modules/.bin")];
        let inherited = env::var_os("PATH").unwrap_or_default();
        env::join_paths(own.into_iter().chain(env::split_paths(&inherited)))
            .context("a folder in PATH has a character that PATH cannot hold")
    }

    /// The version of `package` that the lock file fixes.
    pub fn locked_version(&self, package: &str) -> anyhow::Result<String> {
        let lock =
            fs::read_to_string(self.root.join("Cargo.lock")).context("reading Cargo.lock")?;
        version_in_lock(&lock, package)
    }
}

/// Its path is of another length than the first, too, so that nothing depends on that.
fn second_root(target: &Path) -> PathBuf {
    target.join("second-site/sources-in-another-folder")
}

fn tools_folder(
    own: Option<OsString>,
    cache: Option<OsString>,
    home: Option<OsString>,
) -> Option<PathBuf> {
    let given = |folder: Option<OsString>| folder.filter(|f| !f.is_empty()).map(PathBuf::from);
    given(own)
        .or_else(|| given(cache).map(|f| f.join("keyarc/tools")))
        .or_else(|| given(home).map(|f| f.join(".cache/keyarc/tools")))
}

fn version_in_lock(lock: &str, package: &str) -> anyhow::Result<String> {
    let wanted = format!("name = \"{package}\"");
    let mut lines = lock.lines();
    while let Some(line) = lines.next() {
        if line == wanted
            && let Some(version) = lines.next().and_then(|l| l.strip_prefix("version = \""))
        {
            return Ok(version.trim_end_matches('"').to_owned());
        }
    }
    bail!("Cargo.lock names no package `{package}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tools_folder_is_the_one_named_or_in_the_cache() {
        let some = |text: &str| Some(OsString::from(text));
        assert_eq!(
            tools_folder(some("/t"), some("/c"), some("/h")),
            Some("/t".into())
        );
        assert_eq!(
            tools_folder(None, some("/c"), some("/h")),
            Some("/c/keyarc/tools".into())
        );
        assert_eq!(
            tools_folder(some(""), None, some("/h")),
            Some("/h/.cache/keyarc/tools".into())
        );
        assert_eq!(tools_folder(None, None, None), None);
    }

    #[test]
    fn a_version_is_read_from_the_lock_file() {
        let lock = "[[package]]\nname = \"a\"\nversion = \"1.2.3\"\n\n[[package]]\nname = \"ab\"\nversion = \"4.0.0\"\n";
        assert_eq!(version_in_lock(lock, "ab").expect("ab is there"), "4.0.0");
        assert!(version_in_lock(lock, "b").is_err());
    }
}
