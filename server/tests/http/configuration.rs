//! The program's own start: one error for all mistakes, and a clean exit.

use std::process::{Command, Stdio};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyarc-server"));
    command.env_clear();
    command
}

#[test]
fn a_wrong_configuration_stops_the_start_and_names_every_mistake() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = program()
        .current_dir(folder.path())
        .envs([
            ("KEYARC_ENV", "production"),
            ("BIND", "canary"),
            ("JWT_SECRET", "canary"),
        ])
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).expect("text");
    for name in ["BIND", "PUBLIC_ORIGIN", "JWT_SECRET", "SITE_ROOT"] {
        assert!(text.contains(&format!("\n  {name} ")), "{name}: {text}");
    }
    assert!(!text.contains("canary"), "{text}");
    assert!(!folder.path().join("data").exists(), "nothing was made");
}

#[test]
fn unknown_arguments_are_refused() {
    let output = program().arg("--help").output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
#[cfg(unix)]
fn the_program_starts_from_nothing_answers_its_probe_and_ends_on_a_signal() {
    use std::io::BufRead as _;

    let folder = tempfile::tempdir().expect("a folder");
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port();
    let bind = format!("127.0.0.1:{port}");
    let mut server = program()
        .current_dir(folder.path())
        .env("BIND", &bind)
        .env("LOG_FORMAT", "json")
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let lines = std::io::BufReader::new(server.stdout.take().expect("its output")).lines();
    let mut lines = lines.map_while(Result::ok);
    assert!(lines.any(|line| line.contains("KeyArc is ready")));
    assert!(folder.path().join("data/keyarc.db").is_file());

    let probe = || {
        let mut probe = program();
        probe
            .current_dir(folder.path())
            .env("BIND", &bind)
            .arg("health");
        probe.status().expect("it runs").code()
    };
    assert_eq!(probe(), Some(0));
    let signalled = Command::new("kill")
        .arg(server.id().to_string())
        .status()
        .expect("it runs");
    assert!(signalled.success());
    assert!(server.wait().expect("it ends").success());
    assert!(lines.any(|line| line.contains("\"stopped\"")));
    assert_eq!(probe(), Some(1));
}
