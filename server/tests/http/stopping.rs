//! Stopping finishes what was accepted and takes nothing new.

use std::time::Duration;

use keyarc_testkit::{TempDb, TestServer};
use keyarc_wire::paths;
use tokio::{
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

use crate::common::{connect, get, read_to_end, write};

const HEAD: &str = "Host: x\r\nContent-Type: application/json\r\nContent-Length: 25\r\n\r\n";

#[tokio::test]
async fn an_accepted_request_is_finished() {
    let mut server = TestServer::start().await;
    let address = server.address();
    let mut accepted = connect(&server).await;
    write(
        &mut accepted,
        &format!("POST {} HTTP/1.1\r\n{HEAD}", paths::CHALLENGE),
    )
    .await;
    write(&mut accepted, "{\"handle\":").await;
    let mut idle = connect(&server).await;
    write(&mut idle, "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n").await;
    sleep(Duration::from_millis(200)).await;

    server.ask_to_stop();
    let stopped = tokio::spawn(server.stop());
    // Connections at rest are closed at once, and new ones refused.
    assert!(
        read_to_end(&mut idle, Duration::from_secs(2))
            .await
            .is_some()
    );
    assert!(TcpStream::connect(address).await.is_err());
    assert!(!stopped.is_finished());

    write(&mut accepted, "\"010203040506\"}").await;
    let text = read_to_end(&mut accepted, Duration::from_secs(5))
        .await
        .expect("closed");
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    timeout(Duration::from_secs(5), stopped)
        .await
        .expect("ends")
        .expect("in order");
}

#[tokio::test]
async fn what_takes_too_long_is_cut_off() {
    let server = TestServer::start_with(TempDb::sqlite().await, |config| {
        config.waits.shutdown = Duration::from_millis(400);
    })
    .await;
    let mut stuck = connect(&server).await;
    write(
        &mut stuck,
        &format!("POST {} HTTP/1.1\r\n{HEAD}", paths::CHALLENGE),
    )
    .await;
    sleep(Duration::from_millis(200)).await;
    let started = Instant::now();
    server.stop().await;
    let took = started.elapsed();
    assert!(
        took > Duration::from_millis(300) && took < Duration::from_secs(3),
        "{took:?}"
    );
}

#[tokio::test]
async fn a_stopping_server_is_not_ready() {
    let server = TestServer::start().await;
    assert_eq!(get(&server, "/health/ready").await.status, 200);
    server.state().stop();
    assert_eq!(get(&server, "/health/ready").await.status, 503);
    assert_eq!(get(&server, "/health/live").await.status, 200);
    let report: serde_json::Value =
        serde_json::from_slice(&get(&server, "/health").await.body).expect("JSON");
    assert_eq!(report["status"], "stopping");
}
