use std::{
    fs::{DirBuilder, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use tokio::task::spawn_blocking;

/// Most mails of one millisecond.
const TRIES: u32 = 100;

/// Puts a mail into the folder, for whoever builds KeyArc to look at.
pub(super) async fn keep(folder: PathBuf, now_ms: u64, mail: Vec<u8>) -> io::Result<()> {
    let written = spawn_blocking(move || write(&folder, now_ms, &mail)).await;
    let path = written.map_err(io::Error::other)??;
    // Without its content, which a log is not for.
    tracing::info!(path = %path.display(), "a mail lies in the outbox");
    Ok(())
}

fn write(folder: &Path, now_ms: u64, mail: &[u8]) -> io::Result<PathBuf> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    builder.create(folder)?;
    for number in 0..TRIES {
        let path = folder.join(format!("{now_ms}-{number:02}.eml"));
        match options.open(&path) {
            Ok(mut file) => {
                file.write_all(mail)?;
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("too many mails at the same time"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mails_of_one_moment_lie_side_by_side_for_their_owner_alone() {
        let data = tempfile::tempdir().expect("a folder");
        let folder = data.path().join("outbox");
        let first = write(&folder, 7, b"one").expect("written");
        let second = write(&folder, 7, b"two").expect("written");
        assert_eq!(first.file_name(), Some("7-00.eml".as_ref()));
        assert_eq!(std::fs::read(second).expect("there"), b"two");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| {
                let metadata = std::fs::metadata(path).expect("there");
                metadata.permissions().mode() & 0o777
            };
            assert_eq!((mode(&first), mode(&folder)), (0o600, 0o700));
        }
    }
}
