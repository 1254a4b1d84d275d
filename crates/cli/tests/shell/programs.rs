//! Other programs that ask keyarc for what is in the vault.

mod aws;
mod docker;
mod git;
mod mcp;
mod mcp_library;
mod scan;
mod ssh;

use keyarc_client::{LogIn, NativeHost, NativeTransport, Session};
use keyarc_vault::{Content, Field, FieldType, ItemDraft};
use keyarc_wire::ClientKind;

use crate::fixture::{PASSWORD, Shell};

/// Somebody who has logged in, with more in the vault.
pub async fn with(drafts: Vec<ItemDraft>) -> Shell {
    let shell = Shell::new().await;
    let code = keyarc_crypto::SetupCode::parse(&shell.code).expect("a setup code");
    let origin = shell.server.origin();
    let wish = LogIn {
        origin: &origin,
        code: &code,
        password: PASSWORD,
        device_name: "A browser",
        client: ClientKind::Api,
        pins: None,
    };
    let transport = NativeTransport::new(&origin).expect("loopback");
    let browser = Session::log_in(transport, NativeHost, &wish).await;
    let browser = browser.expect("logs in");
    for draft in drafts {
        browser.save(&draft).await.expect("saves");
    }
    browser.log_out().await.expect("logs out");
    let out = shell.log_in(&[]).await;
    assert!(out.status.success(), "{out:?}");
    shell
}

fn login(name: &str, url: &str, username: &str, password: &str) -> ItemDraft {
    let content = Content::Login {
        username: username.to_owned(),
        password: password.to_owned(),
        url: url.to_owned(),
    };
    ItemDraft::new(name, content)
}

fn token(name: &str, provider: &str, value: &str, fields: &[(&str, &str)]) -> ItemDraft {
    let field = |(name, value): &(&str, &str)| Field {
        name: (*name).to_owned(),
        field_type: FieldType::Text,
        value: (*value).to_owned(),
    };
    let content = Content::ApiKey {
        value: value.to_owned(),
    };
    ItemDraft {
        provider: Some(provider.to_owned()),
        fields: fields.iter().map(field).collect(),
        ..ItemDraft::new(name, content)
    }
}
