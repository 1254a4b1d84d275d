//! The opened items, and the windows of rows that lists and searches show.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use keyarc_wire::ItemId;

use crate::{
    Day, Facets, ItemSummary, ListQuery, ListView, Scope, Sort,
    entry::Entry,
    facets::FacetCounts,
    haystack::{Haystack, Haystacks},
    order::Orders,
    rotation::due_until,
    search::{Pattern, Searcher},
};

/// Most rows in one window. A page shows tens; more would only be copied for nothing.
pub const WINDOW_MAX: u32 = 1_000;

/// How many items are remembered as used last.
const RECENT_MAX: usize = 50;

/// The items by slot number, which stays the same while an item is there.
#[derive(Default)]
pub(crate) struct Slots {
    entries: Vec<Option<Entry>>,
    haystacks: Haystacks,
    free: Vec<u32>,
}

impl Slots {
    pub(crate) fn get(&self, slot: u32) -> Option<&Entry> {
        self.entries.get(slot as usize).and_then(Option::as_ref)
    }

    pub(crate) fn occupied(&self) -> impl Iterator<Item = (u32, &Entry)> {
        self.entries
            .iter()
            .enumerate()
            .filter_map(|(slot, entry)| Some((slot as u32, entry.as_ref()?)))
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    fn haystack(&self, slot: u32) -> Option<Haystack<'_>> {
        self.haystacks.get(slot)
    }

    fn reserve(&mut self, items: usize) {
        self.entries.reserve_exact(items);
        self.haystacks.reserve(items);
    }

    fn put(&mut self, entry: Entry) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            (self.entries.len() - 1) as u32
        });
        self.replace(slot, entry);
        slot
    }

    fn replace(&mut self, slot: u32, entry: Entry) -> Option<Entry> {
        self.haystacks
            .set(slot, &entry.record.name, entry.other_fields());
        self.entries[slot as usize].replace(entry)
    }

    fn take(&mut self, slot: u32) -> Option<Entry> {
        self.free.push(slot);
        self.haystacks.remove(slot);
        self.entries[slot as usize].take()
    }
}

/// All items that could be opened.
#[derive(Default)]
pub(crate) struct Items {
    slots: Slots,
    by_id: HashMap<ItemId, u32>,
    counts: FacetCounts,
    /// Behind a lock so that reading a list needs no exclusive access; never contended.
    cache: Mutex<Cache>,
}

impl Items {
    pub(crate) fn get(&self, id: ItemId) -> Option<&Entry> {
        self.slots.get(*self.by_id.get(&id)?)
    }

    /// Makes room for so many more items at once. Lists that grow by doubling leave behind holes
    /// as large as themselves, and the memory of a WebAssembly module never shrinks.
    pub(crate) fn reserve(&mut self, items: usize) {
        self.slots.reserve(items);
        self.by_id.reserve(items);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.slots.occupied().map(|(_, entry)| entry)
    }

    /// Adds an item or replaces the one with its id.
    pub(crate) fn put(&mut self, entry: Entry) {
        self.counts.add(&entry);
        let id = entry.id;
        let slot = match self.by_id.get(&id) {
            Some(slot) => {
                if let Some(old) = self.slots.replace(*slot, entry) {
                    self.counts.remove(&old);
                }
                *slot
            }
            None => {
                let slot = self.slots.put(entry);
                self.by_id.insert(id, slot);
                slot
            }
        };
        self.cache
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .touch(slot);
    }

    /// Returns whether the item was there.
    pub(crate) fn remove(&mut self, id: ItemId) -> bool {
        let Some(slot) = self.by_id.remove(&id) else {
            return false;
        };
        if let Some(old) = self.slots.take(slot) {
            self.counts.remove(&old);
        }
        let cache = self.cache.get_mut().unwrap_or_else(PoisonError::into_inner);
        cache.touch(slot);
        // The slot may be another item's next.
        cache.recent.retain(|other| *other != slot);
        true
    }

    pub(crate) fn live(&self) -> u32 {
        self.counts.live()
    }

    pub(crate) fn facets(&self, today: Day) -> Facets {
        self.counts.view(today)
    }

    /// The item of a slot.
    pub(crate) fn at(&self, slot: u32) -> Option<&Entry> {
        self.slots.get(slot)
    }

    /// An item was used: it is the first of [`Scope::Recent`] now.
    pub(crate) fn note_use(&self, id: ItemId) {
        if let Some(slot) = self.by_id.get(&id) {
            self.lock_cache().note_use(*slot);
        }
    }

    /// Looks at all rows that a query asks for, by slot, whatever its window.
    pub(crate) fn with_rows<R>(
        &self,
        query: &ListQuery,
        today: Day,
        look: impl FnOnce(&[u32]) -> R,
    ) -> R {
        let pattern = Pattern::new(&query.text);
        let mut cache = self.lock_cache();
        look(cache.rows(query, pattern.as_ref(), today, &self.slots))
    }

    /// The items outside the trash that have a name, which is in lower case.
    pub(crate) fn called(&self, name: &str) -> Vec<ItemSummary> {
        let by_name = ListQuery {
            sort: Sort::Name,
            ..ListQuery::default()
        };
        let own = |slot: &u32| self.slots.get(*slot);
        // No day is too late for the whole list.
        self.with_rows(&by_name, Day(0), |rows| {
            let before =
                |slot: &u32| own(slot).is_some_and(|entry| entry.sort_name.as_str() < name);
            let from = rows.partition_point(before);
            rows[from..]
                .iter()
                .map_while(|slot| own(slot).filter(|entry| entry.sort_name == name))
                .map(|entry| entry.summary(Vec::new()))
                .collect()
        })
    }

    /// One window of the rows that a query asks for.
    pub(crate) fn list(&self, query: &ListQuery, today: Day) -> ListView {
        let pattern = Pattern::new(&query.text);
        let mut cache = self.lock_cache();
        let cache = &mut *cache;
        let rows = cache.rows(query, pattern.as_ref(), today, &self.slots);
        let total = rows.len();
        let from = (query.offset as usize).min(total);
        let to = from + (query.limit.min(WINDOW_MAX) as usize).min(total - from);
        let window: Vec<u32> = rows[from..to].to_vec();
        let rows = window
            .into_iter()
            .filter_map(|slot| self.slots.get(slot))
            .map(|entry| {
                let hits = pattern
                    .as_ref()
                    .map(|pattern| cache.searcher.hits(pattern, entry));
                let (matches, found) = hits.unwrap_or_default();
                ItemSummary {
                    found,
                    ..entry.summary(matches)
                }
            })
            .collect();
        ListView {
            total: total as u32,
            offset: from as u32,
            rows,
        }
    }

    fn lock_cache(&self) -> MutexGuard<'_, Cache> {
        // A panic in mid-search leaves at worst a stale buffer, and the state is rebuilt on use.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a list keeps from one request to the next. Scrolling asks for window after window of
/// the same rows, and typing for fewer and fewer of them.
struct Cache {
    live: Orders,
    trash: Orders,
    /// Slots changed since the orders were brought up to date.
    changed: Vec<u32>,
    last: Option<Answer>,
    /// Used last, the last first.
    recent: Vec<u32>,
    searcher: Searcher,
}

/// The rows of the last query that had filters or a text.
struct Answer {
    filter: Filter,
    text: String,
    /// In the filter's order: of a search, by recency.
    matched: Vec<u32>,
    /// Of a search, by relevance.
    ranked: Vec<u32>,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            live: Orders::default(),
            trash: Orders::default(),
            changed: Vec::new(),
            last: None,
            recent: Vec::new(),
            searcher: Searcher::new(),
        }
    }
}

impl Cache {
    fn touch(&mut self, slot: u32) {
        self.changed.push(slot);
        self.last = None;
    }

    fn refresh(&mut self, slots: &Slots) {
        if self.changed.is_empty() {
            return;
        }
        let mut changed = std::mem::take(&mut self.changed);
        changed.sort_unstable();
        changed.dedup();
        self.live.update(&changed, slots, Entry::is_live);
        self.trash.update(&changed, slots, is_trashed);
    }

    fn note_use(&mut self, slot: u32) {
        self.recent.retain(|other| *other != slot);
        self.recent.insert(0, slot);
        self.recent.truncate(RECENT_MAX);
        self.last = None;
    }

    fn rows(
        &mut self,
        query: &ListQuery,
        pattern: Option<&Pattern>,
        today: Day,
        slots: &Slots,
    ) -> &[u32] {
        self.refresh(slots);
        let filter = Filter::new(query, today, pattern.is_some());
        match pattern {
            None if filter.is_scope_only() => self.order(&filter, slots),
            None => self.filtered(&filter, slots),
            Some(pattern) => self.found(&filter, pattern, &query.text, slots),
        }
    }

    fn order(&mut self, filter: &Filter, slots: &Slots) -> &[u32] {
        match filter.scope {
            Scope::Recent => &self.recent,
            Scope::Trash => self.trash.get(filter.sort, slots, is_trashed),
            _ => self.live.get(filter.sort, slots, Entry::is_live),
        }
    }

    fn filtered(&mut self, filter: &Filter, slots: &Slots) -> &[u32] {
        let known = self
            .last
            .as_ref()
            .is_some_and(|last| last.text.is_empty() && last.filter == *filter);
        if !known {
            let matched = self
                .order(filter, slots)
                .iter()
                .copied()
                .filter(|slot| slots.get(*slot).is_some_and(|entry| filter.takes(entry)))
                .collect();
            self.last = Some(Answer {
                filter: filter.clone(),
                text: String::new(),
                matched,
                ranked: Vec::new(),
            });
        }
        self.last.as_ref().map_or(&[], |last| &last.matched)
    }

    fn found(&mut self, filter: &Filter, pattern: &Pattern, text: &str, slots: &Slots) -> &[u32] {
        let last = self
            .last
            .take()
            .filter(|last| !last.text.is_empty() && last.filter == *filter);
        let answer = match last {
            Some(last) if last.text == text => last,
            last => {
                // What a longer text finds, the shorter one had found.
                let narrower = last.filter(|last| text.starts_with(&last.text));
                let (candidates, checked) = match narrower {
                    Some(last) => (last.matched, true),
                    None => (self.order(filter, slots).to_vec(), filter.is_scope_only()),
                };
                let mut matched = Vec::new();
                let mut scores = Vec::new();
                for slot in candidates {
                    if !checked && !slots.get(slot).is_some_and(|entry| filter.takes(entry)) {
                        continue;
                    }
                    let score = slots
                        .haystack(slot)
                        .and_then(|haystack| self.searcher.score(pattern, haystack));
                    if let Some(score) = score {
                        matched.push(slot);
                        scores.push(score);
                    }
                }
                let ranked = rank(&matched, &scores);
                Answer {
                    filter: filter.clone(),
                    text: text.to_owned(),
                    matched,
                    ranked,
                }
            }
        };
        &self.last.insert(answer).ranked
    }
}

fn is_trashed(entry: &Entry) -> bool {
    !entry.is_live()
}

/// Highest score first; equal scores keep their order. A counting sort, since scores are small
/// numbers and there may be tens of thousands of rows at every keystroke.
fn rank(matched: &[u32], scores: &[u16]) -> Vec<u32> {
    let highest = scores.iter().copied().max().unwrap_or(0);
    let bucket = |score: u16| usize::from(highest - score);
    let mut starts = vec![0_u32; usize::from(highest) + 2];
    for score in scores {
        starts[bucket(*score) + 1] += 1;
    }
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    let mut ranked = vec![0; matched.len()];
    for (slot, score) in matched.iter().zip(scores) {
        let next = &mut starts[bucket(*score)];
        ranked[*next as usize] = *slot;
        *next += 1;
    }
    ranked
}

/// The part of a query that picks rows by what they are.
#[derive(Clone, PartialEq, Eq)]
struct Filter {
    scope: Scope,
    folder: Option<String>,
    tag: Option<String>,
    environment: Option<String>,
    kind: Option<crate::Kind>,
    sort: Sort,
    /// With [`Scope::Expiring`]: the last day that counts.
    until: Option<Day>,
}

impl Filter {
    fn new(query: &ListQuery, today: Day, searching: bool) -> Self {
        Self {
            scope: query.scope,
            folder: query.folder.clone(),
            tag: query.tag.clone(),
            environment: query.environment.clone(),
            kind: query.kind,
            // Rows of equal relevance come by recency.
            sort: if searching { Sort::Updated } else { query.sort },
            until: (query.scope == Scope::Expiring).then(|| due_until(today)),
        }
    }

    /// Whether an order of [`Cache`] holds exactly the rows wanted.
    fn is_scope_only(&self) -> bool {
        matches!(self.scope, Scope::All | Scope::Trash)
            && self.folder.is_none()
            && self.tag.is_none()
            && self.environment.is_none()
            && self.kind.is_none()
    }

    /// Whether an item passes. Live and trashed items are told apart by the order scanned.
    fn takes(&self, entry: &Entry) -> bool {
        let record = &entry.record;
        (match self.scope {
            Scope::All | Scope::Trash => true,
            Scope::Recent => entry.is_live(),
            Scope::Favourites => record.favourite,
            Scope::Expiring => entry.due_on().is_some_and(|day| Some(day) <= self.until),
        }) && self.kind.is_none_or(|kind| record.kind == kind)
            && self
                .environment
                .as_deref()
                .is_none_or(|name| entry.environment() == Some(name))
            && self
                .folder
                .as_deref()
                .is_none_or(|folder| entry.is_within(folder))
            && self
                .tag
                .as_ref()
                .is_none_or(|tag| record.tags.contains(tag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranking_is_by_score_and_stable() {
        assert_eq!(rank(&[1, 2, 3, 4, 5], &[7, 90, 7, 0, 90]), [2, 5, 1, 3, 4]);
        assert!(rank(&[], &[]).is_empty());
    }
}
