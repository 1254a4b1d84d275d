//! A secret that stands in a file, as services and containers are given theirs.

use std::{fs::File, io::Read as _, path::Path};

use keyarc_lookup::printable;
use rustix::fs::{StatVfsMountFlags, fstatvfs};
use zeroize::Zeroizing;

use crate::{failure::Failure, memory::is_in_memory, private::refuse_open};

/// The longest file that is read, in bytes.
const LONGEST: usize = 64 * 1024;
/// Where container engines mount secrets.
const MOUNTED: &str = "/run/secrets";

/// Reads a secret, without the line end behind it.
///
/// A file that others may read is refused, unless it was mounted as a secret. Engines of containers
/// and systemd let whatever user a program runs as read what they mount for it, and what keeps
/// others out is that they do not have the mount.
pub fn read(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let failed = |error: &std::io::Error| Failure::of_file("cannot read", path, error);
    let mut file = File::open(path).map_err(|error| failed(&error))?;
    let known = file.metadata().map_err(|error| failed(&error))?;
    let shown = printable(&path.display().to_string());
    if let Err(why) = refuse_open(path, &known)
        && !is_mounted_secret(&file, path)
    {
        return Err(Failure::Machine(why));
    }
    // At once as long as it can become: a text that grows leaves copies behind.
    let mut text = Zeroizing::new(String::with_capacity(LONGEST + 1));
    (&mut file)
        .take(LONGEST as u64 + 1)
        .read_to_string(&mut text)
        .map_err(|error| failed(&error))?;
    let length = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(length);
    match text.len() {
        0 => Err(Failure::Usage(format!("{shown} is empty"))),
        1..=LONGEST => Ok(text),
        _ => Err(Failure::Usage(format!("{shown} has more than 64 kB"))),
    }
}

/// Whether a file stands where nobody can write, and in memory or where secrets are mounted. That
/// nobody can write is not enough: whole systems are read-only, with files for everybody to see.
fn is_mounted_secret(file: &File, path: &Path) -> bool {
    let is_read_only =
        fstatvfs(file).is_ok_and(|mount| mount.f_flag.contains(StatVfsMountFlags::RDONLY));
    let is_below = || {
        path.canonicalize()
            .is_ok_and(|path| path.starts_with(MOUNTED))
    };
    is_read_only && (is_in_memory(path) || is_below())
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn a_secret_is_read_from_a_file_of_ones_own_and_from_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        let told = |content: &[u8], mode: u32| {
            fs::write(&path, content).expect("writes");
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("changes");
            read(&path).map(|text| text.as_str().to_owned())
        };
        assert_eq!(told(b"canary\r\n", 0o600), Ok("canary".to_owned()));
        assert_eq!(told(b" canary ", 0o400), Ok(" canary ".to_owned()));
        for mode in [0o640, 0o604, 0o620, 0o602, 0o644] {
            let failure = told(b"canary", mode).expect_err("is refused");
            assert_eq!(failure.exit_code(), 1, "{mode:o}");
            assert!(failure.to_string().contains("chmod 600"), "{failure}");
        }
        for (content, code) in [
            (&b"\n\n"[..], 2),
            (b"", 2),
            (&[b'a'; LONGEST + 1][..], 2),
            (b"\xff", 1),
        ] {
            let failure = told(content, 0o600).expect_err("is refused");
            assert_eq!(failure.exit_code(), code, "{failure}");
        }
        assert!(told(&[b'a'; LONGEST], 0o600).is_ok());
        for path in ["/nowhere", "/dev/zero", "."] {
            let failure = read(Path::new(path)).expect_err("is refused");
            assert_eq!(failure.exit_code(), 1, "{failure}");
        }
    }
}
