//! What the operating system provides.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail};

use super::Tool;
use crate::process;

/// The database server that the tests start and throw away.
pub fn postgres() -> Tool<'static> {
    Tool {
        name: "Postgres",
        version: None,
        found: Box::new(|| postgres_programs().map(|folder| folder.display().to_string())),
        install: Box::new(|| debian_packages(&["postgresql"])),
    }
}

/// What the tests of `keyarc` run, beside what every machine has.
pub fn of_tests() -> Vec<Tool<'static>> {
    let mut all = vec![program("direnv", "direnv")];
    if cfg!(target_os = "linux") {
        all.push(program("systemd-analyze", "systemd"));
        // A bus and a keyring. Elsewhere the system's keyring is another, which no test touches.
        for name in ["dbus-daemon", "dbus-send"] {
            all.push(program(name, "dbus"));
        }
        all.push(program("gnome-keyring-daemon", "gnome-keyring"));
    }
    all
}

/// A program of whatever version there is, in a package of the distribution.
fn program(name: &'static str, package: &'static str) -> Tool<'static> {
    Tool {
        name,
        version: None,
        found: Box::new(move || process::find(name).map(|path| path.display().to_string())),
        install: Box::new(move || debian_packages(&[package])),
    }
}

/// Where `initdb` and `postgres` are: Debian keeps them out of the search path.
pub fn postgres_programs() -> Option<PathBuf> {
    let debian = Path::new("/usr/lib/postgresql");
    newest_version(debian).or_else(|| Some(process::find("initdb")?.parent()?.to_path_buf()))
}

fn newest_version(root: &Path) -> Option<PathBuf> {
    let versions = fs::read_dir(root).ok()?.flatten().filter_map(|entry| {
        let number: u32 = entry.file_name().to_str()?.parse().ok()?;
        let programs = entry.path().join("bin");
        let whole = programs.join("initdb").is_file() && programs.join("postgres").is_file();
        whole.then_some((number, programs))
    });
    versions
        .max_by_key(|(number, _)| *number)
        .map(|(_, programs)| programs)
}

/// Whether [`debian_packages`] can work here.
pub fn can_install_packages() -> bool {
    is_debian() && process::is_root()
}

/// Installs packages of the distribution, where that is possible without asking anybody.
pub fn debian_packages(packages: &[&str]) -> anyhow::Result<()> {
    let names = packages.join(" ");
    if !is_debian() {
        bail!("install {names} with the system's package manager, then run this again");
    }
    if !process::is_root() {
        bail!("run `sudo apt-get install {names}`, then run this again");
    }
    let apt = |arguments: &[&str]| {
        process::run(
            Command::new("apt-get")
                .args(arguments)
                .env("DEBIAN_FRONTEND", "noninteractive"),
        )
    };
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(packages);
    if apt(&install).is_ok() {
        return Ok(());
    }
    // The package lists may be old or absent.
    apt(&["update"])?;
    apt(&install).with_context(|| format!("installing {names}"))
}

fn is_debian() -> bool {
    fs::read_to_string("/etc/os-release").is_ok_and(|release| names_debian(&release))
}

/// Not Ubuntu: its browser package is a snap, which does not run in a container.
fn names_debian(release: &str) -> bool {
    release
        .lines()
        .any(|line| line.trim_matches('"') == "ID=debian")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_whole_postgres_is_taken() {
        let root = tempfile::tempdir().expect("a folder");
        for (version, whole) in [("9", true), ("15", true), ("17", false), ("common", true)] {
            let programs = root.path().join(version).join("bin");
            fs::create_dir_all(&programs).expect("a folder");
            fs::write(programs.join("initdb"), "").expect("a file");
            if whole {
                fs::write(programs.join("postgres"), "").expect("a file");
            }
        }
        assert_eq!(
            newest_version(root.path()),
            Some(root.path().join("15/bin"))
        );
    }

    #[test]
    fn only_debian_itself_counts() {
        assert!(names_debian("NAME=\"Debian\"\nID=debian\n"));
        assert!(!names_debian("ID=ubuntu\nID_LIKE=debian\n"));
    }
}
