//! The recordings: every journey, once, against a real server.

use std::{cell::RefCell, sync::Arc};

use futures::FutureExt as _;
use keyarc_client::{Host as _, JoinedLink, NativeHost, NativeTransport, NewDevice, Session};
use keyarc_crypto::{AccountContext, LinkCode, RootKey, SetupCode, UnlockKeys};
use keyarc_service::{
    Context, rekey,
    session::{self, Credential},
};
use keyarc_signature::VaultManifest;
use keyarc_testkit::{
    HERE, TestServer, TotpApp,
    mutate::{Answer, Dice, Kind, Mutated, mutate, sites},
};
use keyarc_vault::{Content, ItemDraft};
use keyarc_wire::{AccountResponse, Bytes, CHANGES_MEDIA_TYPE, Fixed, StageItemsRequest};

use serde_json::Value;

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
    /// A machine token that was made.
    pub token: Option<String>,
}

impl Given {
    /// The device of somebody who sets out.
    pub fn device(&self, seed: u64) -> Device {
        let device = Device::new(seed, Derives::Quickly);
        match self.now_ms {
            Some(now_ms) => device.at(now_ms),
            None => device,
        }
    }
}

/// All journeys, and every answer that was given in them or before, by which older ones can be
/// told.
pub struct Corpus {
    pub scripts: Vec<Script>,
    pub earlier: Arc<Vec<Exchange>>,
    /// What another device saw between the steps of a journey.
    pub between: Vec<Seen>,
}

type Working = Session<NativeTransport, Device>;
type Waiting = NewDevice<NativeTransport, Device>;

/// Who else is there while a journey is recorded.
enum Other {
    Nobody,
    Works(Box<Working>),
    Waits(Box<Waiting>),
    Knows(Box<Working>, Box<RefCell<Option<JoinedLink>>>),
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
    studio.record(Journey::Reminders, None).await;
    studio.record(Journey::Machine, None).await;
    studio.record(Journey::Password, None).await;
    studio.given.password = studio.given.new_password.clone();
    studio.record(Journey::RecoveryKey, None).await;
    studio.record(Journey::NewDevice, None).await;
    studio.record(Journey::KnownDevice, None).await;
    studio.given.new_password = "copper violin thunder meadow".into();
    studio.record(Journey::Recovery, None).await;
    studio.given.new_password = "amber canyon whistle orchard".into();
    studio.stage_something().await;
    let code = studio.record(Journey::Rekey, None).await;
    studio.given.code = code.expect("all keys were changed");
    let codes = studio.require_second_factor().await;
    let code = |number: usize| codes[number].clone();
    studio.given.right_code = code(0);
    studio.record(Journey::SecondFactor, None).await;
    studio.given.right_code = code(1);
    studio.record(Journey::AddPasskey, None).await;
    studio.record(Journey::PasskeyFactor, None).await;
    studio.record(Journey::PasskeyLogIn, None).await;
    studio.given.right_code = code(2);
    studio.given.new_password = "marble falcon ginger voyage".into();
    studio.record(Journey::Recovery, None).await;
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
        let transport = Recorder::new(&self.given.origin, lie);
        let exchanges = transport.exchanges.clone();
        let eyes = Eyes::default();
        let mut given = self.given.clone();
        // What a machine signs has to be of this moment.
        given.now_ms = (journey == Journey::Machine).then(|| NativeHost.now_ms());
        let device = given.device(seed).that_waits();
        if matches!(
            journey,
            Journey::FirstVisit | Journey::Recovery | Journey::NewDevice
        ) {
            given.pins = None;
        }
        let other = match journey {
            Journey::TwoDevices => Other::Works(Box::new(self.another_device().await)),
            Journey::NewDevice => {
                Other::Knows(Box::new(self.another_device().await), Box::default())
            }
            Journey::KnownDevice => {
                let waiting = self.waiting_device().await;
                given.link = Some(waiting.code());
                Other::Waits(Box::new(waiting))
            }
            _ => Other::Nobody,
        };
        let witness = Eyes::default();
        let meanwhile = |number| {
            let (other, origin, code) = (&other, &given.origin, eyes.link.get());
            let witness = &witness;
            async move {
                match other {
                    Other::Works(other) => elsewhere(other, number, witness).await,
                    Other::Waits(other) => receives(other, number).await,
                    Other::Knows(other, joined) => {
                        let code = code.expect("a device shows its code");
                        gives(other, joined, number, origin, code).await;
                    }
                    Other::Nobody => {}
                }
            }
            .boxed_local()
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
        let kit = eyes.kit.take();
        let account = self.account(&given, code.as_deref(), kit.as_deref());
        if matches!(
            journey,
            Journey::Password | Journey::Recovery | Journey::Rekey
        ) {
            self.given.password = given.new_password.clone();
        }
        self.given.kit = kit.unwrap_or(std::mem::take(&mut self.given.kit));
        given.words = eyes.words.get();
        self.scripts.push(Script {
            journey,
            given,
            seed,
            recording: Arc::new(Recording::new(before, exchanges)),
            seen: eyes.seen.take(),
            end,
            account,
            token: eyes.token.take(),
        });
        code
    }

    /// What is needed to read what a device keeps of the account.
    fn account(&self, given: &Given, code: Option<&str>, kit: Option<&str>) -> Account {
        let codes = [given.code.as_str(), code.unwrap_or_default()];
        let codes: Vec<String> = codes
            .into_iter()
            .filter(|code| !code.is_empty())
            .map(str::to_owned)
            .collect();
        let mut unlocks = Vec::new();
        for code in &codes {
            let code = SetupCode::parse(code).expect("a setup code");
            for password in [&given.password, &given.new_password] {
                let key = quick_key(password, &code).expect("a password");
                unlocks.push(UnlockKeys::derive(&key, &code));
            }
        }
        let mut account = Account {
            id: [0; 16],
            roots: Vec::new(),
            unlocks,
            codes,
            kits: [given.kit.as_str(), kit.unwrap_or_default()].map(str::to_owned),
        };
        let shown: Vec<AccountResponse> = self
            .earlier
            .iter()
            .filter_map(|one| one.answer.value())
            .filter_map(|answer| {
                let account = answer.get("account").cloned().unwrap_or(answer);
                serde_json::from_value(account).ok()
            })
            .collect();
        for unlock in &account.unlocks {
            let root = shown.iter().rev().find_map(|shown| {
                let place = AccountContext {
                    account_id: shown.id.0,
                    keyset_version: shown.keyset.version,
                };
                RootKey::unwrap(&shown.keyset.wrapped_root_key.0, unlock, &place).ok()
            });
            account.roots.extend(root);
        }
        account.id = shown.last().expect("the account was shown").id.0;
        account
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

    async fn session(&self, device: Device) -> Working {
        let code = SetupCode::parse(&self.given.code).expect("a setup code");
        let wish = journeys::wish(&self.given, &code, &self.given.password);
        let transport = NativeTransport::new(&self.given.origin).expect("loopback");
        Session::log_in(transport, device, &wish)
            .await
            .expect("logs in")
    }

    async fn another_device(&self) -> Working {
        self.session(Device::new(78, Derives::Quickly).that_waits())
            .await
    }

    /// A device that has nothing yet.
    async fn waiting_device(&self) -> Waiting {
        let transport = NativeTransport::new(&self.given.origin).expect("loopback");
        let device = Device::new(79, Derives::Quickly).that_waits();
        let waiting = NewDevice::open(transport, device, &self.given.origin).await;
        waiting.expect("waits")
    }

    /// What the newest session of a browser may do, past the client.
    async fn context(&self) -> Context {
        let answers = self.earlier.iter().rev();
        let token = answers
            .filter_map(|one| one.answer.value())
            .find_map(|answer| Some(answer.get("session_token")?.as_str()?.to_owned()))
            .expect("somebody logged in");
        let services = self.server.state().services();
        let context = session::authenticate(services, HERE, Credential::SessionToken(&token)).await;
        context.expect("the session is in force")
    }

    /// A change of all keys that was begun and not finished.
    async fn stage_something(&self) {
        let request = StageItemsRequest {
            rekey: Fixed([7; 16]),
            items: Vec::new(),
        };
        let staged = rekey::stage(&self.context().await, request).await;
        staged.expect("nothing is wrong with it");
    }

    /// Asks for a code from now on, and gives codes that are good once.
    async fn require_second_factor(&mut self) -> Vec<String> {
        let context = self.context().await;
        let other = self.another_device().await;
        let fresh = other
            .prove_password(&self.given.origin, &self.given.password)
            .await
            .expect("it is the password");
        let app = TotpApp::enrol_proven(&context, HERE, &fresh).await;
        app.recovery_codes
    }
}

/// The other end of a link, which gets the setup code.
async fn receives(waiting: &Waiting, number: u32) {
    match number {
        0 => {
            waiting.joined().await.expect("somebody joins");
        }
        _ => {
            waiting.receive().await.expect("the code comes");
        }
    }
}

/// The other end of a link, which gives the setup code.
async fn gives(
    other: &Working,
    joined: &RefCell<Option<JoinedLink>>,
    number: u32,
    origin: &str,
    code: LinkCode,
) {
    if number == 0 {
        let link = other.join_link(origin, code).await.expect("joins");
        joined.replace(Some(link));
    } else {
        let link = joined.take().expect("it has joined");
        other.send_setup_code(&link).await.expect("gives");
    }
}

/// What another device does while a journey is recorded, and what it then sees.
async fn elsewhere(other: &Working, number: u32, witness: &Eyes) {
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

/// What a request carries.
pub fn sent_json(sent: &[u8]) -> Option<Value> {
    let from = sent.iter().position(|byte| *byte == b'{')?;
    serde_json::from_slice(&sent[from..]).ok()
}

/// The manifest in a request to change items or all keys, or to make an account.
pub fn manifest_in(request: &Value) -> Option<VaultManifest> {
    let found = ["/manifest", "/vault/manifest"];
    let manifest = found.iter().find_map(|at| request.pointer(at))?;
    let bytes: Bytes = serde_json::from_value(manifest.clone()).ok()?;
    VaultManifest::decode(&bytes.0).ok()
}

/// Records everything, on a runtime of its own.
pub fn record() -> Corpus {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(corpus())
}
