//! People with a client of their own, and sockets for those who do not behave.

use std::time::Duration;

use keyarc_auth::{LoginPurpose, LoginStatement};
use keyarc_server::config::Secret;
use keyarc_signature::VaultManifest;
use keyarc_testkit::{TempDb, TestServer, assert_described, build, http_client};
use keyarc_wire::{
    ApiError, Bytes, ChallengeRequest, ChallengeResponse, Change, ChangesDecoder, ClientKind,
    ErrorCode, Fixed, FreshProof, LoginProof, LoginRequest, LoginResponse, SignUpRequest, VaultId,
    WriteItemsRequest, paths,
};
use reqwest::{Method, StatusCode, header::HeaderMap};
use serde::{Serialize, de::DeserializeOwned};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// A response, read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// The answer to a request, which must be one that the API's description has.
    pub async fn to(client: &reqwest::Client, request: reqwest::RequestBuilder) -> Self {
        let request = request.build().expect("a request");
        let (method, url) = (request.method().clone(), request.url().clone());
        let response = client.execute(request).await.expect("the server answers");
        let answer = Self {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.bytes().await.expect("the body arrives").to_vec(),
        };
        let header = |name: &str| {
            let value = answer.headers.get(name)?;
            value.to_str().ok().map(str::to_owned)
        };
        let (method, status) = (method.as_str(), answer.status.as_u16());
        assert_described(method, url.path(), status, header, &answer.body);
        answer
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("text"))
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        assert!(self.status.is_success(), "{}: {}", self.status, self.text());
        serde_json::from_slice(&self.body).expect("the expected form")
    }

    /// The error body, after checking that it is one, of the given code.
    #[track_caller]
    pub fn error(&self, code: ErrorCode) -> ApiError {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{}",
            self.status
        );
        let error: ApiError = serde_json::from_slice(&self.body).expect("an error body");
        assert_eq!(error.code, code, "{error:?}");
        assert_eq!(
            error.request_id.as_deref(),
            Some(self.header("x-request-id"))
        );
        assert!(!error.message.is_empty() && !error.action.is_empty());
        error
    }
}

/// A request with any headers.
pub async fn send(
    server: &TestServer,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<reqwest::Body>,
) -> Answer {
    let client = http_client();
    let mut request = client.request(method, server.url(path)).body(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::to(&client, request).await
}

pub async fn get(server: &TestServer, path: &str) -> Answer {
    send(server, Method::GET, path, &[], "").await
}

/// `POST` of JSON, as a program without cookies.
pub async fn post(server: &TestServer, path: &str, body: impl Into<reqwest::Body>) -> Answer {
    send(
        server,
        Method::POST,
        path,
        &[("content-type", "application/json")],
        body,
    )
    .await
}

/// A server over that database, as behind a load balancer.
pub async fn another_server(db: &TempDb) -> TestServer {
    let url = db.url().to_owned();
    TestServer::start_with(TempDb::sqlite().await, |config| {
        config.database_url = Secret::new(url);
    })
    .await
}

/// Somebody with an account to be, a browser and a cookie.
pub struct Person<'a> {
    pub server: &'a TestServer,
    pub number: u64,
    /// The number of the key that their password gives.
    pub key: u64,
    pub credential: Option<(&'static str, String)>,
    /// What their browser likes to read.
    pub language: &'static str,
    client: reqwest::Client,
}

impl<'a> Person<'a> {
    pub fn new(server: &'a TestServer, number: u64) -> Self {
        Self {
            server,
            number,
            key: number,
            credential: None,
            language: "en",
            client: http_client(),
        }
    }

    pub async fn signed_up(server: &'a TestServer, number: u64) -> Self {
        let mut person = Self::new(server, number);
        let answer = person.sign_up().await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        person
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.client.get(self.server.url(path))).await
    }

    /// Writes with a manifest that follows the head, as far as this person can see it.
    pub async fn write_items(&self, vault: VaultId, request: WriteItemsRequest) -> Answer {
        let request = self.following(vault, request).await;
        self.post(&paths::items(vault), &request).await
    }

    /// The request with a manifest that follows the head, as far as this person can see it.
    pub async fn following(&self, vault: VaultId, request: WriteItemsRequest) -> WriteItemsRequest {
        let answer = self
            .get(&paths::changes(vault, u64::from(u32::MAX), None))
            .await;
        let mut decoder = ChangesDecoder::new(&answer.body).ok();
        let head = match decoder.as_mut().map(ChangesDecoder::next) {
            Some(Ok(Some(Change::Manifest(head)))) => VaultManifest::decode(&head.0).ok(),
            _ => None,
        };
        let next = build::manifest(self.number, head.as_ref());
        WriteItemsRequest {
            manifest: Bytes(next.encode()),
            ..request
        }
    }

    pub async fn post(&self, path: &str, body: &impl Serialize) -> Answer {
        self.send(self.client.post(self.server.url(path)).json(body))
            .await
    }

    /// `POST` with an idempotency key.
    pub async fn post_keyed(&self, path: &str, key: &str, body: &impl Serialize) -> Answer {
        let request = self.client.post(self.server.url(path)).json(body);
        self.send(request.header("idempotency-key", key)).await
    }

    async fn send(&self, mut request: reqwest::RequestBuilder) -> Answer {
        request = request
            .header("origin", self.server.origin())
            .header("accept-language", self.language);
        if let Some((name, value)) = &self.credential {
            request = request.header(*name, value);
        }
        Answer::to(&self.client, request).await
    }

    pub async fn proof(&self, purpose: LoginPurpose) -> LoginProof {
        let handle = build::handle(self.number);
        let challenge: ChallengeResponse = self
            .post(paths::CHALLENGE, &ChallengeRequest { handle })
            .await
            .json();
        let origin = self.server.origin();
        let statement = LoginStatement {
            purpose,
            origin: &origin,
            handle: handle.0,
            server_nonce: challenge.nonce.0,
            client_nonce: [6; 32],
            time_ms: 1,
        };
        let signature = Fixed(statement.sign(&build::auth_key(self.key)));
        LoginProof {
            server_nonce: challenge.nonce,
            client_nonce: Fixed([6; 32]),
            time_ms: 1,
            signature,
            origin,
        }
    }

    /// A proof that the person knows the password.
    pub async fn confirm(&self) -> FreshProof {
        FreshProof {
            handle: build::handle(self.number),
            proof: self.proof(LoginPurpose::Confirm).await,
        }
    }

    pub async fn sign_up_request(&self) -> SignUpRequest {
        SignUpRequest {
            handle: build::handle(self.number),
            bundle: Bytes(build::bundle(self.number)),
            auth_public_key: Fixed(build::auth_key(self.number).public_key()),
            keyset: build::keyset(),
            vault: build::new_vault(self.number),
            recovery: None,
            email: None,
            terms_version: "2026-11".to_owned(),
            proof: self.proof(LoginPurpose::SignUp).await,
            device_name: "a browser".to_owned(),
        }
    }

    pub async fn log_in_request(&self, client: ClientKind) -> LoginRequest {
        LoginRequest {
            handle: build::handle(self.number),
            proof: self.proof(LoginPurpose::Login).await,
            client,
            device_name: "a device".to_owned(),
        }
    }

    pub async fn sign_up(&mut self) -> Answer {
        let request = self.sign_up_request().await;
        let answer = self.post(paths::SIGN_UP, &request).await;
        self.keep_cookie(&answer);
        answer
    }

    pub async fn log_in(&mut self, client: ClientKind) -> Answer {
        let request = self.log_in_request(client).await;
        let answer = self.post(paths::LOGIN, &request).await;
        match client {
            ClientKind::Browser => self.keep_cookie(&answer),
            ClientKind::Api => {
                let token = answer
                    .json::<LoginResponse>()
                    .session_token
                    .expect("a token");
                self.bear(&token);
            }
        }
        answer
    }

    pub fn bear(&mut self, token: &str) {
        self.credential = Some(("authorization", format!("Bearer {token}")));
    }

    fn keep_cookie(&mut self, answer: &Answer) {
        if let Some((cookie, _)) = answer.header("set-cookie").split_once(';') {
            self.credential = Some(("cookie", cookie.to_owned()));
        }
    }
}

/// A bare connection.
pub async fn connect(server: &TestServer) -> TcpStream {
    TcpStream::connect(server.address())
        .await
        .expect("the server accepts")
}

pub async fn write(stream: &mut TcpStream, text: &str) {
    stream
        .write_all(text.as_bytes())
        .await
        .expect("the server reads");
}

/// Everything until the server closes; `None` when it does not within the time.
pub async fn read_to_end(stream: &mut TcpStream, wait: Duration) -> Option<String> {
    let mut bytes = Vec::new();
    // A reset ends it as well as an orderly close.
    let _ = timeout(wait, stream.read_to_end(&mut bytes)).await.ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
