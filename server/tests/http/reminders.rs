//! Reminders over HTTP: a mail server, a receiver of webhooks and a calendar of the test's own.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use keyarc_server::{Config, Instance, config::Secret};
use keyarc_testkit::{TempDb, TestServer};
use keyarc_wire::{
    DeliveryProblem, ErrorCode, Fixed, MailCode, MailState, NewWebhook, PutRemindersRequest,
    ReminderChannel, ReminderEntry, ReminderId, ReminderSet, ReminderStep, ReminderStepResponse,
    RemindersResponse, paths,
};
use reqwest::{Method, StatusCode};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};

use crate::common::{Person, get, send};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const WAIT: Duration = Duration::from_secs(15);

/// A mail server that takes everything, without TLS, on this machine.
struct Sink {
    port: u16,
    mails: Arc<Mutex<Vec<String>>>,
}

impl Sink {
    async fn start(refuse: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let mails = Arc::new(Mutex::new(Vec::new()));
        let taken = Arc::clone(&mails);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, Arc::clone(&taken), refuse));
            }
        });
        Self { port, mails }
    }

    /// Waits for so many mails.
    async fn mails(&self, count: usize) -> Vec<String> {
        timeout(WAIT, async {
            loop {
                let mails = self.mails.lock().expect("whole").clone();
                if mails.len() >= count {
                    return mails;
                }
                sleep(Duration::from_millis(20)).await;
            }
        })
        .await
        .expect("the mails come")
    }
}

async fn talk(stream: TcpStream, mails: Arc<Mutex<Vec<String>>>, refuse: bool) {
    let mut stream = BufReader::new(stream);
    let mut say = "220 sink\r\n";
    loop {
        if stream.write_all(say.as_bytes()).await.is_err() {
            return;
        }
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        say = match line.get(..4).map(str::to_ascii_uppercase).as_deref() {
            Some("EHLO" | "HELO") => "250 sink\r\n",
            Some("RCPT") if refuse => "550 nobody\r\n",
            Some("DATA") => {
                let _ = stream.write_all(b"354 go on\r\n").await;
                let mut mail = String::new();
                while !mail.ends_with("\r\n.\r\n") {
                    if stream.read_line(&mut mail).await.unwrap_or(0) == 0 {
                        return;
                    }
                }
                mails.lock().expect("whole").push(mail);
                "250 taken\r\n"
            }
            Some("QUIT") => "221 bye\r\n",
            _ => "250 fine\r\n",
        };
    }
}

/// A receiver of webhooks that keeps what it was asked.
async fn receiver() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut all = Vec::new();
            let mut piece = [0; 2048];
            while !all.ends_with(b"}") {
                match stream.read(&mut piece).await {
                    Ok(length) if length > 0 => all.extend_from_slice(&piece[..length]),
                    _ => break,
                }
            }
            kept.lock()
                .expect("whole")
                .push(String::from_utf8_lossy(&all).into_owned());
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
        }
    });
    (port, asked)
}

fn smtp(config: &mut Config, port: u16) {
    config.smtp = Some(keyarc_server::config::Smtp {
        url: Secret::new(format!("smtp://127.0.0.1:{port}")),
        from: "KeyArc <keyarc@example.org>".to_owned(),
    });
    config.waits.reminders = Duration::from_millis(100);
}

async fn person(server: &TestServer) -> Person<'_> {
    let mut person = Person::new(server, 1);
    let mut request = person.sign_up_request().await;
    request.email = Some("ada@example.org".to_owned());
    let answer = person.post(paths::SIGN_UP, &request).await;
    let (cookie, _) = answer
        .header("set-cookie")
        .split_once(';')
        .expect("a cookie");
    person.credential = Some(("cookie", cookie.to_owned()));
    person
}

async fn step(person: &Person<'_>, step: ReminderStep) -> ReminderStepResponse {
    person.post(paths::REMINDERS_STEP, &step).await.json()
}

async fn settings(person: &Person<'_>) -> RemindersResponse {
    person.get(paths::REMINDERS).await.json()
}

fn today() -> u32 {
    use keyarc_service::Clock as _;
    (keyarc_service::SystemClock.now_ms() / 86_400_000) as u32
}

/// Hands dates over, so many days from now.
async fn put(person: &Person<'_>, days: &[u32]) {
    let entries = days.iter().enumerate().map(|(at, days)| ReminderEntry {
        id: ReminderId([at as u8 + 1; 16]),
        on: today() + days,
    });
    let request = PutRemindersRequest {
        base_revision: settings(person).await.revision,
        state: None,
        set: Some(ReminderSet {
            digest: Fixed([1; 32]),
            lead_days: vec![7],
            entries: entries.collect(),
        }),
    };
    let answer = person.post(paths::REMINDERS, &request).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
}

/// The text of a mail, its quoting taken away.
fn read_mail(mail: &str) -> String {
    mail.replace("=\r\n", "")
        .replace("=3D", "=")
        .replace("\r\n ", " ")
}

/// The code that a mail tells in its text. Its head has a name of hexadecimal digits, which may look like one.
fn digits(mail: &str) -> String {
    let (_, text) = mail.split_once("\r\n\r\n").expect("a head and a text");
    let code = text
        .split(|c: char| !c.is_ascii_digit())
        .find(|part| part.len() == 8);
    code.expect("a code").to_owned()
}

#[tokio::test]
async fn mail_goes_out_with_dates_and_ids_and_can_be_stopped_by_one_click() {
    let sink = Sink::start(false).await;
    let server =
        TestServer::start_with(TempDb::sqlite().await, |config| smtp(config, sink.port)).await;
    let person = person(&server).await;
    let begun = step(&person, ReminderStep::TurnMailOn(person.confirm().await)).await;
    assert_eq!(begun, ReminderStepResponse::CodeSent);
    let code = digits(&sink.mails(1).await[0]);
    let confirmed = step(&person, ReminderStep::ConfirmMail(MailCode { code })).await;
    assert_eq!(confirmed, ReminderStepResponse::Done);
    assert_eq!(settings(&person).await.mail.state, MailState::On);

    put(&person, &[7, 7, 40]).await;
    let mails = sink.mails(2).await;
    let mail = read_mail(&mails[1]);
    for id in [1, 2] {
        let link = format!(
            "{}/vault/reminders?id={}",
            server.origin(),
            ReminderId([id; 16])
        );
        assert!(mail.contains(&link), "{mail}");
    }
    assert!(!mail.contains(&ReminderId([3; 16]).to_string()));
    let tested = step(&person, ReminderStep::Test(ReminderChannel::Mail)).await;
    assert_eq!(tested, ReminderStepResponse::Tested(None));
    assert!(read_mail(&sink.mails(3).await[2]).contains("This is a test."));
    // Once, however often the server looks.
    sleep(Duration::from_millis(400)).await;
    assert_eq!(sink.mails(3).await.len(), 3);
    assert_eq!(settings(&person).await.deliveries.len(), 1);

    // As a mail provider does it: without a cookie, an origin or a page in between.
    let start = mail.find("/reminders/unsubscribe/").expect("a way out");
    let path = &mail[start..start + "/reminders/unsubscribe/".len() + 32];
    let page = get(&server, path).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("No more reminders by e-mail?"));
    assert!(
        page.header("content-security-policy")
            .contains("form-action 'self'")
    );
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let stopped = send(
        &server,
        Method::POST,
        path,
        &form,
        "List-Unsubscribe=One-Click",
    )
    .await;
    assert_eq!(stopped.status, StatusCode::OK);
    assert_eq!(settings(&person).await.mail.state, MailState::Off);
    let again = send(
        &server,
        Method::POST,
        path,
        &form,
        "List-Unsubscribe=One-Click",
    )
    .await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    assert_eq!(
        get(&server, "/reminders/unsubscribe/x").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn mails_and_calendar_speak_the_language_of_the_page_that_switched_them_on() {
    const GERMAN: &str = "msgid \"\"\nmsgstr \"Language: de\\nX-Name: Deutsch\\nPlural-Forms: nplurals=2; plural=(n != 1);\\n\"\n\n\
        msgid \"Your code for reminders by e-mail\"\nmsgstr \"Ihr Code\"\n\n\
        msgid \"Something in your vault is due\"\nmsgstr \"Etwas ist an der Reihe\"\n\n\
        msgid \"No more reminders by e-mail?\"\nmsgstr \"Keine Erinnerungen mehr?\"\n";
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("languages")).expect("made");
    std::fs::write(folder.path().join("languages/de.po"), GERMAN).expect("written");
    let root = folder.path().to_owned();
    let sink = Sink::start(false).await;
    let server = TestServer::start_with(TempDb::sqlite().await, |config| {
        smtp(config, sink.port);
        config.site_root = Some(root);
    })
    .await;
    let mut person = person(&server).await;
    person.language = "de-AT,en;q=0.5";
    step(&person, ReminderStep::TurnMailOn(person.confirm().await)).await;
    let mails = sink.mails(1).await;
    assert!(mails[0].contains("Subject: Ihr Code"), "{}", mails[0]);
    let code = digits(&mails[0]);
    let token = match step(&person, ReminderStep::MakeFeed(person.confirm().await)).await {
        ReminderStepResponse::Feed(token) => token,
        other => panic!("{other:?}"),
    };
    // Whatever they read later: a mail has no browser that could be asked.
    person.language = "en";
    step(&person, ReminderStep::ConfirmMail(MailCode { code })).await;
    put(&person, &[7]).await;
    let mails = sink.mails(2).await;
    assert!(
        mails[1].contains("Subject: Etwas ist an der Reihe"),
        "{}",
        mails[1]
    );
    let feed = get(&server, &paths::feed(&token)).await;
    assert!(feed.text().contains("SUMMARY:Etwas ist an der Reihe\r\n"));
    let mail = read_mail(&mails[1]);
    let start = mail.find("/reminders/unsubscribe/").expect("a way out");
    let path = &mail[start..start + "/reminders/unsubscribe/".len() + 32];
    let german = [("accept-language", "de")];
    let page = send(&server, Method::GET, path, &german, "").await;
    assert!(page.text().contains("<html lang=\"de\">"));
    assert!(page.text().contains("Keine Erinnerungen mehr?"));
    assert!(
        get(&server, path)
            .await
            .text()
            .contains("No more reminders by e-mail?")
    );
    // Once mails are off their language is forgotten with them, and the next one is asked for anew.
    step(&person, ReminderStep::TurnOff(ReminderChannel::Mail)).await;
    step(&person, ReminderStep::TurnMailOn(person.confirm().await)).await;
    let mails = sink.mails(3).await;
    assert!(mails[2].contains("Subject: Your code for reminders"));
}

#[tokio::test]
async fn an_address_that_the_mail_server_refuses_is_told() {
    let sink = Sink::start(true).await;
    let server =
        TestServer::start_with(TempDb::sqlite().await, |config| smtp(config, sink.port)).await;
    let person = person(&server).await;
    let begun = ReminderStep::TurnMailOn(person.confirm().await);
    let answer = person.post(paths::REMINDERS_STEP, &begun).await;
    answer.error(ErrorCode::Unavailable);
    // Nothing may be tested that is not on.
    let test = ReminderStep::Test(ReminderChannel::Mail);
    person
        .post(paths::REMINDERS_STEP, &test)
        .await
        .error(ErrorCode::InvalidRequest);
}

#[tokio::test]
async fn without_a_mail_server_mails_lie_in_the_outbox() {
    let data = tempfile::tempdir().expect("a folder");
    let folder = data.path().to_owned();
    let server = TestServer::start_with(TempDb::sqlite().await, |config| {
        config.data_dir = folder;
    })
    .await;
    let person = person(&server).await;
    step(&person, ReminderStep::TurnMailOn(person.confirm().await)).await;
    let mails: Vec<_> = std::fs::read_dir(data.path().join("outbox"))
        .expect("an outbox")
        .map(|entry| entry.expect("a file").path())
        .collect();
    assert_eq!(mails.len(), 1);
    let mail = std::fs::read_to_string(&mails[0]).expect("a mail");
    assert!(mail.contains("To: ada@example.org"));
    let code = digits(&mail);
    step(&person, ReminderStep::ConfirmMail(MailCode { code })).await;
    assert_eq!(settings(&person).await.mail.state, MailState::On);
}

#[tokio::test]
async fn two_servers_over_one_database_call_a_webhook_once() {
    let (port, asked) = receiver().await;
    let db = TempDb::postgres().await;
    let db = match db {
        Some(db) => db,
        None => TempDb::sqlite().await,
    };
    let url = db.url().to_owned();
    let quick = |config: &mut Config| config.waits.reminders = Duration::from_millis(50);
    let server = TestServer::start_with(db, |config| {
        // Both open what the other one encrypted.
        config.jwt_secret = Some(Secret::new(SECRET.to_owned()));
        quick(config);
    })
    .await;
    let mut config = TestServer::config();
    config.database_url = Secret::new(url);
    config.jwt_secret = Some(Secret::new(SECRET.to_owned()));
    quick(&mut config);
    let other = Instance::start(&config)
        .await
        .expect("the other server starts");
    let other = tokio::spawn(other.serve(std::future::pending()));
    let person = person(&server).await;
    let wish = NewWebhook {
        fresh: person.confirm().await,
        url: format!("http://127.0.0.1:{port}/hook"),
    };
    let secret = match step(&person, ReminderStep::SetWebhook(wish)).await {
        ReminderStepResponse::Webhook(secret) => secret,
        other => panic!("{other:?}"),
    };
    let tested = step(&person, ReminderStep::Test(ReminderChannel::Webhook)).await;
    assert_eq!(tested, ReminderStepResponse::Tested(None));
    put(&person, &[7, 7, 7]).await;
    timeout(WAIT, async {
        while asked.lock().expect("whole").len() < 4 {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("the calls come");
    sleep(Duration::from_millis(300)).await;
    let asked = asked.lock().expect("whole").clone();
    assert_eq!(asked.len(), 4);
    for request in &asked {
        check_signature(request, &secret);
    }
    assert!(asked[0].contains("reminder.test"));
    // What leaves is the id and the date, and nothing of the account.
    for request in &asked {
        assert!(!request.contains("ada") && !request.contains("cookie"));
    }
    assert_eq!(settings(&person).await.deliveries.len(), 3);
    other.abort();
}

/// As a receiver does it, by Standard Webhooks.
#[track_caller]
fn check_signature(request: &str, secret: &str) {
    let (head, body) = request.split_once("\r\n\r\n").expect("a body");
    let field = |name: &str| {
        head.lines()
            .find_map(|line| line.strip_prefix(&format!("{name}: ")))
            .expect(name)
            .to_owned()
    };
    let bytes = base64_decode(secret.strip_prefix("whsec_").expect("a secret"));
    let secret = keyarc_auth::WebhookSecret::make(bytes.try_into().expect("32 bytes"));
    let time: u64 = field("webhook-timestamp").parse().expect("a time");
    let (id, signature) = (field("webhook-id"), field("webhook-signature"));
    assert_eq!(secret.sign(&id, time, body.as_bytes()), signature);
    assert_ne!(secret.sign(&id, time + 1, body.as_bytes()), signature);
}

fn base64_decode(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .expect("base64")
}

#[tokio::test]
async fn a_webhook_into_the_servers_own_network_is_refused() {
    let server = TestServer::start().await;
    let person = person(&server).await;
    for url in ["https://169.254.169.254/latest/", "https://10.0.0.1/"] {
        let wish = NewWebhook {
            fresh: person.confirm().await,
            url: url.to_owned(),
        };
        step(&person, ReminderStep::SetWebhook(wish)).await;
        let tested = step(&person, ReminderStep::Test(ReminderChannel::Webhook)).await;
        assert_eq!(
            tested,
            ReminderStepResponse::Tested(Some(DeliveryProblem::Forbidden))
        );
    }
    let wish = NewWebhook {
        fresh: person.confirm().await,
        url: "http://hooks.example/".to_owned(),
    };
    let answer = person
        .post(paths::REMINDERS_STEP, &ReminderStep::SetWebhook(wish))
        .await;
    assert_eq!(
        answer.error(ErrorCode::InvalidRequest).field.as_deref(),
        Some("set_webhook.url")
    );
}

#[tokio::test]
async fn a_feed_is_a_calendar_for_whoever_has_its_address() {
    let server = TestServer::start().await;
    let person = person(&server).await;
    let token = match step(&person, ReminderStep::MakeFeed(person.confirm().await)).await {
        ReminderStepResponse::Feed(token) => token,
        other => panic!("{other:?}"),
    };
    put(&person, &[7, 40]).await;
    let path = paths::feed(&token);
    let feed = get(&server, &path).await;
    assert_eq!(feed.status, StatusCode::OK);
    assert_eq!(feed.header("content-type"), "text/calendar; charset=utf-8");
    assert_eq!(feed.header("referrer-policy"), "no-referrer");
    assert_eq!(feed.text().matches("BEGIN:VEVENT\r\n").count(), 2);
    assert!(feed.text().split("\r\n").all(|line| line.len() <= 75));
    let tag = feed.header("etag").to_owned();
    let known = send(&server, Method::GET, &path, &[("if-none-match", &tag)], "").await;
    assert_eq!((known.status, known.text()), (StatusCode::NOT_MODIFIED, ""));
    put(&person, &[7]).await;
    let changed = send(&server, Method::GET, &path, &[("if-none-match", &tag)], "").await;
    assert_eq!(changed.text().matches("BEGIN:VEVENT\r\n").count(), 1);
    for wrong in ["/feeds/x.ics", "/feeds/", &path[..path.len() - 4]] {
        assert_eq!(
            get(&server, wrong).await.status,
            StatusCode::NOT_FOUND,
            "{wrong}"
        );
    }
    // Nobody who only has a session guesses at them for free.
    let other = paths::feed(&"A".repeat(43));
    assert_eq!(get(&server, &other).await.status, StatusCode::NOT_FOUND);
    step(&person, ReminderStep::TurnOff(ReminderChannel::Feed)).await;
    assert_eq!(get(&server, &path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_discloses_takes_the_password() {
    let server = TestServer::start().await;
    let person = person(&server).await;
    let mut stale = person.confirm().await;
    stale.proof.time_ms += 1;
    for wish in [
        ReminderStep::TurnMailOn(stale.clone()),
        ReminderStep::MakeFeed(stale.clone()),
        ReminderStep::SetWebhook(NewWebhook {
            fresh: stale,
            url: "https://hooks.example/".to_owned(),
        }),
    ] {
        let answer = person.post(paths::REMINDERS_STEP, &wish).await;
        answer.error(ErrorCode::LoginRefused);
    }
    let stranger = Person::new(&server, 2);
    stranger
        .get(paths::REMINDERS)
        .await
        .error(ErrorCode::Unauthenticated);
    let off = ReminderStep::TurnOff(ReminderChannel::Mail);
    stranger
        .post(paths::REMINDERS_STEP, &off)
        .await
        .error(ErrorCode::Unauthenticated);
}
