//! An HTTP server inside a cluster of Kubernetes, for the webhook provider of the External Secrets
//! Operator (<https://external-secrets.io/latest/provider/webhook/>): it tells whoever knows a secret
//! of its own what a machine token reads.

mod answer;
mod caller;
mod copy;
mod request;
mod tls;

use std::{io, net::SocketAddr, rc::Rc, sync::Arc, time::Duration};

use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::spawn_local,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

use crate::signals::Signals;

pub use answer::Answers;
pub use caller::CallerSecret;
pub use copy::HeldCopy;
pub use tls::acceptor;

/// Most connections at a time. Further ones wait.
const CONNECTIONS: usize = 64;
/// How long a client may take for TLS, and for the head of a request; an idle one is hung up on.
const HEAD: Duration = Duration::from_secs(10);
/// How long a connection lasts, whatever is done on it.
const LONGEST: Duration = Duration::from_secs(120);
/// How long what was asked before the end has to be answered.
const LAST: Duration = Duration::from_secs(10);
/// Most bytes of a request's line and headers.
const HEADER_BYTES: usize = 16 * 1024;
/// Most bytes that are waiting in either direction.
const BUFFER_BYTES: usize = 64 * 1024;

/// Answers until a signal comes, then lets what was asked be answered.
pub async fn serve(
    answers: Answers,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    mut signals: Signals,
) {
    let answers = Rc::new(answers);
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let accepted = async {
            let permit = Arc::clone(&room).acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            _ = signals.end() => break,
            accepted = accepted => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let talk = talk(
                    stream,
                    peer,
                    tls.clone(),
                    Rc::clone(&answers),
                    graceful.watcher(),
                );
                spawn_local(async move {
                    talk.await;
                    drop(permit);
                });
            }
            Err(error) => pause_after(&error).await,
        }
    }
    drop(listener);
    let _ = timeout(LAST, graceful.shutdown()).await;
}

async fn talk(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    answers: Rc<Answers>,
    watcher: Watcher,
) {
    // Without it, small writes wait 40 ms for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    match tls {
        None => connection(stream, peer, answers, watcher).await,
        // Whoever does not get through it has asked nothing.
        Some(tls) => {
            if let Ok(Ok(stream)) = timeout(HEAD, tls.accept(stream)).await {
                connection(stream, peer, answers, watcher).await;
            }
        }
    }
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    peer: SocketAddr,
    answers: Rc<Answers>,
    watcher: Watcher,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        let answers = Rc::clone(&answers);
        async move { Ok::<_, std::convert::Infallible>(answers.answer(request, peer).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_header_size(HEADER_BYTES)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    // What clients do wrong is theirs.
    let _ = timeout(LONGEST, watcher.watch(connection)).await;
}

/// A connection that failed before it was accepted concerns nobody else. Anything different is a
/// shortage, which only time mends.
async fn pause_after(error: &io::Error) {
    let theirs = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    );
    if !theirs {
        eprintln!("keyarc: a connection could not be accepted: {error}");
        sleep(Duration::from_millis(500)).await;
    }
}
