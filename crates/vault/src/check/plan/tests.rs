use keyarc_wire::ItemId;

use super::*;
use crate::{CheckHeader, ItemSummary, Kind};

fn item(provider: Option<&str>, content: Content, check: Option<CheckDefinition>) -> Item {
    let summary = ItemSummary {
        id: ItemId([1; 16]),
        version: 1,
        kind: content.kind(),
        name: "A key".to_owned(),
        provider: provider.map(str::to_owned),
        provider_name: None,
        mark: String::new(),
        environment: None,
        hint: String::new(),
        folder: String::new(),
        tags: Vec::new(),
        favourite: false,
        expires_on: None,
        created_at_ms: 0,
        updated_at_ms: 0,
        trashed_at_ms: None,
        field_names: Vec::new(),
        rotation: Default::default(),
        checks: Vec::new(),
        files: Vec::new(),
        matches: Vec::new(),
        found: Vec::new(),
    };
    Item {
        summary,
        content,
        notes: String::new(),
        fields: Vec::new(),
        places: Vec::new(),
        check,
        attachments: Vec::new(),
    }
}

fn key(provider: &str, value: &str) -> Item {
    let value = value.to_owned();
    item(Some(provider), Content::ApiKey { value }, None)
}

fn own(value: &str, change: impl FnOnce(&mut CheckDefinition)) -> Item {
    let mut definition = CheckDefinition {
        url: "https://api.example.com/me".to_owned(),
        ..CheckDefinition::default()
    };
    change(&mut definition);
    let value = value.to_owned();
    item(None, Content::ApiKey { value }, Some(definition))
}

fn request(item: &Item) -> CheckRequest {
    let plan = CheckPlan::of(item).expect("a plan");
    plan.request(item).expect("a request")
}

fn answer(status: u16, found: u32) -> CheckAnswer {
    CheckAnswer::Status { status, found }
}

#[test]
fn the_key_stands_where_the_definition_says() {
    let bearer = request(&own(" a key \n", |_| ()));
    assert_eq!(
        (bearer.method.as_str(), bearer.origin.as_str()),
        ("GET", "https://api.example.com")
    );
    assert_eq!(
        bearer.headers,
        [("authorization".to_owned(), "Bearer a key".to_owned())]
    );
    let header = request(&own("k", |d| {
        d.placement = Placement::Header;
        d.name = "x-key".to_owned();
        d.prefix = "Token ".to_owned();
        d.method = CheckMethod::Head;
        d.headers.push(CheckHeader {
            name: "accept".to_owned(),
            value: "application/json".to_owned(),
        });
    }));
    assert_eq!(header.method, "HEAD");
    assert_eq!(
        header.headers,
        [
            ("accept".to_owned(), "application/json".to_owned()),
            ("x-key".to_owned(), "Token k".to_owned())
        ]
    );
    let query = request(&own("a+b/ü", |d| {
        d.placement = Placement::Query;
        d.name = "key".to_owned();
        d.url.push_str("?v=1");
    }));
    assert_eq!(
        query.url,
        "https://api.example.com/me?v=1&key=a%2Bb%2F%C3%BC"
    );
    assert!(query.headers.is_empty());
    // RFC 7617, section 2.
    let basic = request(&own("open sesame", |d| {
        d.placement = Placement::Basic;
        d.name = "Aladdin".to_owned();
    }));
    assert_eq!(basic.headers[0].1, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    let alone = request(&own("k", |d| d.placement = Placement::Basic));
    assert_eq!(alone.headers[0].1, "Basic azo=");
}

#[test]
fn what_cannot_be_asked_says_why() {
    let refusal = |item: &Item| match CheckPlan::of(item) {
        Ok(plan) => plan.request(item).err(),
        Err(error) => Some(error),
    };
    let note = Content::Note {
        text: "n".to_owned(),
    };
    assert_eq!(refusal(&item(None, note, None)), Some(PlanError::Kind));
    assert_eq!(refusal(&key("openai", "")), Some(PlanError::Empty));
    assert_eq!(refusal(&key("nobody", "x")), Some(PlanError::NoDefinition));
    assert_eq!(
        refusal(&key("stripe", "pk_live_x")),
        Some(PlanError::NoDefinition)
    );
    assert_eq!(refusal(&own("two\nlines", |_| ())), Some(PlanError::Key));
    assert_eq!(
        refusal(&own(&"k".repeat(KEY_MAX + 1), |_| ())),
        Some(PlanError::Key)
    );
    assert_eq!(refusal(&key("openai", "sk-x")), None);
}

#[test]
fn a_password_goes_to_no_host_that_nobody_chose_for_it() {
    let login = |check| {
        let content = Content::Login {
            username: "ann".to_owned(),
            password: "a password".to_owned(),
            url: String::new(),
        };
        item(Some("mistral"), content, check)
    };
    assert_eq!(
        CheckPlan::of(&login(None)).err(),
        Some(PlanError::NoDefinition)
    );
    let definition = own("", |_| ()).check;
    assert!(CheckPlan::of(&login(definition)).is_ok());
}

#[test]
fn answers_mean_what_http_says() {
    let item = own("k", |_| ());
    let plan = CheckPlan::of(&item).expect("a plan");
    assert!(plan.is_own() && plan.browsers() == Browsers::Unknown);
    // The only pattern is the word for a key whose time is over.
    assert_eq!(request(&item).patterns, ["expired"]);
    for (answer, outcome) in [
        (answer(200, 0), CheckOutcome::Valid),
        (answer(204, 1), CheckOutcome::Valid),
        (answer(401, 0), CheckOutcome::Invalid),
        (answer(401, 1), CheckOutcome::Expired),
        (answer(403, 1), CheckOutcome::Expired),
        (answer(403, 0), CheckOutcome::Unexpected),
        (answer(404, 0), CheckOutcome::Unexpected),
        (answer(429, 0), CheckOutcome::RateLimited),
        (answer(500, 0), CheckOutcome::Unreachable),
        (answer(503, u32::MAX), CheckOutcome::Unreachable),
        (answer(0, 0), CheckOutcome::Unexpected),
        (answer(u16::MAX, u32::MAX), CheckOutcome::Unexpected),
        (CheckAnswer::Redirected, CheckOutcome::Unexpected),
        (CheckAnswer::Blocked, CheckOutcome::Blocked),
        (CheckAnswer::TimedOut, CheckOutcome::Unreachable),
    ] {
        assert_eq!(plan.interpret(answer), outcome, "{answer:?}");
    }
}

#[test]
fn a_pattern_and_a_status_of_ones_own_decide() {
    let item = own("k", |d| {
        (d.status_from, d.status_to) = (418, 418);
        d.pattern = "\"ok\":true".to_owned();
    });
    let plan = CheckPlan::of(&item).expect("a plan");
    assert_eq!(request(&item).patterns, ["\"ok\":true", "expired"]);
    assert_eq!(plan.interpret(answer(418, 1)), CheckOutcome::Valid);
    assert_eq!(plan.interpret(answer(418, 2)), CheckOutcome::Invalid);
    assert_eq!(plan.interpret(answer(200, 1)), CheckOutcome::Unexpected);
    assert_eq!(plan.interpret(answer(401, 2)), CheckOutcome::Expired);
}

#[test]
fn what_is_known_of_a_provider_is_applied() {
    let outcome = |item: &Item, status: u16, body: &str| {
        let mut found = 0;
        for (at, pattern) in request(item).patterns.iter().enumerate() {
            found |= u32::from(body.contains(pattern.as_str())) << at;
        }
        let plan = CheckPlan::of(item).expect("a plan");
        plan.interpret(answer(status, found))
    };
    for (provider, value, status, body, wanted) in [
        (
            "stripe",
            "rk_live_x",
            403,
            "more_permissions_required",
            CheckOutcome::Valid,
        ),
        (
            "stripe",
            "sk_live_x",
            401,
            "api_key_expired",
            CheckOutcome::Expired,
        ),
        ("stripe", "sk_live_x", 401, "", CheckOutcome::Invalid),
        (
            "slack",
            "xoxb-1",
            200,
            r#"{"ok":true}"#,
            CheckOutcome::Valid,
        ),
        (
            "slack",
            "xoxb-1",
            200,
            r#"{"ok":false,"error":"invalid_auth"}"#,
            CheckOutcome::Invalid,
        ),
        (
            "slack",
            "xoxb-1",
            200,
            r#"{"ok":false,"error":"token_expired"}"#,
            CheckOutcome::Expired,
        ),
        (
            "mapbox",
            "pk.eyJx",
            200,
            r#"{"code":"TokenValid"}"#,
            CheckOutcome::Valid,
        ),
        (
            "mapbox",
            "pk.eyJx",
            200,
            r#"{"code":"TokenExpired"}"#,
            CheckOutcome::Expired,
        ),
        (
            "mapbox",
            "pk.eyJx",
            200,
            r#"{"code":"TokenRevoked"}"#,
            CheckOutcome::Invalid,
        ),
        (
            "google",
            "AIzax",
            400,
            "API_KEY_INVALID",
            CheckOutcome::Invalid,
        ),
        (
            "google",
            "AIzax",
            403,
            "SERVICE_DISABLED",
            CheckOutcome::Valid,
        ),
        (
            "elevenlabs",
            "sk_x",
            401,
            "missing_permissions",
            CheckOutcome::Valid,
        ),
        ("openai", "sk-x", 429, "", CheckOutcome::RateLimited),
    ] {
        assert_eq!(
            outcome(&key(provider, value), status, body),
            wanted,
            "{provider} {body}"
        );
    }
    // An address of one's own at a provider that is known.
    let own = own("sk_live_x", |d| {
        d.url = "https://api.stripe.com/v1/charges".to_owned()
    });
    assert_eq!(outcome(&own, 403, ""), CheckOutcome::Valid);
    assert_eq!(
        CheckPlan::of(&own).expect("a plan").browsers(),
        Browsers::Yes
    );
}

#[test]
fn the_line_for_a_terminal_holds_no_key() {
    let line = |item: &Item, variable: Option<&str>| {
        CheckPlan::of(item).expect("a plan").command_line(variable)
    };
    assert_eq!(
        line(&own("the-key", |_| ()), None),
        "printf 'authorization: Bearer %s' \"$API_KEY\" | curl -sS -w '\\n%{http_code}\\n' \
         -H @- 'https://api.example.com/me'"
    );
    let basic = own("the-key", |d| {
        d.placement = Placement::Basic;
        d.name = "100%\\".to_owned();
    });
    assert!(line(&basic, Some("MY_KEY")).starts_with(
        "printf 'authorization: Basic %s' \"$(printf '100%%\\\\:%s' \"$MY_KEY\" | base64 | tr -d \
         '\\n')\" | curl"
    ));
    let query = own("the-key", |d| {
        d.placement = Placement::Query;
        d.name = "key".to_owned();
        d.method = CheckMethod::Post;
        d.headers.push(CheckHeader {
            name: "x".to_owned(),
            value: "it's".to_owned(),
        });
    });
    let query = line(&query, Some("$(id)"));
    assert!(query.contains("\"$API_KEY\"") && !query.contains("$(id)"));
    assert!(query.ends_with(
        "-X POST -H 'x: it'\\''s' -G --data-urlencode key@- 'https://api.example.com/me'"
    ));
    for preset in presets() {
        let definition = preset.definition();
        let item = item(
            None,
            Content::ApiKey {
                value: "the-key".to_owned(),
            },
            Some(definition),
        );
        assert!(!line(&item, None).contains("the-key"));
        assert_eq!(item.summary.kind, Kind::ApiKey);
    }
}
