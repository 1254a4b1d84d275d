use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{
    Browsers, CheckAnswer, CheckDefinition, CheckMethod, CheckOutcome, Placement,
    address::Address,
    preset::{Rule, preset, presets},
};
use crate::{Content, Item};

/// What an answer holds that says that a key's time is over, whoever writes it.
const EXPIRED: &str = "expired";
/// Longest key that a request carries, in bytes: servers take headers of some kilobytes.
const KEY_MAX: usize = 7_000;

/// The one request that tells whether an item's key works, and what its answers mean.
#[derive(Debug)]
pub struct CheckPlan {
    definition: CheckDefinition,
    rules: &'static [Rule],
    browsers: Browsers,
    own: bool,
}

/// The request itself, with the key in it: for the frame that sends it, and nobody else.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct CheckRequest {
    /// `GET`, `HEAD` or `POST`.
    pub method: String,
    /// The whole address.
    pub url: String,
    /// Its scheme, host and port: all that the frame may reach.
    pub origin: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// What to look for in the answer's body, at most 16.
    pub patterns: Vec<String>,
}

impl std::fmt::Debug for CheckRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CheckRequest(redacted)")
    }
}

/// Why an item cannot be tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum PlanError {
    /// Items of this kind hold no single key.
    #[error("Only API keys and logins can be tested.")]
    Kind,
    /// Nothing is known of its provider, or of this sort of key.
    #[error("There is no ready-made test for this key. Define one.")]
    NoDefinition,
    /// There is nothing to test.
    #[error("The item has no secret that could be tested.")]
    Empty,
    /// The key cannot stand in a request.
    #[error("The secret is longer than a request carries, or has characters that no header takes.")]
    Key,
}

impl CheckPlan {
    /// How to test an item: as a person defined it, or as its provider's preset has it.
    pub fn of(item: &Item) -> Result<Self, PlanError> {
        let key = key_of(&item.content).ok_or(PlanError::Kind)?;
        if key.is_empty() {
            return Err(PlanError::Empty);
        }
        if let Some(definition) = &item.check {
            let origin = Address::parse(&definition.url).map_or("", |address| address.origin);
            let known = presets().iter().find(|preset| preset.is_at(origin));
            return Ok(Self {
                definition: definition.clone(),
                rules: known.map_or(&[], |preset| preset.answers.as_slice()),
                browsers: known.map_or(Browsers::Unknown, |preset| preset.browsers),
                own: true,
            });
        }
        // What a preset is for are keys: no password goes to a host that nobody chose for it.
        let is_key = matches!(item.content, Content::ApiKey { .. });
        let provider = item.summary.provider.as_deref().filter(|_| is_key);
        let preset = preset(provider.unwrap_or_default()).filter(|preset| preset.fits(key));
        let preset = preset.ok_or(PlanError::NoDefinition)?;
        Ok(Self {
            definition: preset.definition(),
            rules: &preset.answers,
            browsers: preset.browsers,
            own: false,
        })
    }

    /// What is asked.
    pub fn definition(&self) -> &CheckDefinition {
        &self.definition
    }

    /// Whether browsers may ask.
    pub fn browsers(&self) -> Browsers {
        self.browsers
    }

    /// Whether a person defined it.
    pub fn is_own(&self) -> bool {
        self.own
    }

    /// Host and port, for people.
    pub fn host(&self) -> &str {
        self.definition.host()
    }

    /// The request, with the item's key in it.
    pub fn request(&self, item: &Item) -> Result<CheckRequest, PlanError> {
        let key = key_of(&item.content).ok_or(PlanError::Kind)?;
        let visible = key.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
        let escaped = self.definition.placement == Placement::Query;
        if key.len() > KEY_MAX || !(visible || escaped) {
            return Err(PlanError::Key);
        }
        let definition = &self.definition;
        let origin = Address::parse(&definition.url).map_or("", |address| address.origin);
        let mut url = definition.url.clone();
        let mut headers: Vec<(String, String)> = definition
            .headers
            .iter()
            .map(|header| (header.name.clone(), header.value.clone()))
            .collect();
        match definition.placement {
            Placement::Bearer => {
                headers.push(("authorization".to_owned(), format!("Bearer {key}")));
            }
            Placement::Header => headers.push((
                definition.name.clone(),
                format!("{}{key}", definition.prefix),
            )),
            Placement::Basic => {
                let pair = Zeroizing::new(match definition.name.as_str() {
                    "" => format!("{key}:"),
                    user => format!("{user}:{key}"),
                });
                let pair = Zeroizing::new(BASE64_STANDARD.encode(pair.as_bytes()));
                headers.push(("authorization".to_owned(), format!("Basic {}", *pair)));
            }
            Placement::Query => {
                // All at once, so that growing leaves no copies behind.
                let mut whole =
                    String::with_capacity(url.len() + definition.name.len() + key.len() * 3 + 2);
                whole.push_str(&url);
                whole.push(if url.contains('?') { '&' } else { '?' });
                whole.push_str(&definition.name);
                whole.push('=');
                percent_encode(key, &mut whole);
                url = whole;
            }
        }
        Ok(CheckRequest {
            method: definition.method.word().to_owned(),
            url,
            origin: origin.to_owned(),
            headers,
            patterns: self.patterns().map(str::to_owned).collect(),
        })
    }

    /// What is looked for in a body: the pattern of a key that works, those of the rules, and the
    /// word for a key whose time is over.
    fn patterns(&self) -> impl Iterator<Item = &str> {
        let own = Some(self.definition.pattern.as_str()).filter(|pattern| !pattern.is_empty());
        let rules = self.rules.iter().filter_map(|rule| rule.text.as_deref());
        own.into_iter().chain(rules).chain([EXPIRED])
    }

    /// What an answer means.
    pub fn interpret(&self, answer: CheckAnswer) -> CheckOutcome {
        let (status, found) = match answer {
            CheckAnswer::Status { status, found } => (status, found),
            CheckAnswer::Redirected => return CheckOutcome::Unexpected,
            CheckAnswer::Blocked => return CheckOutcome::Blocked,
            CheckAnswer::TimedOut => return CheckOutcome::Unreachable,
        };
        let holds = |text: &str| {
            self.patterns()
                .position(|pattern| pattern == text)
                .is_some_and(|at| found & (1 << at) != 0)
        };
        let rule = self
            .rules
            .iter()
            .find(|rule| rule.fits(status) && rule.text.as_deref().is_none_or(holds));
        if let Some(rule) = rule {
            return rule.means;
        }
        let definition = &self.definition;
        if (definition.status_from..=definition.status_to).contains(&status) {
            return match definition.pattern.as_str() {
                "" => CheckOutcome::Valid,
                pattern if holds(pattern) => CheckOutcome::Valid,
                _ => CheckOutcome::Invalid,
            };
        }
        match status {
            401 | 403 if holds(EXPIRED) => CheckOutcome::Expired,
            401 => CheckOutcome::Invalid,
            429 => CheckOutcome::RateLimited,
            500..=599 => CheckOutcome::Unreachable,
            // 403 is as often said of a key that works and may not do this.
            _ => CheckOutcome::Unexpected,
        }
    }

    /// A line for a terminal that asks the same. It reads the key from the environment, and
    /// hands it over so that no list of processes shows it.
    pub fn command_line(&self, variable: Option<&str>) -> String {
        let definition = &self.definition;
        let variable = variable
            .filter(|name| is_shell_name(name))
            .unwrap_or("API_KEY");
        let key = format!("\"${variable}\"");
        let (format, key, hand_over) = match definition.placement {
            Placement::Bearer => (
                "authorization: Bearer %s".to_owned(),
                key,
                "-H @-".to_owned(),
            ),
            Placement::Header => (
                format!(
                    "{}: {}%s",
                    definition.name,
                    escape_format(&definition.prefix)
                ),
                key,
                "-H @-".to_owned(),
            ),
            Placement::Query => (
                "%s".to_owned(),
                key,
                format!("-G --data-urlencode {}@-", definition.name),
            ),
            Placement::Basic => {
                let pair = match definition.name.as_str() {
                    "" => "%s:".to_owned(),
                    user => format!("{}:%s", escape_format(user)),
                };
                let pair = quoted(&pair);
                (
                    "authorization: Basic %s".to_owned(),
                    format!("\"$(printf {pair} {key} | base64 | tr -d '\\n')\""),
                    "-H @-".to_owned(),
                )
            }
        };
        let mut line = format!(
            "printf {} {key} | curl -sS -w {}",
            quoted(&format),
            quoted("\\n%{http_code}\\n"),
        );
        match definition.method {
            CheckMethod::Get => {}
            CheckMethod::Head => line.push_str(" -I"),
            CheckMethod::Post => line.push_str(" -X POST"),
        }
        for header in &definition.headers {
            let header = format!("{}: {}", header.name, header.value);
            line.push_str(&format!(" -H {}", quoted(&header)));
        }
        line.push_str(&format!(" {hand_over} {}", quoted(&definition.url)));
        line
    }
}

/// The secret that is tested.
fn key_of(content: &Content) -> Option<&str> {
    match content {
        Content::ApiKey { value } => Some(value.trim()),
        Content::Login { password, .. } => Some(password),
        _ => None,
    }
}

fn percent_encode(text: &str, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for half in [byte >> 4, byte & 15] {
                out.push(char::from(DIGITS[usize::from(half)]));
            }
        }
    }
}

/// For a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// For `printf`.
fn escape_format(text: &str) -> String {
    text.replace('\\', r"\\").replace('%', "%%")
}

fn is_shell_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    (1..=100).contains(&name.len())
        && name.bytes().all(plain)
        && !name.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests;
