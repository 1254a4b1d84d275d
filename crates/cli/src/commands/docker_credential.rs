use std::{collections::BTreeMap, process::ExitCode};

use clap::Args;
use keyarc_lookup::Environment;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    address::Address,
    credentials::{Asked, DOCKER_HUB, REGISTRY_TAG},
    failure::Failure,
    home::Home,
    open, output, prompt,
    vault::{Answer, Question},
};

/// Letter by letter what programs that ask take for “nothing is known”, and go on without.
const NOT_FOUND: &str = "credentials not found in native keychain";
/// What Docker calls its own registry, in one form or another.
const HUB: [&str; 4] = [
    "https://docker.io",
    "https://hub.docker.com",
    "https://index.docker.io",
    "https://registry-1.docker.io",
];
/// Registries whose tokens are known by their provider.
const PROVIDERS: [(&str, &str); 2] = [
    ("https://ghcr.io", "github"),
    ("https://registry.gitlab.com", "gitlab"),
];

// `keyarc docker-credential`
#[derive(Debug, Args)]
pub struct DockerCredential {
    /// What Docker asks for: get, list, store or erase.
    pub operation: String,
    /// Of which environment, where several items fit.
    #[arg(long, short, env = "KEYARC_ENVIRONMENT", value_name = "NAME")]
    pub environment: Option<String>,
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct Credential {
    #[serde(rename = "ServerURL")]
    server: String,
    #[serde(rename = "Username")]
    username: String,
    #[serde(rename = "Secret")]
    secret: String,
}

/// Answers Docker, which reads on standard output what went wrong, too
/// (<https://github.com/docker/docker-credential-helpers>, "Development").
pub async fn run(home: &Home, wish: &DockerCredential) -> Result<ExitCode, Failure> {
    let outcome = match wish.operation.as_str() {
        "get" => get(home, wish).await,
        "list" => list(home, wish).await,
        "store" => store(home, wish).await,
        "erase" => Err(Failure::Usage(
            "keyarc removes nothing because another program says so: see `keyarc rm`".to_owned(),
        )),
        _ => Err(Failure::Usage(
            "Docker asks for get, list, store or erase".to_owned(),
        )),
    };
    let Err(failure) = outcome else {
        return Ok(ExitCode::SUCCESS);
    };
    let told = match failure {
        Failure::NotFound { .. } => NOT_FOUND.to_owned(),
        ref other => other.to_string(),
    };
    output::secret(format!("{told}\n").as_bytes())?;
    Ok(ExitCode::from(failure.exit_code()))
}

async fn get(home: &Home, wish: &DockerCredential) -> Result<(), Failure> {
    let text = prompt::asked("Docker asks in at most 64 kB")?;
    let server = text.trim();
    if server.is_empty() {
        return Err(Failure::Usage("no credentials server URL".to_owned()));
    }
    let answer = of_server(home, wish, server, None).await?;
    let Answer::Credential {
        username, secret, ..
    } = &answer
    else {
        return Err(Failure::Other("no credential came".to_owned()));
    };
    output::json(&Credential {
        server: server.to_owned(),
        username: username.clone(),
        secret: secret.clone(),
    })
}

async fn list(home: &Home, wish: &DockerCredential) -> Result<(), Failure> {
    let environment = wish.environment.clone().map(Environment::ThisOrNone);
    let answer = open::ask(home, &Question::Registries(environment)).await?;
    let Answer::Registries(all) = &answer else {
        return Err(Failure::Other("no list came".to_owned()));
    };
    let all: BTreeMap<&str, &str> = all
        .iter()
        .map(|(server, username)| (server.as_str(), username.as_str()))
        .collect();
    output::json(&all)
}

/// `docker login` keeps what it logged in with, and so it does with what it got from here. That is
/// there already; anything else is for a person to put into the vault.
async fn store(home: &Home, wish: &DockerCredential) -> Result<(), Failure> {
    let text = prompt::asked("Docker asks in at most 64 kB")?;
    let wrong = |_| Failure::Usage("Docker keeps ServerURL, Username and Secret".to_owned());
    let kept: Credential = serde_json::from_str(&text).map_err(wrong)?;
    let known = of_server(home, wish, &kept.server, Some(kept.username.clone())).await;
    if let Ok(Answer::Credential { secret, .. }) = known.as_ref()
        && bool::from(secret.as_bytes().ct_eq(kept.secret.as_bytes()))
    {
        return Ok(());
    }
    match known {
        Ok(_) | Err(Failure::NotFound { .. }) => Err(Failure::Usage(format!(
            "keyarc keeps nothing that another program hands over: put it into the vault with `keyarc new NAME --kind login --username NAME --url ADDRESS --tag {REGISTRY_TAG}`"
        ))),
        Err(other) => Err(other),
    }
}

async fn of_server(
    home: &Home,
    wish: &DockerCredential,
    server: &str,
    username: Option<String>,
) -> Result<Answer, Failure> {
    let environment = wish.environment.clone().map(Environment::ThisOrNone);
    let Some(asked) = asked(server, username, environment) else {
        return Err(Failure::NotFound {
            what: "such registry".to_owned(),
            nearest: Vec::new(),
        });
    };
    open::ask(home, &Question::Credential(asked)).await
}

/// A registry as Docker names it: with a scheme or without one, which means HTTPS, and for this
/// machine HTTP as well.
fn asked(
    server: &str,
    username: Option<String>,
    environment: Option<Environment>,
) -> Option<Asked> {
    let address = Address::of_item(server)?;
    let mut origins = vec![address.origin.clone()];
    let mut provider = PROVIDERS
        .iter()
        .find(|(origin, _)| *origin == address.origin)
        .map(|(_, provider)| (*provider).to_owned());
    if HUB.contains(&address.origin.as_str()) {
        origins = HUB.map(str::to_owned).to_vec();
        provider = Some(DOCKER_HUB.to_owned());
    } else if !server.contains("://") {
        let in_clear = Address::of_item(&format!("http://{server}"));
        origins.extend(in_clear.map(|address| address.origin));
    }
    Some(Asked {
        origins,
        path: address.path,
        username,
        environment,
        provider,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_the_same_however_docker_names_it() {
        let origins = |server| asked(server, None, None).map(|asked| asked.origins);
        let hub = origins("https://index.docker.io/v1/");
        assert_eq!(hub, origins("docker.io"));
        assert_eq!(hub.map(|all| all.len()), Some(4));
        let one = |origin: &str| Some(vec![origin.to_owned()]);
        assert_eq!(origins("ghcr.io"), one("https://ghcr.io"));
        assert_eq!(origins("https://ghcr.io/v2/"), one("https://ghcr.io"));
        let here = ["https://localhost:5000", "http://localhost:5000"].map(str::to_owned);
        assert_eq!(origins("localhost:5000"), Some(here.to_vec()));
        assert_eq!(
            origins("http://localhost:5000"),
            one("http://localhost:5000")
        );
        assert_eq!(origins("http://ghcr.io"), None);
        assert_eq!(origins("a b"), None);
    }
}
