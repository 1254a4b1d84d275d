//! What a coding agent may do, as a person has written it into `mcp.toml` beside what this machine
//! knows of the account. Nothing is read from the folder in which an agent works: whoever can write
//! there must not be able to allow anything.

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;

use crate::{approval::Whom, failure::Failure, home::Home, scope::Scope};

/// What it is called.
pub const FILE: &str = "mcp.toml";
/// For so long a command may run unless it is said otherwise, in seconds.
const TIMEOUT_S: u64 = 120;
/// The longest time that may be said, in seconds.
const TIMEOUT_MAX_S: u64 = 3_600;

/// What is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Which items may be known of and used.
    pub scope: Scope,
    /// Who is asked before a command runs.
    pub whom: Vec<Whom>,
    /// Which commands may run.
    pub commands: Vec<Allowed>,
}

/// A command that may run.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Allowed {
    /// The program and its first arguments, letter by letter.
    pub argv: Vec<String>,
    /// Whether anything may stand behind them.
    #[serde(default)]
    pub more_arguments: bool,
    /// Whether somebody is asked each time.
    #[serde(default = "yes")]
    pub approval: bool,
    /// For so long it may run, in seconds.
    #[serde(default = "timeout_s")]
    pub timeout_seconds: u64,
}

fn yes() -> bool {
    true
}

fn timeout_s() -> u64 {
    TIMEOUT_S
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    #[serde(default)]
    folders: Vec<String>,
    environments: Option<Vec<String>>,
    askpass: Option<PathBuf>,
    #[serde(default)]
    command: Vec<Allowed>,
}

impl Allowed {
    /// Whether a command is this one.
    pub fn is(&self, argv: &[String]) -> bool {
        match self.more_arguments {
            true => argv.starts_with(&self.argv),
            false => argv == self.argv,
        }
    }

    /// For so long it may run.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds)
    }
}

impl Config {
    /// Reads the file. Without one nothing is allowed, and there is nothing to serve.
    pub fn read(home: &Home) -> Result<Self, Failure> {
        let (path, text) = home.private_text(FILE)?;
        let Some(text) = text else {
            return Err(Failure::Usage(format!(
                "{} is not there: docs/cli.md says what a person writes into it, and until then an agent may do nothing",
                path.display()
            )));
        };
        Self::parse(&text).map_err(|why| Failure::Usage(format!("{}: {why}", path.display())))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let written: Written = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start.min(text.len()));
            let line = text.as_bytes()[..start]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count()
                + 1;
            format!("line {line}: {}", error.message())
        })?;
        for allowed in &written.command {
            check(allowed)?;
        }
        if let Some(askpass) = &written.askpass
            && !askpass.is_absolute()
        {
            return Err("askpass is the whole path of a program".to_owned());
        }
        let folders = written.folders.iter();
        let folders = folders.map(|folder| folder.trim_matches('/').to_owned());
        let program = written.askpass.map(Whom::Program);
        Ok(Self {
            scope: Scope {
                folders: folders.collect(),
                environments: written.environments,
            },
            whom: program.into_iter().chain([Whom::Terminal]).collect(),
            commands: written.command,
        })
    }
}

fn check(allowed: &Allowed) -> Result<(), String> {
    let Some(program) = allowed.argv.first() else {
        return Err("argv names a program".to_owned());
    };
    if program.is_empty() || (program.contains('/') && !program.starts_with('/')) {
        return Err(format!(
            "argv: {program} stands in the folder of whoever runs it; write a name that is looked for in PATH, or the whole path"
        ));
    }
    match (1..=TIMEOUT_MAX_S).contains(&allowed.timeout_seconds) {
        true => Ok(()),
        false => Err(format!("timeout-seconds is 1 to {TIMEOUT_MAX_S}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_not_allowed() {
        let none = Config::parse("").expect("reads");
        assert!(none.scope.folders.is_empty() && none.commands.is_empty());
        assert_eq!(none.whom, [Whom::Terminal]);
        let text = "folders = [\"/Payments/\"]\nenvironments = [\"test\"]\naskpass = \"/usr/bin/ask\"\n[[command]]\nargv = [\"npm\", \"test\"]\n";
        let config = Config::parse(text).expect("reads");
        assert_eq!(config.scope.folders, ["Payments"]);
        assert_eq!(
            config.whom,
            [Whom::Program("/usr/bin/ask".into()), Whom::Terminal]
        );
        let allowed = &config.commands[0];
        assert!(allowed.approval && !allowed.more_arguments);
        let is = |words: &[&str]| {
            let argv: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            allowed.is(&argv)
        };
        assert!(is(&["npm", "test"]));
        for other in [
            &["npm"][..],
            &["npm", "test", "--", "x"],
            &["npm", "tes"],
            &["npm", "Test"],
            &["./npm", "test"],
            &["npm test"],
            &[],
        ] {
            assert!(!is(other), "{other:?}");
        }
        let more =
            Config::parse("[[command]]\nargv = [\"npm\", \"test\"]\nmore-arguments = true\n");
        let more = more.expect("reads");
        let argv = ["npm", "test", "x"].map(str::to_owned);
        assert!(more.commands[0].is(&argv) && !more.commands[0].is(&argv[..1]));
    }

    #[test]
    fn what_is_written_wrongly_is_told_with_its_line() {
        for (text, said) in [
            ("folders = 1", "line 1"),
            ("\nfolder = [\"x\"]", "line 2: unknown field"),
            ("[[command]]\nargv = []", "names a program"),
            ("[[command]]\nargv = [\"./x\"]", "looked for in PATH"),
            ("[[command]]\nargv = [\"bin/x\"]", "looked for in PATH"),
            ("[[command]]\nargv = [\"\"]", "looked for in PATH"),
            (
                "[[command]]\nargv = [\"x\"]\ntimeout-seconds = 0",
                "1 to 3600",
            ),
            (
                "[[command]]\nargv = [\"x\"]\napprove = false",
                "unknown field",
            ),
            ("askpass = \"ask\"", "whole path"),
        ] {
            let told = Config::parse(text).expect_err("is refused");
            assert!(told.contains(said), "{text}: {told}");
        }
    }
}
