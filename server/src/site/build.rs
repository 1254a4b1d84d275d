use std::path::{Path, PathBuf};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use keyarc_app::built::{Asset, Built};
use sha2::{Digest as _, Sha256};

use super::worker;

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
    wasm: Option<String>,
    css: Option<String>,
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
        named(&self.js, "js")
    }

    /// The files as pages load them, with the hashes of what stands in `root` now. Without a
    /// root, and for files that a watcher may rebuild at any time, there are no hashes.
    pub fn to_built(&self, root: Option<&Path>, watched: bool) -> Built {
        let asset = |path: String| {
            let integrity = root
                .filter(|_| !watched)
                .and_then(|root| integrity(&root.join(path.trim_start_matches('/'))));
            Asset { path, integrity }
        };
        let wasm = match &self.wasm {
            Some(_) => named(&self.wasm, "wasm"),
            // What wasm-bindgen calls it.
            None => format!("/{PKG}/{NAME}_bg.wasm"),
        };
        Built {
            style: asset(named(&self.css, "css")),
            script: asset(self.script()),
            wasm: asset(wasm),
            worker: worker::path(&worker::script(self)),
        }
    }

    /// A hash file counts only when the script that it names is there: one that an earlier
    /// build left behind would point into nothing.
    fn read(root: &Path, path: PathBuf) -> Option<Self> {
        let text = std::fs::read_to_string(&path).ok()?;
        let build = Self {
            hash_file: Some(path),
            js: hash_of(&text, "js:"),
            wasm: hash_of(&text, "wasm:"),
            css: hash_of(&text, "css:"),
        };
        root.join(build.script().trim_start_matches('/'))
            .is_file()
            .then_some(build)
    }
}

fn named(hash: &Option<String>, extension: &str) -> String {
    match hash {
        Some(hash) => format!("/{PKG}/{NAME}.{hash}.{extension}"),
        None => format!("/{PKG}/{NAME}.{extension}"),
    }
}

fn hash_of(text: &str, name: &str) -> Option<String> {
    let hash = text
        .lines()
        .find_map(|line| line.strip_prefix(name))?
        .trim();
    let plain = !hash.is_empty()
        && hash
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    plain.then(|| hash.to_owned())
}

/// What Subresource Integrity wants to be told of a file; `None` when it cannot be read. SHA-256,
/// so that it is the hash that stands in the release manifest.
fn integrity(file: &Path) -> Option<String> {
    let hash = Sha256::digest(std::fs::read(file).ok()?);
    Some(format!("sha256-{}", BASE64_STANDARD.encode(hash)))
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

    #[test]
    fn pages_are_told_what_is_in_the_files() {
        let folder = site("js: A_b-9\nwasm: x\ncss: y\n", "keyarc.A_b-9.js");
        std::fs::write(folder.path().join("pkg/keyarc.x.wasm"), "abc").expect("written");
        let build = Build::find(folder.path());
        let built = build.to_built(Some(folder.path()), false);
        assert_eq!(built.wasm.path, "/pkg/keyarc.x.wasm");
        // FIPS 180-4, the example "abc".
        let abc = "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
        assert_eq!(built.wasm.integrity.as_deref(), Some(abc));
        assert_eq!(built.style.path, "/pkg/keyarc.y.css");
        assert_eq!(built.style.integrity, None);
        assert_eq!(
            build.to_built(Some(folder.path()), true).wasm.integrity,
            None
        );
    }
}
