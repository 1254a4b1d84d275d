//! What changes the vault: `new`, `set`, `mv`, `rm`, and `history`, which shows what was before.

use serde_json::Value;

use crate::{
    fixture::{LIVE, Shell, refused},
    json,
};

/// What it says on standard error when it succeeds, with nothing on standard output.
async fn says(shell: &Shell, words: &[&str], typed: &str) -> String {
    let out = shell.typed(words, typed).await;
    assert!(out.status.success(), "{words:?}: {out:?}");
    assert!(out.stdout.is_empty(), "{out:?}");
    String::from_utf8(out.stderr).expect("UTF-8")
}

/// The exit code and what it says.
async fn cannot(shell: &Shell, words: &[&str], typed: &str) -> (i32, String) {
    refused(&shell.typed(words, typed).await)
}

async fn named(shell: &Shell, name: &str) -> Value {
    let all = json(&shell.prints(&["ls", "--json"]).await);
    let rows = all.as_array().expect("a list");
    let found = rows.iter().find(|row| row["name"] == name);
    found.expect("it is there").clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn items_of_every_kind_are_made_of_standard_input() {
    let shell = Shell::logged_in().await;
    let words = [
        "new", "Fresh", "--folder", "Shop/EU", "-e", "staging", "--tag", "one", "--tag", "two",
    ];
    let key = "sk_live_51Hx9TqLmNoPqRsTuVwXyZ0123456789";
    let said = says(&shell, &words, &format!("{key}\n")).await;
    assert_eq!(said, "Made Shop/EU/Fresh (staging)\n");
    assert_eq!(shell.prints(&["get", "Fresh"]).await, format!("{key}\n"));
    let row = named(&shell, "Fresh").await;
    assert_eq!(row["provider"], "Stripe");
    assert_eq!(row["tags"], serde_json::json!(["one", "two"]));

    let words = ["new", "Made", "--generate", "--expires", "2031-02-03"];
    says(&shell, &words, "").await;
    assert_eq!(shell.prints(&["get", "-n", "Made"]).await.len(), 24);
    assert_eq!(named(&shell, "Made").await["expires_on"], "2031-02-03");
    let words = [
        "new",
        "Web",
        "--kind",
        "login",
        "--username",
        "ada",
        "--url",
        "https://web.example",
    ];
    says(&shell, &words, "pass word").await;
    assert_eq!(shell.prints(&["get", "Web"]).await, "pass word\n");
    assert_eq!(
        shell.prints(&["get", "Web", "-f", "username"]).await,
        "ada\n"
    );
    says(
        &shell,
        &["new", "Set", "--kind", "env"],
        "A=1\nB='two words'\n",
    )
    .await;
    assert_eq!(
        shell.prints(&["get", "Set", "-f", "B"]).await,
        "two words\n"
    );
    says(&shell, &["new", "Text", "--kind", "note"], "one\ntwo\n\n").await;
    assert_eq!(shell.prints(&["get", "-n", "Text"]).await, "one\ntwo\n");

    for (words, typed, code, said) in [
        (vec!["new", "Empty"], "", 2, "no value"),
        (vec!["new", ""], "x", 2, "name"),
        (
            vec!["new", "X", "--kind", "env"],
            "A='canary\n",
            2,
            "line 1",
        ),
        (
            vec!["new", "X", "--expires", "soon"],
            "canary",
            2,
            "2027-01-31",
        ),
        (
            vec!["new", "X", "--url", "https://a.example"],
            "canary",
            2,
            "--kind login",
        ),
        (
            vec!["new", "X", "--kind", "totp"],
            "canary not base 32!",
            2,
            "Base32",
        ),
    ] {
        let (is, says) = cannot(&shell, &words, typed).await;
        assert_eq!(is, code, "{words:?}: {says}");
        assert!(says.contains(said), "{words:?}: {says}");
        assert!(!says.contains("canary"), "{says}");
    }
    let (code, said) = cannot(&shell, &["new", "Large"], &"x".repeat(10_000_000)).await;
    assert_eq!(code, 2, "{said}");
    assert!(!shell.prints(&["ls"]).await.contains("Large"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_are_set_and_what_they_were_is_kept() {
    let shell = Shell::logged_in().await;
    let words = ["set", "Stripe", "-e", "production"];
    let said = says(&shell, &words, "the next one\n").await;
    assert_eq!(said, "Changed Payments/Stripe (production)\n");
    let get = ["get", "Stripe", "-e", "production"];
    assert_eq!(shell.prints(&get).await, "the next one\n");
    let before = [&get[..], &["--version", "1"]].concat();
    assert_eq!(shell.prints(&before).await, format!("{LIVE}\n"));
    let words = ["history", "Stripe", "-e", "production", "--json"];
    let versions = json(&shell.prints(&words).await);
    let versions = versions.as_array().expect("a list");
    assert_eq!(versions.len(), 2);
    assert_eq!(
        (&versions[0]["version"], &versions[1]["version"]),
        (&2.into(), &1.into())
    );
    let table = shell.prints(&words[..4]).await;
    assert!(
        table.contains("secret") && table.contains("created"),
        "{table}"
    );
    assert!(!table.contains("the next one") && !table.contains(LIVE));

    says(
        &shell,
        &["set", "Registry", "-f", "URL"],
        "https://other.example",
    )
    .await;
    says(
        &shell,
        &["set", "Registry", "-f", "recovery address"],
        "eve@example.org",
    )
    .await;
    let all = json(&shell.prints(&["get", "Registry", "--json"]).await);
    assert_eq!(all["fields"]["url"], "https://other.example");
    assert_eq!(all["fields"]["Recovery address"], "eve@example.org");
    assert_eq!(all["fields"]["password"], "canary pass word");
    says(&shell, &["set", "Service", "-f", "NEW_ONE"], "added").await;
    says(&shell, &["set", "Service", "-f", "REGION"], "us").await;
    let set = json(&shell.prints(&["env", "Service", "--format", "json"]).await);
    assert_eq!(
        (&set["NEW_ONE"], &set["REGION"]),
        (&"added".into(), &"us".into())
    );

    for (words, code, said) in [
        (
            vec!["set", "Registry", "-f", "pasword"],
            4,
            "Did you mean password?",
        ),
        (vec!["set", "Service"], 2, "--field"),
        (vec!["set", "Service", "-f", "no name"], 2, "need names"),
        (vec!["set", "Stripe"], 5, "Payments/Stripe (test)"),
        (vec!["set", "Nothing"], 4, "no item"),
        (vec!["get", "Registry", "--version", "99"], 4, "version 99"),
    ] {
        let (is, says) = cannot(&shell, &words, "canary").await;
        assert_eq!(is, code, "{words:?}: {says}");
        assert!(says.contains(said), "{words:?}: {says}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn items_are_moved_and_go_to_the_trash_together_or_not_at_all() {
    let shell = Shell::logged_in().await;
    let said = says(
        &shell,
        &["mv", "Registry", "Service", "--to", "Work/Tools"],
        "",
    )
    .await;
    assert_eq!(
        said,
        "Moved Work/Tools/Registry\nMoved Work/Tools/Service\n"
    );
    let reference = "keyarc://personal/Work/Tools/Registry/password";
    assert_eq!(
        shell.prints(&["get", reference]).await,
        "canary pass word\n"
    );
    let (code, _) = shell
        .refuses(&["mv", "Registry", "Stripe", "--to", ""])
        .await;
    assert_eq!(code, 5);
    assert_eq!(named(&shell, "Registry").await["folder"], "Work/Tools");
    says(&shell, &["mv", "Work/Tools/Registry", "--to", ""], "").await;
    assert_eq!(named(&shell, "Registry").await["folder"], "");

    let (code, _) = shell.refuses(&["rm", "Registry", "Nothing"]).await;
    assert_eq!(code, 4);
    let said = says(&shell, &["rm", "Registry", "Service"], "").await;
    assert!(said.starts_with("To the trash: Registry\n"), "{said}");
    assert_eq!(shell.refuses(&["get", "Registry"]).await.0, 4);
    let status = json(&shell.prints(&["status", "--json"]).await);
    assert_eq!(status["items"], 5);
    shell.prints(&["lock"]).await;
    assert_eq!(shell.refuses(&["rm", "Stripe"]).await.0, 3);
    assert_eq!(cannot(&shell, &["set", "Stripe"], "x").await.0, 3);
}
