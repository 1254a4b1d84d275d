//! Two builds from different folders give the same site.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::Counts;
use crate::{build, files, say, workspace::Workspace};

pub fn run(workspace: &Workspace) -> anyhow::Result<Counts> {
    build::release(workspace)?;
    let Some(second) = build::second_site(workspace)? else {
        say::step("the second build of the same sources was alike");
        return Ok(Counts::one(true));
    };
    let found = differences(&workspace.site(), &second.workspace.site())?;
    for file in &found {
        say::line(&format!("{} differs between two builds", file.display()));
    }
    if found.is_empty() {
        build::second_was_alike(workspace, &second)?;
    }
    Ok(Counts::one(found.is_empty()))
}

/// Files that are in one folder only, or have other content there. A release manifest describes
/// the site and is no part of it.
fn differences(one: &Path, other: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let contents = |site: &Path| -> anyhow::Result<BTreeMap<PathBuf, Vec<u8>>> {
        files::below(site)?
            .into_iter()
            .filter(|file| !file.ends_with("release.txt"))
            .map(|file| Ok((file.strip_prefix(site)?.to_owned(), fs::read(&file)?)))
            .collect()
    };
    let (one, other) = (contents(one)?, contents(other)?);
    anyhow::ensure!(!one.is_empty(), "the site is empty");
    let mut names: Vec<_> = one.keys().chain(other.keys()).collect();
    names.sort();
    names.dedup();
    names.retain(|name| one.get(*name) != other.get(*name));
    Ok(names.into_iter().cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_named() {
        let (one, other) = (
            tempfile::tempdir().expect("a folder"),
            tempfile::tempdir().expect("a folder"),
        );
        let write = |folder: &tempfile::TempDir, name: &str, text: &str| {
            fs::write(folder.path().join(name), text).expect("written");
        };
        assert!(differences(one.path(), other.path()).is_err());
        for (name, mine, theirs) in [("same.js", "a", "a"), ("other.css", "a", "b")] {
            write(&one, name, mine);
            write(&other, name, theirs);
        }
        write(&other, "more.wasm", "");
        write(&one, "release.txt", "signed");
        let found = differences(one.path(), other.path()).expect("compared");
        assert_eq!(found, ["more.wasm", "other.css"].map(PathBuf::from));
    }
}
