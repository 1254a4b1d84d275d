use std::num::NonZeroU32;

use super::{ConfigError, Problem, Variables};

/// Reads variables one by one and remembers every mistake.
pub(super) struct Reader<'a> {
    variables: &'a Variables,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(variables: &'a Variables) -> Self {
        Self {
            variables,
            problems: Vec::new(),
        }
    }

    /// The variable's text, when it is set and not empty.
    pub(super) fn text(&mut self, name: &'static str) -> Option<&'a str> {
        match self.variables.get(name) {
            Ok(value) => value,
            Err(()) => {
                self.complain(name, "must be UTF-8 text");
                None
            }
        }
    }

    /// A parsed variable; the default when it is unset, and after a complaint.
    pub(super) fn or<T>(
        &mut self,
        name: &'static str,
        default: T,
        rule: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> T {
        let Some(text) = self.text(name) else {
            return default;
        };
        parse(text).unwrap_or_else(|| {
            self.complain(name, rule);
            default
        })
    }

    /// A whole number within bounds.
    pub(super) fn number(&mut self, name: &'static str, default: u32, min: u32, max: u32) -> u32 {
        let rule = format!("must be a whole number from {min} to {max}");
        self.or(name, default, &rule, |text| {
            text.parse()
                .ok()
                .filter(|number| (min..=max).contains(number))
        })
    }

    /// Requests a minute.
    pub(super) fn rate(&mut self, name: &'static str, default: u32) -> NonZeroU32 {
        NonZeroU32::new(self.number(name, default, 1, 1_000_000)).unwrap_or(NonZeroU32::MIN)
    }

    /// Notes a mistake once; a second one for the same variable would only confuse.
    pub(super) fn complain(&mut self, variable: &'static str, rule: impl Into<String>) {
        if self
            .problems
            .iter()
            .all(|problem| problem.variable != variable)
        {
            self.problems.push(Problem {
                variable,
                rule: rule.into(),
            });
        }
    }

    pub(super) fn finish<T>(self, value: T) -> Result<T, ConfigError> {
        if self.problems.is_empty() {
            Ok(value)
        } else {
            Err(ConfigError {
                problems: self.problems,
            })
        }
    }
}
