//! Somebody with an account and machine tokens, and programs in Node.js that have one of these.

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio},
};

use keyarc_client::{MadeToken, NativeHost, NativeTransport, NewToken, Session, SignUp};
use keyarc_crypto::Suite;
use keyarc_testkit::{Proxy, TestServer};
use keyarc_vault::{Content, ItemDraft, MachineScope, Variable};
use keyarc_wire::ClientKind;
use serde_json::{Value, json};

pub const LIVE: &str = "sk_live_canary_51f0";
pub const TEST: &str = "sk_test_canary_8e2c";
/// What stands in the vault and no program's error.
pub const CANARIES: [&str; 3] = [LIVE, TEST, "canary-variable"];

/// An account at a server that can be made to lie.
pub struct World {
    pub proxy: Proxy,
    pub server: TestServer,
    pub session: Session<NativeTransport, NativeHost>,
}

impl World {
    pub async fn new() -> Self {
        let (proxy, server) = Proxy::with_server(|_| {}).await;
        let origin = proxy.origin();
        let wish = SignUp {
            origin: &origin,
            password: "quartz lantern mosaic dolphin",
            suite: Suite::Pbkdf2Sha256,
            email: None,
            terms_version: "2026-11",
            device_name: "A browser",
            client: ClientKind::Api,
        };
        let transport = NativeTransport::new(&server.origin()).expect("loopback");
        let made = Session::sign_up(transport, NativeHost, &wish).await;
        let (session, _) = made.expect("signs up");
        for draft in drafts() {
            session.save(&draft).await.expect("saves");
        }
        Self {
            proxy,
            server,
            session,
        }
    }

    /// A token for these folders, or for all of it, which may be used from some networks.
    pub async fn token(&self, name: &str, folders: &[&str], networks: &[&str]) -> MadeToken {
        let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let scope = MachineScope {
            folders: own(folders),
            environments: Vec::new(),
        };
        let networks: Vec<String> = own(networks);
        let new = NewToken {
            name,
            scope: &scope,
            expires_at_ms: None,
            networks: &networks,
            writes: false,
        };
        self.session.make_token(&new).await.expect("is made")
    }
}

pub fn key(name: &str, folder: &str, environment: Option<&str>, value: &str) -> ItemDraft {
    let value = value.to_owned();
    ItemDraft {
        folder: folder.to_owned(),
        environment: environment.map(str::to_owned),
        ..ItemDraft::new(name, Content::ApiKey { value })
    }
}

fn drafts() -> Vec<ItemDraft> {
    let variables = [("REGION", "eu"), ("TOKEN", "canary-variable")];
    let variables = variables.map(|(name, value)| Variable {
        name: name.to_owned(),
        value: value.to_owned(),
    });
    let variables = variables.to_vec();
    let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".to_owned();
    vec![
        key("Stripe", "Payments", Some("production"), LIVE),
        key("Stripe", "Payments", Some("test"), TEST),
        key("One", "Twins", None, "canary-one"),
        key("One", "Twins", None, "canary-another"),
        ItemDraft::new("Service", Content::EnvironmentSet { variables }),
        ItemDraft::new("Second factor", Content::Totp { key: secret }),
    ]
}

/// The folder of the client.
pub fn client() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../clients/typescript")
}

/// Node.js in the client's folder, with nothing in its environment but where programs are.
fn node(file: &str) -> Command {
    let mut node = Command::new("node");
    node.arg(file)
        .current_dir(client())
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default());
    node
}

/// Runs the example of the client's folder.
pub fn example(origin: &str, token: &str, words: &[&str]) -> Output {
    let mut node = node("examples/read-secret.mjs");
    node.args(words)
        .env("KEYARC_SERVER", origin)
        .env("KEYARC_TOKEN", token);
    let out = tokio::task::block_in_place(|| node.output().expect("Node.js starts"));
    let said = String::from_utf8_lossy(&out.stderr);
    assert_keeps_secrets(&said, token);
    out
}

/// That neither the token nor what it reads is in what a program says is wrong.
pub fn assert_keeps_secrets(said: &str, token: &str) {
    let secret = token.split('_').nth(2).filter(|secret| !secret.is_empty());
    let all = CANARIES.into_iter().chain(secret);
    for canary in all {
        assert!(!said.contains(canary), "{said}");
    }
}

/// A program that reads what it is asked for.
pub struct Program {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Program {
    pub fn start() -> Self {
        let mut node = node("test/asked.mjs");
        node.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = node.spawn().expect("Node.js starts");
        let input = child.stdin.take().expect("a pipe");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        Self {
            child,
            input,
            output,
        }
    }

    /// Opens the token and calls a method. Tells its value, or the error's members.
    pub fn ask(&mut self, origin: &str, token: &str, call: &str, arguments: Value) -> Value {
        let asked =
            json!({ "origin": origin, "token": token, "call": call, "arguments": arguments });
        let line = tokio::task::block_in_place(|| {
            writeln!(self.input, "{asked}").expect("it listens");
            let mut line = String::new();
            self.output.read_line(&mut line).expect("it answers");
            line
        });
        let said: Value = serde_json::from_str(&line).expect("it goes on");
        if said.get("value").is_none() {
            assert_eq!(said["typed"], true, "{said}");
            assert_keeps_secrets(&said.to_string(), token);
        }
        said
    }

    /// What is read.
    pub fn reads(&mut self, origin: &str, token: &str, call: &str, arguments: Value) -> Value {
        let mut said = self.ask(origin, token, call, arguments);
        assert!(said.get("value").is_some(), "{said}");
        said["value"].take()
    }

    /// The code of the error, and what else it says.
    pub fn fails(&mut self, origin: &str, token: &str, call: &str, arguments: Value) -> Value {
        let said = self.ask(origin, token, call, arguments);
        assert!(said.get("value").is_none(), "{call}: something was read");
        said
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
