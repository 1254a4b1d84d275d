//! Every way to spoil an answer, one place at a time, so that each can be done again.

mod bytes;
mod json;
mod stream;

use keyarc_wire::CHANGES_MEDIA_TYPE;
use serde_json::Value;

/// A status, a content type and a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// `Content-Type`; empty when there is none.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A success with a JSON body.
    pub fn json(body: &Value) -> Self {
        Self {
            status: 200,
            content_type: JSON.into(),
            body: body.to_string().into_bytes(),
        }
    }

    /// A refusal with this code, as the server words them.
    pub fn refusal(status: u16, code: &str) -> Self {
        let body = serde_json::json!({ "code": code, "message": "No.", "action": "Wait." });
        Self {
            status,
            content_type: PROBLEM.into(),
            ..Self::json(&body)
        }
    }

    /// Its JSON; `None` when it has none.
    pub fn value(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

/// What is done to a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// It is left out.
    Drop,
    /// It is null, or zeros.
    Null,
    /// Something of the same answer stands there.
    Swap,
    /// What stood there in an earlier answer of the same path.
    Replay,
    /// One bit is another.
    FlipBit,
    /// It is of another type, or random.
    ChangeType,
    /// It is there twice.
    Duplicate,
    /// Its end is missing.
    Truncate,
    /// There is more of it.
    Extend,
    /// It is enormous, or the largest number there is, or a negative one.
    Giant,
    /// A refusal stands in its place.
    Refuse,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::Drop,
        Self::Null,
        Self::Swap,
        Self::Replay,
        Self::FlipBit,
        Self::ChangeType,
        Self::Duplicate,
        Self::Truncate,
        Self::Extend,
        Self::Giant,
        Self::Refuse,
    ];
}

/// A place in an answer that can be spoilt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// What it is called, for example `/account/keyset/version` or `record 2/overview/commit`.
    pub name: String,
    place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Status,
    ContentType,
    Body,
    Refusal(&'static str),
    Json(json::Spot),
    Stream(stream::Spot),
}

impl Site {
    /// Whether a kind is worth trying here.
    pub fn takes(&self, kind: Kind) -> bool {
        matches!(self.place, Place::Refusal(_)) == (kind == Kind::Refuse)
    }
}

/// What the client gets instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mutated {
    /// Another answer.
    Answer(Answer),
    /// None: the connection ends.
    Lost,
}

/// Every place of an answer.
pub fn sites(answer: &Answer) -> Vec<Site> {
    let site = |name: &str, place| Site {
        name: name.into(),
        place,
    };
    let mut all = vec![
        site("status", Place::Status),
        site("content type", Place::ContentType),
        site("body", Place::Body),
    ];
    all.extend(REFUSALS.map(|code| site(&format!("refused: {code}"), Place::Refusal(code))));
    if answer.content_type == CHANGES_MEDIA_TYPE {
        let spots = stream::spots(&answer.body).into_iter();
        all.extend(spots.map(|(name, spot)| site(&name, Place::Stream(spot))));
    } else if let Some(value) = answer.value() {
        let spots = json::spots(&value).into_iter();
        all.extend(spots.map(|(name, spot)| site(&name, Place::Json(spot))));
    }
    all
}

/// Spoils a place. `earlier` are other answers of the same path. `None` when this kind does
/// nothing there.
pub fn mutate(
    answer: &Answer,
    site: &Site,
    kind: Kind,
    earlier: &[&Answer],
    dice: &mut Dice,
) -> Option<Mutated> {
    let mut spoilt = answer.clone();
    match &site.place {
        Place::Status => spoilt.status = another_status(answer.status, kind, dice)?,
        Place::ContentType => spoilt.content_type = another_type(&answer.content_type, kind, dice)?,
        Place::Body => match kind {
            Kind::Drop => return Some(Mutated::Lost),
            Kind::Replay => spoilt = (*dice.one_of(earlier)?).clone(),
            Kind::Giant => spoilt.body = b"[".repeat(100_000),
            // What would stand there in a web page, or in another format altogether.
            Kind::ChangeType => spoilt.body = b"<!doctype html><title>Welcome</title>".to_vec(),
            Kind::Swap | Kind::Refuse => return None,
            other => spoilt.body = bytes::mutate(&answer.body, other, None, dice)?,
        },
        Place::Refusal(code) => {
            let status = *dice.one_of(&[400, 401, 403, 404, 409, 429, 500, 503])?;
            spoilt = (kind == Kind::Refuse).then(|| Answer::refusal(status, code))?;
        }
        Place::Json(spot) => {
            // Only a replay looks at them, and there are many.
            let earlier = if kind == Kind::Replay { earlier } else { &[] };
            let earlier: Vec<Value> = earlier.iter().filter_map(|one| one.value()).collect();
            spoilt.body = json::mutate(&answer.value()?, spot, kind, &earlier, dice)?;
        }
        Place::Stream(spot) => {
            let told = matches!(kind, Kind::Replay | Kind::Extend);
            let earlier = if told { earlier } else { &[] };
            let earlier: Vec<&[u8]> = earlier.iter().map(|one| one.body.as_slice()).collect();
            spoilt.body = stream::mutate(&answer.body, spot, kind, &earlier, dice)?;
        }
    }
    (spoilt != *answer).then_some(Mutated::Answer(spoilt))
}

fn another_status(now: u16, kind: Kind, dice: &mut Dice) -> Option<u16> {
    const SOME: [u16; 20] = [
        100, 200, 201, 204, 206, 301, 302, 304, 400, 401, 403, 404, 409, 418, 429, 500, 502, 503,
        507, 599,
    ];
    let others: Vec<u16> = SOME.into_iter().filter(|other| *other != now).collect();
    matches!(kind, Kind::ChangeType | Kind::FlipBit | Kind::Giant)
        .then(|| dice.one_of(&others).copied())?
}

fn another_type(now: &str, kind: Kind, dice: &mut Dice) -> Option<String> {
    let mut some = vec![
        JSON,
        PROBLEM,
        CHANGES_MEDIA_TYPE,
        "text/html",
        "text/plain",
        "multipart/form-data",
    ];
    some.retain(|other| *other != now);
    match kind {
        Kind::Drop | Kind::Null => Some(String::new()),
        Kind::ChangeType | Kind::FlipBit => dice.one_of(&some).map(|t| (*t).to_owned()),
        Kind::Giant => Some("a".repeat(10_000)),
        _ => None,
    }
}

/// The codes of refusals, and one that is none.
const REFUSALS: [&str; 18] = [
    "invalid_request",
    "unauthenticated",
    "login_refused",
    "second_factor_required",
    "second_factor_refused",
    "cross_site",
    "not_found",
    "method_not_allowed",
    "conflict",
    "manifest_stale",
    "handle_taken",
    "payload_too_large",
    "unsupported_media_type",
    "rate_limited",
    "internal",
    "unavailable",
    "storage_full",
    "no_such_code",
];

/// Numbers that look random and are the same for the same seed (SplitMix64). For tests only.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Different seeds give different numbers.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The dice of one of many throws under one seed.
    pub fn nth(seed: u64, index: u64) -> Self {
        let mut dice = Self(seed ^ index.wrapping_mul(0xd134_2543_de82_ef95));
        dice.roll();
        dice
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.roll() % end.max(1) as u64) as usize
    }

    /// One of these; `None` when there is none.
    pub fn one_of<'a, T>(&mut self, some: &'a [T]) -> Option<&'a T> {
        some.get(self.below(some.len()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn account() -> Answer {
        Answer::json(&json!({ "id": "00ff", "n": 7, "list": [{ "on": true }, null], "s": "AAAA" }))
    }

    #[test]
    fn every_field_is_a_place_and_each_can_be_spoilt() {
        let answer = account();
        let names: Vec<_> = sites(&answer).into_iter().map(|site| site.name).collect();
        for name in [
            "status",
            "body",
            "",
            "/id",
            "/n",
            "/list",
            "/list/0",
            "/list/0/on",
            "/s",
        ] {
            assert!(names.iter().any(|known| known == name), "{name}");
        }
        let older = Answer::json(&json!({ "id": "11", "n": 8, "list": [], "s": "BBBB" }));
        for site in sites(&answer) {
            let least = if site.takes(Kind::Refuse) { 0 } else { 2 };
            let spoilt = Kind::ALL.iter().filter(|kind| {
                let mut dice = Dice::new(3);
                mutate(&answer, &site, **kind, &[&older], &mut dice).is_some()
            });
            assert!(spoilt.count() > least, "{}", site.name);
        }
    }

    #[test]
    fn every_refusal_is_one_that_a_client_reads_but_the_last() {
        let read = |code: &&str| {
            let code = Value::from(*code);
            serde_json::from_value::<keyarc_wire::ErrorCode>(code).is_ok()
        };
        assert!(REFUSALS[..17].iter().all(read), "each is a code");
        assert!(!read(&REFUSALS[17]));
    }

    #[test]
    fn the_same_throw_spoils_the_same() {
        let answer = account();
        for index in 0..200 {
            let throw = || {
                let mut dice = Dice::nth(1, index);
                let all = sites(&answer);
                let site = dice.one_of(&all).cloned()?;
                let kind = *dice.one_of(&Kind::ALL)?;
                mutate(&answer, &site, kind, &[], &mut dice)
            };
            assert_eq!(throw(), throw());
            assert_ne!(throw(), Some(Mutated::Answer(answer.clone())));
        }
    }
}
