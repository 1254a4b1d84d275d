//! Random histories of a vault against a model of a few lines.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt as _;
use keyarc_store::{DetailsOutcome, Store, WriteOutcome};
use keyarc_testkit::{
    TempDb,
    build::{item_id, items_of, purge, sealed, signed_up, write, write_next, write_overview},
};
use keyarc_wire::{ItemChange, ItemId, Sealed, VaultId, WriteItemsRequest};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

const ITEMS: u64 = 6;

#[derive(Debug, Clone, Copy)]
enum Step {
    Write { details: bool },
    Purge,
}

/// Item → what to do with it, and whether from a stale version.
type Change = BTreeMap<u64, (Step, bool)>;

fn any_history() -> impl Strategy<Value = Vec<Change>> {
    let step = prop_oneof![
        3 => any::<bool>().prop_map(|details| Step::Write { details }),
        1 => Just(Step::Purge),
    ];
    let change = proptest::collection::btree_map(0..ITEMS, (step, prop::bool::weighted(0.1)), 1..4);
    proptest::collection::vec(change, 1..12)
}

#[derive(Debug, Clone)]
struct ModelItem {
    version: u64,
    revision: u64,
    live: Option<(Sealed, u64, Sealed)>,
}

#[derive(Debug, Default)]
struct Model {
    items: BTreeMap<u64, ModelItem>,
    revision: u64,
}

impl Model {
    fn request(&self, change: &Change) -> WriteItemsRequest {
        let mut request = WriteItemsRequest::default();
        for (&item, &(step, stale)) in change {
            let version = self.items.get(&item).map_or(0, |item| item.version);
            let base = if stale { version + 1 } else { version };
            match step {
                Step::Purge => request.purges.push(purge(item, base)),
                Step::Write { details: false } if base > 0 => {
                    request.writes.push(write_overview(item, base));
                }
                Step::Write { .. } => request.writes.push(write(item, base)),
            }
        }
        request
    }

    fn apply(&mut self, request: &WriteItemsRequest) -> Result<u64, BTreeSet<(ItemId, u64)>> {
        let bases = request
            .writes
            .iter()
            .map(|write| (write.item_id, write.base_version))
            .chain(
                request
                    .purges
                    .iter()
                    .map(|purge| (purge.item_id, purge.base_version)),
            );
        let conflicts: BTreeSet<_> = bases
            .filter_map(|(id, base)| {
                let item = self.items.get(&number(id));
                let version = item.map_or(0, |item| item.version);
                let dead = item.is_some_and(|item| item.live.is_none());
                (version != base || dead).then_some((id, version))
            })
            .collect();
        if !conflicts.is_empty() {
            return Err(conflicts);
        }
        self.revision += 1;
        let revision = self.revision;
        for write in &request.writes {
            let version = write.base_version + 1;
            let old = self
                .items
                .get(&number(write.item_id))
                .and_then(|item| item.live.clone());
            let (details_version, details) = match (&write.details, old) {
                (Some(details), _) => (version, details.clone()),
                (None, Some((_, version, details))) => (version, details),
                (None, None) => unreachable!("a new item has details"),
            };
            let live = Some((write.overview.clone(), details_version, details));
            self.items.insert(
                number(write.item_id),
                ModelItem {
                    version,
                    revision,
                    live,
                },
            );
        }
        for purge in &request.purges {
            let version = purge.base_version + 1;
            self.items.insert(
                number(purge.item_id),
                ModelItem {
                    version,
                    revision,
                    live: None,
                },
            );
        }
        Ok(self.revision)
    }

    fn rows(&self, since: u64) -> Vec<ItemChange> {
        self.items
            .iter()
            .filter(|(_, item)| item.revision > since)
            .map(|(&number, item)| ItemChange {
                item_id: item_id(number),
                version: item.version,
                revision: item.revision,
                live: item
                    .live
                    .as_ref()
                    .map(|(overview, details_version, _)| (*details_version, overview.clone())),
            })
            .collect()
    }

    fn details(&self) -> BTreeSet<(ItemId, u64, u64, Vec<u8>)> {
        self.items
            .iter()
            .filter_map(|(&number, item)| {
                let (_, details_version, details) = item.live.as_ref()?;
                Some((
                    item_id(number),
                    item.version,
                    *details_version,
                    details.0.clone(),
                ))
            })
            .collect()
    }
}

fn number(id: ItemId) -> u64 {
    u64::from_be_bytes(id.0[..8].try_into().unwrap())
}

async fn check(store: &Store, vault: VaultId, history: &[Change]) {
    let mut model = Model::default();
    for change in history {
        let request = model.request(change);
        if request.purges.iter().any(|purge| purge.base_version == 0) {
            // Refused before it comes here.
            continue;
        }
        let before = model.revision;
        match (
            model.apply(&request),
            write_next(store, vault, request).await.unwrap(),
        ) {
            (Ok(expected), WriteOutcome::Written { revision }) => assert_eq!(revision, expected),
            (Err(expected), WriteOutcome::Conflict(found)) => {
                let found: BTreeSet<_> = found
                    .into_iter()
                    .map(|conflict| (conflict.item_id, conflict.current_version))
                    .collect();
                assert_eq!(found, expected);
            }
            (expected, found) => panic!("{found:?} instead of {expected:?}"),
        }
        for since in [0, before] {
            let chunks: Vec<_> = store
                .changes(vault, since, None)
                .await
                .unwrap()
                .try_collect()
                .await
                .unwrap();
            let mut rows = items_of(chunks.concat());
            rows.sort_by_key(|row| row.item_id);
            assert_eq!(rows, model.rows(since));
        }
        let ids: Vec<_> = (0..ITEMS).map(item_id).collect();
        let DetailsOutcome::Found(details) = store.details(vault, &ids, 1 << 20).await.unwrap()
        else {
            panic!("too large")
        };
        let details: BTreeSet<_> = details
            .into_iter()
            .map(|found| {
                (
                    found.item_id,
                    found.version,
                    found.details_version,
                    found.details.0,
                )
            })
            .collect();
        assert_eq!(details, model.details());
    }
}

/// One database; each case has a vault of its own in it.
fn run(cases: u32, db: impl Future<Output = Option<TempDb>>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let Some(db) = runtime.block_on(db) else {
        return;
    };
    let case = std::cell::Cell::new(0);
    let mut runner = TestRunner::new(Config {
        failure_persistence: None,
        ..Config::with_cases(cases)
    });
    runner
        .run(&any_history(), |history| {
            case.set(case.get() + 1);
            runtime.block_on(async {
                let vault = signed_up(db.store(), case.get()).await;
                check(db.store(), vault, &history).await;
            });
            Ok(())
        })
        .unwrap();
    runtime.block_on(async { drop(db) });
}

#[test]
fn a_vault_does_what_the_model_does_on_sqlite() {
    run(48, async { Some(TempDb::sqlite().await) });
}

#[test]
fn a_vault_does_what_the_model_does_on_postgres() {
    run(48, TempDb::postgres());
}

#[test]
fn the_model_is_not_vacuous() {
    let mut model = Model::default();
    let created = model.request(&Change::from([(1, (Step::Write { details: true }, false))]));
    assert_eq!(model.apply(&created), Ok(1));
    assert_eq!(model.rows(0)[0].live, Some((1, sealed(1, 350))));
    assert!(model.apply(&created).is_err());
}
