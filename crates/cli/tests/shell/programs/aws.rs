//! Programs of AWS ask `keyarc aws-credential-process`.

use keyarc_vault::{Content, ItemDraft, Variable};

use super::{login, token, with};
use crate::json;

const ID: &str = "AKIACANARY0123456789";
const SECRET: &str = "canary/0123456789+abcdefghijklmnopqrstuv";

fn set(name: &str, variables: &[(&str, &str)]) -> ItemDraft {
    let one = |(name, value): &(&str, &str)| Variable {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    };
    let variables = variables.iter().map(one).collect();
    ItemDraft::new(name, Content::EnvironmentSet { variables })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aws_gets_an_access_key_out_of_whatever_holds_one() {
    let key = ("AWS_ACCESS_KEY_ID", ID);
    let secret = ("AWS_SECRET_ACCESS_KEY", SECRET);
    let shell = with(vec![
        login("Login", "", ID, SECRET),
        token(
            "Key",
            "aws",
            SECRET,
            &[("Access key ID", ID), ("region", "eu-central-1")],
        ),
        token(
            "Turned",
            "aws",
            SECRET,
            &[
                ("aws_access_key_id", ID),
                ("Secret access key", "canary-of-the-field"),
            ],
        ),
        set(
            "Set",
            &[
                key,
                secret,
                ("AWS_SESSION_TOKEN", "canary-token"),
                ("AWS_CREDENTIAL_EXPIRATION", "2099-01-31T12:00:00+00:00"),
            ],
        ),
        set(
            "Over",
            &[
                key,
                secret,
                ("AWS_CREDENTIAL_EXPIRATION", "2020-01-31T12:00:00Z"),
            ],
        ),
        set(
            "Some day",
            &[
                key,
                secret,
                ("AWS_CREDENTIAL_EXPIRATION", "tomorrow\u{1b}[2J"),
            ],
        ),
        set("No id", &[secret]),
        set("No secret", &[key]),
        set(
            "Spaces",
            &[key, ("AWS_SECRET_ACCESS_KEY", "canary with\nlines")],
        ),
        set(
            "Odd token",
            &[key, secret, ("AWS_SESSION_TOKEN", "canary with\nlines")],
        ),
        login("A person", "", "ada", SECRET),
    ])
    .await;
    let get = async |name| json(&shell.prints(&["aws-credential-process", name]).await);
    let plain = serde_json::json!({ "Version": 1, "AccessKeyId": ID, "SecretAccessKey": SECRET });
    assert_eq!(get("Login").await, plain);
    assert_eq!(get("Key").await, plain);
    assert_eq!(
        get("Turned").await["SecretAccessKey"],
        "canary-of-the-field"
    );
    let whole = serde_json::json!({
        "Version": 1, "AccessKeyId": ID, "SecretAccessKey": SECRET,
        "SessionToken": "canary-token", "Expiration": "2099-01-31T12:00:00+00:00",
    });
    assert_eq!(get("Set").await, whole);
    for (name, code, said) in [
        ("Over", 8, "ended on 2020-01-31"),
        ("Some day", 2, "is no moment"),
        ("No id", 2, "no access key id"),
        ("No secret", 2, "no secret access key"),
        ("Spaces", 2, "no secret access key"),
        ("Odd token", 2, "no session token"),
        ("A person", 2, "no access key id"),
        ("Service", 2, "no access key id"),
        ("Stripe", 5, "Payments/Stripe (test)"),
        ("Nothing", 4, "there is no item Nothing"),
    ] {
        let (is, says) = shell.refuses(&["aws-credential-process", name]).await;
        assert_eq!(is, code, "{name}: {says}");
        assert!(says.contains(said), "{name}: {says}");
        assert!(
            !says.contains("canary") && !says.contains('\u{1b}'),
            "{says}"
        );
    }
    shell.prints(&["lock"]).await;
    assert_eq!(shell.refuses(&["aws-credential-process", "Key"]).await.0, 3);
}
