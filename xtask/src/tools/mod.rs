//! The tools that the commands need, at fixed versions, and how each is installed.

pub mod browser;
mod cargo_tools;
mod npm;
mod python;
pub mod system;

use anyhow::bail;

use crate::{say, workspace::Workspace};

pub use npm::{bitwarden, bitwarden_program, browser_tests, typescript_client};
pub use python::{schemathesis, schemathesis_program};

/// A tool, how to see whether it is there, and how to get it.
pub struct Tool<'a> {
    name: &'static str,
    /// The version wanted; `None` when any will do.
    version: Option<String>,
    /// The version found, or anything when any will do.
    found: Box<dyn Fn() -> Option<String> + 'a>,
    install: Box<dyn Fn() -> anyhow::Result<()> + 'a>,
}

/// What [`Tool::state`] found.
#[derive(Debug, PartialEq, Eq)]
enum State {
    Present(String),
    Other(String),
    Missing,
}

impl Tool<'_> {
    /// Installs the tool unless it is there.
    pub fn ensure(&self) -> anyhow::Result<()> {
        match self.state() {
            State::Present(_) => return Ok(()),
            State::Other(found) => {
                say::step(&format!("{}: {found} is here, installing", self.wanted()))
            }
            State::Missing => say::step(&format!("{}: not here, installing", self.wanted())),
        }
        (self.install)()?;
        match self.state() {
            State::Present(_) => Ok(()),
            State::Other(found) => {
                bail!("{}: after installing it, {found} is found", self.wanted())
            }
            State::Missing => bail!("{}: after installing it, it is not found", self.wanted()),
        }
    }

    /// Tells what [`Self::ensure`] would do.
    pub fn report(&self) {
        let state = match self.state() {
            State::Present(found) if self.version.is_some() => format!("here ({found})"),
            State::Present(_) => "here".to_owned(),
            State::Other(found) => format!("would be installed over {found}"),
            State::Missing => "would be installed".to_owned(),
        };
        say::line(&format!("{}: {state}", self.wanted()));
    }

    fn state(&self) -> State {
        match (&self.version, (self.found)()) {
            (_, None) => State::Missing,
            (Some(wanted), Some(found)) if *wanted != found => State::Other(found),
            (_, Some(found)) => State::Present(found),
        }
    }

    fn wanted(&self) -> String {
        match &self.version {
            Some(version) => format!("{} {version}", self.name),
            None => self.name.to_owned(),
        }
    }
}

/// Whatever compiling for the browser takes: the target and the linker to JavaScript.
pub fn wasm(workspace: &Workspace) -> anyhow::Result<Vec<Tool<'_>>> {
    Ok(vec![
        cargo_tools::wasm_target(workspace),
        cargo_tools::wasm_bindgen(workspace)?,
    ])
}

/// Whatever building a WebAssembly module to be shipped takes.
pub fn module(workspace: &Workspace) -> anyhow::Result<Vec<Tool<'_>>> {
    let mut tools = wasm(workspace)?;
    tools.push(npm::binaryen(workspace));
    Ok(tools)
}

/// Whatever building the site takes.
pub fn site(workspace: &Workspace) -> anyhow::Result<Vec<Tool<'_>>> {
    let mut tools = module(workspace)?;
    tools.extend([npm::sass(workspace), cargo_tools::cargo_leptos(workspace)]);
    Ok(tools)
}

/// The checker of licences and advisories.
pub fn deny(workspace: &Workspace) -> Tool<'_> {
    cargo_tools::cargo_deny(workspace)
}

/// Everything, in the order in which it is cheapest to install.
pub fn all(workspace: &Workspace) -> anyhow::Result<Vec<Tool<'_>>> {
    let mut tools = site(workspace)?;
    tools.extend([
        deny(workspace),
        browser_tests(workspace),
        typescript_client(workspace),
        schemathesis(workspace),
        browser::chromium(workspace),
        browser::chromium_without_windows(workspace),
        browser::chromedriver(workspace),
        system::postgres(),
    ]);
    tools.extend(system::of_tests());
    Ok(tools)
}

/// Installs those that are missing.
pub fn ensure(tools: &[Tool<'_>]) -> anyhow::Result<()> {
    tools.iter().try_for_each(Tool::ensure)
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    fn tool<'a>(
        found: &'a RefCell<Option<String>>,
        installs: &'a Cell<u32>,
        gets: &'a str,
    ) -> Tool<'a> {
        Tool {
            name: "thing",
            version: Some("2".to_owned()),
            found: Box::new(|| found.borrow().clone()),
            install: Box::new(move || {
                installs.set(installs.get() + 1);
                *found.borrow_mut() = Some(gets.to_owned());
                Ok(())
            }),
        }
    }

    #[test]
    fn what_is_there_is_not_installed_again() {
        let (found, installs) = (RefCell::new(Some("2".to_owned())), Cell::new(0));
        tool(&found, &installs, "2").ensure().expect("it is there");
        assert_eq!(installs.get(), 0);
    }

    #[test]
    fn another_version_is_replaced_once() {
        let (found, installs) = (RefCell::new(Some("1".to_owned())), Cell::new(0));
        let tool = tool(&found, &installs, "2");
        tool.ensure().expect("installed");
        tool.ensure().expect("there already");
        assert_eq!(installs.get(), 1);
    }

    #[test]
    fn an_install_that_brings_the_wrong_version_is_an_error() {
        let (found, installs) = (RefCell::new(None), Cell::new(0));
        assert!(tool(&found, &installs, "3").ensure().is_err());
    }
}
