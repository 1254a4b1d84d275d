//! The Secret Service, which GNOME Keyring, KWallet and KeePassXC are
//! (<https://specifications.freedesktop.org/secret-service-spec/0.2/>).
//!
//! What goes over the bus is sealed already, so that the session has no encryption of its own, which
//! would hide it from nobody: a program that listens to the bus of its user may ask the service itself.

use std::{collections::HashMap, time::Duration};

use futures::StreamExt as _;
use serde::{Deserialize, Serialize};
use zbus::{Connection, OwnedObjectPath, OwnedVariant, Type, Variant, connection::Builder, proxy};
use zeroize::{Zeroize as _, Zeroizing};

use super::{text, unusable};
use crate::failure::Failure;

/// How long the service may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long somebody may take whom it asks for the keyring's password.
const PATIENCE_OF_PERSON: Duration = Duration::from_secs(120);
/// For no object.
const NOTHING: &str = "/";

/// A secret on the bus.
#[derive(Serialize, Deserialize, Type)]
struct Secret {
    session: OwnedObjectPath,
    /// Of the session's encryption.
    parameters: Vec<u8>,
    value: Vec<u8>,
    content_type: String,
}

#[proxy(
    interface = "org.freedesktop.Secret.Service",
    default_service = "org.freedesktop.secrets",
    default_path = "/org/freedesktop/secrets"
)]
trait Service {
    fn open_session(
        &self,
        algorithm: &str,
        input: &Variant<'_>,
    ) -> zbus::Result<(OwnedVariant, OwnedObjectPath)>;
    /// The open ones, and the closed ones.
    fn search_items(
        &self,
        attributes: HashMap<&str, &str>,
    ) -> zbus::Result<(Vec<OwnedObjectPath>, Vec<OwnedObjectPath>)>;
    /// Those that are open now, and a question for the others.
    fn unlock(
        &self,
        objects: &[OwnedObjectPath],
    ) -> zbus::Result<(Vec<OwnedObjectPath>, OwnedObjectPath)>;
    fn read_alias(&self, name: &str) -> zbus::Result<OwnedObjectPath>;
}

#[proxy(
    interface = "org.freedesktop.Secret.Collection",
    default_service = "org.freedesktop.secrets"
)]
trait Collection {
    /// The item, or a question.
    fn create_item(
        &self,
        properties: HashMap<&str, Variant<'_>>,
        secret: &Secret,
        replace: bool,
    ) -> zbus::Result<(OwnedObjectPath, OwnedObjectPath)>;
}

#[proxy(
    interface = "org.freedesktop.Secret.Item",
    default_service = "org.freedesktop.secrets"
)]
trait Item {
    fn get_secret(&self, session: &OwnedObjectPath) -> zbus::Result<Secret>;
    /// A question.
    fn delete(&self) -> zbus::Result<OwnedObjectPath>;
}

#[proxy(
    interface = "org.freedesktop.Secret.Prompt",
    default_service = "org.freedesktop.secrets"
)]
trait Prompt {
    fn prompt(&self, window: &str) -> zbus::Result<()>;
    #[zbus(signal)]
    fn completed(&self, dismissed: bool, result: Variant<'_>) -> zbus::Result<()>;
}

/// The keyring that is open with the person's session.
pub struct Keyring {
    bus: Connection,
    service: ServiceProxy<'static>,
    session: OwnedObjectPath,
    collection: OwnedObjectPath,
}

/// Finds the default keyring, and has it opened.
pub async fn open() -> Result<Keyring, Failure> {
    let begun = async {
        let bus = Builder::session().method_timeout(PATIENCE).build().await?;
        let service = ServiceProxy::new(&bus).await?;
        let (_, session) = service.open_session("plain", &Variant::from("")).await?;
        let collection = service.read_alias("default").await?;
        Ok(Keyring {
            bus,
            service,
            session,
            collection,
        })
    };
    let keyring = begun.await.map_err(|error: zbus::Error| failed(&error))?;
    if keyring.collection.as_str() == NOTHING {
        return Err(unusable("there is none that is the default"));
    }
    keyring.unlock(keyring.collection.clone()).await?;
    Ok(keyring)
}

impl Keyring {
    /// Puts a secret there, in the place of the one of this entry.
    pub async fn put(&self, entry: &str, label: &str, secret: &str) -> Result<(), Failure> {
        let mut content = Secret {
            session: self.session.clone(),
            parameters: Vec::new(),
            value: secret.as_bytes().to_vec(),
            content_type: "text/plain".to_owned(),
        };
        let properties = HashMap::from([
            ("org.freedesktop.Secret.Item.Label", Variant::from(label)),
            (
                "org.freedesktop.Secret.Item.Attributes",
                Variant::from(attributes(entry)),
            ),
        ]);
        let made = async {
            let at = CollectionProxy::new(&self.bus, self.collection.clone()).await?;
            at.create_item(properties, &content, true).await
        };
        let made = made.await;
        content.value.zeroize();
        let (_, question) = made.map_err(|error| failed(&error))?;
        self.ask(question).await
    }

    /// The secret of an entry; `None` when there is none.
    pub async fn get(&self, entry: &str) -> Result<Option<Zeroizing<String>>, Failure> {
        let Some(item) = self.find(entry).await?.into_iter().next() else {
            return Ok(None);
        };
        let secret = async {
            let item = ItemProxy::new(&self.bus, item).await?;
            item.get_secret(&self.session).await
        };
        let secret = secret.await.map_err(|error| failed(&error))?;
        text(Zeroizing::new(secret.value)).map(Some)
    }

    /// Removes an entry, if it is there.
    pub async fn remove(&self, entry: &str) -> Result<(), Failure> {
        for item in self.find(entry).await? {
            let removed = async { ItemProxy::new(&self.bus, item).await?.delete().await };
            let question = removed.await.map_err(|error| failed(&error))?;
            self.ask(question).await?;
        }
        Ok(())
    }

    /// The items of an entry, opened.
    async fn find(&self, entry: &str) -> Result<Vec<OwnedObjectPath>, Failure> {
        let found = self.service.search_items(attributes(entry)).await;
        let (mut items, closed) = found.map_err(|error| failed(&error))?;
        for item in closed {
            self.unlock(item.clone()).await?;
            items.push(item);
        }
        Ok(items)
    }

    async fn unlock(&self, object: OwnedObjectPath) -> Result<(), Failure> {
        let unlocked = self.service.unlock(&[object]).await;
        let (_, question) = unlocked.map_err(|error| failed(&error))?;
        self.ask(question).await
    }

    /// Has the service put its question, if it has one, and waits for the person.
    async fn ask(&self, question: OwnedObjectPath) -> Result<(), Failure> {
        if question.as_str() == NOTHING {
            return Ok(());
        }
        let asked = async {
            let prompt = PromptProxy::new(&self.bus, question).await?;
            let mut answers = prompt.receive_completed().await?;
            prompt.prompt("").await?;
            match answers.next().await {
                Some(answer) => Ok(!answer.args()?.dismissed),
                None => Ok(false),
            }
        };
        match tokio::time::timeout(PATIENCE_OF_PERSON, asked).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(unusable("it stayed closed")),
            Ok(Err(error)) => Err(failed(&error)),
            Err(_) => Err(unusable("nobody opened it")),
        }
    }
}

/// By what an entry is found.
fn attributes(entry: &str) -> HashMap<&str, &str> {
    HashMap::from([("application", "keyarc"), ("entry", entry)])
}

fn failed(error: &zbus::Error) -> Failure {
    unusable(&error.to_string())
}
