use std::{
    io::Read as _,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail};

use crate::{Release, SignedRelease, hash};

/// The documents that carry code: the vault app's paths.
pub const PAGES: [&str; 11] = [
    "/log-in",
    "/recover",
    "/settings",
    "/sign-up",
    "/vault",
    "/vault/checks",
    "/vault/dashboard",
    "/vault/export",
    "/vault/import",
    "/vault/moment",
    "/vault/reminders",
];
/// The document of the frame in which keys are tried. Its one script stands in it.
const FRAME: &str = "/check-frame";
/// A public page. It loads no code, which its policy sees to.
const PUBLIC_PAGE: &str = "/";
/// Where the texts of other languages are, in which each document exists as well.
const LANGUAGES: &str = "/languages/";
/// Where the vault worker's script is; its name is in every document of the app.
const WORKER: &str = "/vault-worker/";
/// Stands for the nonce, which is another one at every request.
const NONCE: &str = "NONCE";
/// Copies that the server picks by itself, for the same path.
const COMPRESSED: [&str; 2] = ["br", "gz"];
/// Largest file of a site, in bytes.
const FILE_MAX: u64 = 64 * 1024 * 1024;
const TIMEOUT: Duration = Duration::from_secs(60);

/// An answer with status 200.
pub(crate) struct Served {
    pub(crate) body: Vec<u8>,
    /// Its policy, and the nonce in it replaced.
    pub(crate) policy: String,
    nonce: Option<String>,
}

impl Served {
    /// The document with [`NONCE`] in the place of its nonce.
    pub(crate) fn page(&self) -> Vec<u8> {
        match (&self.nonce, std::str::from_utf8(&self.body)) {
            (Some(nonce), Ok(text)) => text.replace(nonce, NONCE).into_bytes(),
            _ => self.body.clone(),
        }
    }
}

/// Something that asks one server.
pub(crate) struct Server {
    agent: ureq::Agent,
    origin: String,
}

impl Server {
    pub(crate) fn new(origin: &str) -> Self {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .max_redirects(0)
            .build()
            .new_agent();
        Self {
            agent,
            origin: origin.trim_end_matches('/').to_owned(),
        }
    }

    /// What it serves at a path; `None` when that is nothing.
    pub(crate) fn get(&self, path: &str) -> anyhow::Result<Option<Served>> {
        let url = format!("{}{path}", self.origin);
        let mut answer = self
            .agent
            .get(&url)
            .header("accept-encoding", "identity")
            .call()
            .with_context(|| format!("asking for {url}"))?;
        if answer.status() != 200 {
            return Ok(None);
        }
        let policy = match answer.headers().get("content-security-policy") {
            Some(policy) => policy.to_str().context("the policy is no text")?.to_owned(),
            None => String::new(),
        };
        let mut body = Vec::new();
        answer
            .body_mut()
            .as_reader()
            .take(FILE_MAX + 1)
            .read_to_end(&mut body)
            .with_context(|| format!("reading {url}"))?;
        if body.len() as u64 > FILE_MAX {
            bail!("{url} is larger than any file of a site");
        }
        let nonce = nonce_of(&policy).map(str::to_owned);
        Ok(Some(Served {
            body,
            policy: nonce
                .as_deref()
                .map_or_else(|| policy.clone(), |nonce| policy.replace(nonce, NONCE)),
            nonce,
        }))
    }
}

/// Asks a server for everything that a release consists of: the files of a built site, and the
/// documents that load them.
pub fn observe(origin: &str, site: &Path, version: &str) -> anyhow::Result<Release> {
    let server = Server::new(origin);
    let mut release = Release {
        version: version.to_owned(),
        ..Release::default()
    };
    for path in paths_below(site)? {
        // Notes of the build lie in the site as well, and are not served.
        if let Some(served) = server.get(&path)? {
            release.files.insert(path, hash(&served.body));
        }
    }
    let languages: Vec<String> = release
        .files
        .keys()
        .filter_map(|path| path.strip_prefix(LANGUAGES)?.strip_suffix(".po"))
        .map(|tag| format!("?language={tag}"))
        .collect();
    let others = languages
        .iter()
        .flat_map(|language| PAGES.map(|path| format!("{path}{language}")));
    let all = PAGES.into_iter().chain([FRAME, PUBLIC_PAGE]);
    for path in all.map(str::to_owned).chain(others) {
        let served = server
            .get(&path)?
            .with_context(|| format!("the server has no {path}"))?;
        if path != PUBLIC_PAGE {
            release.pages.insert(path.clone(), hash(&served.page()));
        }
        let plain = path.split('?').next().unwrap_or_default();
        if PAGES.contains(&plain) {
            let worker = worker_of(&served.body)
                .with_context(|| format!("{path} names no worker's script"))?;
            let script = server
                .get(&worker)?
                .with_context(|| format!("the server has no {worker}"))?;
            release.files.insert(worker.clone(), hash(&script.body));
            release.policies.insert(worker, script.policy);
        }
        release.policies.insert(path, served.policy);
    }
    Ok(release)
}

/// The manifest that a server shows of itself.
pub fn shown_by(origin: &str) -> anyhow::Result<SignedRelease> {
    let served = Server::new(origin)
        .get("/release.txt")?
        .with_context(|| format!("{origin} shows no release manifest"))?;
    let text = String::from_utf8(served.body).context("the manifest is no text")?;
    SignedRelease::parse(&text).context("what it shows is no release manifest")
}

/// Whether a server answers at all.
pub fn answers(origin: &str) -> anyhow::Result<()> {
    Server::new(origin).get("/").map(drop)
}

/// The value of the first nonce in a policy, if it is one (CSP 3, `base64-value`). Whatever stands
/// for the nonce is left out of the comparison, so that anything longer or freer would be a place
/// to hide markup, or directives, from it.
fn nonce_of(policy: &str) -> Option<&str> {
    let (_, rest) = policy.split_once("'nonce-")?;
    let (nonce, _) = rest.split_once('\'')?;
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte);
    ((16..=64).contains(&nonce.len()) && nonce.bytes().all(is_base64)).then_some(nonce)
}

fn worker_of(document: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(document).ok()?;
    let (_, rest) = text.split_once(WORKER)?;
    let name: String = rest
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        .collect();
    Some(format!("{WORKER}{name}"))
}

/// The paths of all files below a folder, in order, without their compressed copies.
fn paths_below(site: &Path) -> anyhow::Result<Vec<String>> {
    let mut folders: Vec<PathBuf> = vec![site.to_owned()];
    let mut paths = Vec::new();
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("reading the folder {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            let is_copy = path
                .extension()
                .is_some_and(|end| COMPRESSED.iter().any(|copy| end == *copy));
            if path.is_dir() {
                folders.push(path);
            } else if !is_copy {
                let below = path.strip_prefix(site)?;
                let below = below.to_str().context("a file's name is no text")?;
                paths.push(format!("/{below}"));
            }
        }
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(nonce: &str) -> Served {
        let policy = format!("script-src 'nonce-{nonce}' 'wasm-unsafe-eval'");
        Served {
            body: format!("<script nonce=\"{nonce}\">boot()</script>").into_bytes(),
            nonce: nonce_of(&policy).map(str::to_owned),
            policy,
        }
    }

    #[test]
    fn a_nonce_is_left_out_of_the_comparison() {
        for nonce in [
            "abcdefghijklmnop",
            "Zm9vYmFyZm9vYmFyZg==",
            "-_-_-_-_-_-_-_-_",
        ] {
            let page = served(nonce).page();
            assert_eq!(page, b"<script nonce=\"NONCE\">boot()</script>", "{nonce}");
        }
    }

    #[test]
    fn what_hides_in_the_place_of_a_nonce_is_not() {
        for hidden in [
            "aaaaaaaaaaaaaaaa\"></script><script src=//evil.example>",
            "aaaaaaaaaaaaaaaa; script-src-elem *; x",
            "aaaaaaaaaaaaaaaa http://evil.example",
            "short",
            &"a".repeat(65),
        ] {
            let served = served(hidden);
            assert_eq!(served.nonce, None, "{hidden}");
            assert_eq!(served.page(), served.body, "{hidden}");
        }
    }
}
