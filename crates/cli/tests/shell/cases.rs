//! The cases of `tests/cases`: what is typed, the exit code, and all that is printed.
//!
//! Each file has an account, a home and a folder of its own, and its commands run one after the
//! other. `TRYCMD=overwrite` writes what is printed now in the place of what was.

use std::{
    fs,
    path::{Path, PathBuf},
};

use keyarc_client::{Host as _, NativeHost};
use keyarc_vault::Day;
use tokio::task::JoinHandle;
use trycmd::{TestCases, schema::Bin};

use crate::fixture::{PASSWORD, Shell};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

/// Begins with the cases of a file.
fn hold(shell: &Shell, path: PathBuf) -> JoinHandle<()> {
    let Day(today) = NativeHost.today();
    let program = PathBuf::from(env!("CARGO_BIN_EXE_keyarc"));
    let text = |path: PathBuf| path.to_str().expect("UTF-8").to_owned();
    let environment = [
        ("CODE", shell.code.clone()),
        ("HOME", text(shell.work())),
        ("KEYARC", text(program)),
        ("KNOWN", text(shell.home())),
        ("PASSWORD", PASSWORD.to_owned()),
        ("PAST", Day(today - 2).to_string()),
        ("SERVER", shell.server.origin()),
        ("SOON", Day(today + 12).to_string()),
        ("WORK", text(shell.work())),
    ];
    tokio::task::spawn_blocking(move || {
        let cases = TestCases::new();
        cases.case(path);
        for name in ["keyarc", "sh"] {
            cases.register_bin(name, Bin::Path(folder().join("bin").join(name)));
        }
        for (name, value) in environment {
            cases.env(name, value);
        }
        cases.run();
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_typed_gets_what_the_cases_say() {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder()).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|ending| ending == "md") {
            let shell = Shell::logged_in().await;
            let held = hold(&shell, path);
            // The server is there as long as somebody has the shell.
            all.push((shell, held));
        }
    }
    assert!(all.len() > 10, "{}", all.len());
    let mut broken = 0;
    for (_shell, held) in all {
        broken += usize::from(held.await.is_err());
    }
    assert_eq!(broken, 0, "files whose cases do not hold");
}
