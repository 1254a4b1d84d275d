//! The External Secrets Operator asks `keyarc external-secrets`, as the manifests have it.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
    time::Duration,
};

use reqwest::{Client, Method, RequestBuilder, Response};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{Machine, ended, private, shipped, yaml};
use crate::fixture::{LIVE, refused};

const SECRET: &str = "canary-of-callers-0123456789";

/// What the Deployment says of the program.
struct Container {
    args: Vec<String>,
    env: Vec<(String, String)>,
}

fn container() -> Container {
    let all = yaml::documents(&shipped("kubernetes/deployment.yaml"));
    let spec = &all[0]["spec"]["template"]["spec"]["containers"][0];
    let env = spec["env"].as_array().expect("variables").iter();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    Container {
        args: yaml::texts(&spec["args"]),
        env: env
            .map(|one| (text(&one["name"]), text(&one["value"])))
            .collect(),
    }
}

impl Container {
    /// The program with what the manifests mount, here.
    fn command(&self, machine: &Machine) -> Command {
        let tls = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shell/tls");
        let work = machine.shell.work();
        let read = |name: &str| fs::read_to_string(tls.join(name)).expect("reads");
        let mounted = BTreeMap::from([
            (
                "/run/secrets/caller/secret",
                private(&work.join("caller"), SECRET),
            ),
            ("/run/secrets/tls/tls.crt", tls.join("certificate.pem")),
            (
                "/run/secrets/tls/tls.key",
                private(&work.join("tls.key"), &read("key.pem")),
            ),
            ("/run/secrets/keyarc/token", machine.token_file()),
        ]);
        let mut command = machine.bare("keyarc");
        for arg in &self.args {
            command.arg(match arg.split_once('=') {
                Some(("--listen", _)) => "--listen=127.0.0.1:0".to_owned(),
                Some((name, path)) => format!("{name}={}", mounted[path].display()),
                None => arg.clone(),
            });
        }
        for (name, value) in &self.env {
            match name.as_str() {
                "KEYARC_SERVER" => command.env(name, machine.shell.server.origin()),
                _ => command.env(name, &mounted[value.as_str()]),
            };
        }
        command
    }
}

/// A program that does not outlive its test, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The program, listening.
struct Served {
    child: Running,
    log: BufReader<ChildStderr>,
    origin: String,
    client: Client,
}

impl Served {
    async fn start(mut command: Command) -> Self {
        let child = command.stderr(Stdio::piped()).spawn().expect("it starts");
        let mut child = Running(child);
        let mut log = BufReader::new(child.0.stderr.take().expect("a pipe"));
        let (log, line) = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            log.read_line(&mut line).expect("it speaks");
            (log, line)
        })
        .await
        .expect("it ends");
        let origin = line
            .trim()
            .strip_prefix("keyarc: listening at ")
            .expect("it listens");
        let authority = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shell/tls/authority.pem");
        let authority = fs::read(authority).expect("reads");
        let authority = reqwest::Certificate::from_pem(&authority).expect("a certificate");
        let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(60));
        Self {
            origin: origin.to_owned(),
            client: client
                .tls_certs_only([authority])
                .build()
                .expect("a client"),
            child,
            log,
        }
    }

    fn asked(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self
            .client
            .request(method, format!("{}{path}", self.origin));
        request.header("authorization", format!("Bearer {SECRET}"))
    }

    async fn get(&self, query: &str) -> (u16, Value) {
        told(self.asked(Method::GET, &format!("/v1/secret?{query}"))).await
    }

    /// Asks again until what is expected comes, for as long as a copy may be old and then some.
    async fn until(&self, query: &str, expected: &(u16, Value)) {
        let mut came = self.get(query).await;
        for _ in 0..60 {
            if came.0 == expected.0
                && (came.1["value"] == expected.1 || came.1["code"] == expected.1)
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
            came = self.get(query).await;
        }
        panic!("{expected:?} never came, but {came:?}");
    }

    /// Ends it in order, and tells what it has logged.
    async fn end(mut self) -> String {
        let id = i32::try_from(self.child.0.id())
            .ok()
            .and_then(Pid::from_raw);
        kill_process(id.expect("an id"), Signal::TERM).expect("is sent");
        tokio::task::spawn_blocking(move || {
            let mut log = String::new();
            self.log.read_to_string(&mut log).expect("reads");
            assert_eq!(
                self.child.0.wait().expect("it ends").code(),
                Some(0),
                "{log}"
            );
            log
        })
        .await
        .expect("it ends")
    }
}

async fn sent(request: RequestBuilder) -> Response {
    request.send().await.expect("an answer")
}

async fn told(request: RequestBuilder) -> (u16, Value) {
    let response = sent(request).await;
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["content-type"], "application/json");
    let status = response.status().as_u16();
    (
        status,
        serde_json::from_slice(&response.bytes().await.expect("a body")).expect("JSON"),
    )
}

/// The webhook provider of the SecretStore.
struct Operator {
    webhook: Value,
}

impl Operator {
    fn new() -> Self {
        let store = yaml::document(&shipped("kubernetes/secretstore.yaml"));
        Self {
            webhook: store["spec"]["provider"]["webhook"].clone(),
        }
    }

    /// Puts what a request is made of into its template: in an address it is escaped.
    fn render(&self, template: &str, remote: &Value, is_address: bool) -> String {
        let mut text = template.to_owned();
        for name in ["key", "property", "version"] {
            let value = remote[name].as_str().unwrap_or_default();
            let escaped: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
            let value = if is_address { &escaped } else { value };
            text = text.replace(&format!("{{{{ .remoteRef.{name} }}}}"), value);
        }
        text = text.replace("{{ .caller.secret }}", SECRET);
        assert!(!text.contains("{{"), "{text}");
        text
    }

    /// What it takes out of the answer.
    async fn asks(&self, served: &Served, remote: &Value) -> Value {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let address = self.render(&text(&self.webhook["url"]), remote, true);
        let path = address
            .strip_prefix("https://keyarc.NAMESPACE.svc")
            .expect("its address");
        let method = Method::from_bytes(text(&self.webhook["method"]).as_bytes()).expect("one");
        let mut request = served
            .client
            .request(method, format!("{}{path}", served.origin));
        for (name, value) in yaml::pairs(&self.webhook["headers"]) {
            request = request.header(name, self.render(&value, remote, false));
        }
        let (status, body) = told(request).await;
        assert_eq!(status, 200, "{body}");
        let path = text(&self.webhook["result"]["jsonPath"]);
        body[path.strip_prefix("$.").expect("a member")].clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_gets_what_its_manifests_ask_for() {
    let machine = Machine::new().await;
    let served = Served::start(container().command(&machine)).await;
    let operator = Operator::new();
    let wanted = yaml::document(&shipped("kubernetes/externalsecret.yaml"));
    let mut got = BTreeMap::new();
    for one in wanted["spec"]["data"].as_array().expect("data") {
        let value = operator.asks(&served, &one["remoteRef"]).await;
        let name = one["secretKey"].as_str().expect("a name").to_owned();
        got.insert(name, value.as_str().expect("a text").to_owned());
    }
    for one in wanted["spec"]["dataFrom"].as_array().expect("dataFrom") {
        got.extend(yaml::pairs(&operator.asks(&served, &one["extract"]).await));
    }
    let expected = [
        ("DATABASE_URL", "postgres://db"),
        ("LINES", "one\ntwo"),
        ("REGION", "eu"),
        ("REGISTRY_USER", "ada"),
        ("STRIPE_KEY", LIVE),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(got, BTreeMap::from(expected));

    // Names that need escaping, by both ways of asking.
    let quoted = json!({ "key": "$(a 'quoted' name)" });
    assert_eq!(operator.asks(&served, &quoted).await, "quoted");
    let post = served
        .asked(Method::POST, "/v1/secret")
        .body(quoted.to_string());
    assert_eq!(told(post).await, (200, json!({ "value": "quoted" })));
    let log = served.end().await;
    for secret in [LIVE, "postgres://db", SECRET, machine.token.as_str()] {
        assert!(!log.contains(secret), "{log}");
    }
    assert!(log.contains("200 Registry username for 127.0.0.1"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_does_not_know_the_secret_gets_nothing_and_mistakes_are_told_apart() {
    let machine = Machine::new().await;
    let served = Served::start(container().command(&machine)).await;
    let health = sent(served.client.get(format!("{}/healthz", served.origin))).await;
    assert_eq!(health.status(), 204);
    let path = format!("{}/v1/secret?key=Registry", served.origin);
    for authorization in [
        None,
        Some("Bearer wrong"),
        Some("Basic Y2FuYXJ5"),
        Some("Bearer canary-of-callers-012345678"),
    ] {
        let mut request = served.client.get(&path);
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        let response = sent(request).await;
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        assert_eq!(response.status(), 401, "{authorization:?}");
        assert!(!response.text().await.expect("a body").contains("canary"));
    }
    for (query, status, code) in [
        ("key=Nothing", 404, "not_found"),
        ("key=Registry&property=nothing", 404, "not_found"),
        ("key=Stripe", 409, "ambiguous"),
        (
            "key=keyarc%3A%2F%2Fpersonal%2FStripe",
            400,
            "invalid_request",
        ),
        ("key=Registry&version=2", 400, "invalid_request"),
        ("key=Registry&key=Stripe", 400, "invalid_request"),
        ("property=value", 400, "invalid_request"),
    ] {
        let (is, body) = served.get(query).await;
        assert_eq!(
            (is, &body["code"]),
            (status, &json!(code)),
            "{query}: {body}"
        );
        assert!(
            body["message"]
                .as_str()
                .is_some_and(|text| !text.is_empty() && !text.contains("canary"))
        );
    }
    let long = json!({ "key": "a".repeat(20_000) }).to_string();
    for (request, status, code) in [
        (
            served.asked(Method::POST, "/v1/secret").body(long),
            413,
            "too_large",
        ),
        (
            served.asked(Method::POST, "/v1/secret").body("{"),
            400,
            "invalid_request",
        ),
        (
            served.asked(Method::PUT, "/v1/secret?key=Registry"),
            405,
            "method_not_allowed",
        ),
        // 404 is for what was deleted from the vault, and for nothing else.
        (
            served.asked(Method::GET, "/v2/secret?key=Registry"),
            400,
            "invalid_request",
        ),
    ] {
        let (is, body) = told(request).await;
        assert_eq!((is, &body["code"]), (status, &json!(code)), "{body}");
    }
    // Guessing is held off, and holds off nobody who knows.
    let mut guesses = 0;
    while sent(served.client.get(&path)).await.status() != 429 {
        guesses += 1;
        assert!(guesses < 1_000, "nothing holds it off");
    }
    assert_eq!(served.get("key=Registry").await.0, 200);
    let log = served.end().await;
    assert!(
        log.contains("404 not_found Nothing for") && log.contains("401 unauthenticated for"),
        "{log}"
    );
    assert!(!log.contains("canary"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changes_arrives_and_what_is_over_is_over() {
    let mut machine = Machine::new().await;
    let served = Served::start(container().command(&machine)).await;
    let query = "key=Registry";
    assert_eq!(served.get(query).await.1["value"], "canary pass word");
    let out = machine
        .shell
        .typed(&["set", "Registry"], "canary-next")
        .await;
    assert!(out.status.success(), "{out:?}");
    served.until(query, &(200, json!("canary-next"))).await;
    machine.shell.prints(&["rm", "Registry"]).await;
    served.until(query, &(404, json!("not_found"))).await;
    machine.revoke().await;
    served
        .until(
            "key=Service&property=REGION",
            &(502, json!("token_refused")),
        )
        .await;
    served.end().await;

    // With a new token, until its server goes away.
    let token = machine
        .shell
        .prints(&["token", "create", "second", "--all"])
        .await;
    machine.token = token.trim().to_owned();
    let served = Served::start(container().command(&machine)).await;
    let query = "key=Service&property=REGION";
    assert_eq!(served.get(query).await, (200, json!({ "value": "eu" })));
    machine.shell.server.ask_to_stop();
    served.until(query, &(502, json!("unreachable"))).await;
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_could_never_answer_does_not_begin_to_listen() {
    let machine = Machine::new().await;
    let fails = async |change: &dyn Fn(&mut Command)| {
        let mut command = machine.with_token("keyarc");
        command.args(["external-secrets", "--listen", "127.0.0.1:0"]);
        command.env("KEYARC_CALLER_SECRET", SECRET);
        change(&mut command);
        let (code, said) = refused(&ended(command).await);
        assert!(
            !said.contains("listening") && !said.contains("canary"),
            "{said}"
        );
        code
    };
    let tls = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shell/tls");
    let work = machine.shell.work();
    let key = private(
        &work.join("a.key"),
        &fs::read_to_string(tls.join("key.pem")).expect("reads"),
    );
    let no_key = private(&work.join("no.key"), "none");
    assert_eq!(
        fails(&|command| {
            command.env_remove("KEYARC_CALLER_SECRET");
        })
        .await,
        2
    );
    assert_eq!(
        fails(&|command| {
            command.env("KEYARC_CALLER_SECRET", "canary-short");
        })
        .await,
        2
    );
    assert_eq!(
        fails(&|command| {
            command.arg("--secret-file").arg(&no_key);
        })
        .await,
        2
    );
    assert_eq!(
        fails(&|command| {
            command.env_remove("KEYARC_TOKEN");
        })
        .await,
        2
    );
    assert_eq!(
        fails(&|command| {
            command.env("KEYARC_SERVER", "http://127.0.0.1:9");
        })
        .await,
        7
    );
    assert_eq!(
        fails(&|command| {
            command.arg("--offline");
        })
        .await,
        7
    );
    assert_eq!(
        fails(&|command| {
            command
                .arg("--certificate")
                .arg(tls.join("certificate.pem"));
        })
        .await,
        2
    );
    for (certificate, key, code) in [
        (tls.join("certificate.pem"), &no_key, 2),
        (no_key.clone(), &key, 2),
        (tls.join("nowhere.pem"), &key, 1),
        // Others may read it.
        (tls.join("certificate.pem"), &tls.join("certificate.pem"), 1),
    ] {
        let change = |command: &mut Command| {
            command
                .arg("--certificate")
                .arg(&certificate)
                .arg("--key")
                .arg(key);
        };
        assert_eq!(fails(&change).await, code, "{}", certificate.display());
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = taken.local_addr().expect("an address").to_string();
    let mut command = machine.with_token("keyarc");
    command
        .args(["external-secrets", "--listen", &at])
        .env("KEYARC_CALLER_SECRET", SECRET);
    assert_eq!(refused(&ended(command).await).0, 1);
    machine.revoke().await;
    assert_eq!(fails(&|_| {}).await, 8);
}

#[test]
fn the_manifests_fit_together_and_take_away_what_is_not_needed() {
    let all = yaml::documents(&shipped("kubernetes/deployment.yaml"));
    let [deployment, service, policy] = all.as_slice() else {
        panic!("three of them");
    };
    let template = &deployment["spec"]["template"];
    let (pod, labels) = (&template["spec"], &template["metadata"]["labels"]);
    assert_eq!(&deployment["spec"]["selector"]["matchLabels"], labels);
    assert_eq!(&service["spec"]["selector"], labels);
    assert_eq!(&policy["spec"]["podSelector"]["matchLabels"], labels);
    assert_eq!(policy["spec"]["policyTypes"], json!(["Ingress"]));
    assert_eq!(pod["automountServiceAccountToken"], "false");
    assert_eq!(pod["securityContext"]["runAsNonRoot"], "true");
    assert_eq!(
        pod["securityContext"]["seccompProfile"]["type"],
        "RuntimeDefault"
    );
    let own = &pod["containers"][0];
    assert_eq!(
        own["securityContext"],
        json!({
            "allowPrivilegeEscalation": "false",
            "readOnlyRootFilesystem": "true",
            "capabilities": { "drop": ["ALL"] },
        })
    );
    let volumes: BTreeMap<&str, &str> = pod["volumes"]
        .as_array()
        .expect("volumes")
        .iter()
        .map(|one| {
            (
                one["name"].as_str().expect("a name"),
                one["secret"]["secretName"].as_str().expect("a name"),
            )
        })
        .collect();
    let mut secrets = BTreeMap::new();
    for mount in own["volumeMounts"].as_array().expect("mounts") {
        assert_eq!(mount["readOnly"], "true");
        let name = mount["name"].as_str().expect("a name");
        secrets.insert(mount["mountPath"].as_str().expect("a path"), volumes[name]);
    }
    let container = container();
    let args = container
        .args
        .iter()
        .filter_map(|arg| Some(arg.split_once('=')?.1));
    let env = container.env.iter().map(|(_, value)| value.as_str());
    for path in args.chain(env).filter(|text| text.starts_with('/')) {
        let folder = path.rsplit_once('/').expect("a folder").0;
        assert!(secrets.contains_key(folder), "{path} is not mounted");
    }
    let store = Operator::new().webhook;
    assert_eq!(
        secrets["/run/secrets/caller"],
        store["secrets"][0]["secretRef"]["name"]
    );
    assert_eq!(secrets["/run/secrets/tls"], store["caProvider"]["name"]);
    let name = yaml::document(&shipped("kubernetes/secretstore.yaml"))["metadata"]["name"].clone();
    let wanted = yaml::document(&shipped("kubernetes/externalsecret.yaml"));
    assert_eq!(wanted["spec"]["secretStoreRef"]["name"], name);
    assert_eq!(wanted["spec"]["target"]["deletionPolicy"], "Retain");
}
