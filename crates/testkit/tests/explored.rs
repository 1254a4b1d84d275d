//! A real server, asked by a program that knows the description of its API and nothing else: with a
//! session, and as a stranger. The server is over a database of its own, with an account that has an
//! item with an earlier version and a file.
#![expect(
    clippy::expect_used,
    reason = "what cannot be set up must end its test"
)]

use std::{
    env,
    path::PathBuf,
    process::{Command, ExitStatus},
};

use keyarc_service::{Context, attachment, session, vault};
use keyarc_testkit::{TestClient, TestServer, authenticate, build};
use keyarc_wire::{BeginAttachmentRequest, ClientKind, WriteItemsRequest};

/// Where Schemathesis is.
const PROGRAM: &str = "KEYARC_SCHEMATHESIS";
/// What is said to it besides, a line each.
const ARGUMENTS: &str = "KEYARC_SCHEMATHESIS_ARGUMENTS";
/// Where it may note things; not among the sources.
const NOTES: &str = env!("CARGO_TARGET_TMPDIR");

/// The account and all that it has.
const NUMBER: u64 = 1;

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_one_of_those_described() {
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
    for configuration in ["member.toml", "stranger.toml"] {
        let mut explore = exploring(configuration, &server.origin());
        explore.env("KEYARC_ACCESS_TOKEN", &access.access_token);
        let explored = tokio::task::spawn_blocking(move || explore.status()).await;
        let status = explored.expect("runs").expect("there is the program");
        assert!(ExitStatus::success(&status), "{configuration}: {status}");
    }
    server.stop().await;
}

fn exploring(configuration: &str, origin: &str) -> Command {
    let program = env::var_os(PROGRAM).expect("the program is named");
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut explore = Command::new(program);
    explore
        .current_dir(NOTES)
        .arg("--config-file")
        .arg(root.join("xtask/schemathesis").join(configuration))
        .arg("run")
        .arg(root.join("docs/openapi.json"))
        .args(["--url", origin])
        .args(env::var(ARGUMENTS).unwrap_or_default().lines())
        .env("KEYARC_VAULT", build::vault_id(NUMBER).to_string())
        .env(
            "KEYARC_ATTACHMENT",
            build::attachment_id(NUMBER).to_string(),
        );
    explore
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
