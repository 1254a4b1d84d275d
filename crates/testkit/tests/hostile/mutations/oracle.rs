//! What may come of a run against a server that lied in one place.

use std::collections::{HashMap, HashSet};

use keyarc_client::{Pins, Trust};
use keyarc_crypto::{AccountContext, Kit, RootKey, StateContext, UnlockKeys};
use keyarc_signature::VaultManifest;
use keyarc_testkit::Canaries;
use keyarc_wire::{Change, ChangesDecoder, ItemId, Keyset, VaultId};
use serde_json::Value;

use super::{
    journeys::{Journey, Row, Seen},
    record::{Corpus, Script, manifest_in, sent_json},
    replay::Exchange,
};

/// An account's keys, before and after a journey that changes them.
pub struct Account {
    pub id: [u8; 16],
    pub roots: Vec<RootKey>,
    /// What setup codes and passwords give.
    pub unlocks: Vec<UnlockKeys>,
    /// The setup codes, which must never be sent.
    pub codes: Vec<String>,
    /// The kits, whose recovery keys must never be sent.
    pub kits: [String; 2],
}

impl Account {
    /// Opens what a device keeps of what was seen.
    pub fn open(&self, sealed: &[u8]) -> Option<Pins> {
        let context = StateContext {
            owner: self.id,
            label: "pins",
        };
        let opened = |root: &RootKey| root.open_state(&context, sealed).ok();
        Pins::decode(&self.roots.iter().find_map(opened)?).ok()
    }

    /// Whether keys that a client wants put in force can be opened by their owner.
    fn opens(&self, keyset: &Keyset) -> bool {
        let place = AccountContext {
            account_id: self.id,
            keyset_version: keyset.version,
        };
        self.unlocks.iter().any(|unlock| {
            let root = RootKey::unwrap(&keyset.wrapped_root_key.0, unlock, &place);
            root.is_ok_and(|root| root.unwrap_keyring(&keyset.keyring.0, &place).is_ok())
        })
    }
}

/// How a run ended that nothing is wrong with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// With a typed error, or with an alarm.
    Refused,
    /// To the end, and everything that was shown is true.
    Harmless,
    /// The client waits for a server that does not answer, and says so.
    Waits,
}

/// What was seen and done in one run.
pub struct Run {
    pub seen: Vec<Seen>,
    /// How it ended; `None` when somebody gave up waiting.
    pub end: Option<Result<(), String>>,
    pub trust: Vec<Trust>,
    pub pins: Vec<Vec<u8>>,
    /// What the client sent and does not send to an honest server.
    pub strange: Vec<Vec<u8>>,
}

/// The truth, over all journeys.
pub struct Truth {
    rows: HashSet<String>,
    /// Every state that the vault ever was in, by revision.
    states: Vec<(u64, Vec<Row>)>,
    items: HashSet<String>,
    manifests: HashSet<[u8; 32]>,
    canaries: Canaries,
}

impl Truth {
    pub fn of(corpus: &Corpus, words: &[(String, Vec<u8>)]) -> Self {
        let seen = || {
            let scripts = corpus.scripts.iter().flat_map(|script| &script.seen);
            scripts.chain(&corpus.between)
        };
        let rows = seen().flat_map(|seen| &seen.rows);
        let words = words.iter();
        Self {
            rows: rows.map(|row| row.text.clone()).collect(),
            states: seen()
                .map(|seen| (seen.revision, seen.rows.clone()))
                .collect(),
            items: seen().filter_map(|seen| seen.item.clone()).collect(),
            manifests: corpus.earlier.iter().flat_map(shown_manifests).collect(),
            canaries: Canaries::new(words.map(|(name, word)| (name.as_str(), word.as_slice()))),
        }
    }

    /// The verdict, or what is wrong.
    pub fn judge(&self, script: &Script, run: &Run) -> Result<Verdict, String> {
        self.nothing_false(script, run)?;
        self.pins_forward(script, run)?;
        for sent in &run.strange {
            if let Some(found) = self.canaries.sightings(sent).first() {
                return Err(format!("sent {found}"));
            }
        }
        wholly_old_or_new(script, run)?;
        let alarmed = |trust: &Trust| trust.is_alarm();
        let end = match &run.end {
            None => return Ok(Verdict::Waits),
            Some(end) => end,
        };
        // In a journey that begins with an alarm, only its end can tell.
        let alarm = script
            .seen
            .iter()
            .all(|seen| !seen.trust.is_some_and(Trust::is_alarm))
            && (run.trust.iter().any(alarmed)
                || run
                    .seen
                    .iter()
                    .any(|seen| seen.trust.is_some_and(Trust::is_alarm)));
        if *end != script.end || alarm {
            return Ok(Verdict::Refused);
        }
        Ok(Verdict::Harmless)
    }

    /// Whatever was shown is true, and what was shown without an alarm was all there was at some
    /// time, and never less than the device had seen before.
    fn nothing_false(&self, script: &Script, run: &Run) -> Result<(), String> {
        let mut versions: HashMap<ItemId, u64> = HashMap::new();
        let mut revision = script.given.pins.as_ref().map_or(0, |sealed| {
            let pins = script.account.open(sealed);
            pins.map_or(0, |pins| pins.vaults.iter().map(|pin| pin.version).sum())
        });
        if script.journey == Journey::Recovery {
            // What the kit says is known on a device that remembers nothing.
            let kit = Kit::parse(&script.given.kit).ok();
            let floor = kit.and_then(|kit| kit.checkpoint);
            revision = revision.max(floor.map_or(0, |floor| floor.version));
        }
        // Whoever is kept apart from other devices and writes goes on alone; no client can know
        // before they meet.
        let alone = !own_manifests(run).is_empty();
        for seen in &run.seen {
            let step = seen.step;
            if let Some(item) = &seen.item
                && !self.items.contains(item)
            {
                return Err(format!("{step}: an item that never was: {item}"));
            }
            for Row { id, version, text } in &seen.rows {
                if !self.rows.contains(text) {
                    return Err(format!("{step}: a row that never was: {text}"));
                }
                let before = versions.insert(*id, *version).unwrap_or(0);
                if *version < before {
                    return Err(format!("{step}: {id} went back to {version}"));
                }
            }
            let whole = || self.states.contains(&(seen.revision, seen.rows.clone()));
            match seen.trust {
                Some(trust) if trust.may_write() && !alone && !whole() => {
                    return Err(format!("{step}: not what the vault held, without an alarm"));
                }
                Some(Trust::Fresh) if seen.revision < revision => {
                    return Err(format!("{step}: an older state, without an alarm"));
                }
                Some(Trust::Fresh) => revision = seen.revision,
                _ => {}
            }
        }
        Ok(())
    }

    /// What the device keeps never goes back, and is of the vault's one true history.
    fn pins_forward(&self, script: &Script, run: &Run) -> Result<(), String> {
        let own = own_manifests(run);
        let mut keyset = 0;
        let mut versions: HashMap<VaultId, u64> = HashMap::new();
        for sealed in script.given.pins.iter().chain(&run.pins) {
            let pins = script
                .account
                .open(sealed)
                .ok_or("keeps what does not open")?;
            if pins.keyset_version < keyset {
                return Err("an older keyset is kept".into());
            }
            keyset = pins.keyset_version;
            for pin in pins.vaults {
                if versions.insert(pin.vault, pin.version).unwrap_or(0) > pin.version {
                    return Err("an older version is kept".into());
                }
                if !self.manifests.contains(&pin.hash) && !own.contains(&pin.hash) {
                    return Err("a version that never was is kept".into());
                }
            }
        }
        Ok(())
    }
}

/// Whatever keys the client wanted to be put in force open with what their owner has, and take
/// every item along. There is one request for all of it, so that there is no state between.
fn wholly_old_or_new(script: &Script, run: &Run) -> Result<(), String> {
    for request in run.strange.iter().filter_map(|sent| sent_json(sent)) {
        let Some(keyset) = request.get("keyset") else {
            continue;
        };
        if request.get("rekey").is_some() {
            let items =
                |request: &Value| manifest_in(request).map(|manifest| manifest.body().items);
            let honest = &script.recording.exchanges;
            let honest = honest.iter().filter_map(|one| sent_json(&one.sent));
            let honest = honest.filter(|request| request.get("rekey").is_some());
            let honest = honest.rev().find_map(|request| items(&request));
            if items(&request) != honest {
                return Err("would leave items behind".into());
            }
        }
        let keyset = serde_json::from_value(keyset.clone()).map_err(|error| error.to_string())?;
        if script.journey != Journey::SignUp && !script.account.opens(&keyset) {
            return Err("would put keys in force that nobody can open".into());
        }
    }
    Ok(())
}

/// Manifests that the client signed in this run, and does not sign for an honest server.
fn own_manifests(run: &Run) -> HashSet<[u8; 32]> {
    run.strange
        .iter()
        .filter_map(|sent| manifest_in(&sent_json(sent)?))
        .map(|manifest| manifest.hash())
        .collect()
}

/// The manifests that an answer shows.
fn shown_manifests(exchange: &Exchange) -> Vec<[u8; 32]> {
    let mut hashes = Vec::new();
    let mut decoder = ChangesDecoder::new(&exchange.answer.body).ok();
    while let Some(Some(change)) = decoder.as_mut().and_then(|d| d.next().ok()) {
        if let Change::Manifest(bytes) = change {
            hashes.extend(VaultManifest::decode(&bytes.0).map(|manifest| manifest.hash()));
        }
    }
    // What the client of the recording signed itself is true as well.
    let own = sent_json(&exchange.sent).and_then(|request| manifest_in(&request));
    hashes.extend(own.map(|manifest| manifest.hash()));
    hashes
}
