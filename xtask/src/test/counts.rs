//! How many tests passed and failed, and which failed.

use std::{fmt, fs, ops::AddAssign};

use serde_json::Value;

/// Tests that passed, and tests that failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    pub passed: u64,
    pub failed: u64,
    /// Those that failed, as far as they have names.
    pub names: Vec<String>,
}

impl Counts {
    /// A check that counts as one test.
    pub fn one(passed: bool) -> Self {
        Self {
            passed: u64::from(passed),
            failed: u64::from(!passed),
            names: Vec::new(),
        }
    }

    /// So many violations of what is one check.
    pub fn violations(found: usize) -> Self {
        Self {
            passed: u64::from(found == 0),
            failed: found as u64,
            names: Vec::new(),
        }
    }

    /// Gives what failed a name.
    pub fn named(mut self, name: &str) -> Self {
        if self.failed > 0 {
            self.names.push(name.to_owned());
        }
        self
    }

    /// A program that failed without naming a test counts as one failure: it did not compile,
    /// or it died.
    pub fn with_status(mut self, succeeded: bool) -> Self {
        if !succeeded && self.failed == 0 {
            self.failed = 1;
        }
        self
    }

    /// Adds what a line of a Rust test harness tells, if it is its result line,
    /// `test result: ok. 3 passed; 0 failed; …`, or that of a test that failed, `test a::b ... FAILED`.
    pub fn read_line(&mut self, line: &str) {
        let failed = line
            .strip_prefix("test ")
            .and_then(|line| line.strip_suffix(" ... FAILED"));
        self.names.extend(failed.map(str::to_owned));
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
        let report: Value = serde_json::from_str(report)?;
        let stat = |name: &str| report["stats"][name].as_u64().unwrap_or(0);
        let outside = report["errors"]
            .as_array()
            .map_or(0, |errors| errors.len() as u64);
        let mut names = Vec::new();
        failed_specs(&report, &mut names);
        Ok(Self {
            passed: stat("expected"),
            failed: stat("unexpected") + stat("flaky") + outside,
            names,
        })
    }
}

/// The specs of a suite, and of those in it, of which a test did not do as expected.
fn failed_specs(suite: &Value, names: &mut Vec<String>) {
    let list = |of: &Value, name: &str| of[name].as_array().cloned().unwrap_or_default();
    for spec in list(suite, "specs") {
        let told = list(&spec, "tests")
            .into_iter()
            .filter(|test| !matches!(test["status"].as_str(), Some("expected" | "skipped")));
        names.extend(told.map(|test| {
            let text = |of: &Value| of.as_str().unwrap_or_default().to_owned();
            let (project, file) = (text(&test["projectName"]), text(&spec["file"]));
            let mut name = format!("[{project}] {file}: {}", text(&spec["title"]));
            for result in list(&test, "results") {
                for error in list(&result, "errors") {
                    name.push_str(&indented(&text(&error["message"]), 30));
                }
                for attached in list(&result, "attachments") {
                    if attached["name"] == "error-context" {
                        name.push_str(&page_in(&text(&attached["path"])));
                    }
                }
            }
            name
        }));
    }
    for inner in list(suite, "suites") {
        failed_specs(&inner, names);
    }
}

/// What stood on the page when a test failed, as the runner wrote it down beside other things: why
/// something did not come can often be read there and nowhere else.
fn page_in(context: &str) -> String {
    let told = fs::read_to_string(context).unwrap_or_default();
    let page = told.split_once("```yaml\n").map(|(_, page)| page);
    page.map_or_else(String::new, |page| {
        let page = page.split("\n```").next().unwrap_or_default();
        indented(&format!("the page:\n{page}"), 150)
    })
}

/// The first lines of what a test said when it failed: where only the end of a log is kept, they are
/// all that is left of it.
fn indented(message: &str, most: usize) -> String {
    // What tells a terminal something ends with the first of these characters.
    let mut parts = message.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    let plain = parts.fold(first, |plain, part| {
        let body = part.strip_prefix('[').unwrap_or(part);
        let end = body.find(|c| ('@'..='~').contains(&c));
        plain + end.map_or(body, |end| &body[end + 1..])
    });
    let lines = plain.lines().filter(|line| !line.trim().is_empty());
    lines.take(most).fold(String::new(), |mut told, line| {
        told.push_str("\n    ");
        told.push_str(line);
        told
    })
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.names.extend(other.names);
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
        counts.read_line("test deep::inside ... FAILED");
        counts.read_line("test deep::beside ... ok");
        assert_eq!(counts.to_string(), "15 passed, 2 failed");
        assert_eq!(counts.names, ["deep::inside"]);
    }

    #[test]
    fn a_program_that_dies_is_a_failure() {
        let count = |counts: Counts| (counts.passed, counts.failed);
        assert_eq!(count(Counts::default().with_status(false)), (0, 1));
        assert_eq!(count(Counts::one(true).with_status(true)), (1, 0));
        assert_eq!(count(Counts::one(false).with_status(false)), (0, 1));
        assert_eq!(count(Counts::violations(0)), (1, 0));
        assert_eq!(count(Counts::violations(3)), (0, 3));
    }

    #[test]
    fn what_failed_has_a_name() {
        assert_eq!(Counts::one(false).named("types").names, ["types"]);
        assert_eq!(Counts::one(true).named("types"), Counts::one(true));
    }

    #[test]
    fn what_stood_on_the_page_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let context = folder.path().join("error-context.md");
        let told = "# Instructions\n\n- explain\n\n# Error details\n\n```\nnot seen\n```\n\n```yaml\n- main:\n  - text: x\n```\n\n# Test source\n\nno";
        fs::write(&context, told).expect("written");
        let report = serde_json::json!({
            "stats": {"unexpected": 1},
            "suites": [{"specs": [{"title": "one", "file": "a.spec.ts", "tests": [{
                "projectName": "desktop", "status": "unexpected", "results": [{
                    "errors": [{"message": "not seen"}],
                    "attachments": [{"name": "screenshot", "path": context}, {"name": "error-context", "path": context}]
                }]
            }]}]}]
        });
        let counts = Counts::of_playwright(&report.to_string()).expect("a report");
        assert_eq!(
            counts.names,
            ["[desktop] a.spec.ts: one\n    not seen\n    the page:\n    - main:\n      - text: x"]
        );
    }

    #[test]
    fn flaky_browser_tests_count_as_failed() {
        let report = r#"{
            "stats": {"expected": 5, "unexpected": 1, "flaky": 1, "skipped": 2}, "errors": [{}],
            "suites": [{
                "specs": [{"title": "first", "file": "a.spec.ts", "tests": [
                    {"projectName": "desktop", "status": "unexpected"},
                    {"projectName": "phone", "status": "expected"}
                ]}],
                "suites": [{"specs": [{"title": "second", "file": "a.spec.ts", "tests": [
                    {"projectName": "phone", "status": "flaky", "results": [
                        {"errors": [{"message": "\u001b[2K\u001b[2mnot\u001b[22m seen\n\n at b.ts:2"}]}, {"errors": []}
                    ]},
                    {"projectName": "desktop", "status": "skipped"}
                ]}]}]
            }]
        }"#;
        let counts = Counts::of_playwright(report).expect("a report");
        assert_eq!((counts.passed, counts.failed), (5, 3));
        assert_eq!(
            counts.names,
            [
                "[desktop] a.spec.ts: first",
                "[phone] a.spec.ts: second\n    not seen\n     at b.ts:2"
            ]
        );
    }
}
