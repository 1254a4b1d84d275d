//! Secrets that stand in a longer text, such as a source file.

use std::{ops::Range, sync::OnceLock};

use regex_lite::Regex;

use super::{Hit, VALUE_MAX, VariableName, entropy, find, recognition};
use crate::Recognition;

/// Bytes of the shortest secret that is looked for.
const SHORTEST: usize = 16;
/// Words in what stands for a secret in documentation and templates, in capitals.
const PLACEHOLDERS: [&str; 6] = [
    "EXAMPLE",
    "XXXX",
    "YOUR_",
    "YOUR-",
    "CHANGE_ME",
    "PLACEHOLDER",
];
/// Parts of the labels of what is public although it is called a key.
const PUBLIC: [&str; 8] = [
    "account sid",
    "api key sid",
    "client id",
    "organisation id",
    "posthog project key",
    "public key",
    "public token",
    "publishable",
];
/// Digits of the least random value: words joined by underscores have fewer.
const DIGITS: usize = 2;

/// A secret and where it stands.
pub struct Spotted {
    /// Line, from 1.
    pub line: u32,
    /// Its bytes in the text.
    pub range: Range<usize>,
    /// What it seems to be, with what may be shown of it.
    pub found: Recognition,
}

/// Finds what is hardly anything but a secret: values that a provider's rule knows, private keys,
/// addresses with a password in them, and random values under a name that promises a secret. What
/// is merely random is none: hashes are.
pub fn spot(text: &str) -> Vec<Spotted> {
    let mut all = Vec::new();
    let mut start = 0;
    for (line, content) in (1..).zip(text.split_inclusive('\n')) {
        let mut in_line: Vec<(Range<usize>, Recognition)> = Vec::new();
        let mut add = |range: Range<usize>, found| {
            let is_new = in_line
                .iter()
                .all(|(other, _)| range.end <= other.start || other.end <= range.start);
            if is_new {
                in_line.push((range, found));
            }
        };
        if let Some(found) = private_key(content, &text[start + content.len()..]) {
            add(found.0, found.1);
        }
        for (range, found) in addresses(content) {
            add(range, found);
        }
        for (range, found) in assigned(content) {
            add(range, found);
        }
        for (range, found) in tokens(content) {
            add(range, found);
        }
        in_line.sort_by_key(|(range, _)| range.start);
        all.extend(in_line.into_iter().map(|(range, found)| Spotted {
            line,
            range: start + range.start..start + range.end,
            found,
        }));
        start += content.len();
    }
    all
}

type Found = (Range<usize>, Recognition);

fn of_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

/// What stands in for a secret, or is no more than a name of one.
fn is_placeholder(value: &str) -> bool {
    let upper = value.to_ascii_uppercase();
    let bytes = value.as_bytes();
    let repeats = bytes
        .windows(8)
        .any(|run| run.iter().all(|byte| *byte == run[0]));
    repeats || PLACEHOLDERS.iter().any(|word| upper.contains(word))
}

fn is_public(label: &str) -> bool {
    let label = label.to_lowercase();
    PUBLIC.iter().any(|word| label.contains(word))
}

/// A rule's hit on a whole value, unless it is public, or stands for a value.
fn hit(value: &str, variable: Option<&VariableName>) -> Option<Recognition> {
    if value.len() < SHORTEST || value.len() > VALUE_MAX || is_placeholder(value) {
        return None;
    }
    let hit: Hit = find(value, variable)?;
    let by_name = !hit.rule.named.is_empty();
    // A shape that names nobody, or any word that begins so, says too little.
    let is_plain = hit.provider.generic || (hit.start < 2 && !by_name && hit.rule.has.is_none());
    let digits = value[hit.start..]
        .bytes()
        .filter(u8::is_ascii_digit)
        .count();
    let is_word = !by_name && digits < DIGITS;
    if (is_plain && !is_long_pattern(&hit)) || is_word || is_public(&hit.rule.label) {
        return None;
    }
    recognition(value, variable)
}

/// Of a bot of Discord: one letter, but parts of fixed lengths between dots.
fn is_long_pattern(hit: &Hit) -> bool {
    !hit.provider.generic && hit.rule.label.contains("bot token")
}

/// The beginning of a private key, if what follows it is one: programs name the line by itself.
fn private_key(line: &str, rest: &str) -> Option<Found> {
    const BEGIN: &str = "-----BEGIN ";
    const END: &str = "PRIVATE KEY-----";
    let at = line.find(BEGIN)?;
    let title = &line[at + BEGIN.len()..];
    let end = title.find(END)?;
    let kind = title[..end].trim();
    if kind.len() > 20 || !kind.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ') {
        return None;
    }
    let behind = &title[end + END.len()..];
    let of_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    let is_data = |text: &str| {
        let text = text.trim_start_matches(|c: char| !of_base64(c));
        text.chars().take_while(|c| of_base64(*c)).count() >= 40
    };
    // On the same line its own are written as `\n`.
    let same = behind.strip_prefix("\\r").unwrap_or(behind);
    let same = same.strip_prefix("\\n");
    let mut lines = rest
        .lines()
        .map(str::trim)
        .filter(|line| !line.contains(": "));
    let next = lines.find(|line| !line.is_empty()).unwrap_or_default();
    if !same.is_some_and(is_data) && !is_data(next) {
        return None;
    }
    let range = at..at + BEGIN.len() + end + END.len();
    let name = format!("{kind} private key").trim().to_owned();
    let mut found = recognition(&format!("{}\n", &line[range.clone()]), None)
        .or_else(|| recognition("-----BEGIN PRIVATE KEY-----", None))
        .unwrap_or_else(|| unnamed(String::new()));
    found.label = name;
    found.hint = "…".to_owned();
    Some((range, found))
}

fn unnamed(hint: String) -> Recognition {
    Recognition {
        provider: super::RANDOM.to_owned(),
        provider_name: String::new(),
        label: "secret".to_owned(),
        kind: crate::Kind::ApiKey,
        environment: None,
        hint,
    }
}

/// Addresses with a password, and those that are secrets as a whole.
fn addresses(line: &str) -> Vec<Found> {
    let mut all = Vec::new();
    for (at, _) in line.match_indices("://") {
        let scheme = line[..at].bytes().rev();
        let length = scheme
            .take_while(|b| b.is_ascii_alphanumeric() || *b == b'+')
            .count();
        let start = at - length;
        let ends = |c: char| {
            c.is_whitespace()
                || c.is_control()
                || matches!(
                    c,
                    '"' | '\'' | '`' | '<' | '>' | ')' | ']' | '}' | '|' | '\\' | ',' | ';'
                )
        };
        let end = line[at..].find(ends).map_or(line.len(), |end| at + end);
        let value = line[start..end].trim_end_matches(['.', ':']);
        let range = start..start + value.len();
        let rest = &value[value.len().min(length + 3)..];
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let password = authority
            .rsplit_once('@')
            .and_then(|(who, _)| who.split_once(':'));
        let has_password = password.is_some_and(|(_, password)| is_real(password));
        let is_webhook = || find(value, None).is_some_and(|hit| hit.start > "https://".len());
        if length == 0 || is_placeholder(value) {
            continue;
        }
        let mut found = match (has_password, is_webhook()) {
            (true, _) => recognition(value, None).unwrap_or_else(|| unnamed(String::new())),
            (false, true) => match hit(value, None) {
                Some(found) => found,
                None => continue,
            },
            (false, false) => continue,
        };
        if has_password {
            if found.provider == super::RANDOM {
                "URL with credentials".clone_into(&mut found.label);
            }
            // Nothing behind the scheme is shown: where the password ends is anybody's guess.
            found.hint = format!("{}://…", &value[..length]);
        }
        all.push((range, found));
    }
    all
}

/// Whether a password of an address is one, and no place for it.
fn is_real(password: &str) -> bool {
    const WORDS: [&str; 9] = [
        "password", "pass", "passwd", "secret", "pw", "pwd", "changeme", "postgres", "root",
    ];
    let is_place = |c: char| matches!(c, '$' | '{' | '}' | '<' | '>' | '*' | '…' | '%');
    password.len() >= 6
        && !WORDS.contains(&password.to_lowercase().as_str())
        && !password.starts_with(is_place)
}

/// Values under a name that says that they are secrets.
fn assigned(line: &str) -> Vec<Found> {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    let pattern = PATTERN.get_or_init(|| {
        Regex::new(r#"([A-Za-z_][A-Za-z0-9_.-]{2,60})["'`]?\s*(?:=>|:=|[:=])\s*["'`]?([^\s"'`,;)\]}<>]{16,})"#).ok()
    });
    let Some(pattern) = pattern else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for found in pattern.captures_iter(line) {
        let (Some(name), Some(value)) = (found.get(1), found.get(2)) else {
            continue;
        };
        let variable = VariableName::new(&in_words(name.as_str()));
        let text = value.as_str();
        // What another program puts in there.
        if text.contains(['$', '{', '(', '%']) || text.contains("://") || is_placeholder(text) {
            continue;
        }
        let by_rule = hit(text, Some(&variable));
        let by_look = || {
            (variable.secret().is_some() && entropy::looks_random(text))
                .then(|| recognition(text, Some(&variable)))?
        };
        if let Some(found) = by_rule.or_else(by_look) {
            all.push((value.range(), found));
        }
    }
    all
}

/// `authToken` → `auth_Token`
fn in_words(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    let mut was_small = false;
    for c in name.chars() {
        if was_small && c.is_ascii_uppercase() {
            words.push('_');
        }
        was_small = c.is_ascii_lowercase();
        words.push(c);
    }
    words
}

/// Values that a rule knows wherever they stand.
fn tokens(line: &str) -> Vec<Found> {
    let mut all = Vec::new();
    let mut from = 0;
    let bytes = line.as_bytes();
    for (at, c) in line.char_indices() {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let begins = c.is_ascii_alphanumeric() && (at == 0 || !is_word(bytes[at - 1]));
        if at < from || !begins {
            continue;
        }
        let rest = &line[at..];
        let narrow = rest.find(|c: char| !of_key(c)).unwrap_or(rest.len());
        let wide = |c: char| of_key(c) || matches!(c, '+' | '/' | '=' | '~' | '$' | ':');
        let wider = rest.find(|c: char| !wide(c)).unwrap_or(rest.len());
        let ends =
            [narrow, wider].map(|end| rest[..end].trim_end_matches(['.', '-', ':', '/']).len());
        let found = ends
            .into_iter()
            .find_map(|end| Some((end, hit(&rest[..end], None)?)));
        if let Some((end, found)) = found {
            all.push((at..at + end, found));
            from = at + end;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// In two halves, so that this file is no finding itself.
    fn joined(halves: [&str; 2]) -> String {
        halves.concat()
    }

    fn spotted(text: &str) -> Vec<(u32, String, String)> {
        let all = spot(text).into_iter();
        all.map(|one| (one.line, one.found.label, text[one.range].to_owned()))
            .collect()
    }

    #[test]
    fn what_a_rule_knows_is_found_wherever_it_stands() {
        let stripe = joined(["sk_live_", "9zQ4mT7xW2kLpR5vB8nC3dFh"]);
        let github = joined(["ghp_", "R7k2mQ9xW4tLpZ5vB8nC3dFhJ6sG1yTqA0eU"]);
        let slack = joined([
            "https://hooks.slack.com/services/",
            "T0AB12CD3/B0EF45GH6/q7Rs8Tu9Vw0Xy1Za2Bc3De4F",
        ]);
        let database = joined(["postgres://app:", "k3y-0f-app@db.internal:5432/orders"]);
        let other = joined(["https://ada:", "t0psecret1@git.internal/x.git"]);
        for (text, label, value) in [
            (
                format!("const key = \"{stripe}\";"),
                "Stripe live secret key",
                &stripe,
            ),
            (
                format!("curl -u {stripe}: https://api.example"),
                "Stripe live secret key",
                &stripe,
            ),
            (
                format!("a?key={stripe}&b=1"),
                "Stripe live secret key",
                &stripe,
            ),
            (format!("See {github}."), "GitHub personal token", &github),
            (
                format!("https://x-access-token:{github}@github.com/a"),
                "URL with credentials",
                &format!("https://x-access-token:{github}@github.com/a"),
            ),
            (format!("url: {slack}\n"), "Slack webhook", &slack),
            (
                format!("DATABASE_URL={database}\n"),
                "Postgres URL",
                &database,
            ),
            (
                format!("git clone {other} x"),
                "URL with credentials",
                &other,
            ),
        ] {
            let found = spotted(&text);
            assert_eq!(found, [(1, label.to_owned(), value.clone())], "{text}");
        }
        let lines = format!("first\r\n\r\nkey={stripe}\r\n");
        assert_eq!(
            spotted(&lines),
            [(3, "Stripe live secret key".to_owned(), stripe)]
        );
    }

    #[test]
    fn a_name_that_promises_a_secret_is_believed_if_the_value_is_random() {
        let random = joined(["f3Qa9Zk1", "xT7mW2vB5nC8dH4j"]);
        let aws = joined(["wJalrXUtnFEMI/K7MDENG", "/bPxRfiCYzq8Lm2Np0A"]);
        for text in [
            format!("api_key = \"{random}\""),
            format!("\"authToken\": \"{random}\","),
            format!("PASSWORD={random}"),
            format!("  client_secret: {random}\n"),
            format!("AWS_SECRET_ACCESS_KEY={aws}"),
        ] {
            assert_eq!(spotted(&text).len(), 1, "{text}");
        }
        for text in [
            format!("integrity = \"{random}\""),
            "api_key = os.environ[\"API_KEY_OF_THE_SERVICE\"]".to_owned(),
            "password: ${{ secrets.DEPLOY_PASSWORD_9 }}".to_owned(),
            "token = get_token_from_somewhere_else()".to_owned(),
            "API_KEY=keyarc://personal/Payments/Stripe/value".to_owned(),
            "secret_key = your_secret_key_goes_here_123".to_owned(),
        ] {
            assert_eq!(spotted(&text), [], "{text}");
        }
    }

    #[test]
    fn what_is_public_or_stands_for_a_secret_is_left_alone() {
        for halves in [
            ["pk_live_", "9zQ4mT7xW2kLpR5vB8nC3dFh"],
            ["AKIA", "IOSFODNN7EXAMPLE"],
            ["sk_live_", "xxxxxxxxxxxxxxxxxxxxxxxx"],
            ["postgres://app:", "password@localhost/app"],
            ["postgres://app:", "$PASSWORD@localhost/app"],
            ["postgres://", "localhost/app"],
            ["d41d8cd98f00b204", "e9800998ecf8427e"],
            ["-----BEGIN ", "PRIVATE KEY-----"],
        ] {
            let text = joined(halves);
            assert_eq!(spotted(&text), [], "{text}");
        }
    }

    #[test]
    fn a_private_key_is_found_where_there_is_one() {
        let begin = joined(["-----BEGIN OPENSSH ", "PRIVATE KEY-----"]);
        let data = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtz";
        for text in [
            format!("{begin}\n{data}\n"),
            format!("x\n    {begin}\r\n    {data}\r\n"),
            format!("key: \"{begin}\\n{data}\\n\""),
        ] {
            let found = spotted(&text);
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!(
                (found[0].1.as_str(), &found[0].2),
                ("OPENSSH private key", &begin)
            );
        }
        assert_eq!(
            spotted(&format!("if line == \"{begin}\" {{\n    return true;\n")),
            []
        );
    }

    proptest! {
        #[test]
        fn any_text_is_looked_through(text in "\\PC{0,200}", more in ".{0,100}") {
            let text = format!("{text}\n{more}");
            for one in spot(&text) {
                prop_assert!(text.get(one.range).is_some());
            }
        }
    }
}
