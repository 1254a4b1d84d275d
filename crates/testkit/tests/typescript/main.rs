//! The client for TypeScript before real servers: honest ones, and one that lies. What runs in Node.js
//! is what `cargo x test typescript` has built.
#![expect(
    clippy::expect_used,
    reason = "what cannot be set up must end its test"
)]

mod page;
mod world;

use keyarc_testkit::{
    Delivery, TestServer,
    mutate::{Answer, Dice, Kind, Mutated, mutate, sites},
};
use keyarc_wire::{
    Change, ChangesDecoder, encode_change, encode_changes_end, encode_changes_start, encode_grant,
    encode_manifest, encode_waiting, paths,
};
use serde_json::{Value, json};

use world::{LIVE, Program, TEST, World, example, key};

const STRIPE: &str = "keyarc://personal/Payments/Stripe/value?environment=production";

/// Standard error of the example, which prints nothing and ends with 1.
fn refused(origin: &str, token: &str, words: &[&str]) -> String {
    let out = example(origin, token, words);
    assert_eq!(out.status.code(), Some(1), "{words:?}: {out:?}");
    assert!(out.stdout.is_empty(), "{out:?}");
    String::from_utf8(out.stderr).expect("UTF-8")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_prints_what_the_token_is_for_and_says_what_it_is_not_for() {
    let world = World::new().await;
    let origin = world.proxy.origin();
    let made = world.token("ci", &["Payments"], &[]).await;
    let stripe = "keyarc://personal/Payments/Stripe/value";
    for (words, value) in [
        (&[STRIPE][..], LIVE),
        (&[stripe, "production"], LIVE),
        (&[stripe, "test"], TEST),
        (&["keyarc://personal/payments/stripe/value", "Test"], TEST),
    ] {
        let out = example(&origin, &made.text, words);
        assert!(out.status.success(), "{words:?}: {out:?}");
        assert_eq!(String::from_utf8_lossy(&out.stdout), format!("{value}\n"));
        assert!(out.stderr.is_empty(), "{out:?}");
    }
    for (words, said) in [
        (
            &["keyarc://personal/Payments/Stripr/value"][..],
            "not_found: there is no item Payments/Stripr. Did you mean Payments/Stripe?\n",
        ),
        (
            &[stripe, "staging"],
            "not_found: there is no item Payments/Stripe of staging. Did you mean Payments/Stripe?\n",
        ),
        (
            &["keyarc://personal/Payments/Stripe/valeu", "test"],
            "not_found: there is no field valeu in Stripe. Did you mean value?\n",
        ),
        (
            &[stripe],
            "ambiguous: Stripe is the name of several items: Payments/Stripe (production), \
             Payments/Stripe (test)\n",
        ),
        (
            &["keyarc://personal/Service/TOKEN"],
            "not_found: there is no item Service\n",
        ),
        (
            &["Stripe"],
            "invalid_reference: a reference begins with keyarc://\n",
        ),
    ] {
        assert_eq!(refused(&origin, &made.text, words), said, "{words:?}");
    }
    for (token, words) in [("", &[STRIPE][..]), (&made.text, &[])] {
        let out = example(&origin, token, words);
        assert_eq!(out.status.code(), Some(2), "{out:?}");
        assert!(out.stdout.is_empty() && out.stderr.starts_with(b"usage:"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_not_good_here_and_now_is_told_why() {
    let world = World::new().await;
    let origin = world.proxy.origin();
    let said_of = |origin: &str, token: &str| {
        let said = refused(origin, token, &[STRIPE]);
        said.split(':').next().unwrap_or_default().to_owned()
    };
    let made = world.token("ci", &[], &[]).await;
    let ended = world.token("ended", &[], &[]).await;
    let elsewhere = world.token("elsewhere", &[], &["10.0.0.0/8"]).await;
    assert_eq!(said_of(&origin, &elsewhere.text), "address_refused");
    let other = TestServer::start().await;
    assert_eq!(said_of(&other.origin(), &made.text), "token_refused");
    // The same server by a name that is not its own.
    let aside = world.server.origin();
    assert_eq!(said_of(&aside, &made.text), "token_refused");
    assert_eq!(said_of("http://127.0.0.1:9", &made.text), "unreachable");
    assert_eq!(said_of("keyarc.example", &made.text), "invalid_origin");
    let mut mistyped = made.text.as_bytes().to_vec();
    mistyped[50] = if mistyped[50] == b'7' { b'8' } else { b'7' };
    let mistyped = String::from_utf8(mistyped).expect("ASCII");
    assert_eq!(said_of(&origin, &mistyped), "invalid_token");

    world.session.revoke_token(made.id).await.expect("revoked");
    assert_eq!(said_of(&origin, &made.text), "token_revoked");
    let store = world.server.db().store();
    let end = "UPDATE machine_tokens SET expires_at_ms = 1";
    store.sabotage(end).await.expect("the database");
    assert_eq!(said_of(&origin, &ended.text), "token_expired");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_reads_values_items_and_lists() {
    let world = World::new().await;
    let origin = world.proxy.origin();
    let made = world.token("all", &[], &[]).await;
    let token = made.text.as_str();
    let mut program = Program::start();
    assert_eq!(
        program.reads(&origin, token, "id", json!([])),
        made.id.to_string()
    );
    assert_eq!(
        program.reads(&origin, token, "expiresAtMs", json!([])),
        Value::Null
    );

    let rows = program.reads(&origin, token, "list", json!([]));
    let names = rows.as_array().expect("rows").iter();
    let names: Vec<&str> = names.filter_map(|row| row["name"].as_str()).collect();
    let expected = ["Second factor", "Service", "Stripe", "Stripe", "One", "One"];
    assert_eq!(names, expected);
    assert!(!rows.to_string().contains("canary"), "{rows}");
    let stripe = &rows[2];
    assert_eq!(stripe["folder"], "Payments");
    assert_eq!(stripe["environment"], "production");
    assert_eq!(stripe["kind"], "api_key");
    assert_eq!(
        (&stripe["expires_on"], &stripe["version"]),
        (&Value::Null, &json!(1))
    );

    let variable = "keyarc://personal/Service/TOKEN";
    let many = program.reads(
        &origin,
        token,
        "readMany",
        json!([[variable, STRIPE, variable]]),
    );
    assert_eq!(many, json!(["canary-variable", LIVE, "canary-variable"]));
    let none = program.reads(&origin, token, "readMany", json!([[]]));
    assert_eq!(none, json!([]));
    // All or nothing.
    let said = program.fails(
        &origin,
        token,
        "readMany",
        json!([[STRIPE, "keyarc://personal/Servce/TOKEN"]]),
    );
    assert_eq!(
        (&said["code"], &said["nearest"]),
        (&json!("not_found"), &json!(["Service"]))
    );

    let options = json!({ "environment": "production" });
    for named in ["Payments/Stripe", "Stripe", STRIPE] {
        let item = program.reads(&origin, token, "item", json!([named, options]));
        assert_eq!(item["fields"], json!({ "value": LIVE }), "{named}");
        assert_eq!(item["id"], stripe["id"]);
    }
    let service = program.reads(&origin, token, "item", json!(["Service"]));
    let fields = json!({ "REGION": "eu", "TOKEN": "canary-variable" });
    assert_eq!(service["fields"], fields);
    let codes = program.reads(&origin, token, "item", json!(["Second factor"]));
    let code = codes["fields"]["code"].as_str().expect("a code");
    assert!(
        code.len() == 6 && code.bytes().all(|digit| digit.is_ascii_digit()),
        "{code}"
    );
    // Two that nothing tells apart are told apart by their ids.
    let said = program.fails(&origin, token, "item", json!(["Twins/One"]));
    assert_eq!(said["code"], "ambiguous");
    assert_eq!(said["candidates"], json!(["Twins/One", "Twins/One"]));
    let mut both = [4, 5].map(|at| {
        let item = program.reads(&origin, token, "item", json!([rows[at]]));
        item["fields"]["value"].as_str().map(str::to_owned)
    });
    both.sort();
    assert_eq!(
        both,
        ["canary-another", "canary-one"].map(|value| Some(value.to_owned()))
    );
    for id in ["0".repeat(32), "x".to_owned()] {
        let said = program.fails(&origin, token, "item", json!([{ "id": id }]));
        assert_eq!(said["code"], "not_found", "{said}");
    }

    // What is closed gives what it was asked for before, and nothing more.
    let closed = program.reads(&origin, token, "closed", json!([STRIPE]));
    assert_eq!(
        closed,
        json!([LIVE, "closed", "closed", "closed", "closed"])
    );

    // What the vault gets, the token reads.
    let new = key("__proto__", "", None, "a new one");
    world.session.save(&new).await.expect("saves");
    world.session.update_tokens().await.expect("up to date");
    let read = "keyarc://personal/__proto__/value";
    let value = program.reads(&origin, token, "read", json!([read]));
    assert_eq!(value, "a new one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_the_servers_origin_reads_in_a_browser() {
    let world = World::new().await;
    let made = world.token("ci", &["Payments"], &[]).await;
    assert_eq!(page::reads(&world, &made.text, STRIPE).await, LIVE);
}

/// What the server said last to whoever opened a token.
fn opened(world: &World) -> Answer {
    let said = world.proxy.said().into_iter();
    let mut opened = said.rev().filter(|(path, _)| path == paths::MACHINE_OPEN);
    opened.next().expect("it was asked").1
}

/// What is to be the answer on a path from now on.
fn say(world: &World, path: &'static str, lie: Answer) {
    world.proxy.route(move |asked| match asked.path == path {
        true => Delivery::Instead(lie.clone()),
        false => Delivery::Once,
    });
}

/// Places where another bit can mean nothing but that somebody was there.
fn is_sealed_or_signed(site: &str) -> bool {
    let part = site.rsplit('/').next().unwrap_or_default();
    let sealed = ["key id", "salt", "commitment", "ciphertext", "tag"];
    part.starts_with("signed ") || sealed.iter().any(|end| part.ends_with(&format!(" {end}")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_lies_gives_no_value_but_the_true_one() {
    let world = World::new().await;
    let origin = world.proxy.origin();
    let made = world.token("ci", &["Payments"], &[]).await;
    let mut program = Program::start();
    // All that the token reads, so that each of its parts is opened.
    let both = json!([[STRIPE, STRIPE.replace("production", "test")]]);
    let mut read = || program.ask(&origin, &made.text, "readMany", both.clone());
    let true_ones = json!([LIVE, TEST]);
    assert_eq!(read()["value"], true_ones);
    let honest = opened(&world);
    let mut dice = Dice::new(2026);
    let (mut refused, mut checked) = (0, 0);
    for site in sites(&honest) {
        for kind in Kind::ALL {
            let Some(Mutated::Answer(lie)) = mutate(&honest, &site, kind, &[], &mut dice) else {
                continue;
            };
            say(&world, paths::MACHINE_OPEN, lie);
            let said = read();
            match said.get("value") {
                Some(value) => assert_eq!(value, &true_ones, "{} {kind:?}", site.name),
                None => refused += 1,
            }
            if kind == Kind::FlipBit && is_sealed_or_signed(&site.name) {
                assert_eq!(said["code"], "tampered", "{}: {said}", site.name);
                checked += 1;
            }
        }
    }
    assert!(refused > 300 && checked > 30, "{refused} {checked}");
    world.proxy.tell_the_truth();
    assert_eq!(read()["value"], true_ones);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn details_that_come_by_themselves_are_believed_as_little() {
    let world = World::new().await;
    let origin = world.proxy.origin();
    let made = world.token("ci", &["Payments"], &[]).await;
    let mut program = Program::start();
    let mut read = || program.ask(&origin, &made.text, "read", json!([STRIPE]));
    assert_eq!(read()["value"], LIVE);
    // As of a copy that is too large for one answer.
    let whole = opened(&world);
    let without = Answer {
        body: without_details(&whole.body),
        ..whole
    };
    say(&world, paths::MACHINE_OPEN, without);
    assert_eq!(read()["value"], LIVE);
    let asked = world.proxy.asked();
    assert_eq!(asked.last().expect("asked").path, paths::MACHINE_DETAILS);

    world.proxy.lie(|_, answer| {
        if let Some(mut said) = answer.value() {
            let sealed = said["details"][0]["details"].as_str().expect("sealed");
            let at = sealed.len() / 2;
            let other = if &sealed[at..=at] == "A" { "B" } else { "A" };
            let spoilt = [&sealed[..at], other, &sealed[at + 1..]].concat();
            said["details"][0]["details"] = spoilt.into();
            answer.body = said.to_string().into_bytes();
        }
    });
    let said = read();
    assert_eq!(said["code"], "tampered", "{said}");
}

fn without_details(body: &[u8]) -> Vec<u8> {
    let mut decoder = ChangesDecoder::new(body).expect("a stream");
    let (mut out, mut count) = (Vec::new(), 0);
    encode_changes_start(&mut out);
    while let Some(change) = decoder.next().expect("a record") {
        match change {
            Change::Manifest(manifest) => encode_manifest(&mut out, &manifest.0),
            Change::Grant(grant) => encode_grant(&mut out, &grant.0),
            Change::Waiting(waiting) => encode_waiting(&mut out, &waiting),
            Change::Details(_) => continue,
            Change::Item(item) => {
                let live = item.live.as_ref();
                let live = live.map(|(version, sealed)| (*version, sealed.as_ref()));
                encode_change(&mut out, &item.item_id.0, item.version, item.revision, live);
            }
        }
        count += 1;
    }
    encode_changes_end(&mut out, count);
    out
}
