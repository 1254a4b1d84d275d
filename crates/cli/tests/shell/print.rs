//! What prints values for others to read: `env`, `inject`, `totp`, `expiring`, `generate`.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt as _, process::Command};

use crate::{
    fixture::{LIVE, Shell, TEST, refused},
    json,
    terminal::{at_terminal, terminal, until},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn variables_are_printed_for_whoever_reads_them() {
    let shell = Shell::logged_in().await;
    fs::write(
        shell.work().join(".env"),
        "STRIPE=keyarc://personal/Payments/Stripe/value\nLINES=keyarc://personal/Service/LINES\nPLAIN=\"it's as it is\"\n",
    )
    .expect("writes");
    let lines = shell.prints(&["env", "-e", "test"]).await;
    let script = format!("{lines}\nprintf '%s|%s|%s' \"$STRIPE\" \"$LINES\" \"$PLAIN\"");
    let read = Command::new("sh").arg("-c").arg(script).output();
    assert_eq!(
        String::from_utf8(read.expect("runs").stdout).expect("UTF-8"),
        format!("{TEST}|one\ntwo|it's as it is")
    );
    let all = json(
        &shell
            .prints(&["env", "-e", "production", "--format", "json"])
            .await,
    );
    assert_eq!(all["STRIPE"], LIVE);
    assert_eq!(all["LINES"], "one\ntwo");

    let set = shell
        .prints(&["env", "Service", "--format", "dotenv"])
        .await;
    assert_eq!(
        set,
        "DATABASE_URL=postgres://db\nLINES=\"one\\ntwo\"\nREGION=eu\n"
    );
    let words = ["env", "Service", "--format", "k8s", "--name", "service"];
    let secret = shell.prints(&words).await;
    assert!(secret.contains("kind: Secret") && secret.contains("  REGION: ZXU=\n"));

    for (words, code, said) in [
        (vec!["env", "Service", "--format", "docker"], 2, "LINES"),
        (vec!["env", "Service", "--format", "k8s"], 2, "--name"),
        (vec!["env", "Registry"], 2, "no environment set"),
        (vec!["env", "Servce"], 4, "Did you mean Service?"),
        (
            vec!["env", "Service", "--env-file", "x"],
            2,
            "cannot be used",
        ),
        (vec!["env"], 5, "Payments/Stripe (test)"),
    ] {
        let (is, says) = shell.refuses(&words).await;
        assert_eq!(is, code, "{words:?}: {says}");
        assert!(says.contains(said), "{words:?}: {says}");
        assert!(!says.contains("postgres://db"), "{says}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_template_is_filled_in_or_nothing_is_written() {
    let shell = Shell::logged_in().await;
    let template = "key: {{ keyarc://personal/Payments/Stripe/value }}\nregion: {{keyarc://personal/Service/REGION}}\nname: {{ .Values.name }}\n";
    let filled = |key: &str| format!("key: {key}\nregion: eu\nname: {{{{ .Values.name }}}}\n");
    let out = shell.typed(&["inject", "-e", "test"], template).await;
    assert_eq!(String::from_utf8(out.stdout).expect("UTF-8"), filled(TEST));

    let (input, output) = (shell.work().join("in.yaml"), shell.work().join("out.yaml"));
    fs::write(&input, template).expect("writes");
    fs::write(&output, "before").expect("writes");
    let words = ["inject", "-i", "in.yaml", "-o", "out.yaml", "-e"];
    assert_eq!(
        shell.prints(&[&words[..], &["production"]].concat()).await,
        ""
    );
    assert_eq!(fs::read_to_string(&output).expect("reads"), filled(LIVE));
    let mode = fs::metadata(&output)
        .expect("is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);

    // Nothing is half written.
    fs::write(&input, "{{ keyarc://personal/Nothing/value }}").expect("writes");
    let (code, _) = shell.refuses(&[&words[..], &["test"]].concat()).await;
    assert_eq!(code, 4);
    fs::write(&input, "a\n{{ keyarc://personal/Nothing }}").expect("writes");
    let (code, said) = shell.refuses(&[&words[..], &["test"]].concat()).await;
    assert_eq!(code, 2);
    assert!(said.contains("line 2"), "{said}");
    let (code, _) = shell.refuses(&["inject", "-i", "nowhere"]).await;
    assert_eq!(code, 1);
    assert_eq!(fs::read_to_string(&output).expect("reads"), filled(LIVE));
    let odd = shell
        .run(&["inject", "-i", "in.yaml", "-o", "no/such/folder"])
        .await;
    assert_eq!(refused(&odd).0, 2, "the template is looked at first");
    let names: BTreeSet<_> = fs::read_dir(shell.work())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_dates_and_new_secrets() {
    let shell = Shell::logged_in().await;
    for item in ["Second factor", "Only a name"] {
        let code = shell.prints(&["totp", item]).await;
        let digits = code.trim_end();
        assert!(
            digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit()),
            "{item}: {code}"
        );
    }
    let words = ["totp", "Only a name", "-f", "one-time code"];
    assert_eq!(shell.prints(&words).await.len(), 7);
    assert_eq!(shell.refuses(&["totp", "Registry"]).await.0, 4);
    let words = ["totp", "Only a name", "-f", "another"];
    assert_eq!(shell.refuses(&words).await.0, 4);

    let due = json(&shell.prints(&["expiring", "--json"]).await);
    let due = due.as_array().expect("a list");
    assert_eq!(due.len(), 2);
    assert_eq!(due[0]["environment"], "production");
    let left = [&due[0], &due[1]].map(|row| row["days_left"].as_i64().expect("days"));
    // Midnight may pass between the two programs.
    assert!(left == [-2, 12] || left == [-3, 11], "{left:?}");
    let soon = shell.prints(&["expiring", "--within", "3"]).await;
    assert_eq!(soon.lines().count(), 2, "{soon}");

    is_coloured_where_it_is_seen(&shell).await;

    shell.prints(&["logout"]).await;
    for (words, length) in [
        (vec!["generate"], 24),
        (vec!["generate", "--length", "40", "--no-symbols"], 40),
        (vec!["generate", "--hex", "16"], 32),
        (vec!["generate", "--base64", "32"], 43),
        (vec!["generate", "--uuid"], 36),
    ] {
        let (one, two) = (shell.prints(&words).await, shell.prints(&words).await);
        assert_eq!(one.trim_end().len(), length, "{words:?}");
        assert_ne!(one, two, "{words:?}");
    }
    let words = shell.prints(&["generate", "--words", "5"]).await;
    assert_eq!(words.trim_end().split('-').count(), 5);
    for wrong in [
        ["generate", "--hex", "1", "--length", "9"],
        ["generate", "--uuid", "--words", "5", "--no-symbols"],
    ] {
        assert_eq!(shell.refuses(&wrong).await.0, 2);
    }
    assert_eq!(shell.refuses(&["generate", "--hex", "0"]).await.0, 2);
}

/// Tables of what has expired, in a list of the keeper and in one of the command's own.
async fn is_coloured_where_it_is_seen(shell: &Shell) {
    const RED: &str = "\u{1b}[1m\u{1b}[31m";
    for (words, wanted) in [
        (&["ls"][..], "Stripe"),
        (&["expiring"], "Stripe"),
        (&["get", "-n", "Payments/Stripe", "-e", "test"], TEST),
    ] {
        for (variables, coloured) in [
            (&[("TERM", "xterm")][..], wanted != TEST),
            (&[("TERM", "xterm"), ("NO_COLOR", "1")], false),
            (&[("TERM", "dumb")], false),
        ] {
            let (mut here, there) = terminal();
            let mut command = at_terminal(shell, words, &there);
            command.envs(variables.iter().copied());
            let shown = tokio::task::spawn_blocking(move || {
                let mut shown = String::new();
                let mut child = command.spawn().expect("it starts");
                until(&mut here, &mut shown, wanted);
                assert!(child.wait().expect("it ends").success(), "{shown}");
                shown
            });
            let shown = shown.await.expect("it ends");
            assert_eq!(shown.contains('\u{1b}'), coloured, "{words:?}: {shown:?}");
            // What has expired stands first, and is red.
            let is_red = words == ["expiring"] && coloured;
            assert!(!is_red || shown.contains(RED), "{shown:?}");
        }
    }
    let forced = shell.command(&["ls"]).env("CLICOLOR_FORCE", "1").output();
    let forced = String::from_utf8(forced.expect("runs").stdout).expect("UTF-8");
    assert!(forced.contains(RED), "{forced:?}");
    assert!(!shell.prints(&["ls"]).await.contains('\u{1b}'));
}
