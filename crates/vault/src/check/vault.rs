use keyarc_wire::{ItemId, ItemWrite};
use rand_core::CryptoRng;

use super::{Browsers, CheckLog, CheckResult, log::host_mark, preset::preset};
use crate::{Kind, UnlockedVault, WriteError, seal::seal_overview};

/// What is to be noted of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckNote {
    /// Whose key it was.
    pub item: ItemId,
    /// Who was asked: host and port.
    pub host: String,
    /// What it found.
    pub result: CheckResult,
}

/// The items that can be tested together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckCandidates {
    /// Those that have a preset, or were tested before, those of one host apart from each other
    /// as far as that goes.
    pub items: Vec<ItemId>,
    /// How many have a provider that lets no browser ask.
    pub not_by_browsers: u32,
}

impl UnlockedVault {
    /// Whether some item was tested at this host: somebody agreed to it then.
    pub fn was_asked(&self, host: &str) -> bool {
        let mark = host_mark(host);
        let mut logs = self
            .items
            .iter()
            .filter_map(|entry| entry.record.checks.as_ref());
        logs.any(|log| log.is_marked(&mark))
    }

    /// What can be tested without a word from a person. Which items have a definition of their
    /// own is sealed in their details: those count from their first test on.
    pub fn check_candidates(&self) -> CheckCandidates {
        let mut found = CheckCandidates::default();
        let mut turns: Vec<(usize, ItemId)> = Vec::new();
        let mut of_provider = std::collections::HashMap::new();
        for entry in self.items.iter().filter(|entry| entry.is_live()) {
            let provider = entry.record.provider.as_deref().unwrap_or_default();
            let known = preset(provider).filter(|_| entry.record.kind == Kind::ApiKey);
            match (known, &entry.record.checks) {
                (Some(preset), None) if preset.browsers == Browsers::No => {
                    found.not_by_browsers += 1;
                }
                (Some(_), _) | (None, Some(_)) => {
                    let turn = of_provider.entry(provider).or_insert(0_usize);
                    turns.push((*turn, entry.id));
                    *turn += 1;
                }
                (None, None) => {}
            }
        }
        // One of each provider, then the second of each: no host waits for its next second while
        // others could be asked.
        turns.sort_by_key(|(turn, _)| *turn);
        found.items = turns.into_iter().map(|(_, id)| id).collect();
        found
    }

    /// Seals what a test found into the item's overview; `None` when it says nothing new. It does
    /// not count as a change of the item.
    pub fn seal_check(
        &self,
        note: &CheckNote,
        rng: &mut impl CryptoRng,
    ) -> Result<Option<ItemWrite>, WriteError> {
        let entry = self.items.get(note.item).ok_or(WriteError::NotFound)?;
        let known = entry.record.checks.as_ref();
        let Some(log) = CheckLog::with(known, &note.host, note.result) else {
            return Ok(None);
        };
        let mut record = entry.record.clone();
        record.checks = Some(log);
        let version = entry.version.saturating_add(1);
        let overview = seal_overview(&self.key, self.place, note.item, version, &record, rng)?;
        Ok(Some(ItemWrite {
            item_id: note.item,
            base_version: entry.version,
            overview,
            details: None,
            attachments: Vec::new(),
        }))
    }
}
