use std::path::Path;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use keyarc_app::built::{Asset, Built};
use sha2::{Digest as _, Sha256};

use super::worker;

/// Folder of the generated files below the site's root.
pub const PKG: &str = "pkg";
/// The stem of the generated files.
pub const NAME: &str = "keyarc";

/// The script that fetches further parts of the WebAssembly, as the build tool calls it.
const PARTS: &str = "__wasm_split.______________________.js";
/// Names the folder of the newest build, below the site's root.
pub const BUILD_FILE: &str = "build.txt";
/// Length of a folder's name: 128 bits of a hash in base64url.
pub const HASH_LEN: usize = 22;

/// Where the build put its files: in a folder that is named by the hash of all of them, or
/// without one while a watcher rebuilds them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Build {
    folder: Option<String>,
}

impl Build {
    /// Looks into the site's folder. A note of another build, whose files are not there, counts
    /// for nothing.
    pub fn find(root: &Path) -> Self {
        let folder = std::fs::read_to_string(root.join(BUILD_FILE)).ok();
        let folder = folder.map(|name| name.trim().to_owned());
        let build = Self {
            folder: folder.filter(|name| is_hash(name)),
        };
        let script = root.join(build.script().trim_start_matches('/'));
        if script.is_file() {
            build
        } else {
            Self::default()
        }
    }

    /// The script that starts the WASM, as a path on this server.
    pub fn script(&self) -> String {
        self.path(&format!("{NAME}.js"))
    }

    /// The files as pages load them, with the hashes of what stands in `root` now. Without a
    /// root, and for files that a watcher may rebuild at any time, there are no hashes.
    pub fn to_built(&self, root: Option<&Path>, watched: bool) -> Built {
        let place = |path: &str| root.map(|root| root.join(path.trim_start_matches('/')));
        let asset = |name: &str| {
            let path = self.path(name);
            let file = place(&path).filter(|_| !watched);
            Asset {
                integrity: file.and_then(|file| integrity(&file)),
                path,
            }
        };
        let is_split = place(&self.path(PARTS)).is_some_and(|file| file.is_file());
        Built {
            style: asset(&format!("{NAME}.css")),
            script: asset(&format!("{NAME}.js")),
            wasm: asset(&format!("{NAME}.wasm")),
            parts: is_split.then(|| asset(PARTS)),
            worker: worker::path(&worker::script(self)),
        }
    }

    fn path(&self, name: &str) -> String {
        match &self.folder {
            Some(folder) => format!("/{PKG}/{folder}/{name}"),
            None => format!("/{PKG}/{name}"),
        }
    }
}

/// Whether a name is that of a build's folder.
pub fn is_hash(name: &str) -> bool {
    name.len() == HASH_LEN
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn integrity(file: &Path) -> Option<String> {
    std::fs::read(file)
        .ok()
        .map(|content| integrity_of(&content))
}

/// What Subresource Integrity wants to be told of a file. SHA-256, so that it is the hash that
/// stands in the release manifest.
pub(super) fn integrity_of(content: &[u8]) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(content)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "A_b-9aaaaaaaaaaaaaaaaa";

    fn site(note: &str, folder: &str) -> tempfile::TempDir {
        let site = tempfile::tempdir().expect("a folder");
        let pkg = site.path().join("pkg").join(folder);
        std::fs::create_dir_all(&pkg).expect("made");
        std::fs::write(site.path().join(BUILD_FILE), note).expect("written");
        std::fs::write(pkg.join("keyarc.js"), "").expect("written");
        site
    }

    #[test]
    fn the_folder_is_the_one_that_the_note_names() {
        let site = site(&format!("{HASH}\n"), HASH);
        let build = Build::find(site.path());
        assert_eq!(build.script(), format!("/pkg/{HASH}/keyarc.js"));
    }

    #[test]
    fn a_note_of_another_build_is_ignored() {
        let site = site("Zzzzzzzzzzzzzzzzzzzzzz", HASH);
        assert_eq!(Build::find(site.path()).script(), "/pkg/keyarc.js");
    }

    #[test]
    fn a_note_that_leads_elsewhere_is_ignored() {
        for note in ["../../../../../../etc/", "\";alert(1)//", "", "."] {
            assert_eq!(
                Build::find(site(note, HASH).path()).script(),
                "/pkg/keyarc.js",
                "{note}"
            );
        }
    }

    #[test]
    fn pages_are_told_what_is_in_the_files() {
        let site = site(HASH, HASH);
        let folder = site.path().join("pkg").join(HASH);
        std::fs::write(folder.join("keyarc.wasm"), "abc").expect("written");
        let build = Build::find(site.path());
        let built = build.to_built(Some(site.path()), false);
        assert_eq!(built.wasm.path, format!("/pkg/{HASH}/keyarc.wasm"));
        // FIPS 180-4, the example "abc".
        let abc = "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
        assert_eq!(built.wasm.integrity.as_deref(), Some(abc));
        assert_eq!(built.style.path, format!("/pkg/{HASH}/keyarc.css"));
        assert_eq!(built.style.integrity, None);
        assert_eq!(built.parts, None);
        let watched = build.to_built(Some(site.path()), true);
        assert_eq!(watched.wasm.integrity, None);

        std::fs::write(folder.join(PARTS), "abc").expect("written");
        let parts = build.to_built(Some(site.path()), false).parts;
        assert_eq!(
            parts.and_then(|parts| parts.integrity).as_deref(),
            Some(abc)
        );
    }
}
