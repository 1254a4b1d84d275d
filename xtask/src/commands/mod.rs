//! One file per command.

pub mod bench;
pub mod build;
pub mod check;
pub mod client;
pub mod dev;
pub mod fix;
pub mod language;
pub mod malicious_server;
pub mod openapi;
pub mod release;
pub mod serve;
pub mod setup;
pub mod test;
pub mod tidy;

/// For commands that take no arguments: a word that does nothing is a mistake worth telling.
fn no_arguments(command: &str, arguments: &[String]) -> anyhow::Result<()> {
    match arguments.first() {
        Some(word) => anyhow::bail!("`cargo x {command}` takes no `{word}`"),
        None => Ok(()),
    }
}
