//! Somebody with an account, a server behind a proxy, and what has to be true after every lie.

use std::fs;

use keyarc_client::{
    ClientError, LogIn, NativeTransport, Recover, Recovering, SaveError, Session, SignUp, Trust,
};
use keyarc_crypto::{Checkpoint, Kit, RecoveryKey, SetupCode, Suite};
use keyarc_testkit::{Asked, Canaries, Delivery, Proxy, TestServer, captured_log, mutate::Answer};
use keyarc_vault::{Content, ItemDraft};
use keyarc_wire::{
    Change, ChangesDecoder, ClientKind, ItemId, encode_change, encode_changes_end,
    encode_changes_start, encode_details, encode_grant, encode_manifest, encode_waiting, paths,
};
use serde_json::Value;

use crate::{
    device::{Derives, Device},
    report,
};

pub type Open = Session<NativeTransport, Device>;

pub const PASSWORD: &str = "canary quartz lantern mosaic";
pub const SECRETS: [&str; 3] = [
    "canary-secret-one-81f0",
    "canary-secret-two-4cd2",
    "canary-secret-six-93ea",
];
pub const HOST: &str = "canary-host-77a1.example";
const NAMES: [&str; 3] = [
    "canary-name-one-0b",
    "canary-name-two-1c",
    "canary-name-six-2d",
];
const FOLDER: &str = "canary-folder-55";
const TAG: &str = "canary-tag-6f1";
const NOTES: &str = "canary-notes-3e8";

/// Three items in an account of its own, on a device that remembers them.
pub struct World {
    test: &'static str,
    pub proxy: Proxy,
    pub server: TestServer,
    pub device: Device,
    pub code: SetupCode,
    /// Of the kit.
    pub recovery_key: RecoveryKey,
    pub checkpoint: Checkpoint,
    pub password: &'static str,
    pub session: Open,
    pub items: Vec<ItemId>,
    derives: Derives,
}

impl World {
    /// For a test of this name in the table.
    pub async fn new(test: &'static str) -> Self {
        Self::with(test, Derives::Quickly).await
    }

    pub async fn with(test: &'static str, derives: Derives) -> Self {
        captured_log();
        let (proxy, server) = Proxy::with_server(|_| {}).await;
        let device = Device::new(seed_of(test), derives);
        let wish = SignUp {
            origin: &proxy.origin(),
            password: PASSWORD,
            suite: Suite::Pbkdf2Sha256,
            email: Some("ada@example.com"),
            terms_version: "2026-11",
            device_name: "A device",
            client: ClientKind::Api,
        };
        let line = line(&proxy);
        let made = Session::sign_up(line, device.clone(), &wish).await;
        let (session, kit) = made.expect("signs up");
        let mut world = Self {
            test,
            proxy,
            server,
            device,
            code: kit.setup_code,
            recovery_key: kit.recovery_key,
            checkpoint: kit.checkpoint,
            password: PASSWORD,
            session,
            items: Vec::new(),
            derives,
        };
        for number in 0..SECRETS.len() {
            let saved = world.session.save(&draft(number)).await;
            world.items.push(saved.expect("saves").summary.id);
        }
        world
    }

    /// On the device that remembers.
    pub async fn log_in(&self) -> Result<Open, ClientError> {
        let pins = self.device.pins();
        self.log_in_as(&self.device, &self.code, pins.as_deref())
            .await
    }

    /// On a device without a memory.
    pub async fn log_in_anew(&self) -> Result<Open, ClientError> {
        self.log_in_as(&self.stranger(), &self.code, None).await
    }

    /// A device without a memory.
    pub fn stranger(&self) -> Device {
        Device::new(seed_of(self.test) ^ 0xff, self.derives)
    }

    /// Shows the kit, on a device without a memory.
    pub async fn recover(&self) -> Result<Recovering<NativeTransport, Device>, ClientError> {
        let again = RecoveryKey::parse(&self.recovery_key.to_text());
        let wish = Recover {
            origin: &self.proxy.origin(),
            kit: &Kit {
                setup_code: self.code.with_suite(self.code.suite()),
                recovery_key: again.expect("reads back"),
                checkpoint: Some(self.checkpoint),
            },
            pins: None,
        };
        Session::begin_recovery(line(&self.proxy), self.stranger(), &wish).await
    }

    pub async fn log_in_as(
        &self,
        device: &Device,
        code: &SetupCode,
        pins: Option<&[u8]>,
    ) -> Result<Open, ClientError> {
        let wish = LogIn {
            origin: &self.proxy.origin(),
            code,
            password: self.password,
            device_name: "A device",
            client: ClientKind::Api,
            pins,
        };
        Session::log_in(line(&self.proxy), device.clone(), &wish).await
    }

    /// Changes the JSON of a path from now on.
    pub fn lie(&self, path: &'static str, change: impl Fn(&mut Value) + Send + 'static) {
        self.proxy.lie(move |asked, answer| {
            if asked.path == path
                && let Some(mut value) = answer.value()
            {
                change(&mut value);
                answer.body = value.to_string().into_bytes();
            }
        });
    }

    /// Changes the records of every sync from now on.
    pub fn lie_in_sync(&self, change: impl Fn(Vec<Change>) -> Vec<Change> + Send + 'static) {
        self.proxy.lie(move |asked, answer| {
            if is_sync(asked) {
                answer.body = stream(&change(records(&answer.body)));
            }
        });
    }

    /// The vault's address.
    pub fn vault_path(&self, last: &str) -> String {
        let vault = self.session.look(|vault| vault.id());
        format!("/api/vaults/{vault}/{last}")
    }

    /// What the server said last at a path.
    pub fn last_said(&self, path: &str) -> Answer {
        let said = self.proxy.said().into_iter().rev();
        let mut there = said.filter(|(at, _)| at == path);
        there.next().expect("it was asked").1
    }

    /// A log-in is refused as tampering; nothing is opened, kept, made or sent.
    pub async fn refuses(&self, what: &str) {
        let (kept, asked) = self.so_far();
        let refused = self.log_in().await.err();
        assert_eq!(refused, Some(ClientError::Tampered), "{what}");
        self.nothing_came_of_it(what, kept, asked);
    }

    /// The account opens and its vault stays closed; nothing is shown, kept, made or sent.
    pub async fn blocks(&self, what: &str) {
        let (kept, asked) = self.so_far();
        let blocked = self.log_in().await.expect("the account opens");
        assert_eq!(blocked.trust(), Trust::Broken, "{what}");
        assert_eq!(blocked.unlocked().items, 0, "{what}");
        assert!(blocked.look(|vault| vault.item_ids()).is_empty(), "{what}");
        let write = blocked.save(&draft(0)).await.err();
        assert_eq!(
            write,
            Some(SaveError::Client(ClientError::ReadOnly)),
            "{what}"
        );
        self.nothing_came_of_it(what, kept, asked);
    }

    fn so_far(&self) -> (usize, usize) {
        (
            self.device.told.borrow().pins.len(),
            self.proxy.asked().len(),
        )
    }

    fn nothing_came_of_it(&self, what: &str, kept: usize, asked: usize) {
        let now = self.device.told.borrow().pins.len();
        assert_eq!(now, kept, "{what}: what was seen stays as it is");
        for asked in &self.proxy.asked()[asked..] {
            let harmless = [paths::CHALLENGE, paths::LOGIN, paths::REFRESH];
            let reads = asked.method == "GET" || harmless.contains(&asked.path.as_str());
            assert!(reads, "{what}: {} {}", asked.method, asked.path);
        }
    }

    /// Once the server is honest again everything is there; and nothing secret was ever sent,
    /// logged or stored.
    pub async fn end(self) {
        self.proxy.tell_the_truth();
        let back = self.log_in().await.expect("an honest server opens it");
        assert!(!back.trust().is_alarm(), "{:?}", back.trust());
        for (number, item) in self.items.iter().enumerate() {
            let shown = back.reveal(*item).await.expect("an honest server shows it");
            assert_eq!(shown.summary.name, NAMES[number]);
            assert!(shown.content == draft(number).content, "item {number}");
        }
        self.nothing_leaked();
    }

    /// Nothing secret was ever sent, logged or stored.
    pub fn nothing_leaked(self) {
        let code = self.code.to_text();
        // What comes before names the account, and the server knows it.
        let secret = &code[20..];
        let recovery_key = self.recovery_key.to_text();
        let words = [
            ("the recovery key", recovery_key.as_str()),
            ("the password", self.password),
            ("the setup code", secret),
            ("a name", NAMES[0]),
            ("a name", NAMES[1]),
            ("a name", NAMES[2]),
            ("a folder", FOLDER),
            ("a tag", TAG),
            ("a note", NOTES),
            ("an address", HOST),
            ("a secret", SECRETS[0]),
            ("a secret", SECRETS[1]),
            ("a secret", SECRETS[2]),
        ];
        let canaries = Canaries::new(words.map(|(name, word)| (name, word.as_bytes())));
        let clean = |place: &str, bytes: &[u8]| {
            assert_eq!(canaries.sightings(bytes), [""; 0], "in {place}");
        };
        for asked in self.proxy.asked() {
            clean("an address", asked.path.as_bytes());
            clean("a header", asked.head.as_bytes());
            clean("a request", &asked.body);
        }
        clean("the log", &captured_log());
        let url = self.server.db().url();
        let file = url.strip_prefix("sqlite://").expect("a file");
        for suffix in ["", "-wal"] {
            let stored = fs::read(format!("{file}{suffix}")).unwrap_or_default();
            assert!(
                suffix == "-wal" || !stored.is_empty(),
                "there is a database"
            );
            clean("the database", &stored);
        }
        report::held(self.test);
    }
}

pub fn line(proxy: &Proxy) -> NativeTransport {
    NativeTransport::new(&proxy.origin()).expect("loopback")
}

/// One of the three items: a key, a log-in with an address, a note.
pub fn draft(number: usize) -> ItemDraft {
    let secret = SECRETS[number].to_owned();
    ItemDraft {
        id: None,
        base_version: 0,
        name: NAMES[number].into(),
        folder: FOLDER.into(),
        tags: vec![TAG.into()],
        environment: None,
        provider: None,
        favourite: false,
        expires_on: None,
        content: match number {
            0 => Content::ApiKey { value: secret },
            1 => Content::Login {
                username: "ada".into(),
                password: secret,
                url: format!("https://{HOST}/log-in?next=/"),
            },
            _ => Content::Note { text: secret },
        },
        notes: NOTES.into(),
        fields: Vec::new(),
        rotation: Default::default(),
        places: Vec::new(),
        walk: None,
        check: None,
        attachments: Vec::new(),
    }
}

fn seed_of(test: &str) -> u64 {
    test.bytes().fold(7, |seed: u64, byte| {
        seed.wrapping_mul(31).wrapping_add(byte.into())
    })
}

pub fn is_sync(asked: &Asked) -> bool {
    asked.path.contains("/changes?")
}

/// Requests of one path are answered with this and never arrive.
pub fn instead(path: &'static str, answer: Answer) -> impl FnMut(&Asked) -> Delivery + Send {
    move |asked| match asked.path == path {
        true => Delivery::Instead(answer.clone()),
        false => Delivery::Once,
    }
}

/// The records of a sync.
pub fn records(body: &[u8]) -> Vec<Change> {
    let mut decoder = ChangesDecoder::new(body).expect("a sync");
    let mut all = Vec::new();
    while let Some(change) = decoder.next().expect("a whole sync") {
        all.push(change);
    }
    all
}

/// A sync of these records.
pub fn stream(all: &[Change]) -> Vec<u8> {
    let mut out = Vec::new();
    encode_changes_start(&mut out);
    for change in all {
        match change {
            Change::Manifest(manifest) => encode_manifest(&mut out, &manifest.0),
            Change::Details(details) => encode_details(&mut out, details),
            Change::Grant(grant) => encode_grant(&mut out, &grant.0),
            Change::Waiting(waiting) => encode_waiting(&mut out, waiting),
            Change::Item(item) => {
                let live = item.live.as_ref();
                let live = live.map(|(version, sealed)| (*version, sealed.as_ref()));
                encode_change(&mut out, &item.item_id.0, item.version, item.revision, live);
            }
        }
    }
    encode_changes_end(&mut out, all.len() as u32);
    out
}
