//! Calling webhooks: one request to the address that was looked at, without redirections, and
//! nothing of the answer but its status.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use http::{Request, StatusCode, header};
use http_body_util::Full;
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use keyarc_app::reminder_text::{DueDate, webhook_body};
use keyarc_service::reminders::ReminderCall;
use keyarc_wire::DeliveryProblem;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::ServerName,
        version::{TLS12, TLS13},
    },
};
use url::{Host, Url};

use super::address::is_public;

/// Longest time from the first look to the status.
const WAIT: Duration = Duration::from_secs(10);
/// Most addresses of a name that are tried.
const ADDRESSES: usize = 4;

/// What calls.
#[derive(Clone)]
pub(super) struct Caller {
    tls: Option<Arc<ClientConfig>>,
    /// This machine may be called, too, in development.
    local: bool,
}

impl Caller {
    pub(super) fn new(local: bool) -> Self {
        let mut roots = RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        // The provider has these versions; without it nothing can be called, which is told.
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .ok()
            .map(|builder| builder.with_root_certificates(roots).with_no_client_auth())
            .map(Arc::new);
        Self { tls, local }
    }

    /// Calls, and says what went wrong.
    pub(super) async fn call(&self, call: &ReminderCall) -> Result<(), DeliveryProblem> {
        timeout(WAIT, self.ask(call))
            .await
            .unwrap_or(Err(DeliveryProblem::TimedOut))
    }

    async fn ask(&self, call: &ReminderCall) -> Result<(), DeliveryProblem> {
        let url = Url::parse(&call.url).map_err(|_| DeliveryProblem::Forbidden)?;
        let host = url.host().ok_or(DeliveryProblem::Forbidden)?.to_owned();
        let port = url.port_or_known_default();
        let port = port.ok_or(DeliveryProblem::Forbidden)?;
        let request = request(&url, call)?;
        let addresses = self.resolve(&host, port).await?;
        let stream = connect(&addresses).await?;
        let status = match url.scheme() {
            "http" if self.local => send(stream, request).await?,
            "https" => {
                let tls = self.tls.clone().ok_or(DeliveryProblem::NotSecure)?;
                let stream = TlsConnector::from(tls)
                    .connect(server_name(&host)?, stream)
                    .await
                    .map_err(|_| DeliveryProblem::NotSecure)?;
                send(stream, request).await?
            }
            _ => return Err(DeliveryProblem::Forbidden),
        };
        match status.is_success() {
            true => Ok(()),
            false => Err(DeliveryProblem::Refused(Some(status.as_u16()))),
        }
    }

    /// Where the host is. One address that may not be called spoils all: no honest name has both.
    async fn resolve(
        &self,
        host: &Host<String>,
        port: u16,
    ) -> Result<Vec<SocketAddr>, DeliveryProblem> {
        let addresses: Vec<SocketAddr> = match host {
            Host::Ipv4(ip) => vec![SocketAddr::new((*ip).into(), port)],
            Host::Ipv6(ip) => vec![SocketAddr::new((*ip).into(), port)],
            Host::Domain(name) => lookup_host((name.as_str(), port))
                .await
                .map_err(|_| DeliveryProblem::Unreachable)?
                .collect(),
        };
        let may = |address: &SocketAddr| {
            let ip = address.ip();
            is_public(ip) || (self.local && ip.to_canonical().is_loopback())
        };
        match addresses.as_slice() {
            [] => Err(DeliveryProblem::Unreachable),
            all if all.iter().all(may) => Ok(addresses),
            _ => Err(DeliveryProblem::Forbidden),
        }
    }
}

impl std::fmt::Debug for Caller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Caller")
    }
}

async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, DeliveryProblem> {
    for address in addresses.iter().take(ADDRESSES) {
        if let Ok(stream) = TcpStream::connect(address).await {
            return Ok(stream);
        }
    }
    Err(DeliveryProblem::Unreachable)
}

fn server_name(host: &Host<String>) -> Result<ServerName<'static>, DeliveryProblem> {
    match host {
        Host::Domain(name) => {
            ServerName::try_from(name.clone()).map_err(|_| DeliveryProblem::NotSecure)
        }
        Host::Ipv4(ip) => Ok(ServerName::from(std::net::IpAddr::from(*ip))),
        Host::Ipv6(ip) => Ok(ServerName::from(std::net::IpAddr::from(*ip))),
    }
}

/// Signed as Standard Webhooks 1.0 has it.
fn request(url: &Url, call: &ReminderCall) -> Result<Request<Full<Bytes>>, DeliveryProblem> {
    let due = DueDate {
        id: call.entry.id,
        on: call.entry.on,
    };
    let body = webhook_body(due, &call.delivery, call.is_test);
    let signature = call
        .secret
        .sign(&call.delivery, call.sent_at_s, body.as_bytes());
    let authority = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    };
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    Request::post(target)
        .header(header::HOST, authority)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, "KeyArc")
        .header("webhook-id", &call.delivery)
        .header("webhook-timestamp", call.sent_at_s)
        .header("webhook-signature", signature)
        .body(Full::new(Bytes::from(body)))
        .map_err(|_| DeliveryProblem::Forbidden)
}

/// The status of the answer. Its body is not read: the connection ends with this function.
async fn send<S>(stream: S, request: Request<Full<Bytes>>) -> Result<StatusCode, DeliveryProblem>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let gone = |_| DeliveryProblem::Unreachable;
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(16 * 1024)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(gone)?;
    let mut connection = std::pin::pin!(connection);
    let mut answer = std::pin::pin!(sender.send_request(request));
    let answer = tokio::select! {
        answer = &mut answer => answer,
        // The other side hung up: its answer came before that, or never.
        _ = &mut connection => answer.await,
    };
    answer.map(|answer| answer.status()).map_err(gone)
}

#[cfg(test)]
mod tests {
    use keyarc_auth::WebhookSecret;
    use keyarc_wire::{ReminderEntry, ReminderId};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    fn call(url: &str) -> ReminderCall {
        ReminderCall {
            url: url.to_owned(),
            secret: WebhookSecret::make([7; 32]),
            delivery: "rem_1".to_owned(),
            entry: ReminderEntry {
                id: ReminderId([1; 16]),
                on: 20_811,
            },
            sent_at_s: 1_790_000_000,
            is_test: false,
        }
    }

    /// Answers one request with these bytes, and tells what was asked.
    async fn receiver(answer: &'static [u8]) -> (u16, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let task = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut asked = Vec::new();
            let mut piece = [0; 1024];
            // Until the body ends, or the first word of TLS is there.
            while !asked.ends_with(b"}") && !asked.starts_with(&[0x16]) {
                let length = stream.read(&mut piece).await.expect("read");
                if length == 0 {
                    break;
                }
                asked.extend_from_slice(&piece[..length]);
            }
            let _ = stream.write_all(answer).await;
            String::from_utf8_lossy(&asked).into_owned()
        });
        (port, task)
    }

    #[tokio::test]
    async fn a_receiver_can_verify_what_comes() {
        let (port, asked) = receiver(b"HTTP/1.1 204 No Content\r\n\r\n").await;
        let url = format!("http://127.0.0.1:{port}/hook?x=1");
        let call = call(&url);
        Caller::new(true).call(&call).await.expect("taken");
        let asked = asked.await.expect("asked");
        let (head, body) = asked.split_once("\r\n\r\n").expect("a head");
        let lower = head.to_ascii_lowercase();
        assert!(head.starts_with("POST /hook?x=1 HTTP/1.1\r\n"), "{head}");
        let field = |name: &str| {
            let line = head
                .lines()
                .find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}: ")));
            line.and_then(|line| line.split_once(": "))
                .map(|(_, value)| value.to_owned())
                .expect(name)
        };
        assert!(lower.contains(&format!("host: 127.0.0.1:{port}")));
        assert_eq!(
            field("webhook-signature"),
            WebhookSecret::make([7; 32]).sign(
                &field("webhook-id"),
                field("webhook-timestamp").parse().expect("a time"),
                body.as_bytes()
            )
        );
        assert_eq!(
            body,
            format!(
                "{{\"type\":\"reminder.due\",\"id\":\"{}\",\"date\":\"2026-12-24\",\"delivery\":\"rem_1\"}}",
                "01".repeat(16)
            )
        );
    }

    #[tokio::test]
    async fn what_is_not_a_success_is_a_refusal_and_nothing_is_followed() {
        for (answer, status) in [
            (&b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n"[..], 500),
            (b"HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n", 410),
            (
                b"HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n",
                302,
            ),
        ] {
            let (port, _) = receiver(answer).await;
            let outcome = Caller::new(true)
                .call(&call(&format!("http://127.0.0.1:{port}/")))
                .await;
            assert_eq!(outcome, Err(DeliveryProblem::Refused(Some(status))));
        }
        let (port, _) = receiver(b"what?").await;
        let url = format!("http://127.0.0.1:{port}/");
        assert_eq!(
            Caller::new(true).call(&call(&url)).await,
            Err(DeliveryProblem::Unreachable)
        );
    }

    #[tokio::test]
    async fn an_endless_answer_is_not_read() {
        let (port, _) =
            receiver(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\nabc").await;
        let url = format!("http://127.0.0.1:{port}/");
        assert_eq!(Caller::new(true).call(&call(&url)).await, Ok(()));
    }

    #[tokio::test]
    async fn nothing_near_is_called() {
        for url in [
            "https://127.0.0.1/",
            "https://localhost/",
            "https://[::1]/",
            "https://169.254.169.254/latest/meta-data/",
            "https://10.0.0.1/",
            "https://[::ffff:10.0.0.1]/",
            "https://[fd00::1]/",
            // As browsers read addresses.
            "https://2130706433/",
            "https://0x7f.1/",
        ] {
            assert_eq!(
                Caller::new(false).call(&call(url)).await,
                Err(DeliveryProblem::Forbidden),
                "{url}"
            );
        }
        // In development this machine, and still no other.
        for url in ["http://10.0.0.1/", "https://169.254.169.254/"] {
            assert_eq!(
                Caller::new(true).call(&call(url)).await,
                Err(DeliveryProblem::Forbidden),
                "{url}"
            );
        }
    }

    #[tokio::test]
    async fn what_does_not_answer_is_unreachable_and_what_is_not_encrypted_not_secure() {
        // Free a moment ago.
        let port = {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            listener.local_addr().expect("bound").port()
        };
        let url = format!("http://127.0.0.1:{port}/");
        assert_eq!(
            Caller::new(true).call(&call(&url)).await,
            Err(DeliveryProblem::Unreachable)
        );
        let (port, _) = receiver(b"HTTP/1.1 200 OK\r\n\r\n").await;
        let url = format!("https://127.0.0.1:{port}/");
        assert_eq!(
            Caller::new(true).call(&call(&url)).await,
            Err(DeliveryProblem::NotSecure)
        );
    }
}
