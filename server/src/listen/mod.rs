//! The accept loop.
//!
//! `axum::serve` waits for ever for a client's headers, so the loop is our own: every connection
//! has a time for its headers, an end to its idling, and must take what is written to it; their
//! number is bounded, in all and per address; and stopping lets accepted requests finish.
//!
//! It speaks HTTP/1.1 only. TLS and HTTP/2 are the work of a proxy in front, and browsers do not
//! speak HTTP/2 without TLS; what is not there cannot be flooded.

mod address_count;
mod stream;

use std::{io, net::IpAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use http::Request;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use ipnet::IpNet;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tower::ServiceExt as _;

use crate::{
    config::Waits,
    middleware::address::{Peer, is_trusted},
};
use address_count::AddressCount;
use stream::PatientStream;

/// Most bytes of one request's line and headers; 431 beyond.
const HEADER_BYTES: usize = 32 * 1024;
/// Most bytes that a connection buffers in each direction.
const BUFFER_BYTES: usize = 64 * 1024;

/// How the loop treats connections.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Most connections at a time. Further ones wait in the backlog.
    pub connections: usize,
    /// Whose connections are not counted per address: behind a proxy everybody has its address.
    pub trusted_proxies: Arc<[IpNet]>,
    /// See [`Waits`].
    pub waits: Waits,
}

/// Serves until `stop` is ready, then lets what was accepted finish within its time.
///
/// Returns false when some connections had to be cut off.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    stop: impl Future<Output = ()>,
) -> bool {
    let mut stop = pin!(stop);
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(limits.connections));
    // One client may hold an eighth of them: it takes eight to keep everybody else out.
    let per_address = AddressCount::new((limits.connections / 8).max(16));
    loop {
        let accepted = async {
            let permit = Arc::clone(&room).acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            () = &mut stop => break,
            accepted = accepted => accepted,
        };
        let (stream, peer) = match accepted {
            Ok((stream, peer)) => (stream, peer.ip().to_canonical()),
            Err(error) => {
                pause_after(&error).await;
                continue;
            }
        };
        let counted = match is_trusted(peer, &limits.trusted_proxies) {
            true => None,
            false => match per_address.enter(peer) {
                Some(guard) => Some(guard),
                // Closed without a word: a reply would cost more than it tells.
                None => continue,
            },
        };
        let connection = connection(
            stream,
            peer,
            router.clone(),
            limits.waits,
            graceful.watcher(),
        );
        tokio::spawn(async move {
            connection.await;
            drop((permit, counted));
        });
    }
    drop(listener);
    timeout(limits.waits.shutdown, graceful.shutdown())
        .await
        .is_ok()
}

async fn connection(
    stream: TcpStream,
    peer: IpAddr,
    router: Router,
    waits: Waits,
    watcher: Watcher,
) {
    // Without it, small writes wait 40 ms for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(waits.headers)
        .max_header_size(HEADER_BYTES)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(
            TokioIo::new(PatientStream::new(stream, waits.write_stall)),
            service,
        );
    if let Err(error) = watcher.watch(connection).await {
        // What clients do wrong is theirs; it matters only when somebody looks for it.
        tracing::debug!(
            timed_out = error.is_timeout(),
            malformed = error.is_parse(),
            cut_off = error.is_incomplete_message(),
            "connection ended early"
        );
    }
}

/// A connection that failed before it was accepted concerns nobody else. Anything different is
/// a shortage, mostly of file descriptors, which only time and closing connections mend.
async fn pause_after(error: &io::Error) {
    let theirs = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    );
    if !theirs {
        tracing::error!(%error, "a connection could not be accepted");
        sleep(Duration::from_millis(500)).await;
    }
}
