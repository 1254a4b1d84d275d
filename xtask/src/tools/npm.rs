//! Tools that come from npm.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::Tool;
use crate::{files, process, workspace::Workspace};

const SASS: &str = "1.108.2";
const BINARYEN: &str = "132.0.0";
const BITWARDEN: &str = "@bitwarden/cli";
const BITWARDEN_VERSION: &str = "2025.10.0";

/// Compiles the style sheets.
pub fn sass(workspace: &Workspace) -> Tool<'_> {
    package(workspace, "sass", SASS)
}

/// Has `wasm-opt`, which makes the browser part smaller.
pub fn binaryen(workspace: &Workspace) -> Tool<'_> {
    package(workspace, "binaryen", BINARYEN)
}

/// The packages of the browser tests, exactly as their lock file says.
pub fn browser_tests(workspace: &Workspace) -> Tool<'_> {
    locked(workspace, "browser test packages", workspace.end2end())
}

/// The packages of the TypeScript client, likewise.
pub fn typescript_client(workspace: &Workspace) -> Tool<'_> {
    let folder = workspace.typescript_client();
    locked(workspace, "packages of the TypeScript client", folder)
}

/// Bitwarden's program for the shell, with which ours is compared. Nothing is built with it, and
/// nothing of what it would run when it is installed runs.
pub fn bitwarden(workspace: &Workspace) -> Tool<'_> {
    Tool {
        name: BITWARDEN,
        version: Some(BITWARDEN_VERSION.to_owned()),
        found: Box::new(move || {
            let folder = bitwarden_folder(workspace).join("node_modules");
            installed_version(&folder.join(BITWARDEN))
        }),
        install: Box::new(move || {
            let folder = bitwarden_folder(workspace);
            fs::create_dir_all(&folder)?;
            process::run(
                process::program(workspace, "npm")?
                    .args(["install", "--no-audit", "--no-fund", "--ignore-scripts"])
                    .args(["--omit=dev", "--prefix"])
                    .arg(&folder)
                    .arg(format!("{BITWARDEN}@{BITWARDEN_VERSION}")),
            )
        }),
    }
}

/// Where [`bitwarden`] puts it.
pub fn bitwarden_program(workspace: &Workspace) -> PathBuf {
    bitwarden_folder(workspace).join("node_modules/.bin/bw")
}

fn bitwarden_folder(workspace: &Workspace) -> PathBuf {
    workspace.tools.join("bitwarden")
}

fn locked<'a>(workspace: &'a Workspace, name: &'static str, folder: PathBuf) -> Tool<'a> {
    let there = folder.clone();
    Tool {
        name,
        version: None,
        found: Box::new(move || {
            let lock = fs::read_to_string(there.join("package-lock.json")).ok()?;
            files::is_stamped(&installed_lock(&there), &lock).then_some(lock)
        }),
        install: Box::new(move || {
            process::run(
                process::program(workspace, "npm")?
                    .args(["ci", "--no-audit", "--no-fund"])
                    .current_dir(&folder),
            )?;
            let lock = fs::read_to_string(folder.join("package-lock.json"))?;
            files::stamp(&installed_lock(&folder), &lock)
        }),
    }
}

fn installed_lock(folder: &Path) -> PathBuf {
    folder.join("node_modules/.keyarc-lock.json")
}

fn package<'a>(workspace: &'a Workspace, name: &'static str, version: &'static str) -> Tool<'a> {
    Tool {
        name,
        version: Some(version.to_owned()),
        found: Box::new(move || {
            installed_version(&workspace.tools.join("node_modules").join(name))
        }),
        install: Box::new(move || {
            fs::create_dir_all(&workspace.tools)?;
            process::run(
                process::program(workspace, "npm")?
                    .args([
                        "install",
                        "--no-audit",
                        "--no-fund",
                        "--save-exact",
                        "--prefix",
                    ])
                    .arg(&workspace.tools)
                    .arg(format!("{name}@{version}")),
            )
        }),
    }
}

fn installed_version(folder: &Path) -> Option<String> {
    let manifest = fs::read_to_string(folder.join("package.json")).ok()?;
    let manifest: serde_json::Value = serde_json::from_str(&manifest).ok()?;
    Some(manifest.get("version")?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_of_the_package_installed() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(installed_version(folder.path()), None);
        fs::write(folder.path().join("package.json"), r#"{"version":"1.2.3"}"#).expect("written");
        assert_eq!(installed_version(folder.path()), Some("1.2.3".to_owned()));
    }
}
