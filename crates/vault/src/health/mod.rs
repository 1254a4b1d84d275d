//! The health of a vault: what has expired, is due, is old, stands in several items or can be
//! guessed. Each answer is one pass over the overviews.
//!
//! Only whether a secret can be guessed needs the secrets themselves. Whoever rates them fetches
//! the details of every item, in the order of the ids and in batches of one size, those of notes
//! and of the trash too: which of them are then looked at shows nowhere (see [`to_rate`]).

use std::collections::HashMap;

use keyarc_wire::ItemId;
use serde::{Deserialize, Serialize};

use crate::{
    Content, Count, Day, Due, ItemSummary, Kind, ListQuery, Scope, Sort, UnlockedVault, WINDOW_MAX,
    entry::Entry,
    rotation::{due, due_until},
    seal::secret_fingerprint,
};

mod rate;

pub use rate::{Ratings, ToRate, Weakness, to_rate};

/// A secret that was not changed for so many days is old.
pub const OLD_AFTER: i32 = 365;
/// Days that the timeline of a [`Dashboard`] shows, today included.
pub const TIMELINE_DAYS: i32 = 90;
/// Most marks on a timeline.
pub const MARKS_MAX: usize = 120;
/// Rows of each short list on a dashboard.
const SHORT: u32 = 6;

/// Something that may be wrong with items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The day it stops working has passed.
    Expired,
    /// It stops working today or within 30 days.
    Expiring,
    /// Its secret was to be changed today or before.
    RotationDue,
    /// Its secret stands in another item too.
    Reused,
    /// Its secret can be guessed.
    Weak,
    /// Its secret was not changed for more than [`OLD_AFTER`] days.
    Old,
}

impl Check {
    /// Every check, the most urgent first.
    pub const ALL: [Self; 6] = [
        Self::Expired,
        Self::RotationDue,
        Self::Expiring,
        Self::Weak,
        Self::Reused,
        Self::Old,
    ];
}

/// Why an item stands in a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// See [`Check::Expired`] and [`Check::Expiring`].
    Expires(Day),
    /// See [`Check::RotationDue`].
    Rotate(Day),
    /// See [`Check::Reused`].
    Reused {
        /// Counts the secrets; items of one number follow each other.
        group: u32,
        /// How many items have it.
        items: u32,
    },
    /// See [`Check::Weak`].
    Weak(Weakness),
    /// See [`Check::Old`]: not changed since this day.
    Unchanged(Day),
}

/// An item and why it stands in a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The item.
    pub item: ItemSummary,
    /// Why.
    pub reason: Reason,
}

/// A window of what a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// How many there are.
    pub total: u32,
    /// Which one the window begins with.
    pub offset: u32,
    /// The window.
    pub rows: Vec<Finding>,
}

/// An item on a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueMark {
    /// The item.
    pub id: ItemId,
    /// Its name.
    pub name: String,
    /// When and why.
    pub due: Due,
}

/// A vault at a glance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dashboard {
    /// Items outside the trash. Everything here is about those.
    pub all: u32,
    /// Kinds that there are, in the order of [`Kind::ALL`].
    pub kinds: Vec<(Kind, u32)>,
    /// In the order of the navigation.
    pub environments: Vec<Count>,
    /// What is due first, today's and what was due before included.
    pub due: Vec<ItemSummary>,
    /// How many are due within 30 days.
    pub due_total: u32,
    /// What is due from today on, in order, at most [`MARKS_MAX`].
    pub marks: Vec<DueMark>,
    /// How many are due within [`TIMELINE_DAYS`] days from today on.
    pub marks_total: u32,
    /// Findings by check, in the order of [`Check::ALL`].
    pub checks: Vec<(Check, u32)>,
    /// Items that no check found.
    pub sound: u32,
    /// Items whose secrets were rated as they are now.
    pub rated: u32,
    /// Items among them that could not be read.
    pub unread: u32,
    /// Changed last first.
    pub recent: Vec<ItemSummary>,
}

/// What one pass over the vault has to know before.
struct Review<'a> {
    ratings: &'a Ratings,
    today: Day,
    /// How many live items have a secret, by its fingerprint.
    secrets: HashMap<[u8; 8], u32>,
    /// The fingerprint of an empty API key.
    empty: [u8; 8],
}

impl Review<'_> {
    fn secret(&self, entry: &Entry) -> Option<[u8; 8]> {
        let kept = match entry.record.kind {
            Kind::ApiKey => Some(*entry.record.fingerprint),
            _ => entry.record.password_fingerprint.map(|found| *found),
        };
        // Logins from before passwords had a fingerprint of their own are known once rated.
        let rated = || self.ratings.of(entry).and_then(|rating| rating.secret);
        kept.or_else(rated).filter(|secret| *secret != self.empty)
    }

    fn reason(&self, check: Check, entry: &Entry) -> Option<Reason> {
        let record = &entry.record;
        match check {
            Check::Expired => record
                .expires_on
                .filter(|on| *on < self.today)
                .map(Reason::Expires),
            Check::Expiring => record
                .expires_on
                .filter(|on| (self.today..=due_until(self.today)).contains(on))
                .map(Reason::Expires),
            Check::RotationDue => {
                let on = record.rotation().due_on()?;
                (on <= self.today).then_some(Reason::Rotate(on))
            }
            Check::Reused => {
                let items = *self.secrets.get(&self.secret(entry)?)?;
                (items > 1).then_some(Reason::Reused { group: 0, items })
            }
            Check::Weak => {
                let weakness = self.ratings.of(entry)?.weakness?;
                Some(Reason::Weak(weakness))
            }
            Check::Old => {
                let since = changed_on(entry);
                let old = i64::from(self.today.0) - i64::from(since.0) > i64::from(OLD_AFTER);
                (old && is_changed_by_people(record.kind)).then_some(Reason::Unchanged(since))
            }
        }
    }
}

/// Texts and setup keys stay what they are.
fn is_changed_by_people(kind: Kind) -> bool {
    !matches!(kind, Kind::Note | Kind::Totp)
}

fn changed_on(entry: &Entry) -> Day {
    let made = i64::try_from(entry.record.created_at_ms).unwrap_or(i64::MAX);
    let rotated_on = entry.record.rotation().rotated_on;
    rotated_on.unwrap_or_else(|| Day::from_unix_ms(made, 0))
}

impl UnlockedVault {
    /// The vault at a glance, on the day `today`.
    pub fn dashboard(&self, ratings: &Ratings, today: Day) -> Dashboard {
        let review = self.review(ratings, today);
        let mut checks = Check::ALL.map(|check| (check, 0_u32));
        let mut kinds = Kind::ALL.map(|kind| (kind, 0_u32));
        let mut marks = Vec::new();
        let mut view = Dashboard::default();
        let last = Day(today.0.saturating_add(TIMELINE_DAYS - 1));
        for entry in self.items.iter().filter(|entry| entry.is_live()) {
            let mut is_sound = true;
            for (check, count) in &mut checks {
                if review.reason(*check, entry).is_some() {
                    *count += 1;
                    is_sound = false;
                }
            }
            view.sound += u32::from(is_sound);
            for (kind, count) in &mut kinds {
                *count += u32::from(*kind == entry.record.kind);
            }
            if let Some(rating) = ratings.of(entry) {
                view.rated += 1;
                view.unread += u32::from(!rating.is_read);
            }
            let due = due(entry.record.expires_on, entry.record.rotation());
            marks.extend(
                due.filter(|due| (today..=last).contains(&due.on))
                    .map(|due| (due, entry)),
            );
        }
        view.marks_total = marks.len() as u32;
        marks.sort_unstable_by_key(|(due, entry)| (due.on, entry.id));
        marks.truncate(MARKS_MAX);
        view.marks = marks
            .into_iter()
            .map(|(due, entry)| DueMark {
                id: entry.id,
                name: entry.record.name.clone(),
                due,
            })
            .collect();
        let facets = self.facets(today);
        view.all = facets.all;
        view.environments = facets.environments;
        view.due_total = facets.expiring;
        view.kinds = kinds.into_iter().filter(|(_, count)| *count > 0).collect();
        view.checks = checks.to_vec();
        let short = |scope, sort| {
            let query = ListQuery {
                scope,
                sort,
                limit: SHORT,
                ..ListQuery::default()
            };
            self.list(&query, today).rows
        };
        view.due = short(Scope::Expiring, Sort::Expiry);
        view.recent = short(Scope::All, Sort::Updated);
        view
    }

    /// A window of what a check found, at most [`WINDOW_MAX`] rows.
    pub fn findings(
        &self,
        check: Check,
        ratings: &Ratings,
        (offset, limit): (u32, u32),
        today: Day,
    ) -> Findings {
        let review = self.review(ratings, today);
        let mut found: Vec<(&Entry, Reason)> = self
            .items
            .iter()
            .filter(|entry| entry.is_live())
            .filter_map(|entry| Some((entry, review.reason(check, entry)?)))
            .collect();
        found.sort_by_cached_key(|(entry, reason)| {
            let day = match reason {
                Reason::Expires(on) | Reason::Rotate(on) | Reason::Unchanged(on) => on.0,
                Reason::Reused { .. } | Reason::Weak(_) => 0,
            };
            let secret = match reason {
                Reason::Reused { .. } => review.secret(entry),
                _ => None,
            };
            (day, secret, entry.sort_name.clone(), entry.id)
        });
        if check == Check::Reused {
            let mut group = 0;
            let mut before = None;
            for (entry, reason) in &mut found {
                let secret = review.secret(entry);
                group += u32::from(before.is_some() && secret != before);
                before = secret;
                if let Reason::Reused { group: number, .. } = reason {
                    *number = group;
                }
            }
        }
        let total = found.len() as u32;
        let from = offset.min(total);
        let rows = found
            .into_iter()
            .skip(from as usize)
            .take(limit.min(WINDOW_MAX) as usize)
            .map(|(entry, reason)| Finding {
                item: entry.summary(Vec::new()),
                reason,
            })
            .collect();
        Findings {
            total,
            offset: from,
            rows,
        }
    }

    /// How many other live items have a value as their secret, as far as is known.
    pub fn others_with(&self, ratings: &Ratings, value: &str, except: ItemId, today: Day) -> u32 {
        let content = Content::ApiKey {
            value: value.to_owned(),
        };
        let Some(secret) = secret_fingerprint(&self.key, &content) else {
            return 0;
        };
        let review = self.review(ratings, today);
        let all = review.secrets.get(&secret).copied().unwrap_or(0);
        let own = self.items.get(except).filter(|entry| entry.is_live());
        let own = own.is_some_and(|entry| review.secret(entry) == Some(secret));
        all - u32::from(own)
    }

    fn review<'a>(&self, ratings: &'a Ratings, today: Day) -> Review<'a> {
        let empty = Content::ApiKey {
            value: String::new(),
        };
        let mut review = Review {
            ratings,
            today,
            secrets: HashMap::new(),
            empty: crate::seal::content_fingerprint(&self.key, &empty),
        };
        for entry in self.items.iter().filter(|entry| entry.is_live()) {
            if let Some(secret) = review.secret(entry) {
                *review.secrets.entry(secret).or_default() += 1;
            }
        }
        review
    }
}
