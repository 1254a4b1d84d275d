//! What is due and has not been put away, and what a server is told of it.
//!
//! A reminder is for one item, one reason and one day: when the day of an item changes, what was
//! put away before says nothing of the new one.

use std::collections::{BTreeMap, BTreeSet};

use keyarc_crypto::ReminderKey;
use keyarc_wire::{ItemId, ReminderEntry, ReminderId, limits};
use minicbor::{CborLen, Decode, Encode, bytes::ByteArray};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    Day, Due, DueReason, UnlockedVault,
    entry::Entry,
    record::{decode_record, encode_record},
};

/// How many days before something is due people are reminded unless they choose otherwise.
pub const LEAD_DAYS: [u16; 4] = [30, 14, 7, 1];
/// Most reminders in one answer.
pub const REMINDERS_SHOWN: usize = 200;
/// Most that are kept as put away; the oldest days go first.
const HIDDEN_MAX: usize = 2_000;
/// From so many on it is looked which of them are about nothing any more.
const HIDDEN_MANY: usize = 1_000;
/// Days for which something that has passed is still handed to a server.
const TOLD_AFTER: i32 = 30;
/// Days ahead that a server is told of.
const TOLD_AHEAD: i32 = 400;

/// How an account wants to be reminded. Sealed by the account for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReminderSettings {
    /// How many days before: some of [`limits::REMINDER_LEADS`], the largest first.
    lead_days: Vec<u16>,
    /// What was put away: until a day, or for good.
    hidden: BTreeMap<ReminderId, Option<Day>>,
    /// The owner wants the server to be told.
    tells: bool,
}

impl Default for ReminderSettings {
    fn default() -> Self {
        Self {
            lead_days: LEAD_DAYS.to_vec(),
            hidden: BTreeMap::new(),
            tells: false,
        }
    }
}

/// A change of [`ReminderSettings`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReminderChange {
    /// Other days before. Those that are not in [`limits::REMINDER_LEADS`] are left out.
    LeadDays(Vec<u16>),
    /// Puts a reminder away, until a day or for good.
    Hide {
        /// Which.
        id: ReminderId,
        /// The day on which it comes back; `None` for never.
        until: Option<Day>,
    },
    /// Takes it out again.
    Show(ReminderId),
    /// Whether the server may be told what is due. It stands here, sealed, because a server could
    /// say that something is on which its owner never switched on.
    Tell(bool),
}

/// A reminder, as a list shows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReminderRow {
    /// Names it.
    pub id: ReminderId,
    /// The item.
    pub item: ItemId,
    /// What it is called.
    pub name: String,
    /// When and why.
    pub due: Due,
    /// Whether it was put away.
    pub hidden: Option<Hidden>,
}

impl std::fmt::Debug for ReminderRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReminderRow(redacted)")
    }
}

/// How a reminder was put away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Hidden {
    /// It comes back on that day.
    Until(Day),
    /// It does not come back.
    ForGood,
}

/// What there is to be reminded of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminders {
    /// By days, at most [`REMINDERS_SHOWN`].
    pub rows: Vec<ReminderRow>,
    /// How many there are in all.
    pub total: u32,
    /// What was put away, by days, at most [`REMINDERS_SHOWN`].
    pub hidden: Vec<ReminderRow>,
    /// How many days before.
    pub lead_days: Vec<u16>,
}

#[derive(Encode, Decode, CborLen)]
struct SettingsRecord {
    #[n(0)]
    lead_days: Vec<u16>,
    #[n(1)]
    hidden: Vec<HiddenRecord>,
    /// Absent where it says nothing.
    #[n(2)]
    tells: Option<bool>,
}

#[derive(Encode, Decode, CborLen)]
struct HiddenRecord {
    #[n(0)]
    id: ByteArray<16>,
    #[n(1)]
    until: Option<i32>,
}

impl ReminderSettings {
    /// How many days before, the largest first.
    pub fn lead_days(&self) -> &[u16] {
        &self.lead_days
    }

    /// Whether the owner wants the server to be told what is due.
    pub fn tells(&self) -> bool {
        self.tells
    }

    /// Whether so much was put away that it is time for [`UnlockedVault::tidy_reminders`].
    pub fn is_crowded(&self) -> bool {
        self.hidden.len() > HIDDEN_MANY
    }

    /// The canonical bytes, to be sealed.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let hidden = self.hidden.iter().map(|(id, until)| HiddenRecord {
            id: id.0.into(),
            until: until.map(|day| day.0),
        });
        encode_record(&SettingsRecord {
            lead_days: self.lead_days.clone(),
            hidden: hidden.collect(),
            tells: self.tells.then_some(true),
        })
    }

    /// Reads exactly what [`Self::encode`] writes.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let record: SettingsRecord = decode_record(bytes).ok()?;
        let count = record.hidden.len();
        let hidden: BTreeMap<_, _> = record
            .hidden
            .into_iter()
            .map(|one| (ReminderId(*one.id), one.until.map(Day)))
            .collect();
        let settings = Self {
            lead_days: checked(&record.lead_days),
            hidden,
            tells: record.tells == Some(true),
        };
        let is_canonical = settings.hidden.len() == count
            && settings.lead_days == record.lead_days
            && record.tells != Some(false);
        is_canonical.then_some(settings)
    }

    /// Changes them.
    pub fn change(&mut self, change: &ReminderChange) {
        match change {
            ReminderChange::LeadDays(days) => self.lead_days = checked(days),
            ReminderChange::Hide { id, until } => {
                self.hidden.insert(*id, *until);
            }
            ReminderChange::Show(id) => {
                self.hidden.remove(id);
            }
            ReminderChange::Tell(tells) => self.tells = *tells,
        }
    }

    fn hidden(&self, id: ReminderId, today: Day) -> Option<Hidden> {
        match self.hidden.get(&id)? {
            None => Some(Hidden::ForGood),
            Some(until) if *until > today => Some(Hidden::Until(*until)),
            Some(_) => None,
        }
    }

    /// The last day that is shown.
    fn last(&self, today: Day) -> Day {
        let ahead = self.lead_days.iter().copied().max().unwrap_or(0);
        Day(today.0.saturating_add(i32::from(ahead)))
    }
}

/// Of the days that there are, the largest first, none twice.
fn checked(days: &[u16]) -> Vec<u16> {
    let known: BTreeSet<u16> = days
        .iter()
        .copied()
        .filter(|days| limits::REMINDER_LEADS.contains(days))
        .collect();
    known.into_iter().rev().collect()
}

impl UnlockedVault {
    /// What is due by now or soon, and what of it was put away.
    pub fn reminders(
        &self,
        key: &ReminderKey,
        settings: &ReminderSettings,
        today: Day,
    ) -> Reminders {
        let last = settings.last(today);
        let mut found: Vec<(Due, &Entry)> = self.dues().filter(|(due, _)| due.on <= last).collect();
        found.sort_unstable_by_key(|(due, entry)| (due.on, entry.id, reason_number(due.why)));
        let mut view = Reminders {
            lead_days: settings.lead_days.clone(),
            ..Reminders::default()
        };
        for (due, entry) in found {
            let id = self.reminder_id(key, entry, due);
            let hidden = settings.hidden(id, today);
            let rows = match hidden {
                None => {
                    view.total += 1;
                    &mut view.rows
                }
                Some(_) => &mut view.hidden,
            };
            if rows.len() < REMINDERS_SHOWN {
                rows.push(ReminderRow {
                    id,
                    item: entry.id,
                    name: entry.record.name.clone(),
                    due,
                    hidden,
                });
            }
        }
        view
    }

    /// What a server is told: the nearest days, without what was put away for good.
    pub fn reminder_set(
        &self,
        key: &ReminderKey,
        settings: &ReminderSettings,
        today: Day,
    ) -> Vec<ReminderEntry> {
        let from = Day(today.0.saturating_sub(TOLD_AFTER)).max(Day::FIRST);
        let last = Day(today.0.saturating_add(TOLD_AHEAD));
        let mut found: Vec<(Due, &Entry)> = self
            .dues()
            .filter(|(due, _)| (from..=last).contains(&due.on))
            .collect();
        // What is still to come goes before what has passed.
        found.sort_unstable_by_key(|(due, entry)| {
            (due.on < today, due.on, entry.id, reason_number(due.why))
        });
        let mut entries: Vec<ReminderEntry> = found
            .into_iter()
            .map(|(due, entry)| (due, self.reminder_id(key, entry, due)))
            .filter(|(_, id)| settings.hidden.get(id) != Some(&None))
            .filter_map(|(due, id)| {
                let on = u32::try_from(due.on.0).ok()?;
                Some(ReminderEntry { id, on })
            })
            .take(limits::REMINDERS)
            .collect();
        entries.sort_unstable_by_key(|entry| (entry.on, entry.id));
        entries
    }

    /// The item that a reminder is for, if it is due on that day still.
    pub fn find_reminder(&self, key: &ReminderKey, id: ReminderId) -> Option<ItemId> {
        self.dues()
            .find(|(due, entry)| self.reminder_id(key, entry, *due) == id)
            .map(|(_, entry)| entry.id)
    }

    /// Forgets of settings what is about nothing any more, so that they do not grow.
    pub fn tidy_reminders(&self, key: &ReminderKey, settings: &mut ReminderSettings) {
        if settings.hidden.is_empty() {
            return;
        }
        let days: BTreeMap<ReminderId, Day> = self
            .dues()
            .map(|(due, entry)| (self.reminder_id(key, entry, due), due.on))
            .filter(|(id, _)| settings.hidden.contains_key(id))
            .collect();
        settings.hidden.retain(|id, _| days.contains_key(id));
        if let Some(too_many) = settings.hidden.len().checked_sub(HIDDEN_MAX) {
            let mut by_day: Vec<(Day, ReminderId)> =
                days.into_iter().map(|(id, day)| (day, id)).collect();
            by_day.sort_unstable();
            for (_, id) in by_day.iter().take(too_many) {
                settings.hidden.remove(id);
            }
        }
    }

    /// Every day on which an item needs somebody: an item that expires and is to be rotated has
    /// two.
    fn dues(&self) -> impl Iterator<Item = (Due, &Entry)> {
        self.items
            .iter()
            .filter(|entry| entry.is_live())
            .flat_map(|entry| {
                let expiry = entry.record.expires_on.map(|on| Due {
                    on,
                    why: DueReason::Expiry,
                });
                let rotation = entry.record.rotation().due_on().map(|on| Due {
                    on,
                    why: DueReason::Rotation,
                });
                [expiry, rotation]
                    .into_iter()
                    .flatten()
                    .map(move |due| (due, entry))
            })
    }

    fn reminder_id(&self, key: &ReminderKey, entry: &Entry, due: Due) -> ReminderId {
        let reason = reason_number(due.why);
        ReminderId(key.id(&self.id().0, &entry.id.0, reason, due.on.0))
    }
}

/// As the name of a reminder has it.
fn reason_number(why: DueReason) -> u8 {
    match why {
        DueReason::Expiry => 1,
        DueReason::Rotation => 2,
    }
}

/// The bytes that the digest of a set is made of: how many days before there are 1, each 2, then
/// id 16 ‖ day 4 of each entry, big-endian.
pub fn reminder_set_bytes(lead_days: &[u16], entries: &[ReminderEntry]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + 2 * lead_days.len() + 20 * entries.len());
    bytes.push(lead_days.len() as u8);
    for days in lead_days {
        bytes.extend_from_slice(&days.to_be_bytes());
    }
    for entry in entries {
        bytes.extend_from_slice(&entry.id.0);
        bytes.extend_from_slice(&entry.on.to_be_bytes());
    }
    bytes
}
