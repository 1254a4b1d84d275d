//! Looking whether all is well on this machine, and what to do where it is not.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, UNIX_EPOCH},
};

use keyarc_client::{Distrust, Host as _, NativeHost, http_client};
use keyarc_lookup::printable;
use keyarc_reference::SCHEME;
use keyarc_vault::{import, recognise_named};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    args::Printed,
    cache::{self, Kept},
    colour::{self, Tone, Toned},
    failure::Failure,
    home::Home,
    keeper, machine, memory,
    open::{self, distrusted},
    output,
    project::Project,
    vault::{Answer, Question, Status},
};

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How far clocks may be apart before it is said, in seconds. Codes of authenticator apps change
/// every half minute.
const APART: u64 = 30;
/// How far they may be apart at all: log-ins are signed for minutes.
const FAR_APART: u64 = 5 * 60;
/// Bytes of the longest answer about the server's health.
const HEALTH_MAX: usize = 16 * 1024;
/// Bytes of the largest file of variables that is looked into.
const ENV_FILE_MAX: u64 = 1024 * 1024;

// `keyarc doctor`
#[derive(Debug, clap::Args)]
pub struct Doctor {
    #[command(flatten)]
    pub printed: Printed,
}

/// How well something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Level {
    Ok,
    /// Worth knowing, and no fault.
    Note,
    Warning,
    Error,
}

/// What was looked at, and how it is.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Finding {
    check: &'static str,
    level: Level,
    says: String,
    /// What to do; absent where there is nothing to do.
    advice: Option<String>,
}

#[derive(Serialize)]
struct Told {
    well: bool,
    findings: Vec<Finding>,
}

impl Finding {
    fn new(check: &'static str, level: Level, says: impl Into<String>) -> Self {
        Self {
            check,
            level,
            says: says.into(),
            advice: None,
        }
    }

    fn ok(check: &'static str, says: impl Into<String>) -> Self {
        Self::new(check, Level::Ok, says)
    }

    /// A failure says itself what to do.
    fn failed(check: &'static str, failure: &Failure) -> Self {
        Self::new(check, Level::Error, failure.to_string())
    }

    fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

/// Looks at everything, and prints it.
pub async fn run(home: &Home, wish: &Doctor) -> Result<ExitCode, Failure> {
    let mut findings = Vec::new();
    let account = home.account();
    match &account {
        Ok(account) => {
            let server = printable(&account.server);
            findings.push(Finding::ok("account", format!("known here, at {server}")));
            findings.extend(match home.is_offline() {
                true => vec![Finding::new("server", Level::Note, "not asked: --offline")],
                false => server_is(&account.server).await,
            });
            findings.extend(vault_is(home).await);
        }
        Err(failure) => findings.push(Finding::failed("account", failure)),
    }
    findings.push(cache_is());
    let project = Project::here();
    let server = account.as_ref().map_or("", |account| &account.server);
    findings.push(project_is(project.as_ref(), server));
    findings.extend(files_are(Path::new(".")));
    findings.push(match memory::parent() {
        Some(folder) => Finding::ok(
            "editing",
            format!("in memory, in {}", printable(&folder.display().to_string())),
        ),
        None => Finding::new(
            "editing",
            Level::Note,
            "there is no file system in memory, so that `keyarc edit` does not work here",
        )
        .advice("use `keyarc set`, or mount a tmpfs at /dev/shm"),
    });
    findings.push(
        Finding::new("completions", Level::Note, "shells can complete commands")
            .advice("put what `keyarc completions bash` prints where your shell looks for it"),
    );
    let well = !findings
        .iter()
        .any(|one| matches!(one.level, Level::Warning | Level::Error));
    match wish.printed.json {
        true => output::json(&Told { well, findings })?,
        false => {
            let coloured = colour::on_stdout();
            output::lines(findings.iter().flat_map(|one| lines(one, coloured)))?;
        }
    }
    Ok(ExitCode::from(u8::from(!well)))
}

fn lines(one: &Finding, coloured: bool) -> impl Iterator<Item = String> {
    let (level, tone) = match one.level {
        Level::Ok => ("ok", Tone::Good),
        Level::Note => ("note", Tone::Faint),
        Level::Warning => ("warning", Tone::Warning),
        Level::Error => ("error", Tone::Bad),
    };
    let level = Toned::new(format!("{level:8}"), tone);
    let first = format!("{} {:12} {}", level.shown(coloured), one.check, one.says);
    let advice = one.advice.as_ref();
    let advice = advice.map(|advice| format!("{:21} {advice}", ""));
    [Some(first), advice].into_iter().flatten()
}

/// What the server says of itself.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Health {
    status: String,
    version: String,
}

async fn server_is(server: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    // Only an address that is spoken to at all is asked.
    if let Err(failure) = open::transport(server) {
        return vec![Finding::failed("server", &failure)];
    }
    let Ok(client) = http_client() else {
        return vec![Finding::new(
            "server",
            Level::Error,
            "the HTTP client cannot be set up",
        )];
    };
    let asked = client.get(format!("{server}/health")).timeout(PATIENCE);
    let answer = match asked.send().await {
        Ok(answer) => answer,
        Err(error) => {
            return vec![match Distrust::of(&error) {
                Some(why) => Finding::failed("server", &distrusted(server, why)),
                None => Finding::failed("server", &Failure::Unreachable)
                    .advice("look whether this machine has a network, and the server runs"),
            }];
        }
    };
    let line = match server.starts_with("https://") {
        true => "over TLS",
        false => "without TLS, on this machine",
    };
    let date = answer
        .headers()
        .get("date")
        .and_then(|date| date.to_str().ok());
    let date = date.and_then(|date| httpdate::parse_http_date(date).ok());
    let date = date.and_then(|date| date.duration_since(UNIX_EPOCH).ok());
    let health: Health = body(answer)
        .await
        .and_then(|body| serde_json::from_slice(&body).ok())
        .unwrap_or_default();
    findings.push(match health.status.as_str() {
        "ok" => Finding::ok(
            "server",
            format!("answers {line}, version {}", printable(&health.version)),
        ),
        "" => Finding::new(
            "server",
            Level::Error,
            format!("what answers {line} is no server of KeyArc"),
        )
        .advice("look whether the address is right, and what stands before the server"),
        other => Finding::new(
            "server",
            Level::Warning,
            format!("answers {line} that it is {}", printable(other)),
        )
        .advice("tell whoever runs it"),
    });
    if let Some(date) = date {
        findings.push(clock_is(NativeHost.now_ms() / 1_000, date.as_secs()));
    }
    findings
}

/// Both in Unix seconds.
fn clock_is(own: u64, server: u64) -> Finding {
    let apart = own.abs_diff(server);
    let direction = if own > server { "ahead of" } else { "behind" };
    let says = format!("this machine's clock is {apart} s {direction} the server's");
    match apart {
        0..=APART => Finding::ok("clock", format!("within {APART} s of the server's")),
        _ if apart <= FAR_APART => Finding::new("clock", Level::Warning, says)
            .advice("set it by the network: one-time codes are wrong by then"),
        _ => Finding::new("clock", Level::Error, says)
            .advice("set it by the network: log-ins are refused for it"),
    }
}

async fn body(mut answer: reqwest::Response) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.ok()? {
        if body.len() + piece.len() > HEALTH_MAX {
            return None;
        }
        body.extend_from_slice(&piece);
    }
    Some(body)
}

async fn vault_is(home: &Home) -> Vec<Finding> {
    let status = match keeper::ask(home, &Question::Status).await {
        None => {
            let locked = "locked: session, vault and memory were not looked at";
            return vec![
                Finding::new("vault", Level::Warning, locked).advice("run `keyarc unlock`"),
            ];
        }
        Some(Err(failure)) => return vec![Finding::failed("vault", &failure)],
        Some(Ok(answer)) => match &answer {
            Answer::Status(status) => status.clone(),
            _ => return Vec::new(),
        },
    };
    let Status {
        items,
        unreadable,
        freshness_verified,
        memory_locked,
        not_kept,
        kept,
        ..
    } = status;
    let mut findings = vec![
        Finding::ok("session", "valid"),
        match freshness_verified {
            true => Finding::ok(
                "vault",
                format!("unlocked and verified, {}", output::items(items)),
            ),
            false => Finding::ok(
                "vault",
                format!(
                    "unlocked, whole and signed, {}; this machine has seen none before",
                    output::items(items)
                ),
            ),
        },
    ];
    if unreadable > 0 {
        let says = format!("{} cannot be opened", output::items(unreadable));
        findings
            .push(Finding::new("vault", Level::Warning, says).advice("look at them in a browser"));
    }
    if let Some(why) = not_kept {
        let says = format!("what was seen of it is not remembered: {}", printable(&why));
        findings.push(Finding::new("vault", Level::Warning, says));
    }
    findings.extend(kept.as_ref().map(|kept| kept_is("offline", kept)));
    findings.push(match memory_locked {
        true => Finding::ok("memory", "locked: keys are not written to a swap file"),
        false => Finding::new(
            "memory",
            Level::Note,
            "not locked: keys could be written to a swap file",
        )
        .advice("allow a gigabyte of it (ulimit -l), or encrypt the swap file"),
    });
    findings
}

/// What is kept of a machine token's copy, if the environment gives one.
fn cache_is() -> Finding {
    let given = match machine::given() {
        Ok(given) => given,
        Err(failure) => return Finding::failed("cache", &failure),
    };
    let kept = match &given {
        None => {
            return match cache::max_age() {
                Ok(_) => Finding::ok(
                    "cache",
                    "no machine token is set, so no copy is kept on disk",
                ),
                Err(failure) => Finding::failed("cache", &failure),
            };
        }
        Some(given) => given.kept(),
    };
    match kept {
        Err(failure) => Finding::failed("cache", &failure),
        Ok(Some(kept)) => kept_is("cache", &kept),
        Ok(None) => Finding::new("cache", Level::Note, "no copy is kept of what the token reads")
            .advice(format!(
                "set {} to the time for which one may be used, as in 24h, if commands are to go on without the server",
                cache::MAX_AGE
            )),
    }
}

fn kept_is(check: &'static str, kept: &Kept) -> Finding {
    match &kept.not_used {
        None => Finding::ok(check, kept.in_words()),
        Some(why) => {
            let says = format!("{}; it is not used: {}", kept.in_words(), printable(why));
            Finding::new(check, Level::Warning, says)
                .advice("the next answer of the server takes its place")
        }
    }
}

fn project_is(project: Result<&Project, &Failure>, server: &str) -> Finding {
    let project = match project {
        Ok(project) => project,
        Err(failure) => return Finding::failed("project", failure),
    };
    let Some(path) = &project.path else {
        return Finding::ok("project", "no keyarc.toml here or above");
    };
    match project.check(server) {
        Err(failure) if !server.is_empty() => Finding::failed("project", &failure),
        _ => Finding::ok("project", printable(&path.display().to_string())),
    }
}

/// Files of variables that hold secrets where a reference would do.
fn files_are(folder: &Path) -> Vec<Finding> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let is_wanted = name == ".env" || name.starts_with(".env.") || name.ends_with(".env");
            let known = entry.metadata();
            is_wanted && known.is_ok_and(|known| known.is_file() && known.len() <= ENV_FILE_MAX)
        })
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    let findings: Vec<Finding> = paths.iter().filter_map(|path| file_is(path)).collect();
    match findings.is_empty() {
        true => vec![Finding::ok("files", "no .env file here holds a secret")],
        false => findings,
    }
}

fn file_is(path: &Path) -> Option<Finding> {
    let text = Zeroizing::new(fs::read_to_string(path).ok()?);
    let parsed = import::parse(&text);
    let found: Vec<String> = parsed
        .assignments
        .iter()
        .filter(|one| !one.value.starts_with(SCHEME))
        .filter_map(|one| {
            let seems = recognise_named(&one.name, &one.value)?;
            Some(format!("{} ({})", printable(&one.name), seems.label))
        })
        .collect();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    (!found.is_empty()).then(|| {
        let says = format!("{} holds secrets: {}", printable(&name), found.join(", "));
        Finding::new("files", Level::Warning, says).advice(
            "import it, and put keyarc://… in the place of each value: then it can be committed",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_may_be_some_seconds_apart() {
        for (own, level) in [
            (1_000_000, Level::Ok),
            (1_000_030, Level::Ok),
            (1_000_031, Level::Warning),
            (999_700, Level::Warning),
            (999_699, Level::Error),
            (0, Level::Error),
        ] {
            assert_eq!(clock_is(own, 1_000_000).level, level, "{own}");
        }
        assert!(clock_is(0, 400).says.contains("behind"));
    }

    #[test]
    fn secrets_in_files_are_told_by_name_and_provider_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            fs::write(folder.path().join(name), text).expect("writes");
        };
        write(".env", "A=keyarc://personal/Stripe/value\nLEVEL=info\n");
        assert_eq!(files_are(folder.path())[0].level, Level::Ok);
        let key = "sk_live_51MabcdefghijklmnopqrstuvwxABCDEFGHIJKLMNOPQRSTUVWX";
        write("app.env", &format!("STRIPE={key}\n"));
        write("notes.txt", &format!("STRIPE={key}\n"));
        let found = files_are(folder.path());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].level, Level::Warning);
        let says = &found[0].says;
        assert!(
            says.starts_with("app.env holds secrets: STRIPE (Stripe"),
            "{says}"
        );
        assert!(!says.contains("51M"), "{says}");
    }
}
