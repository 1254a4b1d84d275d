use std::fmt;

/// One variable that breaks its rule. The value is never kept: it may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The variable, for example `PUBLIC_ORIGIN`.
    pub variable: &'static str,
    /// The rule, completing the sentence that begins with the variable's name.
    pub rule: String,
}

/// Every mistake in the configuration. The server does not start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// In the order the variables are documented.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.problems.len();
        let noun = if count == 1 { "mistake" } else { "mistakes" };
        write!(f, "The configuration has {count} {noun}:")?;
        for problem in &self.problems {
            write!(f, "\n  {} {}.", problem.variable, problem.rule)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
