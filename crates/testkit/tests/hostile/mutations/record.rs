//! The recordings: every journey, once, against a real server.

use std::sync::Arc;

use futures::FutureExt as _;
use keyarc_client::{NativeTransport, Session};
use keyarc_crypto::{AccountContext, RootKey, SetupCode, UnlockKeys};
use keyarc_service::session::{self, Credential};
use keyarc_testkit::{
    HERE, TestServer, TotpApp,
    mutate::{Answer, Dice, Kind, Mutated, mutate, sites},
};
use keyarc_vault::{Content, ItemDraft};
use keyarc_wire::{AccountResponse, Bytes, CHANGES_MEDIA_TYPE};

use super::{
    journeys::{self, Eyes, Given, Journey, SECRETS, Seen, draft, edit, named, play},
    oracle::Account,
    replay::{Exchange, Lie, Recorder, Recording},
};
use crate::device::{Derives, Device, quick_key};

/// A journey as it was with an honest server.
pub struct Script {
    pub journey: Journey,
    pub given: Given,
    pub seed: u64,
    pub recording: Arc<Recording>,
    pub seen: Vec<Seen>,
    pub end: Result<(), String>,
    pub account: Account,
}

/// All journeys, and every answer that was given in them or before, by which older ones can be
/// told.
pub struct Corpus {
    pub scripts: Vec<Script>,
    pub earlier: Arc<Vec<Exchange>>,
    /// What another device saw between the steps of a journey.
    pub between: Vec<Seen>,
}

/// Whoever has an account while the recordings are made.
struct Studio {
    server: TestServer,
    given: Given,
    scripts: Vec<Script>,
    earlier: Vec<Exchange>,
    between: Vec<Seen>,
}

async fn corpus() -> Corpus {
    let server = TestServer::start().await;
    let given = Given {
        origin: server.origin(),
        password: "quartz lantern mosaic dolphin".into(),
        new_password: "velvet harbour copper thistle".into(),
        wrong_code: "0000-0000-0000-0000".into(),
        ..Given::default()
    };
    let mut studio = Studio {
        server,
        given,
        scripts: Vec::new(),
        earlier: Vec::new(),
        between: Vec::new(),
    };
    let code = studio.record(Journey::SignUp, None).await;
    studio.given.code = code.expect("an account was made");
    // What a first visit saw before there was more than one item, for a server that tells it later.
    studio.record(Journey::FirstVisit, None).await;
    let early = studio.scripts.pop().expect("it was recorded");
    studio.between.extend(early.seen);
    studio.furnish().await;
    studio.record(Journey::FirstVisit, None).await;
    studio.record(Journey::ComingBack, None).await;
    studio.record(Journey::TwoDevices, None).await;
    studio
        .record(Journey::Salvage, Some(leave_an_item_out))
        .await;
    studio.record(Journey::Mistyping, None).await;
    studio.record(Journey::Password, None).await;
    studio.given.password = studio.given.new_password.clone();
    studio.require_second_factor().await;
    studio.record(Journey::SecondFactor, None).await;
    Corpus {
        scripts: studio.scripts,
        earlier: studio.earlier.into(),
        between: studio.between,
    }
}

impl Studio {
    /// Plays a journey and writes it down. The device then remembers what it saw.
    async fn record(&mut self, journey: Journey, lie: Option<Lie>) -> Option<String> {
        let seed = 1_000 + self.earlier.len() as u64;
        let device = Device::new(seed, Derives::Quickly);
        let transport = Recorder::new(&self.given.origin, lie);
        let exchanges = transport.exchanges.clone();
        let eyes = Eyes::default();
        let mut given = self.given.clone();
        if journey == Journey::FirstVisit {
            given.pins = None;
        }
        let other = match journey {
            Journey::TwoDevices => Some(self.another_device().await),
            _ => None,
        };
        let witness = Eyes::default();
        let meanwhile = |number| {
            let other = other.as_ref().expect("there is another device");
            elsewhere(other, number, &witness).boxed_local()
        };
        let end = play(
            journey,
            transport,
            device.clone(),
            &given,
            &eyes,
            &meanwhile,
        )
        .await;
        if let Some(pins) = device.pins() {
            self.given.pins = Some(pins);
        }
        let exchanges = exchanges.take();
        let before = self.earlier.len();
        self.earlier.extend(exchanges.iter().cloned());
        let code = eyes.code.take();
        self.between.extend(witness.seen.take());
        let account = self.account(&given, code.as_deref());
        self.scripts.push(Script {
            journey,
            given,
            seed,
            recording: Arc::new(Recording::new(before, exchanges)),
            seen: eyes.seen.take(),
            end,
            account,
        });
        code
    }

    /// What is needed to read what a device keeps of the account.
    fn account(&self, given: &Given, code: Option<&str>) -> Account {
        let code = SetupCode::parse(code.unwrap_or(&given.code)).expect("a setup code");
        let key = quick_key(&given.password, &code).expect("a password");
        let unlock = UnlockKeys::derive(&key, &code);
        let (id, root) = self
            .earlier
            .iter()
            .rev()
            .filter_map(|one| one.answer.value()?.get("account").cloned())
            .filter_map(|account| serde_json::from_value::<AccountResponse>(account).ok())
            .find_map(|account| {
                let place = AccountContext {
                    account_id: account.id.0,
                    keyset_version: account.keyset.version,
                };
                let wrapped = &account.keyset.wrapped_root_key.0;
                Some((
                    account.id.0,
                    RootKey::unwrap(wrapped, &unlock, &place).ok()?,
                ))
            })
            .expect("the account was shown");
        Account {
            id,
            root,
            secret: code.to_text().to_string(),
        }
    }

    /// Three more items of different kinds, and a deleted one.
    async fn furnish(&mut self) {
        let device = Device::new(77, Derives::Quickly);
        let other = self.session(device.clone()).await;
        let save = async |name: &str, content| {
            let draft = ItemDraft {
                content,
                ..draft(name, "")
            };
            other.save(&draft).await.expect("saves").summary.id
        };
        let value = SECRETS[0].to_owned();
        save("Api", Content::ApiKey { value }).await;
        let login = Content::Login {
            username: "ada".into(),
            password: SECRETS[4].into(),
            url: "https://canary-host-31e0.example/log-in".into(),
        };
        save("Login", login).await;
        let text = SECRETS[5].to_owned();
        save("Note", Content::Note { text: text.clone() }).await;
        let gone = save("Gone", Content::Note { text }).await;
        other.trash(&[gone]).await.expect("moves");
        other.purge(&[gone]).await.expect("purges");
        self.given.pins = device.pins();
    }

    async fn session(&self, device: Device) -> Session<NativeTransport, Device> {
        let code = SetupCode::parse(&self.given.code).expect("a setup code");
        let wish = journeys::wish(&self.given, &code, &self.given.password);
        let transport = NativeTransport::new(&self.given.origin).expect("loopback");
        Session::log_in(transport, device, &wish)
            .await
            .expect("logs in")
    }

    async fn another_device(&self) -> Session<NativeTransport, Device> {
        self.session(Device::new(78, Derives::Quickly)).await
    }

    async fn require_second_factor(&mut self) {
        let answers = self.earlier.iter().rev();
        let token = answers
            .filter_map(|one| one.answer.value())
            .find_map(|answer| Some(answer.get("session_token")?.as_str()?.to_owned()))
            .expect("somebody logged in");
        let services = self.server.state().services();
        let context = session::authenticate(services, HERE, Credential::SessionToken(&token)).await;
        let context = context.expect("the session is in force");
        let other = self.another_device().await;
        let fresh = other
            .prove_password(&self.given.origin, &self.given.password)
            .await
            .expect("it is the password");
        let app = TotpApp::enrol_proven(&context, HERE, &fresh).await;
        self.given.right_code = app.recovery_codes[0].clone();
    }
}

/// What another device does while a journey is recorded, and what it then sees.
async fn elsewhere(other: &Session<NativeTransport, Device>, number: u32, witness: &Eyes) {
    let api = named(other, "Api").expect("it is there");
    let save = async |draft: ItemDraft| {
        other.save(&draft).await.expect("saves");
        witness.look("elsewhere", other, None);
    };
    other.sync().await.expect("syncs");
    witness.look("elsewhere", other, None);
    let item = other.reveal(api).await.expect("reveals");
    match number {
        0 => {
            save(edit(&item, SECRETS[3])).await;
            save(draft("Theirs", SECRETS[3])).await;
            let item = other.reveal(api).await.expect("reveals");
            save(edit(&item, SECRETS[0])).await;
        }
        1 => save(draft("Theirs too", SECRETS[0])).await,
        _ => save(edit(&item, SECRETS[1])).await,
    }
}

/// A lie to begin with: the vault is then closed, and something can be saved from it.
fn leave_an_item_out(_path: &str, answer: &mut Answer) {
    if answer.content_type != CHANGES_MEDIA_TYPE {
        return;
    }
    let all = sites(answer);
    let Some(first) = all.iter().find(|site| site.name == "item 0") else {
        return;
    };
    if let Some(Mutated::Answer(less)) = mutate(answer, first, Kind::Drop, &[], &mut Dice::new(0)) {
        *answer = less;
    }
}

/// The manifest that a request to change items, or to make an account, carries.
pub fn manifest_of(sent: &[u8]) -> Option<Vec<u8>> {
    let from = sent.iter().position(|byte| *byte == b'{')?;
    let request: serde_json::Value = serde_json::from_slice(&sent[from..]).ok()?;
    let found = ["/manifest", "/vault/manifest"];
    let manifest = found.iter().find_map(|at| request.pointer(at))?;
    let bytes: Bytes = serde_json::from_value(manifest.clone()).ok()?;
    Some(bytes.0)
}

/// Records everything, on a runtime of its own.
pub fn record() -> Corpus {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(corpus())
}
