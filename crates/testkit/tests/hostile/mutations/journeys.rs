//! What people do, as a client does it. Each journey is played once against a real server, and
//! then many times against what that server said, spoilt in one place. Those about keys and other
//! devices stand in `keys` and `devices`.

use std::cell::{Cell, RefCell};

use futures::future::LocalBoxFuture;
use keyarc_client::{
    ChangePassword, ClientError, LinkWords, LogIn, LoggingIn, SaveError, Session, SignUp,
    Stoppable, Transport, Trust,
};
use keyarc_crypto::{LinkCode, SetupCode, Suite};
use keyarc_vault::{
    AttachmentChange, AttachmentReader, Content, Earlier, Item, ItemDraft, ItemSummary, MomentRow,
    ThenIs, Version,
};
use keyarc_wire::{AttachmentId, ClientKind, ItemId, ItemVersion};

use super::{
    devices::{add_passkey, by_passkey, known_device, new_device, with_passkey_factor},
    keys::{kit_text, recover, recovery_key, rekey},
    machine::machine,
    reminders::reminders,
};
use crate::device::Device;

/// What somebody sets out to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Journey {
    /// Makes an account and a first item.
    SignUp,
    /// Logs in on a device without a memory, and looks at everything.
    FirstVisit,
    /// Logs in on a device that remembers, changes items and deletes one for good.
    ComingBack,
    /// Works while another device does.
    TwoDevices,
    /// Saves what can be saved from a vault that does not verify.
    Salvage,
    /// Mistypes the password, then does not.
    Mistyping,
    /// Changes the password.
    Password,
    /// Is reminded of what is due, and switches a calendar on and off.
    Reminders,
    /// Makes a token for a machine, which reads with it.
    Machine,
    /// Logs in with a second factor.
    SecondFactor,
    /// Makes a recovery key, proves it, puts the question off, revokes it and makes another.
    RecoveryKey,
    /// Comes back with the kit, on a device without a memory.
    Recovery,
    /// Drops a change of all keys that was begun, and makes one.
    Rekey,
    /// Is a new device, and gets the setup code from another.
    NewDevice,
    /// Gives the setup code to a new device.
    KnownDevice,
    /// Adds a passkey that opens the vault.
    AddPasskey,
    /// Logs in with a passkey as the second factor.
    PasskeyFactor,
    /// Opens the vault by a passkey.
    PasskeyLogIn,
}

/// What somebody knows when they set out.
#[derive(Debug, Clone, Default)]
pub struct Given {
    pub origin: String,
    pub code: String,
    pub password: String,
    pub new_password: String,
    /// What the device keeps of what was seen.
    pub pins: Option<Vec<u8>>,
    /// What time it is, Unix milliseconds, where the server's clock matters.
    pub now_ms: Option<u64>,
    /// Of the second factor; the right one is empty where none is asked for.
    pub wrong_code: String,
    pub right_code: String,
    /// The codes of the recovery kit.
    pub kit: String,
    /// What a new device shows.
    pub link: Option<LinkCode>,
    /// What the other screen shows, as far as somebody has looked.
    pub words: Option<LinkWords>,
}

/// What a person can see.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    pub step: &'static str,
    /// The vault's revision.
    pub revision: u64,
    /// Every item: what lists and searches are made of.
    pub rows: Vec<Row>,
    /// A revealed item.
    pub item: Option<String>,
    pub trust: Option<Trust>,
}

/// An item in a list. Two that differ in their ids alone are equal: an item that is made in a
/// run gets an id of its own.
#[derive(Debug, Clone)]
pub struct Row {
    pub id: ItemId,
    pub version: u64,
    pub text: String,
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        (self.version, &self.text) == (other.version, &other.text)
    }
}

/// Somebody who writes down what they see.
#[derive(Default)]
pub struct Eyes {
    pub seen: RefCell<Vec<Seen>>,
    /// The setup code of an account that was made, or changed all its keys.
    pub code: RefCell<Option<String>>,
    /// The codes of a kit that was made.
    pub kit: RefCell<Option<String>>,
    /// A machine token that was made.
    pub token: RefCell<Option<String>>,
    /// What a new device shows.
    pub link: Cell<Option<LinkCode>>,
    pub words: Cell<Option<LinkWords>>,
}

/// What other devices do, by number; nothing when a recording is played.
pub type Meanwhile<'a> = &'a dyn Fn(u32) -> LocalBoxFuture<'a, ()>;

impl Eyes {
    pub fn look<T: Transport>(
        &self,
        step: &'static str,
        session: &Session<T, Device>,
        item: Option<&Item>,
    ) {
        let (revision, mut rows): (u64, Vec<Row>) = session.look(|vault| {
            let row = |id| {
                let mut summary = vault.summary(id)?;
                let version = std::mem::take(&mut summary.version);
                summary.id = ItemId([0; 16]);
                without_chance(&mut summary);
                let text = serde_json::to_string(&summary).ok()?;
                Some(Row { id, version, text })
            };
            let ids = vault.item_ids().into_iter();
            (vault.revision(), ids.filter_map(row).collect())
        });
        rows.sort_unstable_by(|a, b| (&a.text, a.version).cmp(&(&b.text, b.version)));
        self.seen.borrow_mut().push(Seen {
            step,
            revision,
            rows,
            item: item.map(text_of),
            trust: Some(session.trust()),
        });
    }

    pub fn item(&self, step: &'static str, item: &Item) {
        self.hear(step, text_of(item));
    }

    /// Something that is claimed to be so.
    pub fn hear(&self, step: &'static str, claim: String) {
        self.seen.borrow_mut().push(Seen {
            step,
            revision: 0,
            rows: Vec::new(),
            item: Some(claim),
            trust: None,
        });
    }
}

/// An item without its id and version, as text.
fn text_of(item: &Item) -> String {
    let mut item = item.clone();
    item.summary.version = 0;
    item.summary.id = ItemId([0; 16]);
    without_chance(&mut item.summary);
    for attachment in &mut item.attachments {
        // Drawn at random, and the digest names what was drawn.
        attachment.id = AttachmentId([0; 16]);
        (attachment.key, attachment.digest) = ([0; 32], [0; 32]);
    }
    serde_json::to_string(&item).expect("text")
}

/// A row without the random names of its files.
fn without_chance(summary: &mut ItemSummary) {
    for file in &mut summary.files {
        file.id = AttachmentId([0; 16]);
    }
}

pub type End = Result<(), String>;

/// An error, in words: it is typed, and says what happened.
pub fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Plays a journey to its end, or to the first error that an honest server does not cause.
pub async fn play<T: Transport + Clone>(
    journey: Journey,
    transport: T,
    device: Device,
    given: &Given,
    eyes: &Eyes,
    meanwhile: Meanwhile<'_>,
) -> End {
    let line = transport.clone();
    let session = match journey {
        Journey::SignUp => sign_up(transport, device.clone(), given, eyes).await?,
        Journey::SecondFactor => with_second_factor(transport, device.clone(), given).await?,
        Journey::Mistyping => return mistyping(transport, device.clone(), given).await,
        Journey::Recovery => recover(transport, device.clone(), given, eyes).await?,
        Journey::NewDevice => new_device(transport, device.clone(), given, eyes, meanwhile).await?,
        Journey::PasskeyFactor => with_passkey_factor(transport, device.clone(), given).await?,
        Journey::PasskeyLogIn => by_passkey(transport, device.clone(), given).await?,
        Journey::AddPasskey => with_second_factor(transport, device.clone(), given).await?,
        _ => {
            let code = code_of(given);
            let wish = wish(given, &code, &given.password);
            Session::log_in(transport, device.clone(), &wish)
                .await
                .map_err(said)?
        }
    };
    eyes.look("open", &session, None);
    let end = match journey {
        Journey::SignUp => begin(&session, eyes).await,
        Journey::FirstVisit | Journey::SecondFactor | Journey::Recovery => {
            visit(&session, eyes).await
        }
        Journey::ComingBack => work(&session, eyes).await,
        Journey::TwoDevices => side_by_side(&session, eyes, meanwhile).await,
        Journey::Salvage => salvage(&session, eyes).await,
        Journey::Password => change(&session, given, eyes).await,
        Journey::Machine => machine(&session, line, &device, given, eyes).await,
        Journey::Reminders => reminders(&session, &device, given, eyes).await,
        Journey::RecoveryKey => recovery_key(&session, given, eyes).await,
        Journey::Rekey => rekey(&session, given, eyes).await,
        Journey::KnownDevice => known_device(&session, given, eyes, meanwhile).await,
        Journey::AddPasskey => add_passkey(&session, given, eyes).await,
        Journey::PasskeyLogIn => glance(&session, eyes).await,
        Journey::Mistyping | Journey::NewDevice | Journey::PasskeyFactor => Ok(()),
    };
    // After a change of all keys another session shows the vault.
    if journey != Journey::Rekey {
        eyes.look("end", &session, None);
    }
    end
}

pub fn code_of(given: &Given) -> SetupCode {
    SetupCode::parse(&given.code).expect("a setup code")
}

pub fn wish<'a>(given: &'a Given, code: &'a SetupCode, password: &'a str) -> LogIn<'a> {
    LogIn {
        origin: &given.origin,
        code,
        password,
        device_name: "A device",
        client: ClientKind::Api,
        pins: given.pins.as_deref(),
    }
}

async fn sign_up<T: Transport>(
    transport: T,
    device: Device,
    given: &Given,
    eyes: &Eyes,
) -> Result<Session<T, Device>, String> {
    let wish = SignUp {
        origin: &given.origin,
        password: &given.password,
        suite: Suite::Pbkdf2Sha256,
        email: Some("ada@example.com"),
        terms_version: "2026-11",
        device_name: "A device",
        client: ClientKind::Api,
    };
    let made = Session::sign_up(transport, device, &wish).await;
    let (session, kit) = made.map_err(said)?;
    *eyes.code.borrow_mut() = Some(kit.setup_code.to_text().to_string());
    *eyes.kit.borrow_mut() = Some(kit_text(
        &kit.setup_code,
        &kit.recovery_key,
        &kit.checkpoint,
    ));
    Ok(session)
}

async fn with_second_factor<T: Transport>(
    transport: T,
    device: Device,
    given: &Given,
) -> Result<Session<T, Device>, String> {
    let code = code_of(given);
    let wish = wish(given, &code, &given.password);
    let begun = Session::begin_log_in(transport, device, &wish).await;
    let pending = match begun.map_err(said)? {
        LoggingIn::SecondFactor(pending) => pending,
        LoggingIn::Open(session) => return Ok(*session),
    };
    let pending = match pending.finish(&given.wrong_code).await {
        Ok(session) => return Ok(session),
        Err(refused) if refused.error == ClientError::WrongCode => {
            refused.pending.ok_or("no second try")?
        }
        Err(refused) => return Err(said(refused.error)),
    };
    let opened = pending.finish(&given.right_code).await;
    opened.map_err(|refused| said(refused.error))
}

async fn mistyping<T: Transport>(transport: T, device: Device, given: &Given) -> End {
    let code = code_of(given);
    let wrong = wish(given, &code, "not the password");
    match Session::log_in(transport, device, &wrong).await {
        Err(error) => Err(said(error)),
        Ok(_) => panic!("a wrong password opened the vault"),
    }
}

/// Looks at one item.
pub async fn glance<T: Transport>(session: &Session<T, Device>, eyes: &Eyes) -> End {
    let item = session.reveal(named(session, "Api")?).await.map_err(said)?;
    eyes.look("revealed", session, Some(&item));
    Ok(())
}

async fn begin<T: Transport>(session: &Session<T, Device>, eyes: &Eyes) -> End {
    let saved = session.save(&draft("First", SECRETS[0])).await;
    let item = saved.map_err(said)?;
    eyes.look("saved", session, Some(&item));
    let item = session.reveal(item.summary.id).await.map_err(said)?;
    eyes.look("revealed", session, Some(&item));
    session.dismiss_notices().await.map_err(said)?;
    session.log_out().await.map_err(said)
}

pub async fn visit<T: Transport>(session: &Session<T, Device>, eyes: &Eyes) -> End {
    for id in ids(session) {
        let item = session.reveal(id).await.map_err(said)?;
        eyes.look("revealed", session, Some(&item));
    }
    Ok(())
}

async fn work<T: Transport>(session: &Session<T, Device>, eyes: &Eyes) -> End {
    let [api, note] = [named(session, "Api")?, named(session, "Note")?];
    let item = session.reveal(api).await.map_err(said)?;
    let saved = session.save(&edit(&item, SECRETS[1])).await;
    eyes.look("edited", session, Some(&saved.map_err(said)?));
    session.set_favourite(api, true).await.map_err(said)?;
    eyes.look("starred", session, None);
    session.trash(&[api, note]).await.map_err(said)?;
    eyes.look("in the trash", session, None);
    session.restore(&[api]).await.map_err(said)?;
    eyes.look("restored", session, None);
    look_back(session, api, eyes).await?;
    attach(session, api, eyes).await?;
    session.purge(&[note]).await.map_err(said)?;
    session.sync().await.map_err(said)?;
    eyes.look("purged", session, None);
    let item = session.reveal(api).await.map_err(said)?;
    eyes.look("revealed", session, Some(&item));
    session.log_out().await.map_err(said)
}

/// Looks at what an item was, and takes its first version back.
async fn look_back<T: Transport>(session: &Session<T, Device>, id: ItemId, eyes: &Eyes) -> End {
    for version in session.versions(id).await.map_err(said)? {
        // A gap, and what does not open, claim nothing. Nor does the server's own time.
        if let Version::Read(row) = version {
            let what = format!("{} {} {}", row.version, row.name, row.trashed);
            eyes.hear("a version", what);
            if let Some(changes) = row.changes {
                eyes.hear("its changes", format!("{} {changes:?}", row.version));
            }
        }
    }
    let made = session.look(|vault| vault.summary(id).map(|row| row.created_at_ms));
    for then in session
        .moment(made.unwrap_or_default())
        .await
        .map_err(said)?
    {
        // Which version was the one of that moment is the server's word; what it was is not.
        let row = session.look(|vault| vault.moment_row(&then));
        if let Some(MomentRow {
            summary,
            then: ThenIs::Other { changes },
        }) = row
        {
            let what = format!("{} {} {changes:?}", summary.version, summary.name);
            eyes.hear("a version of then", what);
        }
    }
    for earlier in history(session, id).await? {
        // Which of them share a secret depends on which of them are shown.
        let draft = earlier.draft();
        eyes.hear("a name of before", draft.name.clone());
        let secret = serde_json::to_string(&draft.content);
        eyes.hear("a secret of before", secret.map_err(said)?);
    }
    let first = session.version(id, 1).await.map_err(said)?;
    eyes.item("the first version", &first);
    session.restore_version(id, 1).await.map_err(said)?;
    eyes.look("as it was", session, None);
    Ok(())
}

/// What an item was, as an archive takes it.
async fn history<T: Transport>(
    session: &Session<T, Device>,
    id: ItemId,
) -> Result<Vec<Earlier>, String> {
    let now = session.look(|vault| vault.summary(id).map(|row| row.version));
    let place = ItemVersion {
        item_id: id,
        version: now.unwrap_or_default(),
    };
    let histories = session.histories(&[place]).await;
    let mut histories = histories.map_err(said)?;
    session.next_history(&mut histories).await.map_err(said)
}

/// What is attached.
const FILE: &[u8] = b"what is attached";

/// Attaches a file and reads it; another one is given up.
async fn attach<T: Transport>(session: &Session<T, Device>, id: ItemId, eyes: &Eyes) -> End {
    let begin = async || {
        let wish = ("a.txt", "text/plain", FILE.len() as u64);
        let upload = session.new_upload(id, wish).map_err(said)?;
        session.begin_upload(&upload, || true).await.map_err(said)?;
        Ok::<_, String>(upload)
    };
    let dropped = begin().await?;
    session.discard_upload(dropped.id()).await.map_err(said)?;
    let mut upload = begin().await?;
    upload.note(0, FILE).map_err(|error| error.to_string())?;
    let sent = session.send_chunk(&upload, 0, FILE, || true).await;
    sent.map_err(said)?;
    let attachment = upload.finish().ok_or("not whole")?;
    let change = AttachmentChange::Put { attachment, at: 0 };
    let item = session.change_attachments(id, &change).await;
    eyes.look("with a file", session, Some(&item.map_err(said)?));
    let (attachment, _) = session.attachment(id, upload.id()).await.map_err(said)?;
    let mut reader = AttachmentReader::begin(&attachment).map_err(|error| error.to_string())?;
    let mut content = Vec::new();
    while let Stoppable::Done(Some(chunk)) = session
        .read_chunk(attachment.id, &mut reader, || true)
        .await
        .map_err(said)?
    {
        content.extend_from_slice(&chunk);
    }
    eyes.hear("a file", format!("{content:?}"));
    Ok(())
}

async fn side_by_side<T: Transport>(
    session: &Session<T, Device>,
    eyes: &Eyes,
    meanwhile: Meanwhile<'_>,
) -> End {
    let api = named(session, "Api")?;
    let ours = session.reveal(api).await.map_err(said)?;
    meanwhile(0).await;
    session.sync().await.map_err(said)?;
    eyes.look("synced", session, None);
    // Another device has saved a newer version.
    let current = match session.save(&edit(&ours, SECRETS[2])).await {
        Err(SaveError::Conflict {
            current: Some(current),
        }) => current,
        Err(error) => return Err(said(error)),
        Ok(_) => return Err("saved over a newer version".into()),
    };
    eyes.look("conflict", session, Some(&current));
    let saved = session.save(&edit(&current, SECRETS[2])).await;
    eyes.look("on top", session, Some(&saved.map_err(said)?));
    // And now one of another item.
    meanwhile(1).await;
    let saved = session.save(&draft("Beside", SECRETS[2])).await;
    eyes.look("beside", session, Some(&saved.map_err(said)?));
    // And one of the very item, whose star alone is to change here.
    meanwhile(2).await;
    session.set_favourite(api, false).await.map_err(said)?;
    eyes.look("rebased", session, None);
    Ok(())
}

async fn salvage<T: Transport>(session: &Session<T, Device>, eyes: &Eyes) -> End {
    let saved = session.salvage().await.map_err(said)?;
    let mut items = saved.items;
    items.sort_unstable_by_key(|item| item.summary.id);
    for item in &items {
        eyes.item("salvaged", item);
    }
    Ok(())
}

async fn change<T: Transport>(session: &Session<T, Device>, given: &Given, eyes: &Eyes) -> End {
    let wish = ChangePassword {
        origin: &given.origin,
        current: &given.password,
        new: &given.new_password,
        suite: Suite::Pbkdf2Sha256,
    };
    session.change_password(&wish).await.map_err(said)?;
    let checked = session.check_password(&given.new_password).await;
    checked.map_err(said)?;
    let saved = session.save(&draft("After", SECRETS[3])).await;
    eyes.look("saved", session, Some(&saved.map_err(said)?));
    Ok(())
}

/// Values that must never be sent.
pub const SECRETS: [&str; 6] = [
    "sk-proj-canary-one-4f1d7c",
    "sk-proj-canary-two-9a0be2",
    "sk-proj-canary-three-55c3",
    "sk-proj-canary-four-e810f",
    "canary-password-77d1a0c4",
    "canary-note-text-1be95f03",
];

/// What stands in overviews, which must not be sent either.
pub const FOLDER: &str = "canary-folder-c2d9";
pub const TAG: &str = "canary-tag-5be170";

/// A new API key.
pub fn draft(name: &str, secret: &str) -> ItemDraft {
    ItemDraft {
        id: None,
        base_version: 0,
        name: name.into(),
        folder: FOLDER.into(),
        tags: vec![TAG.into()],
        environment: None,
        provider: None,
        favourite: false,
        expires_on: None,
        content: Content::ApiKey {
            value: secret.into(),
        },
        notes: String::new(),
        fields: Vec::new(),
        rotation: Default::default(),
        places: Vec::new(),
        walk: None,
        check: None,
        attachments: Vec::new(),
    }
}

/// The next version of an item, with another value.
pub fn edit(item: &Item, secret: &str) -> ItemDraft {
    ItemDraft {
        id: Some(item.summary.id),
        base_version: item.summary.version,
        ..draft(&item.summary.name, secret)
    }
}

fn ids<T: Transport>(session: &Session<T, Device>) -> Vec<ItemId> {
    let mut ids = session.look(|vault| vault.item_ids());
    ids.sort_unstable();
    ids
}

/// The item of a name. Its absence is what a person would notice.
pub fn named<T: Transport>(session: &Session<T, Device>, name: &str) -> Result<ItemId, String> {
    let found = ids(session)
        .into_iter()
        .find(|id| session.look(|vault| vault.summary(*id).is_some_and(|row| row.name == name)));
    found.ok_or_else(|| format!("{name} is not shown"))
}
