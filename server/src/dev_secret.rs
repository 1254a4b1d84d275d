//! The signing secret of development: made once and kept in the data folder, so that sessions
//! of API clients outlive a restart without anybody configuring anything.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use keyarc_service::{Entropy as _, OsEntropy};

use crate::{
    config::{JWT_SECRET_MIN, Secret},
    start::StartError,
};

const FILE: &str = "jwt-secret";

/// Reads the secret, or makes it when there is none.
pub(crate) fn read_or_make(data_dir: &Path) -> Result<Secret, StartError> {
    let path = data_dir.join(FILE);
    let failed = |problem: String| StartError::DevSecret {
        path: path.clone(),
        problem,
    };
    match make(data_dir, &path) {
        Ok(secret) => return Ok(secret),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed(format!("cannot be written: {error}"))),
    }
    let text = fs::read_to_string(&path)
        .map_err(|error| failed(format!("cannot be read: {error}")))?
        .trim()
        .to_owned();
    if text.len() < JWT_SECRET_MIN {
        return Err(failed("is too short; delete it and start again".to_owned()));
    }
    Ok(Secret::new(text))
}

/// Fails with `AlreadyExists` when the file is there, also when another process made it just now.
fn make(data_dir: &Path, path: &PathBuf) -> io::Result<Secret> {
    fs::create_dir_all(data_dir)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let mut bytes = [0; 32];
    OsEntropy.fill(&mut bytes).map_err(io::Error::other)?;
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_made_once_and_belongs_to_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        let first = read_or_make(&data).expect("made");
        let second = read_or_make(&data).expect("read");
        assert_eq!(first, second);
        assert_eq!(first.expose().len(), 64);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(data.join(FILE))
                .expect("there")
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_damaged_file_is_named_and_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(FILE), "canary").expect("written");
        let error = read_or_make(folder.path())
            .expect_err("refused")
            .to_string();
        assert!(
            error.starts_with("DATA_DIR: the file ") && !error.contains("canary"),
            "{error}"
        );
    }
}
