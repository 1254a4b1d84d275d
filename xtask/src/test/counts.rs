//! How many tests passed and failed.

use std::{fmt, ops::AddAssign};

/// Tests that passed, and tests that failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub passed: u64,
    pub failed: u64,
}

impl Counts {
    /// A check that counts as one test.
    pub fn one(passed: bool) -> Self {
        Self {
            passed: u64::from(passed),
            failed: u64::from(!passed),
        }
    }

    /// A program that failed without naming a test counts as one failure: it did not compile,
    /// or it died.
    pub fn with_status(mut self, succeeded: bool) -> Self {
        if !succeeded && self.failed == 0 {
            self.failed = 1;
        }
        self
    }

    /// Adds what a line of a Rust test harness tells, if it is its result line:
    /// `test result: ok. 3 passed; 0 failed; …`.
    pub fn read_line(&mut self, line: &str) {
        let Some((_, numbers)) = line.split_once("test result: ") else {
            return;
        };
        let before = |word: &str| -> Option<u64> {
            let words: Vec<&str> = numbers
                .split([' ', ';'])
                .filter(|w| !w.is_empty())
                .collect();
            let at = words.iter().position(|w| *w == word)?;
            words.get(at.checked_sub(1)?)?.parse().ok()
        };
        self.passed += before("passed").unwrap_or(0);
        self.failed += before("failed").unwrap_or(0);
    }

    /// What Playwright's JSON report tells. A flaky test is a failing one.
    pub fn of_playwright(report: &str) -> anyhow::Result<Self> {
        let report: serde_json::Value = serde_json::from_str(report)?;
        let stat = |name: &str| report["stats"][name].as_u64().unwrap_or(0);
        let outside = report["errors"]
            .as_array()
            .map_or(0, |errors| errors.len() as u64);
        Ok(Self {
            passed: stat("expected"),
            failed: stat("unexpected") + stat("flaky") + outside,
        })
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_are_added_and_others_are_not() {
        let mut counts = Counts::default();
        counts.read_line(
            "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
        );
        counts.read_line("    test result: FAILED. 3 passed; 2 failed; 0 ignored");
        counts.read_line("test says 5 passed; 7 failed ... ok");
        assert_eq!(counts.to_string(), "15 passed, 2 failed");
    }

    #[test]
    fn a_program_that_dies_is_a_failure() {
        assert_eq!(
            Counts::default().with_status(false),
            Counts {
                passed: 0,
                failed: 1
            }
        );
        assert_eq!(
            Counts::one(true).with_status(true),
            Counts {
                passed: 1,
                failed: 0
            }
        );
        assert_eq!(
            Counts::one(false).with_status(false),
            Counts {
                passed: 0,
                failed: 1
            }
        );
    }

    #[test]
    fn flaky_browser_tests_count_as_failed() {
        let report =
            r#"{"stats":{"expected":5,"unexpected":1,"flaky":1,"skipped":2},"errors":[{}]}"#;
        assert_eq!(
            Counts::of_playwright(report).expect("a report"),
            Counts {
                passed: 5,
                failed: 3
            }
        );
    }
}
