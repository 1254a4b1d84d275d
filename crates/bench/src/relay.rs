//! Somebody in the middle who counts.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// The end of the first line of a request. What is sent to a server of ours has it nowhere else.
const REQUEST: &[u8] = b" HTTP/1.1\r\n";

/// Passes on what is said to a server, and counts.
pub struct Relay {
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Relay {
    /// Listens at an address in a server's place.
    pub async fn listen(at: SocketAddr, server: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(at).await?;
        let (connections, requests) = (Arc::default(), Arc::default());
        let (theirs, asked) = (Arc::clone(&connections), Arc::clone(&requests));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                AtomicUsize::fetch_add(&theirs, 1, Ordering::Relaxed);
                let asked = Arc::clone(&asked);
                // A connection that ends early is whoever ended it's business.
                tokio::spawn(async move { pass(stream, server, &asked).await });
            }
        });
        Ok(Self {
            connections,
            requests,
            task,
        })
    }

    /// Connections and requests so far.
    pub fn counted(&self) -> (usize, usize) {
        let read = |count: &AtomicUsize| count.load(Ordering::Relaxed);
        (read(&self.connections), read(&self.requests))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(stream: TcpStream, server: SocketAddr, asked: &AtomicUsize) -> io::Result<()> {
    let there = TcpStream::connect(server).await?;
    let (mut from, mut back) = stream.into_split();
    let (mut answers, mut to) = there.into_split();
    let answered = tokio::spawn(async move { tokio::io::copy(&mut answers, &mut back).await });
    let mut said = Vec::new();
    let mut piece = vec![0; 64 * 1024];
    loop {
        let length = from.read(&mut piece).await?;
        if length == 0 {
            break;
        }
        // What may be the beginning of one stays for the next piece.
        said.extend_from_slice(&piece[..length]);
        asked.fetch_add(requests(&said), Ordering::Relaxed);
        said.drain(..said.len().saturating_sub(REQUEST.len() - 1));
        to.write_all(&piece[..length]).await?;
    }
    to.shutdown().await?;
    answered.await.map_err(io::Error::other)?.map(drop)
}

fn requests(said: &[u8]) -> usize {
    said.windows(REQUEST.len())
        .filter(|part| *part == REQUEST)
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_by_their_first_lines() {
        assert_eq!(requests(b"POST /a HTTP/1.1\r\nHost: b\r\n\r\n{}"), 1);
        assert_eq!(
            requests(b"GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n"),
            2
        );
        assert_eq!(requests(b""), 0);
    }
}
