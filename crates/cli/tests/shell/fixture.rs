//! Somebody with an account, a machine, and the program.

use std::{
    ffi::OsStr,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use keyarc_client::{Host as _, LogIn, NativeHost, NativeTransport, Session, SignUp};
use keyarc_crypto::{SetupCode, Suite};
use keyarc_testkit::TestServer;
use keyarc_vault::{Content, Day, Field, FieldType, ItemDraft, Variable};
use keyarc_wire::ClientKind;
use tempfile::TempDir;

pub const PASSWORD: &str = "quartz lantern mosaic dolphin";
pub const LIVE: &str = "sk_live_canary_51f0";
pub const TEST: &str = "sk_test_canary_8e2c";
/// That of RFC 6238, appendix B, in Base32.
pub const SETUP_KEY: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// Somebody with an account, and a machine that knows nothing of it yet.
pub struct Shell {
    pub server: TestServer,
    pub code: String,
    folder: TempDir,
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.command(&["lock"]).status();
    }
}

impl Shell {
    pub async fn new() -> Self {
        let server = TestServer::start().await;
        let origin = server.origin();
        Self::at(server, &origin).await
    }

    /// Somebody with an account at a server that goes by an origin.
    pub async fn at(server: TestServer, origin: &str) -> Self {
        let wish = SignUp {
            origin,
            password: PASSWORD,
            suite: Suite::Pbkdf2Sha256,
            email: Some("ada@example.com"),
            terms_version: "2026-11",
            device_name: "A browser",
            client: ClientKind::Api,
        };
        let transport = NativeTransport::new(&server.origin()).expect("loopback");
        let made = Session::sign_up(transport, NativeHost, &wish).await;
        let (session, kit) = made.expect("signs up");
        for draft in drafts() {
            session.save(&draft).await.expect("saves");
        }
        session.log_out().await.expect("logs out");
        Self {
            code: kit.setup_code.to_text().to_string(),
            server,
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    /// Somebody who has logged in.
    pub async fn logged_in() -> Self {
        let shell = Self::new().await;
        let out = shell.log_in(&[]).await;
        assert!(out.status.success(), "{out:?}");
        shell
    }

    pub async fn log_in(&self, more: &[&str]) -> Output {
        let origin = self.server.origin();
        let words = [&["login", "--stdin", "--server", &origin], more].concat();
        let typed = format!("{}\n{PASSWORD}\n", self.code);
        self.typed(&words, &typed).await
    }

    /// The same person, elsewhere.
    pub async fn browser(&self) -> Session<NativeTransport, NativeHost> {
        self.browser_at(&self.server.origin()).await
    }

    /// The same, where the server goes by another origin.
    pub async fn browser_at(&self, origin: &str) -> Session<NativeTransport, NativeHost> {
        let code = SetupCode::parse(&self.code).expect("a setup code");
        let wish = LogIn {
            origin,
            code: &code,
            password: PASSWORD,
            device_name: "A browser",
            client: ClientKind::Api,
            pins: None,
        };
        let transport = NativeTransport::new(origin).expect("loopback");
        let session = Session::log_in(transport, NativeHost, &wish).await;
        session.expect("logs in")
    }

    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    pub fn work(&self) -> PathBuf {
        let work = self.folder.path().join("work");
        fs::create_dir_all(&work).expect("a folder");
        work
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyarc"));
        command
            .args(words)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("KEYARC_HOME", self.home())
            .current_dir(self.work())
            .stdin(Stdio::null());
        command
    }

    pub async fn run(&self, words: &[&str]) -> Output {
        let mut command = self.command(words);
        tokio::task::spawn_blocking(move || command.output().expect("it starts"))
            .await
            .expect("it ends")
    }

    pub async fn typed(&self, words: &[&str], typed: &str) -> Output {
        self.typed_with(words, typed, &[]).await
    }

    /// With more in its environment.
    pub async fn typed_with(
        &self,
        words: &[&str],
        typed: &str,
        environment: &[(&str, &OsStr)],
    ) -> Output {
        let mut command = self.command(words);
        command.envs(environment.iter().copied());
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let typed = typed.to_owned();
        tokio::task::spawn_blocking(move || {
            let mut child = command.spawn().expect("it starts");
            let mut input = child.stdin.take().expect("a pipe");
            // It may have refused before it reads.
            let _ = input.write_all(typed.as_bytes());
            drop(input);
            child.wait_with_output().expect("it ends")
        })
        .await
        .expect("it ends")
    }

    /// What it prints when it succeeds.
    pub async fn prints(&self, words: &[&str]) -> String {
        let out = self.run(words).await;
        assert!(out.status.success(), "{words:?}: {out:?}");
        String::from_utf8(out.stdout).expect("UTF-8")
    }

    /// Its exit code, with nothing on standard output, and what it says.
    pub async fn refuses(&self, words: &[&str]) -> (i32, String) {
        let out = self.run(words).await;
        refused(&out)
    }
}

pub fn refused(out: &Output) -> (i32, String) {
    assert_eq!(String::from_utf8_lossy(&out.stdout), "", "{out:?}");
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    (out.status.code().expect("it ends by itself"), said)
}

fn drafts() -> Vec<ItemDraft> {
    let Day(today) = NativeHost.today();
    let key = |value: &str| Content::ApiKey {
        value: value.to_owned(),
    };
    let variables = [
        ("DATABASE_URL", "postgres://db"),
        ("REGION", "eu"),
        ("LINES", "one\ntwo"),
    ];
    let variables = variables.map(|(name, value)| Variable {
        name: name.to_owned(),
        value: value.to_owned(),
    });
    vec![
        ItemDraft {
            folder: "Payments".to_owned(),
            environment: Some("production".to_owned()),
            expires_on: Some(Day(today - 2)),
            ..ItemDraft::new("Stripe", key(LIVE))
        },
        ItemDraft {
            folder: "Payments".to_owned(),
            environment: Some("test".to_owned()),
            expires_on: Some(Day(today + 12)),
            ..ItemDraft::new("Stripe", key(TEST))
        },
        ItemDraft {
            fields: vec![Field {
                name: "Recovery address".to_owned(),
                field_type: FieldType::Text,
                value: "ada@example.org".to_owned(),
            }],
            ..ItemDraft::new(
                "Registry",
                Content::Login {
                    username: "ada".to_owned(),
                    password: "canary pass word".to_owned(),
                    url: "https://registry.example".to_owned(),
                },
            )
        },
        ItemDraft::new(
            "Service",
            Content::EnvironmentSet {
                variables: variables.to_vec(),
            },
        ),
        ItemDraft::new("$(a 'quoted' name)", key("quoted")),
        ItemDraft {
            fields: vec![Field {
                name: "One-time code".to_owned(),
                field_type: FieldType::Totp,
                value: SETUP_KEY.to_owned(),
            }],
            ..ItemDraft::new(
                "Only a name",
                Content::Login {
                    username: "ada".to_owned(),
                    password: String::new(),
                    url: String::new(),
                },
            )
        },
        ItemDraft::new(
            "Second factor",
            Content::Totp {
                key: SETUP_KEY.to_owned(),
            },
        ),
    ]
}

/// The process that holds the keys for this home.
pub fn keeper_of(home: &Path) -> u32 {
    let all = keepers_of(home);
    *all.first().expect("somebody holds the keys")
}

/// Every process that holds the keys for this home, or is about to.
pub fn keepers_of(home: &Path) -> Vec<u32> {
    let marker = format!("KEYARC_HOME={}", home.display()).into_bytes();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")
        .expect("a system with /proc")
        .flatten()
    {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        let read = |name: &str| fs::read(entry.path().join(name)).unwrap_or_default();
        let is_keeper = read("cmdline")
            .windows(8)
            .any(|window| window == b"\0keeper\0");
        if is_keeper
            && read("environ")
                .windows(marker.len())
                .any(|window| window == marker)
        {
            found.push(pid);
        }
    }
    found
}
