use std::collections::BTreeMap;

use clap::Args;
use keyarc_client::{Host as _, NativeHost};
use keyarc_lookup::{Wanted, printable};
use serde::Serialize;

use crate::{
    failure::Failure,
    home::Home,
    open, output,
    vault::{Answer, Question, Row},
};

/// What each piece is called in an item, once `aws` before it and all but letters and digits are
/// taken away.
const ID: [&str; 2] = ["accesskeyid", "accesskey"];
const SECRET: [&str; 2] = ["secretaccesskey", "secretkey"];
const TOKEN: [&str; 2] = ["sessiontoken", "securitytoken"];
const EXPIRATION: [&str; 2] = ["credentialexpiration", "expiration"];

// `keyarc aws-credential-process`
#[derive(Debug, Args)]
pub struct AwsCredentialProcess {
    /// A name, or folder/name.
    pub item: String,
    /// Of which environment, where several items have the name.
    #[arg(long, short, env = "KEYARC_ENVIRONMENT", value_name = "NAME")]
    pub environment: Option<String>,
}

/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html>
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Told<'a> {
    version: u8,
    access_key_id: &'a str,
    secret_access_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration: Option<&'a str>,
}

/// Answers a program of AWS.
pub async fn run(home: &Home, wish: &AwsCredentialProcess) -> Result<(), Failure> {
    let wanted =
        Wanted::typed(&wish.item, None).map_err(|error| Failure::Usage(error.to_string()))?;
    let wanted = wanted.of_environment(wish.environment.as_deref());
    let answer = open::ask(home, &Question::Item(wanted)).await?;
    let Answer::Item { row, values } = &answer else {
        return Err(Failure::Other("no item came".to_owned()));
    };
    let told = told(row, values)?;
    if let Some(at) = told.expiration {
        not_over(row, at)?;
    }
    output::json(&told)
}

/// Finds the pieces: by their names wherever they stand, and else what a login or an API key is
/// made of.
fn told<'a>(row: &Row, values: &'a [(String, String)]) -> Result<Told<'a>, Failure> {
    let by_name: BTreeMap<String, &str> = values
        .iter()
        .map(|(name, value)| (plain(name), value.as_str()))
        .collect();
    let named = |names: [&str; 2]| {
        let mut found = names.iter().filter_map(|name| by_name.get(*name).copied());
        found.find(|value| !value.is_empty())
    };
    let id = named(ID).or(by_name.get("username").copied());
    let secret = named(SECRET)
        .or(by_name.get("password").copied())
        .or(by_name.get("value").copied());
    let missing = |what: &str| {
        Failure::Usage(format!(
            "{} has no {what} as AWS has them: docs/cli.md says what the fields are called",
            printable(&row.place())
        ))
    };
    let is_id = |id: &&str| (16..=128).contains(&id.len()) && id.bytes().all(is_word);
    let is_secret = |text: &&str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
    let token = named(TOKEN);
    if !token.as_ref().is_none_or(is_secret) {
        return Err(missing("session token"));
    }
    Ok(Told {
        version: 1,
        access_key_id: id.filter(is_id).ok_or_else(|| missing("access key id"))?,
        secret_access_key: secret
            .filter(is_secret)
            .ok_or_else(|| missing("secret access key"))?,
        session_token: token,
        expiration: named(EXPIRATION),
    })
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// `AWS_ACCESS_KEY_ID` and `Access key id` → `accesskeyid`.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    let letters: String = letters.map(|c| c.to_ascii_lowercase()).collect();
    match letters.strip_prefix("aws") {
        Some(rest) => rest.to_owned(),
        None => letters,
    }
}

/// What is over would be asked for again and again.
fn not_over(row: &Row, at: &str) -> Result<(), Failure> {
    let format = &time::format_description::well_known::Rfc3339;
    let moment = time::OffsetDateTime::parse(at, format).map_err(|_| {
        Failure::Usage(format!(
            "{}: its expiration is no moment as 2027-01-31T12:00:00Z",
            printable(&row.place())
        ))
    })?;
    let now_s = i64::try_from(NativeHost.now_ms() / 1_000).unwrap_or(i64::MAX);
    match moment.unix_timestamp() > now_s {
        true => Ok(()),
        false => Err(Failure::Refused(format!(
            "{}: its session ended on {}",
            printable(&row.place()),
            printable(at)
        ))),
    }
}
