//! A folder that stands in memory and on no disk, for a secret that another program must read from a
//! file.

use std::{
    env, fs,
    io::Write as _,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use keyarc_lookup::printable;
use tempfile::TempDir;

use crate::{failure::Failure, output, private::refuse_others, variables::Variables};

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

/// Writes each value into a file of its variable's name. Nothing is written into a folder that others
/// may look into, or that stands on a disk.
pub fn write_files(folder: &Path, variables: &Variables) -> Result<(), Failure> {
    let shown = printable(&folder.display().to_string());
    let known =
        fs::metadata(folder).map_err(|error| Failure::of_file("cannot look at", folder, &error))?;
    if !known.is_dir() {
        return Err(Failure::Machine(format!("{shown} is no folder")));
    }
    refuse_others(folder, &known).map_err(Failure::Machine)?;
    if !is_in_memory(folder) {
        return Err(Failure::Machine(format!(
            "{shown} is on a disk, where secrets outlast what they are for: name a folder in memory, as below /run"
        )));
    }
    if let Some(name) = variables.keys().find(|name| !is_file_name(name)) {
        return Err(Failure::Usage(format!(
            "{} is no name of a file for a value: letters, digits, _, . and -",
            printable(name)
        )));
    }
    for (name, value) in variables {
        output::private_file(&folder.join(name), value.as_bytes())?;
    }
    Ok(())
}

/// Whether a name stays in its folder and is not hidden there.
fn is_file_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    !name.is_empty() && name.len() <= 255 && !name.starts_with('.') && name.chars().all(is_plain)
}

/// The folder in memory that is one's own, or else that of all.
pub fn parent() -> Option<PathBuf> {
    let own = env::var_os("XDG_RUNTIME_DIR").filter(|value| !value.is_empty());
    let own = own.map(PathBuf::from);
    own.into_iter()
        .chain([PathBuf::from("/dev/shm")])
        .find(|folder| folder.is_absolute() && is_in_memory(folder))
}

/// Whether a folder or a file stands on no disk.
#[cfg(target_os = "linux")]
pub fn is_in_memory(path: &Path) -> bool {
    /// `TMPFS_MAGIC` of Linux' `magic.h`.
    const TMPFS: u64 = 0x0102_1994;
    /// `RAMFS_MAGIC`.
    const RAMFS: u64 = 0x8584_58f6;
    // The type of the number differs by machine.
    let kind = rustix::fs::statfs(path).map(|known| i128::from(known.f_type));
    kind.is_ok_and(|kind| {
        [TMPFS, RAMFS]
            .map(i128::from)
            .contains(&(kind & 0xffff_ffff))
    })
}

/// Other systems tell nothing of the kind.
#[cfg(not(target_os = "linux"))]
pub fn is_in_memory(_: &Path) -> bool {
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
    fn values_become_files_of_a_folder_in_memory_that_is_for_their_owner() {
        use rustix::process::geteuid;
        use zeroize::Zeroizing;

        let of = |name: &str| {
            let value = Zeroizing::new("canary\n".to_owned());
            Variables::from([(name.to_owned(), value)])
        };
        let folder = MemoryFolder::make().expect("there is memory");
        let path = folder.write("older", b"x").expect("writes");
        let within = path.parent().expect("a folder").to_owned();
        write_files(&within, &of("older")).expect("replaces");
        write_files(&within, &of("db-password.v2")).expect("writes");
        for name in ["older", "db-password.v2"] {
            let path = within.join(name);
            assert_eq!(fs::read(&path).expect("reads"), b"canary\n");
            let mode = fs::metadata(&path).expect("is there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let mut several = of("fine");
        several.extend(of("../evil"));
        let failure = write_files(&within, &several).expect_err("is refused");
        assert_eq!(failure.exit_code(), 2);
        assert!(!within.join("fine").exists(), "all or nothing");
        for name in [
            "",
            ".",
            "..",
            ".hidden",
            "a/b",
            "a\0b",
            "ä",
            &"a".repeat(256),
        ] {
            assert!(write_files(&within, &of(name)).is_err(), "{name:?}");
        }
        fs::set_permissions(&within, fs::Permissions::from_mode(0o750)).expect("changes");
        let failure = write_files(&within, &of("fine")).expect_err("is refused");
        assert!(failure.to_string().contains("chmod 700"), "{failure}");
        fs::set_permissions(&within, fs::Permissions::from_mode(0o700)).expect("changes");
        // Only an administrator can give something away.
        if geteuid().is_root() {
            std::os::unix::fs::chown(&within, Some(12_345), None).expect("gives away");
            let failure = write_files(&within, &of("fine")).expect_err("is refused");
            assert!(failure.to_string().contains("another user"), "{failure}");
        }
        for place in [
            Path::new("/nowhere"),
            &path,
            Path::new(env!("CARGO_MANIFEST_DIR")),
        ] {
            let failure = write_files(place, &of("fine")).expect_err("is refused");
            assert_eq!(failure.exit_code(), 1, "{failure}");
        }
    }

    #[test]
    fn a_disk_is_no_memory() {
        assert!(!is_in_memory(Path::new("/proc")));
        assert!(!is_in_memory(Path::new("/nowhere")));
    }
}
