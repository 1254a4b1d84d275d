use anyhow::bail;

use crate::{
    test::{self, Part},
    workspace::Workspace,
};

/// Runs one part of the tests, or all of them in the order of what fails fastest.
pub fn run(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<bool> {
    let (own, passed_on) = match arguments.iter().position(|word| word == "--") {
        Some(at) => (&arguments[..at], &arguments[at + 1..]),
        None => (arguments, &arguments[arguments.len()..]),
    };
    match own {
        [] => test::run_parts(workspace, &test::ALL, passed_on),
        [name] => match Part::named(name) {
            Some(part) => test::run_parts(workspace, &[part], passed_on),
            None => bail!(
                "there is no part `{name}`; there are: {}",
                Part::names().join(", ")
            ),
        },
        [_, extra, ..] => bail!("one part at a time: what is `{extra}`?"),
    }
}
