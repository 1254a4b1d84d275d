//! What `keyarc` costs at a shell, beside processes that do next to nothing.

use std::{
    env, fs,
    io::{self, Write as _},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use keyarc_client::{Host as _, NativeHost};
use keyarc_crypto::SetupCode;
use serde_json::{Value, json};

use crate::{
    compare::{compare, cost},
    process::{Program, free_address, keyarc},
    relay::Relay,
    sample, seed,
};

const ITEMS: usize = 10_000;
/// Pairs of a floor and a command.
const PAIRS: usize = 150;
/// Pairs of a floor and a command with a token: a server lets one address open copies so often.
const TOKEN_PAIRS: usize = 40;
/// Pairs of which each waits until what the keeper fetched is not fresh any more.
const LATE_PAIRS: usize = 12;
/// Longer than what was fetched is fresh.
const LATER: Duration = Duration::from_millis(2_100);
/// References that a command is run with.
const REFERENCES: usize = 50;
/// Lines that a command prints while it is masked.
const LINES: usize = 800_000;
/// Pairs of commands that print so much.
const LOUD_PAIRS: usize = 3;
/// Pairs with another product, which takes seconds each time.
const PEER_PAIRS: usize = 5;
/// How often it is tried to get it to have its items.
const PEER_TRIES: u32 = 3;
/// Of its account.
const PEER_PASSWORD: &str = "correct horse battery staple";

/// A machine that knows an account.
struct Machine<'a> {
    program: &'a Path,
    folder: &'a Path,
    /// The server.
    address: SocketAddr,
}

/// Runs all of it. `peer` is the program of Bitwarden, where there is one.
pub async fn measure(
    program: &Path,
    site: &Path,
    cli: &Path,
    peer: Option<&Path>,
) -> anyhow::Result<Value> {
    let folder = tempfile::tempdir()?;
    let address = free_address()?;
    let start = |address, origin: &str| {
        let mut command = keyarc(program, site, folder.path(), address);
        command.env("PUBLIC_ORIGIN", origin);
        Program::start(&mut command, address, "/health/live")
    };
    let origin = format!("http://{address}");
    let server = start(address, &origin)?;
    let seeded = seed::run(&origin, ITEMS).await?;
    let machine = Machine {
        program: cli,
        folder: folder.path(),
        address,
    };
    let derive_ms = derivation(&seeded).await?;
    machine.log_in(&origin, &seeded)?;
    let token = machine.prints(&["token", "create", "ci", "--folder", "Clients/Client 7"])?;
    let token = token.trim();
    machine.write_references()?;

    let floor = || machine.floor(&["ask", &address.to_string()]);
    let place = reference(7);
    let get = ["get", place.as_str()];
    let run = ["run", "--", "true"];
    let mut told = json!({
        "derive_ms": derive_ms,
        "get": compare(PAIRS, floor, || machine.keyarc(&get))?.told(),
        "run": compare(PAIRS, floor, || machine.keyarc(&run))?.told(),
        "ls": compare(PAIRS, || machine.floor(&[]), || machine.keyarc(&["ls"]))?.told(),
        "token": compare(TOKEN_PAIRS, floor, || machine.by_token(token, &get))?.told(),
        "get_later": later(&machine, &get)?,
        "child": machine.child()?,
        "mask": machine.mask()?,
        "peers": peers(&machine, peer),
    });
    drop(server);

    // Somebody in the middle has the server's address now.
    let behind = free_address()?;
    let server = start(behind, &origin)?;
    let relay = Relay::listen(address, behind).await?;
    let command = machine.by_token(token, &get);
    tokio::task::spawn_blocking(move || cost(command)).await??;
    let (connections, requests) = relay.counted();
    told["token"]["connections"] = connections.into();
    told["token"]["requests"] = requests.into();
    drop(server);
    Ok(told)
}

/// Milliseconds that the key takes which a password is made into: what a token spares a machine.
async fn derivation(seeded: &Value) -> anyhow::Result<f64> {
    let text = |name: &str| seeded[name].as_str().context("it was told");
    let code = SetupCode::parse(text("setup_code")?)?;
    let started = sample::now();
    let key = NativeHost.derive_password_key(text("password")?, &code);
    std::hint::black_box(key.await?);
    Ok(sample::millis(started.elapsed()))
}

/// When nobody has asked for a while, so that the keeper asks first what is new.
fn later(machine: &Machine<'_>, get: &[&str]) -> anyhow::Result<Value> {
    let mut ratios = Vec::new();
    let mut times = Vec::new();
    for _ in 0..LATE_PAIRS {
        std::thread::sleep(LATER);
        let floor = cost(machine.floor(&["ask", &machine.address.to_string()]))?;
        let it = cost(machine.keyarc(get))?;
        ratios.push(it.wall_ms / floor.wall_ms);
        times.push(it.wall_ms);
    }
    Ok(json!({
        "pairs": LATE_PAIRS,
        "ratio": sample::median(ratios),
        "ms": sample::median(times),
    }))
}

/// The same jobs with another product. Where it does not run, because of its Node for example, nothing
/// is measured.
fn peers(machine: &Machine<'_>, peer: Option<&Path>) -> Value {
    let measured = |peer| {
        // Now and then its first log-in leaves a vault behind that it does not open itself.
        (0..PEER_TRIES).find_map(|attempt| match bitwarden(machine, peer, attempt) {
            Ok(measured) => Some(measured),
            Err(error) => {
                let _ = writeln!(io::stderr(), "not measured beside Bitwarden: {error:#}");
                None
            }
        })
    };
    json!({ "bw": peer.and_then(measured) })
}

/// Beside the client of Bitwarden with as many items. It gets them once, from a server that has nothing
/// else; what is measured it answers from its own folder.
fn bitwarden(machine: &Machine<'_>, program: &Path, attempt: u32) -> anyhow::Result<Value> {
    let folder = machine.folder.join(format!("bitwarden-{attempt}"));
    fs::create_dir(&folder)?;
    let bw = |words: &[&str]| {
        let mut command = machine.bare(program);
        command
            .args(words)
            .env("BITWARDENCLI_APPDATA_DIR", &folder)
            .env("PASSWORD", PEER_PASSWORD);
        command
    };
    let script = folder.join("bitwarden.mjs");
    fs::write(&script, include_str!("bitwarden.mjs"))?;
    let address = free_address()?;
    let mut server = machine.bare(Path::new("node"));
    server
        .arg(script)
        .args([address.port().to_string(), ITEMS.to_string()])
        .env("PASSWORD", PEER_PASSWORD);
    let server = Program::start(&mut server, address, "/api/config")?;
    printed(bw(&["config", "server", &server.origin()]))?;
    let log_in = [
        "login",
        "bench@example.com",
        "--passwordenv",
        "PASSWORD",
        "--raw",
    ];
    let session = printed(bw(&log_in))?;
    let unlocked = |words: &[&str]| {
        let mut command = bw(words);
        command.env("BW_SESSION", session.trim());
        command
    };
    let theirs = ["get", "password", "00000000-0000-4000-8000-000000000007"];
    ensure!(
        printed(unlocked(&theirs))? == "secret 7",
        "it has the items"
    );
    let place = reference(7);
    let beside = |ours: &[&str], theirs: &[&str]| {
        let compared = compare(PEER_PAIRS, || machine.keyarc(ours), || unlocked(theirs));
        compared.map(|compared| compared.told())
    };
    Ok(json!({
        "items": ITEMS,
        "generate": beside(&["generate"], &["generate", "--length", "24"])?,
        "get": beside(&["get", &place], &theirs)?,
        "list": beside(&["ls", "--json"], &["list", "items"])?,
    }))
}

/// Where the secret of a sample item stands.
fn reference(number: usize) -> String {
    let draft = sample::draft(number);
    let place = format!("{}/{}", draft.folder, draft.name).replace(' ', "%20");
    format!("keyarc://personal/{place}/value")
}

impl Drop for Machine<'_> {
    fn drop(&mut self) {
        let _ = self.keyarc(&["lock"]).status();
    }
}

impl Machine<'_> {
    fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    fn bare(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .current_dir(self.folder);
        command
    }

    fn keyarc(&self, words: &[&str]) -> Command {
        let mut command = self.bare(self.program);
        command.args(words).env("KEYARC_HOME", self.home());
        command
    }

    /// On a machine that knows nothing but the token.
    fn by_token(&self, token: &str, words: &[&str]) -> Command {
        let mut command = self.bare(self.program);
        command
            .args(words)
            .env("KEYARC_HOME", self.folder.join("nothing"))
            .env("KEYARC_SERVER", format!("http://{}", self.address))
            .env("KEYARC_TOKEN", token);
        command
    }

    fn floor(&self, words: &[&str]) -> Command {
        let mut command = self.bare(&floor());
        command.args(words);
        command
    }

    fn prints(&self, words: &[&str]) -> anyhow::Result<String> {
        printed(self.keyarc(words))
    }

    fn log_in(&self, origin: &str, seeded: &Value) -> anyhow::Result<()> {
        let mut command = self.keyarc(&["login", "--stdin", "--idle", "24h", "--server", origin]);
        let mut child = command.stdin(Stdio::piped()).spawn()?;
        let text = |name: &str| seeded[name].as_str().context("it was told");
        let mut input = child.stdin.take().context("a pipe")?;
        writeln!(input, "{}\n{}", text("setup_code")?, text("password")?)?;
        drop(input);
        ensure!(child.wait()?.success(), "keyarc logs in");
        Ok(())
    }

    fn write_references(&self) -> anyhow::Result<()> {
        let lines: String = (0..REFERENCES)
            .map(|number| format!("SECRET_{number}={}\n", reference(number)))
            .collect();
        Ok(fs::write(self.folder.join(".env"), lines)?)
    }

    /// What a command itself takes as `run` runs it, as a multiple of what it takes without it, by
    /// the command's own clock.
    fn child(&self) -> anyhow::Result<Value> {
        let own = floor();
        let own = own.to_str().context("a path in UTF-8")?;
        let mut ratios = Vec::new();
        for _ in 0..PAIRS {
            let alone: f64 = printed(self.floor(&["work"]))?.trim().parse()?;
            let under: f64 = self.prints(&["run", "--", own, "work"])?.trim().parse()?;
            ratios.push(under / alone);
        }
        Ok(json!({ "pairs": PAIRS, "ratio": sample::median(ratios) }))
    }

    /// Megabytes that go through a mask in a second.
    fn mask(&self) -> anyhow::Result<Value> {
        let own = floor();
        let own = own.to_str().context("a path in UTF-8")?;
        let lines = LINES.to_string();
        let bytes = printed(self.floor(&["print", "1"]))?.len() * LINES;
        let mut rates = Vec::new();
        for _ in 0..LOUD_PAIRS {
            let words = ["run", "--mask", "--", own, "print", &lines];
            let took = cost(self.keyarc(&words))?.wall_ms;
            rates.push(bytes as f64 / 1_000.0 / took);
        }
        Ok(json!({ "references": REFERENCES, "megabytes_per_second": sample::median(rates) }))
    }
}

/// The program beside this one.
fn floor() -> PathBuf {
    let name = format!("keyarc-bench-floor{}", env::consts::EXE_SUFFIX);
    match env::current_exe() {
        Ok(own) => own.with_file_name(name),
        Err(_) => name.into(),
    }
}

fn printed(mut command: Command) -> anyhow::Result<String> {
    let out = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(
        out.status.success(),
        "{} ended with {}",
        command.get_program().display(),
        out.status
    );
    String::from_utf8(out.stdout).context("text")
}
