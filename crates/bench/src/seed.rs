//! An account full of items, for the browser to open.

use anyhow::Context as _;
use keyarc_client::{NativeHost, NativeTransport, Session, SignUp};
use keyarc_crypto::Suite;
use keyarc_wire::ClientKind;
use serde_json::{Value, json};

use crate::member;

const PASSWORD: &str = "a password that only this measurement has";

/// Makes the account and tells how to get in.
pub async fn run(origin: &str, items: usize) -> anyhow::Result<Value> {
    let wish = SignUp {
        origin,
        password: PASSWORD,
        suite: Suite::Pbkdf2Sha256,
        email: None,
        terms_version: member::TERMS,
        device_name: "keyarc-bench",
        client: ClientKind::Api,
    };
    let transport = NativeTransport::new(origin)?;
    let (session, kit) = Session::sign_up(transport, NativeHost, &wish)
        .await
        .context("signing up")?;
    member::fill(&session, items).await?;
    Ok(json!({ "setup_code": kit.setup_code.to_text().as_str(), "password": PASSWORD }))
}
