use idb::{Database, DatabaseEvent, Factory, ObjectStoreParams, TransactionMode};
use js_sys::{Array, Object, Reflect, Uint8Array};
use keyarc_crypto::SetupCode;
use keyarc_wire::{Handle, VaultId};
use rand_core::{Rng as _, UnwrapErr};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::CryptoKey;

use super::webcrypto::{self, Unsupported};

const DATABASE: &str = "keyarc";
const DEVICE: &str = "device";
const DRAFTS: &str = "drafts";
const PINS: &str = "pins";
const VIEWS: &str = "views";
const UPLOADS: &str = "uploads";
/// Raised with each store that is added.
const SCHEMA: u32 = 4;
/// A device knows one account.
const ONLY: &str = "account";
/// The same account under the setup code that a change of suite is about to put in force.
const NEXT: &str = "next";
/// What the sealed setup code is bound to.
const BOUND_TO: &[u8] = b"keyarc/v1/device/setup-code";

/// The browser keeps nothing for this site, or what it kept cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreError;

impl From<idb::Error> for StoreError {
    fn from(_: idb::Error) -> Self {
        Self
    }
}

impl From<JsValue> for StoreError {
    fn from(_: JsValue) -> Self {
        Self
    }
}

impl From<Unsupported> for StoreError {
    fn from(_: Unsupported) -> Self {
        Self
    }
}

/// What this device keeps of an account: its setup code, sealed under a key that the browser
/// uses for us and shows to nobody.
pub struct DeviceRecord {
    /// What a person knows the account by.
    pub label: String,
    /// The handle that names the account to the server.
    pub handle: Handle,
    /// What the owner sees in the list of sessions.
    pub device_name: String,
    /// The passkeys that open the vault, by their ids, as far as this device has seen.
    pub passkeys: Vec<Vec<u8>>,
    key: CryptoKey,
    iv: Vec<u8>,
    sealed: Vec<u8>,
}

impl DeviceRecord {
    /// Seals a setup code under a fresh key.
    pub async fn seal(
        code: &SetupCode,
        label: &str,
        device_name: &str,
    ) -> Result<Self, StoreError> {
        let key = webcrypto::make_device_key().await?;
        let mut iv = [0; 12];
        UnwrapErr(getrandom::SysRng).fill_bytes(&mut iv);
        let text = code.to_text();
        let sealed = webcrypto::seal(&key, &iv, BOUND_TO, text.as_bytes()).await?;
        let handle = Handle(code.handle());
        Ok(Self {
            label: label.to_owned(),
            handle,
            device_name: device_name.to_owned(),
            passkeys: Vec::new(),
            key,
            iv: iv.to_vec(),
            sealed,
        })
    }

    /// Opens the setup code.
    pub async fn open(&self) -> Result<SetupCode, StoreError> {
        let text = webcrypto::open(&self.key, &self.iv, BOUND_TO, &self.sealed).await?;
        let text = std::str::from_utf8(&text).map_err(|_| StoreError)?;
        SetupCode::parse(text).map_err(|_| StoreError)
    }

    fn passkeys_to_js(&self) -> Array {
        let ids = self.passkeys.iter();
        ids.map(|id| Uint8Array::from(id.as_slice())).collect()
    }

    fn to_js(&self) -> Result<JsValue, StoreError> {
        let object = Object::new();
        for (name, value) in [
            ("label", JsValue::from(self.label.as_str())),
            ("handle", self.handle.to_string().into()),
            ("device_name", self.device_name.as_str().into()),
            ("passkeys", self.passkeys_to_js().into()),
            ("key", self.key.clone().into()),
            ("iv", Uint8Array::from(self.iv.as_slice()).into()),
            ("sealed", Uint8Array::from(self.sealed.as_slice()).into()),
        ] {
            Reflect::set(&object, &name.into(), &value)?;
        }
        Ok(object.into())
    }

    fn from_js(value: &JsValue) -> Result<Self, StoreError> {
        let field = |name: &str| Reflect::get(value, &name.into());
        let text = |name| field(name)?.as_string().ok_or(StoreError);
        let bytes = |name| -> Result<Vec<u8>, StoreError> {
            Ok(field(name)?.dyn_into::<Uint8Array>()?.to_vec())
        };
        Ok(Self {
            label: text("label")?,
            handle: text("handle")?.parse().map_err(|_| StoreError)?,
            device_name: text("device_name")?,
            // A record of before has none.
            passkeys: match field("passkeys")?.dyn_into::<Array>() {
                Ok(ids) => ids
                    .iter()
                    .filter_map(|id| Some(id.dyn_into::<Uint8Array>().ok()?.to_vec()))
                    .collect(),
                Err(_) => Vec::new(),
            },
            key: field("key")?.dyn_into()?,
            iv: bytes("iv")?,
            sealed: bytes("sealed")?,
        })
    }
}

/// What the browser keeps for KeyArc on this device, in IndexedDB.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeviceStore;

impl DeviceStore {
    /// The account that this device knows.
    pub async fn record(self) -> Result<Option<DeviceRecord>, StoreError> {
        self.record_at(ONLY).await
    }

    /// The account under the setup code that may be in force by now, after a change of suite
    /// that was cut off.
    pub async fn next_record(self) -> Result<Option<DeviceRecord>, StoreError> {
        self.record_at(NEXT).await
    }

    /// Keeps an account in place of the one before, and of what was to come after that.
    pub async fn keep(self, record: &DeviceRecord) -> Result<(), StoreError> {
        let database = open().await?;
        let transaction = database.transaction(&[DEVICE], TransactionMode::ReadWrite)?;
        let store = transaction.object_store(DEVICE)?;
        store.put(&record.to_js()?, Some(&ONLY.into()))?.await?;
        store.delete(JsValue::from(NEXT))?.await?;
        finish(transaction, database).await
    }

    /// Keeps what has changed about an account that is kept already.
    pub async fn update(self, record: &DeviceRecord) -> Result<(), StoreError> {
        self.put(DEVICE, ONLY, &record.to_js()?).await
    }

    /// Keeps the account under its next setup code too, until one of the two is in force.
    pub async fn keep_next(self, record: &DeviceRecord) -> Result<(), StoreError> {
        self.put(DEVICE, NEXT, &record.to_js()?).await
    }

    /// The next setup code has not come into force.
    pub async fn drop_next(self) -> Result<(), StoreError> {
        self.delete(DEVICE, NEXT).await
    }

    /// Forgets the account, every draft, view and upload, and what was seen.
    pub async fn forget(self) -> Result<(), StoreError> {
        let database = open().await?;
        let stores = [DEVICE, DRAFTS, PINS, VIEWS, UPLOADS];
        let transaction = database.transaction(&stores, TransactionMode::ReadWrite)?;
        for store in stores {
            transaction.object_store(store)?.clear()?.await?;
        }
        finish(transaction, database).await
    }

    /// Is a half-written form of this account kept?
    pub async fn has_draft(self, handle: Handle) -> Result<bool, StoreError> {
        Ok(self.get(DRAFTS, &handle.to_string()).await?.is_some())
    }

    /// The sealed form of this account.
    pub async fn draft(self, handle: Handle) -> Result<Option<Vec<u8>>, StoreError> {
        match self.get(DRAFTS, &handle.to_string()).await? {
            Some(value) => Ok(Some(value.dyn_into::<Uint8Array>()?.to_vec())),
            None => Ok(None),
        }
    }

    /// Keeps a sealed form of this account.
    pub async fn keep_draft(self, handle: Handle, sealed: &[u8]) -> Result<(), StoreError> {
        self.put(
            DRAFTS,
            &handle.to_string(),
            &Uint8Array::from(sealed).into(),
        )
        .await
    }

    /// Forgets the form of this account.
    pub async fn drop_draft(self, handle: Handle) -> Result<(), StoreError> {
        self.delete(DRAFTS, &handle.to_string()).await
    }

    async fn record_at(self, key: &str) -> Result<Option<DeviceRecord>, StoreError> {
        match self.get(DEVICE, key).await? {
            Some(value) => DeviceRecord::from_js(&value).map(Some),
            None => Ok(None),
        }
    }

    /// What this device saw of the account, sealed.
    pub async fn pins(self, handle: Handle) -> Result<Option<Vec<u8>>, StoreError> {
        match self.get(PINS, &handle.to_string()).await? {
            Some(value) => Ok(Some(value.dyn_into::<Uint8Array>()?.to_vec())),
            None => Ok(None),
        }
    }

    /// Keeps what this device saw of the account.
    pub async fn keep_pins(self, handle: Handle, sealed: &[u8]) -> Result<(), StoreError> {
        let sealed = Uint8Array::from(sealed);
        self.put(PINS, &handle.to_string(), &sealed.into()).await
    }

    /// The sealed views of a vault. They go by the vault and not by the handle, which changes with
    /// the setup code.
    pub async fn views(self, vault: VaultId) -> Result<Option<Vec<u8>>, StoreError> {
        match self.get(VIEWS, &vault.to_string()).await? {
            Some(value) => Ok(Some(value.dyn_into::<Uint8Array>()?.to_vec())),
            None => Ok(None),
        }
    }

    /// Keeps the sealed views of a vault.
    pub async fn keep_views(self, vault: VaultId, sealed: &[u8]) -> Result<(), StoreError> {
        let sealed = Uint8Array::from(sealed);
        self.put(VIEWS, &vault.to_string(), &sealed.into()).await
    }

    /// The sealed uploads of a vault that are not finished.
    pub async fn uploads(self, vault: VaultId) -> Result<Option<Vec<u8>>, StoreError> {
        match self.get(UPLOADS, &vault.to_string()).await? {
            Some(value) => Ok(Some(value.dyn_into::<Uint8Array>()?.to_vec())),
            None => Ok(None),
        }
    }

    /// Keeps the sealed uploads of a vault.
    pub async fn keep_uploads(self, vault: VaultId, sealed: &[u8]) -> Result<(), StoreError> {
        let sealed = Uint8Array::from(sealed);
        self.put(UPLOADS, &vault.to_string(), &sealed.into()).await
    }

    async fn get(self, store: &str, key: &str) -> Result<Option<JsValue>, StoreError> {
        let database = open().await?;
        let transaction = database.transaction(&[store], TransactionMode::ReadOnly)?;
        let found = transaction
            .object_store(store)?
            .get(JsValue::from(key))?
            .await?;
        finish(transaction, database).await?;
        Ok(found)
    }

    async fn delete(self, store: &str, key: &str) -> Result<(), StoreError> {
        let database = open().await?;
        let transaction = database.transaction(&[store], TransactionMode::ReadWrite)?;
        let key = JsValue::from(key);
        transaction.object_store(store)?.delete(key)?.await?;
        finish(transaction, database).await
    }

    async fn put(self, store: &str, key: &str, value: &JsValue) -> Result<(), StoreError> {
        let database = open().await?;
        let transaction = database.transaction(&[store], TransactionMode::ReadWrite)?;
        transaction
            .object_store(store)?
            .put(value, Some(&key.into()))?
            .await?;
        finish(transaction, database).await
    }
}

/// Opened for each use and closed after it: a connection that stays open in one tab keeps every
/// other tab from deleting or upgrading the database.
async fn open() -> Result<Database, StoreError> {
    let mut request = Factory::new()?.open(DATABASE, Some(SCHEMA))?;
    request.on_upgrade_needed(|event| {
        // A store that is not made shows itself at the first transaction.
        if let Ok(database) = event.database() {
            // One that is there already refuses, and stays as it is.
            for store in [DEVICE, DRAFTS, PINS, VIEWS, UPLOADS] {
                let _ = database.create_object_store(store, ObjectStoreParams::new());
            }
        }
    });
    Ok(request.await?)
}

/// Waits until what was written is durable.
async fn finish(transaction: idb::Transaction, database: Database) -> Result<(), StoreError> {
    let result = transaction.await?;
    database.close();
    if result.is_committed() {
        Ok(())
    } else {
        Err(StoreError)
    }
}
