//! Which item of the vault holds the user name and the secret that another program asks for.

use keyarc_client::Host as _;
use keyarc_client::NativeHost;
use keyarc_lookup::{Environment, printable};
use keyarc_vault::{Content, Item, ItemSummary, Kind};
use keyarc_wire::ItemId;
use serde::{Deserialize, Serialize};

use crate::{
    address::Address,
    failure::Failure,
    values::values,
    vault::{Answer, Row, Source, rows},
};

/// The field of one's own in which an API key says where it belongs.
const URL: &str = "url";
/// The field of one's own in which an API key says with which user name it goes.
const USERNAME: &str = "username";

/// Docker Hub, as the recognition data calls it.
pub const DOCKER_HUB: &str = "docker";
/// The tag of what Docker may be told of without asking for it by name.
pub const REGISTRY_TAG: &str = "docker";
/// Docker Hub, as Docker calls it.
const HUB_SERVER: &str = "https://index.docker.io/v1/";
/// The user name that goes with a token that names none, where the provider takes any token by it.
const TOKEN_USERNAMES: [(&str, &str); 3] = [
    ("bitbucket", "x-token-auth"),
    ("github", "x-access-token"),
    ("gitlab", "oauth2"),
];

/// What another program asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The origins that are this one place.
    pub origins: Vec<String>,
    /// The path, without slashes at its ends; empty when none is asked for.
    pub path: String,
    /// The user name; `None` for any.
    pub username: Option<String>,
    /// The environment; `None` for any.
    pub environment: Option<Environment>,
    /// The provider whose API keys are for this place, as the recognition data calls it.
    pub provider: Option<String>,
}

/// How well an item fits; the greater is taken.
type Merit = (bool, usize, bool);

struct Found {
    merit: Merit,
    row: Row,
    username: String,
    secret: String,
}

/// The one credential that is asked for. Which one it is must be plain: none is guessed.
pub async fn find(source: Source<'_>, asked: &Asked) -> Result<Answer, Failure> {
    let rows = rows(source);
    let ids: Vec<ItemId> = rows
        .iter()
        .filter(|row| may_be(row, asked))
        .map(|row| row.id)
        .collect();
    let mut items = source.read_many(&ids).await?;
    items.sort_by_key(|item| ids.iter().position(|id| *id == item.summary.id));
    let mut found: Vec<Found> = items.iter().filter_map(|item| fits(item, asked)).collect();
    if let Some(environment) = &asked.environment {
        let of = |found: &Found| found.row.environment.as_deref() == Some(environment.name());
        match found.iter().any(of) {
            true => found.retain(of),
            false => found.retain(|found| found.row.environment.is_none()),
        }
    }
    let best = found.iter().map(|found| found.merit).max();
    found.retain(|found| Some(found.merit) == best);
    let place = asked.origins.first().cloned().unwrap_or_default();
    if found.len() > 1 {
        return Err(Failure::Ambiguous {
            what: place,
            candidates: found.iter().map(|found| found.row.place()).collect(),
        });
    }
    let Some(one) = found.pop() else {
        return Err(Failure::NotFound {
            what: format!("credential for {place}"),
            nearest: Vec::new(),
        });
    };
    if one.username.is_empty() {
        return Err(Failure::Usage(format!(
            "{} says no user name: give it a field called {USERNAME}",
            printable(&one.row.place())
        )));
    }
    Ok(Answer::Credential {
        row: one.row,
        username: one.username,
        secret: one.secret,
    })
}

/// Whether the row alone lets an item be the one.
fn may_be(row: &ItemSummary, asked: &Asked) -> bool {
    let says_where = || {
        row.field_names
            .iter()
            .any(|name| name.eq_ignore_ascii_case(URL))
    };
    match row.kind {
        Kind::Login => true,
        Kind::ApiKey => is_of_provider(row, asked) || says_where(),
        _ => false,
    }
}

fn is_of_provider(row: &ItemSummary, asked: &Asked) -> bool {
    asked.provider.is_some() && row.provider == asked.provider
}

fn username_of_tokens(row: &ItemSummary) -> &'static str {
    let provider = row.provider.as_deref();
    let mut known = TOKEN_USERNAMES.iter();
    known
        .find(|(id, _)| Some(*id) == provider)
        .map_or("", |(_, name)| name)
}

fn fits(item: &Item, asked: &Asked) -> Option<Found> {
    let all = values(item, NativeHost.now_ms());
    let value = |name: &str| {
        let mut named = all
            .iter()
            .filter(|value| value.name.eq_ignore_ascii_case(name));
        named.next().map(|value| value.text.as_str())
    };
    let place = value(URL).and_then(Address::of_item);
    let here = place.filter(|place| asked.origins.contains(&place.origin));
    let is_token = matches!(item.content, Content::ApiKey { .. });
    // An API key that says where it belongs belongs nowhere else.
    let own = is_token && value(URL).is_none() && is_of_provider(&item.summary, asked);
    if here.is_none() && !own {
        return None;
    }
    let secret = value(if is_token { "value" } else { "password" })?;
    let told = value(USERNAME).filter(|name| !name.is_empty());
    let username = match (&asked.username, told) {
        (Some(asked), Some(told)) if asked != told => return None,
        (Some(asked), None) if is_token => asked,
        // A login without a user name is not that of somebody who is named.
        (Some(_), None) => return None,
        (_, Some(told)) => told,
        (None, None) if is_token => username_of_tokens(&item.summary),
        (None, None) => "",
    };
    // What names no path is for all of them, and before what names another one.
    let covers = |here: Address| here.covers(&asked.path).map_or(0, |length| length + 1);
    let path = match asked.path.is_empty() {
        true => 0,
        false => here.map_or(1, covers),
    };
    let is_named = asked.username.is_some() && told.is_some();
    Some(Found {
        merit: (is_named, path, is_token),
        row: Row::of(item.summary.clone()),
        username: username.to_owned(),
        secret: secret.to_owned(),
    })
}

/// Registries that are for other programs to know of, with their user names: tokens of Docker Hub,
/// and what carries [`REGISTRY_TAG`]. A build hands all of them to the daemon, so that not every
/// login of the vault is among them.
pub async fn registries(
    source: Source<'_>,
    environment: Option<&Environment>,
) -> Result<Answer, Failure> {
    let is_hub = |row: &ItemSummary| row.provider.as_deref() == Some(DOCKER_HUB);
    let is_tagged = |row: &ItemSummary| row.tags.iter().any(|tag| tag == REGISTRY_TAG);
    let ids: Vec<ItemId> = rows(source)
        .iter()
        .filter(|row| matches!(row.kind, Kind::Login | Kind::ApiKey))
        .filter(|row| is_tagged(row) || (row.kind == Kind::ApiKey && is_hub(row)))
        .filter(|row| {
            let own = row.environment.as_deref();
            environment.is_none_or(|of| own.is_none_or(|own| own == of.name()))
        })
        .map(|row| row.id)
        .collect();
    let items = source.read_many(&ids).await?;
    let found = items.iter().filter_map(|item| {
        let all = values(item, NativeHost.now_ms());
        let value = |name: &str| {
            let mut named = all
                .iter()
                .filter(|value| value.name.eq_ignore_ascii_case(name));
            named.next().map(|value| value.text.as_str())
        };
        let username = value(USERNAME).unwrap_or_else(|| username_of_tokens(&item.summary));
        let server = match value(URL) {
            None if is_hub(&item.summary) => HUB_SERVER.to_owned(),
            url => Address::of_item(url?)?
                .origin
                .split_once("://")?
                .1
                .to_owned(),
        };
        (!username.is_empty()).then(|| (server, username.to_owned()))
    });
    Ok(Answer::Registries(found.collect()))
}
