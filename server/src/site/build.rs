use std::path::{Path, PathBuf};

/// Folder of the generated files below the site's root.
pub const PKG: &str = "pkg";
/// The stem of the generated files.
pub const NAME: &str = "keyarc";

/// The names that the build gave its files. cargo-leptos writes their hashes into `hash.txt`
/// beside the binary; a packaged site may hold it itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Build {
    /// Where the hashes were read; `None` when the files have no hashes in their names.
    pub hash_file: Option<PathBuf>,
    js: Option<String>,
}

impl Build {
    /// Looks for `hash.txt` in the site's folder, above it, and beside the binary.
    pub fn find(root: &Path) -> Self {
        let beside_binary = std::env::current_exe()
            .ok()
            .and_then(|exe| exe.parent().map(Path::to_owned));
        [Some(root), root.parent()]
            .into_iter()
            .flatten()
            .map(Path::to_owned)
            .chain(beside_binary)
            .filter_map(|folder| std::path::absolute(folder.join("hash.txt")).ok())
            .find_map(|path| Self::read(root, path))
            .unwrap_or_default()
    }

    /// The script that starts the WASM, as a path on this server.
    pub fn script(&self) -> String {
        match &self.js {
            Some(hash) => format!("/{PKG}/{NAME}.{hash}.js"),
            None => format!("/{PKG}/{NAME}.js"),
        }
    }

    /// A hash file counts only when the script that it names is there: one that an earlier
    /// build left behind would point into nothing.
    fn read(root: &Path, path: PathBuf) -> Option<Self> {
        let text = std::fs::read_to_string(&path).ok()?;
        let hash = text
            .lines()
            .find_map(|line| line.strip_prefix("js:"))?
            .trim();
        let plain = !hash.is_empty()
            && hash
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        let build = Self {
            hash_file: Some(path),
            js: plain.then(|| hash.to_owned()),
        };
        root.join(build.script().trim_start_matches('/'))
            .is_file()
            .then_some(build)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(hash: &str, script: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("pkg")).expect("made");
        std::fs::write(folder.path().join("hash.txt"), hash).expect("written");
        std::fs::write(folder.path().join("pkg").join(script), "").expect("written");
        folder
    }

    #[test]
    fn hashed_names_come_from_the_hash_file() {
        let folder = site("js: A_b-9\nwasm: x\ncss: y\n", "keyarc.A_b-9.js");
        let build = Build::find(folder.path());
        assert_eq!(build.script(), "/pkg/keyarc.A_b-9.js");
        assert!(build.hash_file.is_some_and(|path| path.is_absolute()));
    }

    #[test]
    fn a_hash_file_of_another_build_is_ignored() {
        let folder = site("js: old\n", "keyarc.js");
        assert_eq!(Build::find(folder.path()).script(), "/pkg/keyarc.js");
    }

    #[test]
    fn a_hash_that_could_leave_the_script_is_ignored() {
        let folder = site("js: \";alert(1)//\n", "keyarc.js");
        assert_eq!(Build::find(folder.path()).script(), "/pkg/keyarc.js");
    }
}
