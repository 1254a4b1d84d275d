//! A folder that stands in memory and on no disk, for a secret that another program must read from a
//! file.

use std::{
    env, fs,
    io::Write as _,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::failure::Failure;

/// A folder of one's own in memory. When it is dropped, what stands in it is overwritten and
/// removed.
pub struct MemoryFolder(Option<TempDir>);

impl MemoryFolder {
    /// Makes one where the system has a file system in memory.
    pub fn make() -> Result<Self, Failure> {
        let parent = parent().ok_or_else(|| {
            Failure::Machine(
                "there is no file system in memory to edit on: neither $XDG_RUNTIME_DIR nor /dev/shm is one. Use `keyarc set`, which needs no file".to_owned(),
            )
        })?;
        let made = tempfile::Builder::new()
            .prefix("keyarc-")
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(&parent);
        match made {
            Ok(folder) => Ok(Self(Some(folder))),
            Err(error) => Err(Failure::of_file("cannot make a folder in", &parent, &error)),
        }
    }

    /// Writes a file for its owner alone, and tells its path.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<PathBuf, Failure> {
        let folder = self.0.as_ref().map_or(Path::new("."), TempDir::path);
        let path = folder.join(name);
        fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| file.write_all(content))
            .map_err(|error| Failure::of_file("cannot write", &path, &error))?;
        Ok(path)
    }

    /// Leaves what stands in it there.
    pub fn keep(mut self) {
        if let Some(folder) = self.0.take() {
            let _ = folder.keep();
        }
    }
}

impl Drop for MemoryFolder {
    fn drop(&mut self) {
        if let Some(folder) = &self.0 {
            wipe(folder.path());
        }
    }
}

/// Overwrites every file, those that an editor put beside the one that it was given, too.
fn wipe(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let known = fs::symlink_metadata(entry.path());
        let Ok(known) = known else { continue };
        if known.is_dir() {
            wipe(&entry.path());
        } else if known.is_file()
            && let Ok(mut file) = fs::OpenOptions::new().write(true).open(entry.path())
        {
            let blank = [0; 4096];
            let mut left = known.len();
            while left > 0 {
                let piece = left.min(blank.len() as u64);
                let Ok(length) = usize::try_from(piece) else {
                    break;
                };
                if file.write_all(&blank[..length]).is_err() {
                    break;
                }
                left -= piece;
            }
        }
    }
}

/// The folder in memory that is one's own, or else that of all.
pub fn parent() -> Option<PathBuf> {
    let own = env::var_os("XDG_RUNTIME_DIR").filter(|value| !value.is_empty());
    let own = own.map(PathBuf::from);
    own.into_iter()
        .chain([PathBuf::from("/dev/shm")])
        .find(|folder| folder.is_absolute() && is_in_memory(folder))
}

#[cfg(target_os = "linux")]
fn is_in_memory(folder: &Path) -> bool {
    /// `TMPFS_MAGIC` of Linux' `magic.h`.
    const TMPFS: u64 = 0x0102_1994;
    /// `RAMFS_MAGIC`.
    const RAMFS: u64 = 0x8584_58f6;
    // The type of the number differs by machine.
    let kind = rustix::fs::statfs(folder).map(|known| i128::from(known.f_type));
    kind.is_ok_and(|kind| {
        [TMPFS, RAMFS]
            .map(i128::from)
            .contains(&(kind & 0xffff_ffff))
    })
}

/// Other systems tell nothing of the kind.
#[cfg(not(target_os = "linux"))]
fn is_in_memory(_: &Path) -> bool {
    false
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_memory_is_for_its_owner_and_gone_in_the_end() {
        let folder = MemoryFolder::make().expect("there is memory");
        let path = folder.write("item.txt", b"canary").expect("writes");
        let mode = |path: &Path| fs::metadata(path).expect("is there").permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        let within = path.parent().expect("a folder").to_owned();
        assert_eq!(mode(&within), 0o700);
        assert!(is_in_memory(&within));
        assert!(folder.write("item.txt", b"again").is_err());
        // A second name shows what becomes of the bytes.
        let other = within.with_extension("linked");
        fs::hard_link(&path, &other).expect("links");
        drop(folder);
        assert!(!within.exists());
        assert_eq!(fs::read(&other).expect("reads"), [0; 6]);
        fs::remove_file(other).expect("removes");
    }

    #[test]
    fn a_disk_is_no_memory() {
        assert!(!is_in_memory(Path::new("/proc")));
        assert!(!is_in_memory(Path::new("/nowhere")));
    }
}
