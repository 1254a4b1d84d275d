//! Machine tokens that write: what is handed in is read at once, and taken by the owner.

use std::{process::Output, time::Duration};

use crate::{
    fixture::{LIVE, Shell, refused},
    token::{CI, behind_proxy, make},
};

/// On a machine with a token, a server and nothing else, with something on standard input.
async fn by_token(shell: &Shell, server: &str, token: &str, words: &[&str], typed: &str) -> Output {
    let nothing = shell.work().join("nothing");
    let environment = [
        ("KEYARC_HOME", nothing.as_os_str()),
        ("KEYARC_TOKEN", token.as_ref()),
        ("KEYARC_SERVER", server.as_ref()),
    ];
    shell.typed_with(words, typed, &environment).await
}

/// Both of what was printed, of something that worked.
async fn does(
    shell: &Shell,
    server: &str,
    token: &str,
    words: &[&str],
    typed: &str,
) -> (String, String) {
    let out = by_token(shell, server, token, words, typed).await;
    assert!(out.status.success(), "{words:?}: {out:?}");
    let [printed, said] =
        [out.stdout, out.stderr].map(|bytes| String::from_utf8(bytes).expect("UTF-8"));
    (printed, said)
}

/// What the owner's own `keyarc` prints, once it is this.
async fn comes_to(shell: &Shell, words: &[&str], wanted: &str) {
    let mut last = String::new();
    for _ in 0..60 {
        let out = shell.run(words).await;
        last = String::from_utf8_lossy(&out.stdout).into_owned();
        if last == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("{words:?}: {last}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_token_hands_in_is_read_at_once_and_taken_by_the_owner() {
    let (proxy, shell) = behind_proxy().await;
    let server = proxy.origin();
    let token = make(&shell, &[&CI[..], &["--write"]].concat()).await;
    let listed = shell.prints(&["token", "ls"]).await;
    assert!(listed.contains("writes"), "{listed}");
    let set = ["set", "Stripe", "--json"];
    let (printed, said) = does(&shell, &server, &token, &set, "by the machine\n").await;
    assert!(said.contains("handed in"), "{said}");
    let rows: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!(
        (&rows[0]["name"], &rows[0]["folder"]),
        (&"Stripe".into(), &"Payments".into())
    );
    let get = ["get", "Stripe"];
    let (value, _) = does(&shell, &server, &token, &get, "").await;
    assert_eq!(value, "by the machine\n");
    // Once more, before anybody took it; and an item of its own.
    does(&shell, &server, &token, &["set", "Stripe"], "twice\n").await;
    let new = [
        "new",
        "Adyen",
        "--folder",
        "Payments",
        "--environment",
        "production",
    ];
    let (_, said) = does(&shell, &server, &token, &new, "a new secret\n").await;
    assert!(
        said.contains("Made Payments/Adyen (production)") && said.contains("handed in"),
        "{said}"
    );
    let (value, _) = does(&shell, &server, &token, &["get", "Adyen"], "").await;
    assert_eq!(value, "a new secret\n");
    // The owner has it without doing anything about it, and what was there before.
    comes_to(&shell, &["get", "Stripe", "-e", "production"], "twice\n").await;
    comes_to(&shell, &["get", "Adyen"], "a new secret\n").await;
    let before = ["get", "Stripe", "-e", "production", "--version", "1"];
    assert_eq!(shell.prints(&before).await, format!("{LIVE}\n"));
    // To move and to remove are changes, too.
    let mv = ["mv", "Adyen", "--to", "Payments/EU"];
    does(&shell, &server, &token, &mv, "").await;
    does(&shell, &server, &token, &["rm", "Stripe"], "").await;
    let gone = by_token(&shell, &server, &token, &get, "").await;
    assert_eq!(refused(&gone).0, 4);
    // Each change of the owner's takes what waits.
    let own = shell.typed(&["set", "Registry"], "something else\n").await;
    assert!(own.status.success(), "{own:?}");
    let (code, _) = shell.refuses(&["get", "Stripe", "-e", "production"]).await;
    assert_eq!(code, 4, "it is in the trash");
    let listed = shell.prints(&["ls"]).await;
    assert!(listed.contains("Payments/EU"), "{listed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_token_may_not_write_changes_nothing() {
    let (proxy, shell) = behind_proxy().await;
    let server = proxy.origin();
    let reads = make(&shell, &CI).await;
    for words in [
        &["new", "x", "--generate"][..],
        &["set", "Stripe"],
        &["mv", "Stripe", "--to", "x"],
        &["rm", "Stripe"],
        &["edit", "Stripe"],
    ] {
        let out = by_token(&shell, &server, &reads, words, "a value\n").await;
        let (code, said) = refused(&out);
        assert_eq!(code, 2, "{words:?}: {said}");
        assert!(said.contains("this machine token reads only"), "{said}");
    }
    let writes = make(&shell, &["wide", "--folder", "Payments", "--write"]).await;
    // Out of its folder: the machine cannot know, and the owner's client does not take it.
    let mv = ["mv", "Stripe", "-e", "test", "--to", "Elsewhere"];
    does(&shell, &server, &writes, &mv, "").await;
    let own = shell.typed(&["set", "Registry"], "something else\n").await;
    let said = String::from_utf8_lossy(&own.stderr).into_owned();
    assert!(
        said.contains("1 of what machine tokens handed in waits for you"),
        "{said}"
    );
    let listed = shell.prints(&["ls"]).await;
    assert!(!listed.contains("Elsewhere"), "{listed}");
    // A rule for items is told before anything is sent.
    let broken = ["new", "x", "--folder", "a/b/c/d/e/f/g/h/i/j/k"];
    let out = by_token(&shell, &server, &writes, &broken, "a value\n").await;
    assert_eq!(refused(&out).0, 2);
    let (code, said) = refused(&by_token(&shell, &server, &writes, &["token", "ls"], "").await);
    assert_eq!(code, 2);
    assert!(said.contains("a machine token cannot do this"), "{said}");
}
