//! Every rule of the recognition data with an example, what must not be recognised, and what a
//! hint may show.

use std::collections::BTreeSet;

use crate::common::{TestRng, took};
use keyarc_vault::{
    ItemDraft, Recognition, hint_of, provider, recognise, recognise_named, recognised_sorts,
};
use rand_core::Rng as _;

struct Example {
    provider: &'static str,
    label: &'static str,
    environment: Option<&'static str>,
    variable: Option<&'static str>,
    template: &'static str,
    value: String,
}

/// The table, with its placeholders filled in.
fn examples() -> Vec<Example> {
    let mut rng = TestRng(0);
    include_str!("../../fixtures/recognition.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let mut fields = line.splitn(5, " | ");
            let mut next = || fields.next().unwrap();
            let given = |field: &'static str| (field != "-").then_some(field);
            let (provider, label) = (next(), next());
            let (environment, variable) = (given(next()), given(next()));
            let template = next();
            let value = fill(template, &mut rng);
            Example {
                provider,
                label,
                environment,
                variable,
                template,
                value,
            }
        })
        .collect()
}

fn fill(template: &str, rng: &mut TestRng) -> String {
    let mut value = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        value.push_str(before);
        let placeholder = after.split_once('}').filter(|(name, _)| {
            *name == "uuid"
                || name.len() > 1
                    && name.is_ascii()
                    && name[1..].bytes().all(|b| b.is_ascii_digit())
        });
        let Some((name, after)) = placeholder else {
            value.push('{');
            rest = after;
            continue;
        };
        if name == "uuid" {
            let part = |length, rng: &mut _| made_up(b'h', length, rng);
            let parts = [8, 4, 4, 4, 12].map(|length| part(length, rng));
            value.push_str(&parts.join("-"));
        } else {
            value.push_str(&made_up(
                name.as_bytes()[0],
                name[1..].parse().unwrap(),
                rng,
            ));
        }
        rest = after;
    }
    value.push_str(rest);
    value.replace("\\n", "\n")
}

fn made_up(class: u8, length: usize, rng: &mut TestRng) -> String {
    const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
    const DIGITS: &str = "0123456789";
    let alphabet = match class {
        b'a' => [UPPER, LOWER, DIGITS].concat(),
        b'h' => "0123456789abcdef".to_owned(),
        b'u' => [UPPER, DIGITS].concat(),
        b'l' => [LOWER, DIGITS].concat(),
        b't' => [LOWER, "234567"].concat(),
        b'w' => [UPPER, LOWER, DIGITS, "-_"].concat(),
        b'b' => [UPPER, LOWER, DIGITS, "+/"].concat(),
        b'd' => DIGITS.to_owned(),
        _ => panic!("unknown class of characters"),
    };
    let bytes = alphabet.as_bytes();
    (0..length)
        .map(|_| char::from(bytes[(rng.next_u32() as usize) % bytes.len()]))
        .collect()
}

fn look(example: &Example) -> Option<Recognition> {
    match example.variable {
        Some(variable) => recognise_named(variable, &example.value),
        None => recognise(&example.value),
    }
}

#[test]
fn every_example_is_recognised() {
    for example in examples() {
        let found = look(&example).unwrap_or_else(|| panic!("{}: nothing", example.label));
        assert_eq!(
            (
                found.provider.as_str(),
                found.label.as_str(),
                found.environment.as_deref()
            ),
            (example.provider, example.label, example.environment)
        );
        assert_eq!(
            found.provider_name,
            provider(example.provider).unwrap().name
        );
        // White space around a pasted value does not matter.
        let padded = format!(" {}\n", example.value);
        assert_eq!(
            look(&Example {
                value: padded,
                ..example
            }),
            Some(found)
        );
    }
}

#[test]
fn every_rule_has_an_example() {
    let shown: BTreeSet<_> = examples()
        .iter()
        .map(|example| (example.provider, example.label))
        .collect();
    for (id, label) in recognised_sorts() {
        assert!(shown.contains(&(id, label)), "{id}: {label}");
    }
    let specific = shown
        .iter()
        .filter(|(id, _)| !provider(id).unwrap().generic);
    assert!(specific.map(|(id, _)| id).collect::<BTreeSet<_>>().len() >= 60);
}

#[test]
fn a_hint_shows_no_more_than_a_beginning_and_four_characters() {
    for example in examples() {
        let Recognition { hint, .. } = look(&example).unwrap();
        assert!(hint.chars().count() <= 60, "{}: {hint}", example.label);
        // No six characters in a row of the made-up part stand in the hint.
        for window in example.value.as_bytes().windows(6) {
            let part = std::str::from_utf8(window).unwrap();
            let public = example.template.contains(part);
            assert!(public || !hint.contains(part), "{}: {hint}", example.label);
        }
    }
}

#[test]
fn hints_read_as_in_the_product() {
    let zeros = "0".repeat(40);
    for (value, hint) in [
        (format!("sk-proj-{zeros}f3Q2"), "sk-proj-…f3Q2"),
        (format!("sk_live_{zeros}9aXe"), "sk_live_…9aXe"),
        ("AKIA0000000000007TQ4".to_owned(), "AKIA…7TQ4"),
        (
            "postgres://app:pw@db.internal/orders".to_owned(),
            "postgres://…@db.internal/orders",
        ),
        (
            "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n".to_owned(),
            "EC PRIVATE KEY",
        ),
        ("hunter2".to_owned(), "••••••••"),
        (String::new(), "empty"),
    ] {
        assert_eq!(hint_of(&value), hint);
    }
}

#[test]
fn what_is_nobodys_is_not_recognised() {
    for value in [
        "",
        " ",
        "hello",
        "production",
        "true",
        "3000",
        "sk-",
        "sk-proj-short",
        "ghp_tooshort",
        "AKIAlowercase0000000",
        "AKIA00000000000000000000",
        "https://example.com/path?query=1",
        "postgres",
        "postgres:// with spaces",
        "user@example.com",
        "eu-central-1",
        "./target/release/keyarc",
        "info,tower_http=debug",
        "2026-11-21T12:00:00.000Z",
        "550e8400-e29b-41d4-a716-446655440000",
        "xoxb-",
        "-----BEGIN CERTIFICATE-----",
        "SG.a.b",
        "re_start",
        "Mozilla/5.0 (X11; Linux x86_64)",
        "https://sentry.io/organizations/demo",
        "the key is sk_live_0123456789abcdef, keep it safe",
        "مفتاح",
        "{\"type\": \"authorized_user\"}",
    ] {
        assert_eq!(recognise(value), None, "{value}");
    }
    assert_eq!(
        recognise(&"a1B2".repeat(20_000)),
        None,
        "too long to be a key"
    );
}

#[test]
fn a_name_alone_decides_only_for_secrets() {
    let found = |variable, value| {
        recognise_named(variable, value).map(|found| (found.provider, found.label))
    };
    let pair = |provider: &str, label: &str| Some((provider.to_owned(), label.to_owned()));
    assert_eq!(found("OPENAI_MODEL", "gpt-large"), None);
    assert_eq!(found("STRIPE_API_VERSION", "2026-10-01"), None);
    assert_eq!(found("PORT", "3000"), None);
    assert_eq!(
        found("OPENAI_API_KEY", "changeme"),
        pair("openai", "OpenAI API key")
    );
    assert_eq!(
        found("SHOPIFY_API_SECRET", "x"),
        pair("shopify", "Shopify secret")
    );
    assert_eq!(found("MY_SECRET", "x"), None);
    let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.AAAAAAAAAAAAAAAAAAAA";
    assert_eq!(
        found("SUPABASE_ANON_KEY", jwt),
        pair("supabase", "Supabase JSON Web Token")
    );
    assert_eq!(found("API_TOKEN", jwt), pair("jwt", "JSON Web Token"));
}

#[test]
fn a_name_decides_between_look_alikes() {
    let found = |variable, value: &str| recognise_named(variable, value).unwrap().provider;
    let clerk = format!("sk_test_{}", "aB3".repeat(14));
    assert_eq!(found("CLERK_SECRET_KEY", &clerk), "clerk");
    assert_eq!(found("STRIPE_SECRET_KEY", &clerk), "stripe");
    assert_eq!(found("SECRET_KEY", &clerk), "stripe");
    let hex = "9f86d081884c7d659a2feaa0c55ad015";
    assert_eq!(found("TWILIO_AUTH_TOKEN", hex), "twilio");
    assert_eq!(found("DD_API_KEY", hex), "datadog");
    assert_eq!(
        found("ADD_API_KEY", hex),
        "secret",
        "DD is not a word of it"
    );
    let url = "postgres://app:pw@db.internal/app";
    assert_eq!(
        found("NEON_DATABASE_URL", url),
        "postgres",
        "the host says otherwise"
    );
}

#[test]
fn recognising_takes_linear_time() {
    // Inputs on which a backtracking matcher would take for ever.
    for value in [
        format!("eyJ{}", "a".repeat(60_000)),
        format!("sk-ant-{}!", "a-".repeat(30_000)),
        format!("{{{}", "\"type\"".repeat(9_000)),
        format!("postgres://{}", "@:".repeat(30_000)),
        format!("-----BEGIN PRIVATE KEY-----{}", "-----END".repeat(7_000)),
    ] {
        assert!(took(|| drop(recognise(&value))).as_secs() < 5);
    }
}

#[test]
fn a_new_key_gets_its_provider_even_when_nobody_waited_for_it() {
    let value = "postgres://orders:long-and-random-1@db.example.org:5432/orders";
    let named = |mut draft: ItemDraft| {
        draft.name_provider();
        draft.provider
    };
    let new = crate::common::key("Orders", value);
    let found = named(new.clone());
    assert_eq!(found, recognise(value).map(|found| found.provider));
    assert!(found.is_some());
    let own = ItemDraft {
        provider: Some("another".to_owned()),
        ..new.clone()
    };
    assert_eq!(named(own).as_deref(), Some("another"));
    let saved = ItemDraft {
        id: Some(keyarc_wire::ItemId([1; 16])),
        ..new
    };
    assert_eq!(named(saved), None);
}
