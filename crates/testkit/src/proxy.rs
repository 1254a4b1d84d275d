//! A server that lies: a proxy in front of a real one, which changes what it says.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use http::{HeaderMap, Request, Response, header};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    body::{Bytes, Incoming},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use keyarc_server::{Config, config::Origin};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{TempDb, TestServer, assert_described, http_client, mutate::Answer};

/// A request on its way to the server.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `GET` or `POST`.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Every header, one line each.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

/// What becomes of a request.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// It is passed on.
    Once,
    /// It is passed on twice; the second answer is given.
    Twice,
    /// It is lost, and the connection with it.
    Lost,
    /// It is passed on, and the answer is lost.
    AnswerLost,
    /// It is not passed on, and this is the answer.
    Instead(Answer),
}

type Route = Box<dyn FnMut(&Asked) -> Delivery + Send>;
type Lie = Box<dyn FnMut(&Asked, &mut Answer) + Send>;

#[derive(Default)]
struct Manner {
    route: Option<Route>,
    lie: Option<Lie>,
    asked: Vec<Asked>,
    said: Vec<(String, Answer)>,
}

/// A proxy on a port of its own. It is honest until told otherwise.
pub struct Proxy {
    address: SocketAddr,
    manner: Arc<Mutex<Manner>>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// A proxy, and behind it a server that goes by the proxy's origin.
    pub async fn with_server(change: impl FnOnce(&mut Config)) -> (Self, TestServer) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = TestServer::start_with(TempDb::sqlite().await, |config| {
            config.public_origin = Origin::parse(&format!("http://{address}"));
            change(config);
        })
        .await;
        (Self::listen(listener, address, server.address()), server)
    }

    /// A proxy before any server, which does not know of it.
    pub async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        Self::listen(listener, address, server)
    }

    fn listen(listener: TcpListener, address: SocketAddr, server: SocketAddr) -> Self {
        let manner = Arc::new(Mutex::new(Manner::default()));
        let theirs = Arc::clone(&manner);
        let client = http_client();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let (manner, client) = (Arc::clone(&theirs), client.clone());
                tokio::spawn(async move {
                    let service = service_fn(|request| {
                        let (manner, client) = (Arc::clone(&manner), client.clone());
                        async move { pass(request, &manner, &client, server).await }
                    });
                    // A connection that ends early is what a test asked for.
                    let _ = auto::Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self {
            address,
            manner,
            task,
        }
    }

    /// The origin that clients talk to.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes every answer from now on.
    pub fn lie(&self, lie: impl FnMut(&Asked, &mut Answer) + Send + 'static) {
        self.with(|manner| manner.lie = Some(Box::new(lie)));
    }

    /// Decides from now on what becomes of requests.
    pub fn route(&self, route: impl FnMut(&Asked) -> Delivery + Send + 'static) {
        self.with(|manner| manner.route = Some(Box::new(route)));
    }

    /// Is honest again.
    pub fn tell_the_truth(&self) {
        self.with(|manner| (manner.route, manner.lie) = (None, None));
    }

    /// Every request so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.with(|manner| manner.asked.clone())
    }

    /// What the server really said, by path and query, in order.
    pub fn said(&self) -> Vec<(String, Answer)> {
        self.with(|manner| manner.said.clone())
    }

    fn with<R>(&self, change: impl FnOnce(&mut Manner) -> R) -> R {
        change(&mut lock(&self.manner))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(manner: &Mutex<Manner>) -> std::sync::MutexGuard<'_, Manner> {
    manner.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The connection ends without an answer.
#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cut")
    }
}

impl std::error::Error for Cut {}

impl From<Infallible> for Cut {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

async fn pass(
    request: Request<Incoming>,
    manner: &Mutex<Manner>,
    client: &reqwest::Client,
    server: SocketAddr,
) -> Result<Response<Full<Bytes>>, Cut> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let asked = Asked {
        method: parts.method.to_string(),
        path: path.to_owned(),
        head: head_of(&parts.headers),
        body: body.to_vec(),
    };
    let delivery = {
        let mut manner = lock(manner);
        manner.asked.push(asked.clone());
        match manner.route.as_mut() {
            Some(route) => route(&asked),
            None => Delivery::Once,
        }
    };
    let mut headers = parts.headers;
    for own in [header::HOST, header::CONNECTION, header::CONTENT_LENGTH] {
        headers.remove(own);
    }
    let forward = || async {
        let sent = client
            .request(parts.method.clone(), format!("http://{server}{path}"))
            .headers(headers.clone())
            .body(body.clone());
        let answer = sent.send().await.map_err(|_| Cut)?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.bytes().await.map_err(|_| Cut)?;
        let value = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
        assert_described(parts.method.as_str(), path, status, value, &body);
        let told = Answer {
            status,
            content_type: value("content-type").unwrap_or_default(),
            body: body.to_vec(),
        };
        Ok::<_, Cut>((told, headers))
    };
    let (mut answer, mut headers) = match delivery {
        Delivery::Lost => return Err(Cut),
        Delivery::Instead(answer) => (answer, HeaderMap::new()),
        Delivery::Once => forward().await?,
        Delivery::Twice => {
            forward().await?;
            forward().await?
        }
        Delivery::AnswerLost => {
            forward().await?;
            return Err(Cut);
        }
    };
    {
        let mut manner = lock(manner);
        manner.said.push((asked.path.clone(), answer.clone()));
        if let Some(lie) = manner.lie.as_mut() {
            lie(&asked, &mut answer);
        }
    }
    for changed in [
        header::TRANSFER_ENCODING,
        header::CONTENT_LENGTH,
        header::CONNECTION,
        header::CONTENT_TYPE,
    ] {
        headers.remove(changed);
    }
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = http::StatusCode::from_u16(answer.status).map_err(|_| Cut)?;
    *response.headers_mut() = headers;
    if !answer.content_type.is_empty() {
        let value = http::HeaderValue::from_str(&answer.content_type).map_err(|_| Cut)?;
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    Ok(response)
}

fn head_of(headers: &HeaderMap) -> String {
    headers
        .iter()
        .map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())))
        .collect()
}
