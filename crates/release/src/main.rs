//! Makes, signs and checks release manifests. `cargo x release` calls it; anybody else can.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a program for a terminal: it prints what it found, and waits for a server by the real clock"
)]

use std::{
    env, fs,
    io::Write as _,
    net::TcpListener,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use getrandom::SysRng;
use keyarc_release::{SignedRelease, check, observe};
use keyarc_signature::{SigningKey, VerifyingKey};
use rand_core::TryRng as _;
use zeroize::Zeroizing;

const USAGE: &str = "\
keyarc-release key FILE
    makes a signing key, writes it to a new file that only you can read, and prints the
    public key
keyarc-release sign --server PROGRAM --site FOLDER --version VERSION --key FILE
                    [--previous FILE]
    starts the server over the site, writes down all that it serves, signs that, and puts it
    into the site as release.txt
keyarc-release check ORIGIN --key PUBLIC-KEY [--manifest FILE]
    compares what a server serves with a release, by default the one that it shows itself
";
/// Where the manifest is served.
const NAME: &str = "release.txt";
/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// `Ok(false)` is a server that serves something else.
fn run(arguments: &[String]) -> anyhow::Result<bool> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["key", file] => make_key(Path::new(file)),
        ["sign", options @ ..] => sign(&Options::read(
            options,
            &["--server", "--site", "--version", "--key", "--previous"],
        )?),
        ["check", origin, options @ ..] => {
            check_server(origin, &Options::read(options, &["--key", "--manifest"])?)
        }
        _ => bail!("{USAGE}"),
    }
}

/// Named values.
struct Options(Vec<(String, String)>);

impl Options {
    fn read(words: &[&str], known: &[&str]) -> anyhow::Result<Self> {
        let mut options = Vec::new();
        for pair in words.chunks(2) {
            match pair {
                [name, value] if known.contains(name) => {
                    options.push(((*name).to_owned(), (*value).to_owned()));
                }
                _ => bail!("`{}` is not understood\n\n{USAGE}", pair.join(" ")),
            }
        }
        Ok(Self(options))
    }

    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    fn need(&self, name: &str) -> anyhow::Result<&str> {
        self.get(name).with_context(|| format!("{name} is missing"))
    }
}

fn make_key(file: &Path) -> anyhow::Result<bool> {
    let mut seed = Zeroizing::new([0; 32]);
    SysRng
        .try_fill_bytes(seed.as_mut_slice())
        .context("the system gives no randomness")?;
    let text = Zeroizing::new(format!("{}\n", hex::encode(seed.as_slice())));
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("writing {}", file.display()))?;
    println!("{}", hex::encode(SigningKey::from_seed(&seed).public_key()));
    Ok(true)
}

fn sign(options: &Options) -> anyhow::Result<bool> {
    let site = PathBuf::from(options.need("--site")?);
    let key = signing_key(Path::new(options.need("--key")?))?;
    let previous = match options.get("--previous") {
        Some(file) => Some(read_manifest(Path::new(file))?),
        None => None,
    };
    let place = site.join(NAME);
    if place.exists() {
        // An older one is no part of what it describes.
        fs::remove_file(&place).with_context(|| format!("removing {}", place.display()))?;
    }
    let server = Running::start(Path::new(options.need("--server")?), &site)?;
    let mut release = observe(&server.origin, &site, options.need("--version")?)?;
    drop(server);
    release.previous = previous.map(|manifest| manifest.hash());
    let signed = release.sign(&key);
    let text = signed.to_text();
    // Nothing is published that could not be read back.
    SignedRelease::parse(&text).context("the site has names that a manifest cannot hold")?;
    fs::write(&place, text).with_context(|| format!("writing {}", place.display()))?;
    println!("{} {}", hex::encode(signed.hash()), place.display());
    Ok(true)
}

fn check_server(origin: &str, options: &Options) -> anyhow::Result<bool> {
    let mut key = [0; 32];
    hex::decode_to_slice(options.need("--key")?, &mut key)
        .context("the public key has 64 hexadecimal digits")?;
    let key = VerifyingKey::from_bytes(&key).context("this is no public key")?;
    let manifest = match options.get("--manifest") {
        Some(file) => read_manifest(Path::new(file))?,
        None => keyarc_release::shown_by(origin)?,
    };
    manifest
        .verify(&key)
        .context("the manifest is not signed with this key")?;
    let release = manifest.release();
    let found = check(origin, release)?;
    for finding in &found {
        println!("{finding}");
    }
    let parts = release.files.len() + release.pages.len() + release.policies.len();
    match found.len() {
        0 => println!(
            "{origin} serves version {}: all {parts} parts are as released",
            release.version
        ),
        some => println!(
            "{origin} does not serve version {}: {some} of {parts} parts differ",
            release.version
        ),
    }
    Ok(found.is_empty())
}

fn signing_key(file: &Path) -> anyhow::Result<SigningKey> {
    let text = Zeroizing::new(
        fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?,
    );
    let mut seed = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim(), seed.as_mut_slice())
        .with_context(|| format!("{} holds no signing key", file.display()))?;
    Ok(SigningKey::from_seed(&seed))
}

fn read_manifest(file: &Path) -> anyhow::Result<SignedRelease> {
    let text = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    SignedRelease::parse(&text)
        .with_context(|| format!("{} is no release manifest", file.display()))
}

/// A server on a port of its own, with a folder for its data. It ends with this value.
struct Running {
    child: Child,
    origin: String,
    data: PathBuf,
}

impl Running {
    fn start(program: &Path, site: &Path) -> anyhow::Result<Self> {
        let free = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .context("finding a free port")?;
        let data = env::temp_dir().join(format!("keyarc-release-{}", std::process::id()));
        fs::create_dir_all(&data).with_context(|| format!("making {}", data.display()))?;
        let child = Command::new(program)
            .env("BIND", free.to_string())
            .env("SITE_ROOT", site)
            .env("DATA_DIR", &data)
            .env_remove("DATABASE_URL")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("starting {}", program.display()))?;
        let running = Self {
            child,
            origin: format!("http://{free}"),
            data,
        };
        let since = Instant::now();
        while keyarc_release::answers(&running.origin).is_err() {
            if since.elapsed() > PATIENCE {
                bail!("{} does not answer", program.display());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already, and its folder is temporary in any case.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.data);
    }
}
