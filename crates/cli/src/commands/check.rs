//! Testing keys: each is sent to the one host that its test names, and to nobody else.

use std::{
    collections::{BTreeSet, HashMap},
    process::ExitCode,
    time::Duration,
};

use keyarc_client::{Host as _, NativeHost, http_client};
use keyarc_lookup::{Wanted, printable};
use keyarc_vault::{CheckAnswer, CheckOutcome, CheckRequest};
use reqwest::{Client, Method, Url};
use serde::Serialize;

use crate::{
    args::Printed,
    checks::{Checked, ToCheck},
    colour::{Tone, Toned},
    failure::Failure,
    home::Home,
    open, output, prompt,
    vault::{Answer, Question, Row},
};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// A host is asked no more often, in milliseconds.
const HOST_EVERY_MS: u64 = 1_000;
/// Bytes of an answer that are looked into: none that says whether a key works is longer.
const BODY_MAX: usize = 65_536;
/// Sent with every request: some servers refuse those that do not say who asks.
const AGENT: &str = concat!("keyarc/", env!("CARGO_PKG_VERSION"));

// `keyarc test`
#[derive(Debug, clap::Args)]
pub struct Test {
    /// Names, or folder/name.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub items: Vec<String>,
    /// All keys that have a test: a ready-made one, or one that was used before.
    #[arg(long)]
    pub all: bool,
    /// Of which environment, where several items have the name.
    #[arg(long, short, env = "KEYARC_ENVIRONMENT", value_name = "NAME")]
    pub environment: Option<String>,
    /// Agree to send keys to hosts to which none was sent before.
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    pub printed: Printed,
}

#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    row: &'a Row,
    host: &'a str,
    /// Absent when the item was changed meanwhile, and nothing was noted.
    outcome: Option<CheckOutcome>,
    /// The status of HTTP; 0 without an answer.
    status: u16,
}

/// Tests keys, notes what came of it, and prints it.
pub async fn run(home: &Home, wish: Test) -> Result<ExitCode, Failure> {
    let meant = match wish.all {
        true => None,
        false => {
            let typed = |item: &String| {
                let wanted = Wanted::typed(item, None);
                let wanted = wanted.map_err(|error| Failure::Usage(error.to_string()))?;
                Ok(wanted.of_environment(wish.environment.as_deref()))
            };
            let meant: Result<Vec<Wanted>, Failure> = wish.items.iter().map(typed).collect();
            Some(meant?)
        }
    };
    let mut answer = open::ask(home, &Question::Checks(meant)).await?;
    let ahead = match &mut answer {
        Answer::Checks(ahead) => std::mem::take(ahead),
        _ => return Err(Failure::Other("no tests came".to_owned())),
    };
    let ahead = agreed(ahead, wish.yes)?;
    let client = http_client().map_err(|error| Failure::Machine(error.to_string()))?;
    let mut asked_ms: HashMap<&str, u64> = HashMap::new();
    let mut checked = Vec::with_capacity(ahead.len());
    for one in in_turns(&ahead) {
        let since = asked_ms
            .get(one.host.as_str())
            .map(|then| NativeHost.now_ms().saturating_sub(*then));
        let wait = since.map_or(0, |since| HOST_EVERY_MS.saturating_sub(since));
        tokio::time::sleep(Duration::from_millis(wait)).await;
        asked_ms.insert(&one.host, NativeHost.now_ms());
        if prompt::is_possible() {
            eprint!("\r\x1b[K{} of {}", checked.len() + 1, ahead.len());
        }
        let answer = ask(&client, &one.request).await?;
        checked.push((one, answer));
    }
    if prompt::is_possible() {
        eprint!("\r\x1b[K");
    }
    let notes = checked
        .iter()
        .map(|(one, answer)| Checked {
            item: one.row.id.clone(),
            host: one.host.clone(),
            answer: *answer,
        })
        .collect();
    let answer = open::ask(home, &Question::Checked(notes)).await?;
    let outcomes = match &answer {
        Answer::Outcomes(outcomes) if outcomes.len() == checked.len() => outcomes,
        _ => {
            return Err(Failure::Other(
                "other results came than were wanted".to_owned(),
            ));
        }
    };
    let told: Vec<Told<'_>> = checked
        .iter()
        .zip(outcomes)
        .map(|((one, answer), outcome)| Told {
            row: &one.row,
            host: &one.host,
            outcome: *outcome,
            status: answer.status(),
        })
        .collect();
    let is_well = |one: &Told<'_>| one.outcome == Some(CheckOutcome::Valid);
    let code = ExitCode::from(u8::from(!told.iter().all(is_well)));
    match wish.printed.json {
        true => output::json(&told)?,
        false => output::table(["ITEM", "HOST", "RESULT"], told.iter().map(cells))?,
    }
    Ok(code)
}

fn cells(one: &Told<'_>) -> [Toned; 3] {
    let tone = match one.outcome {
        Some(CheckOutcome::Valid) => Tone::Good,
        Some(CheckOutcome::Invalid | CheckOutcome::Expired) => Tone::Bad,
        _ => Tone::Warning,
    };
    let result = match one.outcome {
        Some(CheckOutcome::Valid) => "valid",
        Some(CheckOutcome::Invalid) => "invalid",
        Some(CheckOutcome::Expired) => "expired",
        Some(CheckOutcome::RateLimited) => "too many requests: nothing is known",
        Some(CheckOutcome::Unreachable | CheckOutcome::Blocked) => "no answer",
        Some(CheckOutcome::Unexpected) => "an answer that says neither",
        None => "changed meanwhile: nothing was noted",
    };
    let result = match one.status {
        0 => result.to_owned(),
        status => format!("{result} ({status})"),
    };
    [
        printable(&one.row.place()).into(),
        printable(one.host).into(),
        Toned::new(result, tone),
    ]
}

/// Those whose hosts somebody agreed to ask, before or now.
fn agreed(ahead: Vec<ToCheck>, yes: bool) -> Result<Vec<ToCheck>, Failure> {
    let new = ahead.iter().filter(|one| !one.agreed && !yes);
    let new: BTreeSet<String> = new.map(|one| one.host.clone()).collect();
    if new.is_empty() {
        return Ok(ahead);
    }
    if !prompt::is_possible() {
        let hosts: Vec<String> = new.iter().map(|host| printable(host)).collect();
        return Err(Failure::Usage(format!(
            "no key was sent to {} before, and none was now: agree with --yes",
            hosts.join(", ")
        )));
    }
    let mut refused = BTreeSet::new();
    for host in new {
        let of: Vec<String> = ahead
            .iter()
            .filter(|one| one.host == host)
            .map(|one| printable(&one.row.place()))
            .collect();
        let question = format!("Send the key of {} to {}?", of.join(", "), printable(&host));
        if !prompt::agrees(&question)? {
            refused.insert(host);
        }
    }
    let rest = ahead.into_iter();
    Ok(rest.filter(|one| !refused.contains(&one.host)).collect())
}

/// One of each host, then the second of each: no host waits for its next second while others could
/// be asked.
fn in_turns(ahead: &[ToCheck]) -> Vec<&ToCheck> {
    let mut turns: HashMap<&str, usize> = HashMap::new();
    let mut ordered: Vec<(usize, &ToCheck)> = ahead
        .iter()
        .map(|one| {
            let turn = turns.entry(&one.host).or_default();
            *turn += 1;
            (*turn, one)
        })
        .collect();
    ordered.sort_by_key(|(turn, _)| *turn);
    ordered.into_iter().map(|(_, one)| one).collect()
}

/// Sends one request, to the one origin that it names.
async fn ask(client: &Client, request: &CheckRequest) -> Result<CheckAnswer, Failure> {
    let wrong = || Failure::Other("the request of a test cannot be made".to_owned());
    let url = Url::parse(&request.url).map_err(|_| wrong())?;
    let own = Url::parse(&request.origin).map_err(|_| wrong())?;
    if url.origin() != own.origin() || !url.origin().is_tuple() {
        return Err(wrong());
    }
    let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| wrong())?;
    let mut call = client
        .request(method, url)
        .timeout(PATIENCE)
        .header("user-agent", AGENT);
    for (name, value) in &request.headers {
        call = call.header(name.as_str(), value.as_str());
    }
    let call = call.build().map_err(|_| wrong())?;
    // Whatever is in the way, there is no answer: the error itself may hold the address and the key.
    let Ok(mut answer) = client.execute(call).await else {
        return Ok(CheckAnswer::TimedOut);
    };
    let status = answer.status().as_u16();
    if matches!(status, 301 | 302 | 303 | 307 | 308) {
        return Ok(CheckAnswer::Redirected);
    }
    let mut body = Vec::new();
    while body.len() < BODY_MAX {
        match answer.chunk().await {
            Ok(Some(piece)) => body.extend_from_slice(&piece),
            Ok(None) => break,
            Err(_) => return Ok(CheckAnswer::TimedOut),
        }
    }
    body.truncate(BODY_MAX);
    let text = String::from_utf8_lossy(&body).to_lowercase();
    let patterns = request.patterns.iter().enumerate().take(u32::BITS as usize);
    let found = patterns
        .filter(|(_, pattern)| holds(&text, &pattern.to_lowercase()))
        .fold(0, |found, (at, _)| found | 1 << at);
    Ok(CheckAnswer::Status { status, found })
}

/// Whether a text holds the parts of a pattern, which `*` parts, one after the other.
fn holds(text: &str, pattern: &str) -> bool {
    let mut rest = text;
    pattern.split('*').all(|part| match rest.split_once(part) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_pattern_stand_one_after_the_other() {
        for (text, pattern, is) in [
            ("{\"ok\":true}", "\"ok\":true", true),
            ("{\"ok\": true}", "\"ok\":*true", true),
            ("true ok", "ok*true", false),
            ("abc", "", true),
            ("", "a", false),
            ("aa", "a*a*a", false),
        ] {
            assert_eq!(holds(text, pattern), is, "{text} {pattern}");
        }
    }
}
