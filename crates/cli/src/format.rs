//! Variables as shells, files and other programs read them.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use clap::ValueEnum;
use keyarc_lookup::printable;
use keyarc_vault::import;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{
    failure::Failure,
    variables::{Variables, is_name},
};

/// For whom variables are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Lines for a shell: eval "$(keyarc env)".
    Shell,
    /// A .env file.
    Dotenv,
    /// A JSON object.
    Json,
    /// A file for `docker run --env-file`, which knows no quoting.
    Docker,
    /// A Secret for Kubernetes, as YAML; needs --name.
    K8s,
    /// For $GITHUB_ENV or $GITHUB_OUTPUT of a GitHub workflow.
    Github,
    /// What tells a GitHub workflow to mask the values in its log.
    GithubMask,
}

/// Writes variables. What the format cannot hold is told by the variable's name, and nothing is
/// written then. `name` is what a Kubernetes Secret is called; `rng` makes delimiters that no value
/// has in it.
pub fn written(
    format: Format,
    name: Option<&str>,
    variables: &Variables,
    rng: &mut impl CryptoRng,
) -> Result<Zeroizing<String>, Failure> {
    let mut out = Zeroizing::new(String::new());
    if format == Format::Json {
        let plain: std::collections::BTreeMap<&str, &str> = variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        *out = serde_json::to_string_pretty(&plain)
            .map_err(|error| Failure::Other(error.to_string()))?;
        out.push('\n');
        return Ok(out);
    }
    if format == Format::K8s {
        let name = name.filter(|name| is_object_name(name)).ok_or_else(|| {
            Failure::Usage(
                "--format k8s needs --name: small letters, digits, - and ., as Kubernetes names objects".to_owned(),
            )
        })?;
        out.push_str(&format!(
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\ntype: Opaque\ndata:\n"
        ));
    }
    for (name, value) in variables {
        // Each name stands bare in a line: one with a line end in it would be a variable more.
        if !is_bare(name) {
            return Err(no_name(name, "letters, digits, _, . and -"));
        }
        let line = Zeroizing::new(match format {
            Format::Shell => shell(name, value)?,
            Format::Dotenv => dotenv(name, value)?,
            Format::Docker => docker(name, value)?,
            Format::K8s => format!("  {name}: {}\n", BASE64_STANDARD.encode(value.as_bytes())),
            Format::Github => github(name, value, rng)?,
            Format::GithubMask => github_mask(value),
            // Written above, as a whole.
            Format::Json => String::new(),
        });
        out.push_str(&line);
    }
    Ok(out)
}

fn cannot(name: &str, why: &str) -> Failure {
    Failure::Usage(format!("{name}: its value has {why}"))
}

fn no_name(name: &str, rule: &str) -> Failure {
    Failure::Usage(format!(
        "{} is no name of a variable: {rule}",
        printable(name)
    ))
}

/// What an environment set calls its variables, whoever wrote it.
fn is_bare(name: &str) -> bool {
    let rest = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(rest)
}

/// In single quotes nothing has a meaning (POSIX.1-2024, section 2.2.2), so that only they
/// themselves must be written otherwise.
fn shell(name: &str, value: &str) -> Result<String, Failure> {
    if !is_name(name) {
        return Err(no_name(name, "letters, digits and _, to a shell"));
    }
    if value.contains('\0') {
        return Err(cannot(name, "a NUL in it, which no shell can hold"));
    }
    Ok(format!(
        "export {name}='{}'\n",
        value.replace('\'', r"'\''")
    ))
}

fn dotenv(name: &str, value: &str) -> Result<String, Failure> {
    let is_plain = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    match value.chars().all(is_plain) {
        true => Ok(import::render([(name, value)])),
        false => Err(cannot(
            name,
            "control characters in it, which a .env file cannot hold",
        )),
    }
}

/// Docker takes each line as it is, to its end.
fn docker(name: &str, value: &str) -> Result<String, Failure> {
    match value.contains(['\n', '\r', '\0']) {
        true => Err(cannot(
            name,
            "several lines, which an env file of Docker cannot hold; use --format json or k8s",
        )),
        false => Ok(format!("{name}={value}\n")),
    }
}

/// A value between two lines that it does not have in it
/// (<https://docs.github.com/actions/reference/workflow-commands>, "Multiline strings").
fn github(name: &str, value: &str, rng: &mut impl CryptoRng) -> Result<String, Failure> {
    if value.contains('\0') {
        return Err(cannot(name, "a NUL in it, which a workflow cannot hold"));
    }
    loop {
        let mut random = [0; 16];
        rng.fill_bytes(&mut random);
        let mark = format!("keyarc_{:032x}", u128::from_be_bytes(random));
        if !value.contains(&mark) {
            return Ok(format!("{name}<<{mark}\n{value}\n{mark}\n"));
        }
    }
}

/// A mask for each line: a log is masked line by line.
fn github_mask(value: &str) -> String {
    let lines = value.lines().filter(|line| !line.trim().is_empty());
    let escaped = |line: &str| line.replace('%', "%25").replace('\r', "%0D");
    lines
        .map(|line| format!("::add-mask::{}\n", escaped(line)))
        .collect()
}

/// A DNS subdomain (RFC 1123), which is how Kubernetes names most objects.
fn is_object_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let edge =
            |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        edge(label.chars().next()) && edge(label.chars().next_back()) && label.chars().all(inner)
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use keyarc_client::{Host as _, NativeHost};
    use proptest::prelude::*;

    use super::*;

    fn all(pairs: &[(&str, &str)]) -> Variables {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| ((*name).to_owned(), Zeroizing::new((*value).to_owned())))
            .collect()
    }

    fn write(format: Format, name: Option<&str>, pairs: &[(&str, &str)]) -> Result<String, String> {
        written(format, name, &all(pairs), &mut NativeHost.rng())
            .map(|text| text.as_str().to_owned())
            .map_err(|failure| failure.to_string())
    }

    #[test]
    fn each_reader_gets_what_it_reads() {
        let pairs = [("A", "it's $HOME"), ("B", "one\ntwo")];
        let told = |format, name| write(format, name, &pairs).expect("is written");
        assert_eq!(
            told(Format::Shell, None),
            "export A='it'\\''s $HOME'\nexport B='one\ntwo'\n"
        );
        assert_eq!(
            told(Format::Dotenv, None),
            "A=\"it's \\$HOME\"\nB=\"one\\ntwo\"\n"
        );
        assert_eq!(
            told(Format::Json, None),
            "{\n  \"A\": \"it's $HOME\",\n  \"B\": \"one\\ntwo\"\n}\n"
        );
        assert_eq!(
            told(Format::K8s, Some("app.secrets")),
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: app.secrets\ntype: Opaque\ndata:\n  A: aXQncyAkSE9NRQ==\n  B: b25lCnR3bw==\n"
        );
        assert_eq!(
            write(Format::Docker, None, &pairs[..1]),
            Ok("A=it's $HOME\n".to_owned())
        );
        assert_eq!(
            told(Format::GithubMask, None),
            "::add-mask::it's $HOME\n::add-mask::one\n::add-mask::two\n"
        );
        let github = told(Format::Github, None);
        let lines: Vec<&str> = github.lines().collect();
        let mark = lines[0].strip_prefix("A<<").expect("a mark");
        assert_eq!((lines[1], lines[2]), ("it's $HOME", mark));
        assert_eq!((lines[4], lines[5]), ("one", "two"));
    }

    #[test]
    fn what_a_format_cannot_hold_is_told_by_name_and_without_the_value() {
        for (format, name, value) in [
            (Format::Shell, "A", "canary\0"),
            (Format::Shell, "A.B", "canary"),
            (Format::Dotenv, "A", "canary\u{7}"),
            (Format::Docker, "A", "canary\nb"),
            (Format::Github, "A", "canary\0"),
            (Format::K8s, "A", "canary"),
        ] {
            let told = write(format, None, &[(name, value)]).expect_err("is refused");
            assert!(!told.contains("canary"), "{told}");
            assert!(told.contains(name) || format == Format::K8s, "{told}");
        }
        for name in ["", "A", "-a", "a-", "a..b", "a_b", &"a".repeat(254)] {
            assert!(write(Format::K8s, Some(name), &[]).is_err(), "{name}");
        }
    }

    #[test]
    fn a_name_that_would_be_another_line_is_written_nowhere() {
        for format in [
            Format::Shell,
            Format::Dotenv,
            Format::Docker,
            Format::K8s,
            Format::Github,
            Format::GithubMask,
        ] {
            for name in ["", "1A", "A\nPATH", "A=B", "A: x", "A\u{1b}[2J", "A<<B"] {
                let told = write(format, Some("x"), &[(name, "canary")]).expect_err("is refused");
                assert!(
                    !told.contains(['\n', '\u{1b}']) && !told.contains("canary"),
                    "{told}"
                );
            }
        }
        // JSON escapes whatever it is.
        let json = write(Format::Json, None, &[("A\nPATH", "b")]);
        assert_eq!(json, Ok("{\n  \"A\\nPATH\": \"b\"\n}\n".to_owned()));
    }

    proptest! {
        #[test]
        fn a_shell_reads_back_every_value(value in "[^\0]{0,60}") {
            let text = write(Format::Shell, None, &[("V", &value)]).expect("is written");
            let script = format!("{text}printf '%s' \"$V\"");
            let out = std::process::Command::new("sh").arg("-c").arg(script).output().expect("runs");
            prop_assert_eq!(out.stdout, value.into_bytes());
        }

        #[test]
        fn a_dot_env_file_reads_back_every_value(value in "[^\\p{Cc}]{0,60}") {
            let text = write(Format::Dotenv, None, &[("V", &value)]).expect("is written");
            let parsed = import::parse(&text);
            prop_assert_eq!(parsed.errors.len(), 0);
            prop_assert_eq!(&parsed.assignments[0].value, &value);
        }
    }
}
