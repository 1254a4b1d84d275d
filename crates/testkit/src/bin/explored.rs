//! A server to be explored from outside: over a database of its own, with an account that has an
//! item with an earlier version and a file. It says where it is and how to get in, as one line of
//! JSON, and ends when its standard input does.
#![expect(
    clippy::expect_used,
    reason = "a fixture that cannot be set up must end its test"
)]

use std::io::{self, Write as _};

use keyarc_service::{Context, attachment, session, vault};
use keyarc_testkit::{TestClient, TestServer, authenticate, build};
use keyarc_wire::{BeginAttachmentRequest, ClientKind, WriteItemsRequest};
use serde_json::json;

/// The account and all that it has.
const NUMBER: u64 = 1;

#[tokio::main]
async fn main() -> io::Result<()> {
    let server = TestServer::start_at(build::ORIGIN).await;
    let services = server.state().services().clone();
    let client = TestClient::new(NUMBER);
    client.sign_up(&services).await.expect("signed up");
    let logged_in = client.log_in(&services, ClientKind::Api).await;
    let logged_in = logged_in.expect("logged in");
    let context = authenticate(&services, &logged_in).await;
    let context = context.expect("a session");
    let access = session::refresh(&services, &context).expect("an access token");
    fill(&context).await;

    let told = json!({
        "origin": server.origin(),
        "access_token": access.access_token,
        "vault_id": build::vault_id(NUMBER),
        "attachment_id": build::attachment_id(NUMBER),
    });
    writeln!(io::stdout(), "{told}")?;
    tokio::task::spawn_blocking(|| io::copy(&mut io::stdin(), &mut io::sink()))
        .await
        .expect("standard input ends")?;
    server.stop().await;
    Ok(())
}

async fn fill(context: &Context) {
    let (own, file) = (build::vault_id(NUMBER), build::attachment_id(NUMBER));
    let envelope = build::sealed(8, 1_000);
    let begun = BeginAttachmentRequest {
        attachment_id: file,
        bytes: 1_000,
    };
    attachment::begin(context, own, &begun)
        .await
        .expect("begun");
    attachment::put_chunk(context, own, file, 0, &envelope)
        .await
        .expect("sent");
    write(
        context,
        build::change([build::write_with(1, 0, &[NUMBER])], []),
    )
    .await;
    write(context, build::change([build::write_overview(1, 1)], [])).await;
}

async fn write(context: &Context, change: WriteItemsRequest) {
    let store = context.services.store();
    let (_, change) = build::follow_head(store, build::vault_id(NUMBER), change).await;
    vault::write_items(context, build::vault_id(NUMBER), change)
        .await
        .expect("written");
}
