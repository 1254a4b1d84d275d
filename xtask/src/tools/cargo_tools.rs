//! Tools that come from crates.io.

use std::{path::PathBuf, process::Command};

use super::Tool;
use crate::{process, say, workspace::Workspace};

const CARGO_LEPTOS: &str = "0.3.11";
const CARGO_DENY: &str = "0.20.2";

/// For these installs only: without link-time optimisation and with many units a tool takes a
/// third of the time to build, and none of them is where the time goes when it runs.
const FAST_BUILD: [(&str, &str); 4] = [
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
];

/// The browser's compilation target.
pub fn wasm_target(workspace: &Workspace) -> Tool<'_> {
    const TARGET: &str = "wasm32-unknown-unknown";
    Tool {
        name: "wasm32 target",
        version: None,
        found: Box::new(move || {
            let library = process::ask(process::program(workspace, "rustc").ok()?.args([
                "--print",
                "target-libdir",
                "--target",
                TARGET,
            ]))?;
            PathBuf::from(&library).is_dir().then_some(library)
        }),
        install: Box::new(move || {
            process::run(process::program(workspace, "rustup")?.args(["target", "add", TARGET]))
        }),
    }
}

/// Makes JavaScript bindings. Its version must be that of the crate in the lock file.
pub fn wasm_bindgen(workspace: &Workspace) -> anyhow::Result<Tool<'_>> {
    Ok(Tool {
        name: "wasm-bindgen",
        version: Some(workspace.locked_version("wasm-bindgen")?),
        found: Box::new(|| version_of(workspace, "wasm-bindgen", &["--version"])),
        install: Box::new(|| {
            // Not `--locked`: its own lock file names a version that was withdrawn.
            let version = workspace.locked_version("wasm-bindgen")?;
            install(workspace, "wasm-bindgen-cli", &version, &[])
        }),
    })
}

/// Builds server and browser part together.
pub fn cargo_leptos(workspace: &Workspace) -> Tool<'_> {
    Tool {
        name: "cargo-leptos",
        version: Some(CARGO_LEPTOS.to_owned()),
        found: Box::new(|| version_of(workspace, "cargo-leptos", &["--version"])),
        install: Box::new(|| {
            // A dependency asks for a newer compiler than it needs. Without downloads of its
            // own, a missing tool is a clear error rather than whatever version it finds.
            let extra = [
                "--locked",
                "--ignore-rust-version",
                "--features",
                "no_downloads",
            ];
            install(workspace, "cargo-leptos", CARGO_LEPTOS, &extra)
        }),
    }
}

/// Checks licences, sources and advisories.
pub fn cargo_deny(workspace: &Workspace) -> Tool<'_> {
    Tool {
        name: "cargo-deny",
        version: Some(CARGO_DENY.to_owned()),
        found: Box::new(|| version_of(workspace, "cargo-deny", &["--version"])),
        install: Box::new(|| install(workspace, "cargo-deny", CARGO_DENY, &["--locked"])),
    }
}

fn install(
    workspace: &Workspace,
    package: &str,
    version: &str,
    extra: &[&str],
) -> anyhow::Result<()> {
    if process::find("cargo-binstall").is_some() {
        // Compiling is left to the call below, which knows how to do it fast.
        let ready_made = process::succeeds(
            process::cargo(workspace)?
                .args([
                    "binstall",
                    "--no-confirm",
                    "--disable-strategies",
                    "compile",
                    "--root",
                ])
                .arg(&workspace.tools)
                .arg(format!("{package}@{version}")),
        )?;
        if ready_made {
            return Ok(());
        }
        say::note("no ready-made program was found; compiling it");
    }
    process::run(
        process::cargo(workspace)?
            .args([
                "install",
                package,
                "--version",
                version,
                "--force",
                "--root",
            ])
            .arg(&workspace.tools)
            .args(extra)
            .envs(FAST_BUILD)
            .env_remove("CARGO_TARGET_DIR"),
    )
}

/// The version that a program in the tools folder tells. One elsewhere does not count: it would
/// hide that the install step is missing.
fn version_of(workspace: &Workspace, name: &str, arguments: &[&str]) -> Option<String> {
    let program = workspace
        .tools
        .join("bin")
        .join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let text = process::ask(Command::new(program).args(arguments))?;
    version_in(&text)
}

/// `name 1.2.3 (more)` → `1.2.3`.
fn version_in(text: &str) -> Option<String> {
    let version = text.split_whitespace().nth(1)?;
    version
        .starts_with(|c: char| c.is_ascii_digit())
        .then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_the_second_word() {
        assert_eq!(version_in("cargo-leptos 0.3.11"), Some("0.3.11".to_owned()));
        assert_eq!(
            version_in("tool 1.0.0 (abc 2026)"),
            Some("1.0.0".to_owned())
        );
        assert_eq!(version_in("usage: tool"), None);
        assert_eq!(version_in(""), None);
    }
}
