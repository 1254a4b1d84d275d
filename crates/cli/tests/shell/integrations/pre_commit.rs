//! The hook for pre-commit, which Git calls as that installs it.

use std::{fs, path::Path, process::Output};

use super::{Machine, ended, yaml};

/// In two halves, so that this file is no finding itself.
fn secret() -> String {
    ["sk_live_", "9zQ4mT7xW2kLpR5vB8nC3dFh"].concat()
}

/// What the repository offers, and what the guide writes into a configuration.
fn entries() -> [String; 2] {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |name: &str| fs::read_to_string(root.join(name)).expect("it is shipped");
    let offered = yaml::document(&read(".pre-commit-hooks.yaml"));
    let guide = read("docs/cli.md");
    let block = guide.split("# .pre-commit-config.yaml\n").nth(1);
    let block = block.and_then(|rest| rest.split("```").next());
    let written = yaml::document(block.expect("a configuration"));
    let hooks = [&offered[0], &written["repos"][0]["hooks"][0]];
    hooks.map(|hook| {
        // Called as it is, in the environment of whoever commits, without names of files.
        assert_eq!(hook["language"], "system");
        assert_eq!(hook["pass_filenames"], "false");
        hook["entry"].as_str().expect("a command").to_owned()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_a_secret_in_it_is_not_committed() {
    let machine = Machine::new().await;
    for (at, entry) in entries().into_iter().enumerate() {
        let folder = machine.shell.work().join(at.to_string());
        fs::create_dir(&folder).expect("a folder");
        let git = async |words: &[&str]| -> Output {
            let mut git = machine.bare("git");
            git.args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com"])
                .args(words)
                .env("GIT_CONFIG_NOSYSTEM", "1")
                .current_dir(&folder);
            ended(git).await
        };
        assert!(git(&["init", "--quiet"]).await.status.success());
        let hook = machine.stub("hook", &format!("exec {entry}"));
        fs::create_dir_all(folder.join(".git/hooks")).expect("a folder");
        fs::rename(hook, folder.join(".git/hooks/pre-commit")).expect("moves");
        let line = format!("const KEY = \"{}\";", secret());
        fs::write(folder.join("a.js"), format!("{line}\n")).expect("writes");
        assert!(git(&["add", "a.js"]).await.status.success());
        let out = git(&["commit", "--message", "One"]).await;
        let said = [out.stdout.as_slice(), &out.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(!out.status.success() && said.contains("a.js"), "{said}");
        assert!(!said.contains(&secret()), "{said}");
        assert!(
            !git(&["rev-parse", "--verify", "HEAD"])
                .await
                .status
                .success()
        );

        fs::write(folder.join("a.js"), format!("{line} // keyarc:allow\n")).expect("writes");
        assert!(git(&["add", "a.js"]).await.status.success());
        let out = git(&["commit", "--quiet", "--message", "Two"]).await;
        assert!(out.status.success(), "{out:?}");
    }
}
