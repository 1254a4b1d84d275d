//! Nobody can find out who has an account: answers to strangers are alike in status, shape, size
//! and time.
//!
//! Times are compared by how well one answer tells the two kinds apart: the chance that an
//! answer of one kind took longer than an answer of the other (the area under the ROC curve, by
//! the statistic of Mann and Whitney). One half is no difference at all. Samples of both kinds
//! take turns, so that whatever else the machine does falls on both.

use std::time::{Duration, Instant};

use keyarc_auth::LoginPurpose;
use keyarc_testkit::{TestServer, build};
use keyarc_wire::{ChallengeRequest, ClientKind, LoginRequest, SignUpRequest, paths};
use serde_json::Value;

use crate::common::{Answer, Person};

/// Samples of each kind.
const SAMPLES: u64 = 2_000;
/// By chance alone, the area is within 0.037 of one half in all but one of ten thousand runs. At
/// this bound it takes hundreds of answers about one account to be sure of anything, and a
/// log-in of an account is answered ten times a minute.
const TELLING: f64 = 0.07;

/// What an answer looks like from outside, request id aside.
#[derive(Debug, PartialEq, Eq)]
struct Shape {
    status: u16,
    content_type: String,
    headers: Vec<String>,
    length: usize,
    fields: Vec<String>,
}

impl Shape {
    fn of(answer: &Answer) -> Self {
        let mut headers: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        headers.sort();
        let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
        Self {
            status: answer.status.as_u16(),
            content_type: answer.header("content-type").to_owned(),
            headers,
            length: answer.body.len(),
            fields: body
                .as_object()
                .map(|fields| fields.keys().cloned().collect())
                .unwrap_or_default(),
        }
    }
}

/// The chance that a time of `one` is longer than one of `other`; equal ones count half.
fn area(one: &[Duration], other: &[Duration]) -> f64 {
    let mut sorted = other.to_vec();
    sorted.sort();
    let wins: f64 = one
        .iter()
        .map(|time| {
            let shorter = sorted.partition_point(|t| t < time);
            let up_to = sorted.partition_point(|t| t <= time);
            (shorter + up_to) as f64 / 2.0
        })
        .sum();
    wins / (one.len() as f64 * other.len() as f64)
}

#[track_caller]
fn assert_alike(what: &str, one: &[Duration], other: &[Duration]) {
    let area = area(one, other);
    assert!(
        (area - 0.5).abs() <= TELLING,
        "{what}: one answer tells with a chance of {area:.3}"
    );
}

async fn timed(
    person: &Person<'_>,
    path: &str,
    body: &impl serde::Serialize,
) -> (Duration, Answer) {
    let started = Instant::now();
    let answer = person.post(path, body).await;
    (started.elapsed(), answer)
}

/// A log-in with a key that is not the account's, if there is one.
async fn wrong_log_in(person: &Person<'_>) -> LoginRequest {
    person.log_in_request(ClientKind::Browser).await
}

#[tokio::test]
async fn challenges_and_refusals_tell_nothing_of_an_account() {
    let server = TestServer::start().await;
    let _ = Person::signed_up(&server, 1).await;
    let mut known = Person::new(&server, 1);
    known.key = 77;
    let unknown = Person::new(&server, 2);
    let (mut challenges, mut refusals) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for round in 0..SAMPLES {
        let mut shapes = Vec::new();
        // Who comes first takes turns as well.
        for at in if round % 2 == 0 { [0, 1] } else { [1, 0] } {
            let person = [&known, &unknown][at];
            let handle = build::handle(person.number);
            let asked = ChallengeRequest { handle };
            let (time, challenge) = timed(person, paths::CHALLENGE, &asked).await;
            challenges[at].push(time);
            let request = wrong_log_in(person).await;
            let (time, refusal) = timed(person, paths::LOGIN, &request).await;
            refusals[at].push(time);
            assert_eq!(refusal.status, 401);
            shapes.push((Shape::of(&challenge), Shape::of(&refusal)));
        }
        assert_eq!(shapes[0], shapes[1]);
    }
    assert_alike("a challenge", &challenges[0], &challenges[1]);
    assert_alike("a refused log-in", &refusals[0], &refusals[1]);
}

#[tokio::test]
async fn a_sign_up_does_not_tell_whether_an_address_is_taken() {
    let server = TestServer::start().await;
    let mut times = [Vec::new(), Vec::new()];
    // Each address is taken once: what many equal ones would tell is about the accounts of
    // whoever made them.
    for owner in 0..SAMPLES {
        let (_, answer) = sign_up(&server, owner, &address(owner)).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
    let mut number = SAMPLES;
    for round in 0..SAMPLES {
        let mut shapes = Vec::new();
        for at in if round % 2 == 0 { [0, 1] } else { [1, 0] } {
            number += 1;
            let email = match at {
                0 => address(round),
                _ => address(number),
            };
            let (time, answer) = sign_up(&server, number, &email).await;
            times[at].push(time);
            assert_eq!(answer.status, 201, "{}", answer.text());
            shapes.push(Shape::of(&answer));
        }
        assert_eq!(shapes[0], shapes[1]);
    }
    assert_alike("a sign-up", &times[0], &times[1]);
}

/// An address for each number, all of one length, in no order: what is beside each other in an
/// index was not made one after the other.
fn address(number: u64) -> String {
    let scattered = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("{scattered:016x}@example.com")
}

async fn sign_up(server: &TestServer, number: u64, email: &str) -> (Duration, Answer) {
    let person = Person::new(server, number);
    let request = SignUpRequest {
        email: Some(email.to_owned()),
        proof: person.proof(LoginPurpose::SignUp).await,
        ..person.sign_up_request().await
    };
    timed(&person, paths::SIGN_UP, &request).await
}

#[test]
fn the_area_tells_what_differs() {
    let times = |from: u64| {
        (from..from + 100)
            .map(Duration::from_micros)
            .collect::<Vec<_>>()
    };
    assert!((area(&times(0), &times(0)) - 0.5).abs() < 1e-9);
    assert!((area(&times(200), &times(0)) - 1.0).abs() < 1e-9);
    assert!(area(&times(0), &times(200)) < 1e-9);
    // A tenth of the spread is noticed.
    assert!((area(&times(10), &times(0)) - 0.5).abs() > TELLING);
}
