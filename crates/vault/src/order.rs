//! Sorted orders over the items, made when first asked for and then kept up to date.

use std::cmp::{Ordering, Reverse};

use crate::{Sort, entry::Entry, list::Slots};

/// The items outside the trash, or those in it, in up to three orders.
///
/// A batch of changes costs one pass over the slot numbers of an order, and a binary search for
/// each item that changed.
#[derive(Default)]
pub(crate) struct Orders {
    by_updated: Option<Vec<u32>>,
    by_name: Option<Vec<u32>>,
    by_expiry: Option<Vec<u32>>,
}

impl Orders {
    /// The slots that `belongs` picks, in the order asked for.
    pub(crate) fn get(
        &mut self,
        sort: Sort,
        slots: &Slots,
        belongs: fn(&Entry) -> bool,
    ) -> &Vec<u32> {
        self.order_mut(sort).get_or_insert_with(|| {
            let mut order: Vec<u32> = slots
                .occupied()
                .filter(|(_, entry)| belongs(entry))
                .map(|(slot, _)| slot)
                .collect();
            sort_slots(&mut order, sort, slots);
            order
        })
    }

    /// Puts the changed slots (ascending, each once) where they belong now.
    pub(crate) fn update(&mut self, changed: &[u32], slots: &Slots, belongs: fn(&Entry) -> bool) {
        let mut moved = vec![false; slots.len()];
        for slot in changed {
            moved[*slot as usize] = true;
        }
        for sort in [Sort::Updated, Sort::Name, Sort::Expiry] {
            let Some(order) = self.order_mut(sort) else {
                continue;
            };
            order.retain(|slot| !moved[*slot as usize]);
            let mut inserted: Vec<u32> = changed
                .iter()
                .copied()
                .filter(|slot| slots.get(*slot).is_some_and(belongs))
                .collect();
            sort_slots(&mut inserted, sort, slots);
            *order = merge(order, &inserted, sort, slots);
        }
    }

    fn order_mut(&mut self, sort: Sort) -> &mut Option<Vec<u32>> {
        match sort {
            Sort::Updated => &mut self.by_updated,
            Sort::Name => &mut self.by_name,
            Sort::Expiry => &mut self.by_expiry,
        }
    }
}

/// Sorts by a number first that says most of it, so that few comparisons reach for the items,
/// which lie all over memory.
fn sort_slots(order: &mut [u32], sort: Sort, slots: &Slots) {
    let mut keyed: Vec<(u128, u32)> = order
        .iter()
        .map(|slot| (slots.get(*slot).map_or(0, |e| coarse(e, sort)), *slot))
        .collect();
    keyed.sort_unstable_by(|a, b| {
        a.0.cmp(&b.0)
            .then_with(|| compare_slots(a.1, b.1, sort, slots))
    });
    for (place, (_, slot)) in order.iter_mut().zip(keyed) {
        *place = slot;
    }
}

/// Merges a few into many.
fn merge(many: &[u32], few: &[u32], sort: Sort, slots: &Slots) -> Vec<u32> {
    let mut merged = Vec::with_capacity(many.len() + few.len());
    let mut from = 0;
    for slot in few {
        let before = |other: &u32| compare_slots(*other, *slot, sort, slots).is_lt();
        let to = from + many[from..].partition_point(before);
        merged.extend_from_slice(&many[from..to]);
        merged.push(*slot);
        from = to;
    }
    merged.extend_from_slice(&many[from..]);
    merged
}

fn compare_slots(a: u32, b: u32, sort: Sort, slots: &Slots) -> Ordering {
    match (slots.get(a), slots.get(b)) {
        (Some(a), Some(b)) => compare(a, b, sort),
        // An order holds no empty slot.
        _ => Ordering::Equal,
    }
}

/// A number that never orders two items otherwise than [`compare`] does: what the order goes by
/// first, then as much of the name as there is room for.
fn coarse(entry: &Entry, sort: Sort) -> u128 {
    let mut prefix = [0; 16];
    let name = entry.sort_name.as_bytes();
    let length = name.len().min(prefix.len());
    prefix[..length].copy_from_slice(&name[..length]);
    let name = u128::from_be_bytes(prefix);
    match sort {
        Sort::Updated => u128::from(u64::MAX - recency(entry).0) << 64 | name >> 64,
        Sort::Name => name,
        Sort::Expiry => {
            let (never, day) = expiry(entry);
            let day = (i64::from(day) - i64::from(i32::MIN)).unsigned_abs();
            u128::from(never) << 127 | u128::from(day) << 64 | name >> 64
        }
    }
}

/// The order of two items. Items that changed in the same moment, as in an import, follow each
/// other by name, and the id makes the order total.
fn compare(a: &Entry, b: &Entry, sort: Sort) -> Ordering {
    let first = match sort {
        Sort::Updated => recency(a).cmp(&recency(b)),
        Sort::Name => Ordering::Equal,
        Sort::Expiry => expiry(a).cmp(&expiry(b)),
    };
    first
        .then_with(|| a.sort_name.cmp(&b.sort_name))
        .then_with(|| a.id.cmp(&b.id))
}

/// In the trash, what counts is when an item went there.
fn recency(entry: &Entry) -> Reverse<u64> {
    Reverse(
        entry
            .record
            .trashed_at_ms
            .unwrap_or(entry.record.updated_at_ms),
    )
}

fn expiry(entry: &Entry) -> (bool, i32) {
    entry.due_on().map_or((true, 0), |day| (false, day.0))
}
