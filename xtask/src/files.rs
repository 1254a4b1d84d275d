//! Small things done with files.

use std::{
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use anyhow::Context as _;

/// Every file below `folder`, in a fixed order. A folder that is not there has none.
pub fn below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in
            fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))?
        {
            let path = entry?.path();
            match path.is_dir() {
                true => waiting.push(path),
                false => found.push(path),
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Copies a folder over another, which is emptied first.
pub fn replace_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    if to.exists() {
        fs::remove_dir_all(to).with_context(|| format!("emptying {}", to.display()))?;
    }
    for file in below(from)? {
        let place = to.join(file.strip_prefix(from)?);
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::copy(&file, &place).with_context(|| format!("copying {}", file.display()))?;
    }
    Ok(())
}

/// Gives each file of a folder a second name in another one, but for files and folders that
/// `wanted` leaves out by their name. A folder that is not there has none.
pub fn link_folder(
    from: &Path,
    to: &Path,
    wanted: impl Fn(&str) -> bool + Copy,
) -> anyhow::Result<()> {
    if !from.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("reading {}", from.display()))? {
        let entry = entry?;
        let (path, place) = (entry.path(), to.join(entry.file_name()));
        if !wanted(&entry.file_name().to_string_lossy()) {
            continue;
        }
        if path.is_dir() {
            link_folder(&path, &place, wanted)?;
        } else {
            fs::hard_link(&path, &place).with_context(|| format!("linking {}", place.display()))?;
        }
    }
    Ok(())
}

/// A number that changes when one of the files below `inputs` does: name, size or time.
pub fn fingerprint(inputs: &[PathBuf]) -> anyhow::Result<String> {
    let mut hasher = DefaultHasher::new();
    for input in inputs {
        let files = if input.is_file() {
            vec![input.clone()]
        } else {
            below(input)?
        };
        for file in files {
            let data =
                fs::metadata(&file).with_context(|| format!("reading {}", file.display()))?;
            let time = data
                .modified()?
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default();
            (file, data.len(), time).hash(&mut hasher);
        }
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// Whether the stamp at `path` says `text`.
pub fn is_stamped(path: &Path, text: &str) -> bool {
    fs::read_to_string(path).is_ok_and(|found| found == text)
}

/// Remembers that what `text` stands for is done.
pub fn stamp(path: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_follows_the_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("deep/er/file");
        fs::create_dir_all(file.parent().expect("a parent")).expect("folders");
        fs::write(&file, "one").expect("a file");
        let inputs = [folder.path().to_path_buf()];
        let first = fingerprint(&inputs).expect("a fingerprint");
        assert_eq!(first, fingerprint(&inputs).expect("the same"));
        fs::write(&file, "three").expect("another content");
        assert_ne!(first, fingerprint(&inputs).expect("another"));
    }

    #[test]
    fn a_linked_folder_has_the_files_that_are_wanted() {
        let folder = tempfile::tempdir().expect("a folder");
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        for name in ["a/one", "a/ours-1", "ours/two", "three"] {
            let path = from.join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            fs::write(path, name).expect("a file");
        }
        link_folder(&from, &to, |name| !name.contains("ours")).expect("linked");
        assert_eq!(
            below(&to).expect("files"),
            [to.join("a/one"), to.join("three")]
        );
        let nothing = folder.path().join("nothing");
        link_folder(&nothing, &to, |_| true).expect("nothing to link");
    }

    #[test]
    fn replacing_a_folder_leaves_nothing_of_the_old_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        for (path, text) in [(from.join("a/b"), "new"), (to.join("old"), "old")] {
            fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            fs::write(path, text).expect("a file");
        }
        replace_folder(&from, &to).expect("copied");
        assert_eq!(below(&to).expect("files"), [to.join("a/b")]);
    }
}
