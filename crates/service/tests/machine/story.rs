//! A person with a token, and the machine that holds it.

use futures::TryStreamExt as _;
use keyarc_auth::MachineStatement;
use keyarc_service::{Context, Policy, ServiceError, Services, machine};
use keyarc_signature::{ManifestBody, SigningKey, VaultManifest};
use keyarc_testkit::{
    FixedClock, TempDb, TestClient,
    build::{ORIGIN, change, id, item_id, sealed, services_with, signing_key, vault_id, write},
};
use keyarc_wire::{
    Bytes, Change, ChangesDecoder, Fixed, ItemId, MachineRequest, MachineTokenId, MachineUseKind,
    MachineUsesRequest, MakeMachineTokenRequest, NewVault, WriteItemsRequest,
};

/// A person with a token, number 100 and with the items 1 and 2, and the machine that holds it.
pub struct Story {
    pub services: Services,
    pub clock: FixedClock,
    pub context: Context,
    pub head: VaultManifest,
    pub nonce: std::cell::Cell<u8>,
}

pub fn token(number: u64) -> MachineTokenId {
    MachineTokenId(id(number))
}

pub fn key(number: u64) -> SigningKey {
    let mut seed = [9; 32];
    seed[..8].copy_from_slice(&number.to_be_bytes());
    SigningKey::from_seed(&seed)
}

/// The manifest of a copy after `head`, signed by person 1.
fn manifest(copy: u64, head: Option<&VaultManifest>) -> VaultManifest {
    let body = ManifestBody {
        vault: vault_id(copy).0,
        version: head.map_or(0, |head| head.body().version + 1),
        prev: head.map_or([0; 32], VaultManifest::hash),
        key_epoch: 1,
        team_head: [0; 32],
        items: 0,
        root: [0; 32],
        time_ms: FixedClock::START_MS,
    };
    body.sign(&signing_key(1))
}

/// A token and its copy, both of this number, with some items.
pub fn wish(number: u64, items: &[u64]) -> (MakeMachineTokenRequest, VaultManifest) {
    let empty = manifest(number, None);
    let first = manifest(number, Some(&empty));
    let request = MakeMachineTokenRequest {
        token_id: token(number),
        auth_public_key: Fixed(key(number).public_key()),
        grant: sealed(1, 350),
        note: sealed(2, 350),
        vault: NewVault {
            id: vault_id(number),
            wrapped_key: sealed(3, 350),
            manifest: Bytes(empty.encode()),
        },
        first: WriteItemsRequest {
            manifest: Bytes(first.encode()),
            ..change(items.iter().map(|item| write(*item, 0)), [])
        },
        expires_at_ms: None,
        networks: Vec::new(),
        writes: false,
    };
    (request, first)
}

impl Story {
    pub async fn begin(db: &TempDb) -> Self {
        Self::with(db, |_| {}).await
    }

    pub async fn with(db: &TempDb, edit: impl FnOnce(&mut MakeMachineTokenRequest)) -> Self {
        let clock = FixedClock::new();
        let policy = Policy {
            origins: vec![ORIGIN.to_owned()],
            ..Policy::default()
        };
        let services = services_with(db.store(), &clock, policy);
        let context = TestClient::new(1).signed_up(&services).await;
        let (mut request, head) = wish(100, &[1, 2]);
        edit(&mut request);
        machine::make(&context, request).await.unwrap();
        Self {
            services,
            clock,
            context,
            head,
            nonce: 0.into(),
        }
    }

    /// What the holder of a token sends.
    pub fn request(&self, token_number: u64, items: &[u64]) -> MachineRequest {
        self.nonce.set(self.nonce.get() + 1);
        let item_ids: Vec<ItemId> = items.iter().copied().map(item_id).collect();
        let ids: Vec<[u8; 16]> = item_ids.iter().map(|item| item.0).collect();
        let statement = MachineStatement {
            origin: ORIGIN,
            token: token(token_number).0,
            time_ms: self.services.now_ms(),
            client_nonce: [self.nonce.get(); 32],
            items: &ids,
        };
        MachineRequest {
            token_id: token(token_number),
            origin: ORIGIN.to_owned(),
            time_ms: statement.time_ms,
            client_nonce: Fixed(statement.client_nonce),
            signature: Fixed(statement.sign(&key(token_number))),
            item_ids,
        }
    }

    pub async fn open(&self, request: &MachineRequest) -> Result<Vec<Change>, ServiceError> {
        self.open_from("203.0.113.7", request).await
    }

    pub async fn open_from(
        &self,
        address: &str,
        request: &MachineRequest,
    ) -> Result<Vec<Change>, ServiceError> {
        let body = machine::open(&self.services, address.parse().unwrap(), request).await?;
        Ok(records(&body.try_collect::<Vec<_>>().await?.concat()))
    }

    pub async fn write(&self, request: WriteItemsRequest) -> Result<u64, ServiceError> {
        let answer = machine::write_items(&self.context, token(100), request).await?;
        Ok(answer.revision)
    }

    /// What a change of the copy is sent with, on top of a head.
    pub fn signed(
        &self,
        request: WriteItemsRequest,
        head: &VaultManifest,
    ) -> (WriteItemsRequest, VaultManifest) {
        let next = manifest(100, Some(head));
        let manifest = Bytes(next.encode());
        (
            WriteItemsRequest {
                manifest,
                ..request
            },
            next,
        )
    }

    pub async fn kinds(&self) -> Vec<MachineUseKind> {
        let newest = MachineUsesRequest::default();
        let uses = machine::uses(&self.context, token(100), &newest);
        uses.await
            .unwrap()
            .uses
            .iter()
            .map(|one| one.kind)
            .collect()
    }
}

pub fn records(body: &[u8]) -> Vec<Change> {
    let mut decoder = ChangesDecoder::new(body).unwrap();
    let mut all = Vec::new();
    while let Some(change) = decoder.next().unwrap() {
        all.push(change);
    }
    all
}

/// Live items, tombstones, manifests, details, grants.
pub fn counts(all: &[Change]) -> [usize; 5] {
    let mut counts = [0; 5];
    for change in all {
        counts[match change {
            Change::Item(item) if item.live.is_some() => 0,
            Change::Item(_) => 1,
            Change::Manifest(_) => 2,
            Change::Details(_) => 3,
            Change::Grant(_) => 4,
            Change::Waiting(_) => panic!("nothing was handed in"),
        }] += 1;
    }
    counts
}

pub fn refused(outcome: Result<Vec<Change>, ServiceError>) -> bool {
    matches!(outcome, Err(ServiceError::LoginRefused))
}
