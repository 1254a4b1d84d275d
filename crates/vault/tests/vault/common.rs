//! A vault to test with. Randomness is a counter, so every run sees the same bytes.

use std::{
    convert::Infallible,
    time::{Duration, Instant},
};

use keyarc_crypto::{RootKey, VaultKey, VaultKeyContext};
use keyarc_vault::{
    Content, Day, ImportPlan, ImportWish, Item, ItemDraft, ListQuery, LockedVault, Sort,
    UnlockedVault, export::Exported, import::preview,
};
use keyarc_wire::{
    AccountId, ItemChange, ItemId, ItemWrite, Sealed, SealedDetails, VaultId, VaultInfo,
    WriteItemsRequest,
};
use proptest::prelude::ProptestConfig;
use rand_core::{TryCryptoRng, TryRng};

pub const TODAY: Day = Day(20_778);
pub const NOW: u64 = 1_795_262_400_000;

/// Properties are tried on so many cases; a failing one is printed, not written to a file.
pub fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// How long something took: nothing here may take more than linear time.
#[expect(
    clippy::disallowed_methods,
    reason = "measuring needs the machine's clock"
)]
pub fn took(work: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    work();
    begun.elapsed()
}

/// SplitMix64. Fit for tests only.
pub struct TestRng(pub u64);

impl TryRng for TestRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|word| word as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Ok(z ^ (z >> 31))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.try_next_u64()?.to_be_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for TestRng {}

/// An unlocked vault with what is needed to lock and unlock it and to play its server.
pub struct Fixture {
    pub root: RootKey,
    pub info: VaultInfo,
    pub owner: AccountId,
    pub vault: UnlockedVault,
    pub rng: TestRng,
    pub now: u64,
    revision: u64,
}

pub fn fixture() -> Fixture {
    seeded(1)
}

pub fn seeded(seed: u64) -> Fixture {
    let mut rng = TestRng(seed);
    let root = RootKey::make(&mut rng);
    let key = VaultKey::make(&mut rng);
    let owner = AccountId([7; 16]);
    let id = VaultId([9; 16]);
    let context = VaultKeyContext {
        owner: owner.0,
        vault: id.0,
        epoch: 1,
    };
    let wrapped = root.wrap_vault_key(&key, &context, &mut rng).unwrap();
    let info = VaultInfo {
        id,
        key_epoch: 1,
        wrapped_key: Sealed(wrapped),
        revision: 0,
    };
    let vault = LockedVault::new(info.clone(), owner).unlock(&root).unwrap();
    Fixture {
        root,
        info,
        owner,
        vault,
        rng,
        now: NOW,
        revision: 0,
    }
}

impl Fixture {
    /// Another device of the same account.
    pub fn fresh(&self) -> UnlockedVault {
        LockedVault::new(self.info.clone(), self.owner)
            .unlock(&self.root)
            .unwrap()
    }

    /// Seals a draft; a second passes with each.
    pub fn seal(&mut self, draft: &ItemDraft) -> ItemWrite {
        self.now += 1_000;
        self.vault
            .seal_draft(draft, self.now, &mut self.rng)
            .unwrap()
    }

    /// Lets the server accept a write.
    pub fn accept(&mut self, write: ItemWrite) {
        self.revision += 1;
        let request = WriteItemsRequest {
            writes: vec![write],
            purges: Vec::new(),
            ..WriteItemsRequest::default()
        };
        let report = self.vault.accept(&request, self.revision);
        assert_eq!((report.unreadable, report.refused), (0, 0));
    }

    /// Lets the server accept many writes at once.
    pub fn accept_all(&mut self, request: &WriteItemsRequest) {
        self.revision += 1;
        let report = self.vault.accept(request, self.revision);
        assert_eq!((report.unreadable, report.refused), (0, 0));
    }

    pub fn add(&mut self, draft: &ItemDraft) -> ItemId {
        let write = self.seal(draft);
        let id = write.item_id;
        self.accept(write);
        id
    }

    pub fn open(&self, write: &ItemWrite) -> Result<Item, keyarc_vault::DetailsError> {
        self.vault.open_details(&details_of(write))
    }
}

/// A write as a sync brings it.
pub fn change_of(write: &ItemWrite, revision: u64) -> ItemChange {
    let version = write.base_version + 1;
    ItemChange {
        item_id: write.item_id,
        version,
        revision,
        live: Some((version, write.overview.clone())),
    }
}

/// The details of a write as the server answers them.
pub fn details_of(write: &ItemWrite) -> SealedDetails {
    SealedDetails {
        item_id: write.item_id,
        version: write.base_version + 1,
        details_version: write.base_version + 1,
        details: write.details.clone().unwrap(),
    }
}

pub fn key(name: &str, value: &str) -> ItemDraft {
    ItemDraft::new(
        name,
        Content::ApiKey {
            value: value.to_owned(),
        },
    )
}

pub fn all() -> ListQuery {
    ListQuery {
        sort: Sort::Name,
        limit: 1_000,
        ..ListQuery::default()
    }
}

pub fn find(text: &str) -> ListQuery {
    ListQuery {
        text: text.to_owned(),
        limit: 1_000,
        ..ListQuery::default()
    }
}

pub fn names(vault: &UnlockedVault, query: &ListQuery) -> Vec<String> {
    vault
        .list(query, TODAY)
        .rows
        .into_iter()
        .map(|row| row.name)
        .collect()
}

/// Every item of a vault as an export gets it, in the order of their names.
pub fn exported(this: &Fixture, stored: &[WriteItemsRequest]) -> Vec<Exported> {
    let writes = stored.iter().flat_map(|request| &request.writes);
    let opened = writes.map(|write| this.open(write).unwrap());
    let mut all: Vec<_> = opened
        .map(|item| this.vault.exported(item).unwrap())
        .collect();
    all.sort_by(|one, other| one.item.summary.name.cmp(&other.item.summary.name));
    all
}

/// Imports a file whole, and gives what was written.
pub fn import_all(this: &mut Fixture, file: &[u8], wish: &ImportWish) -> WriteItemsRequest {
    let import = preview(file, None, wish, &this.vault).unwrap();
    let plan = ImportPlan::default();
    let planned = this.vault.plan_import(&import, &plan).unwrap();
    let request = this
        .vault
        .seal_import(&planned, this.now, &mut this.rng)
        .unwrap();
    this.accept_all(&request);
    request
}
