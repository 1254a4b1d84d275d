//! Counts for the navigation, kept up to date item by item.

use std::collections::BTreeMap;

use crate::{Count, Day, Facets, entry::Entry, record::ENVIRONMENTS, rotation::due_until};

/// How many items carry what. Adding and removing an item costs as much as it has labels.
#[derive(Default)]
pub(crate) struct FacetCounts {
    live: u32,
    favourites: u32,
    trash: u32,
    due: BTreeMap<Day, u32>,
    environments: BTreeMap<String, u32>,
    folders: BTreeMap<String, u32>,
    tags: BTreeMap<String, u32>,
}

impl FacetCounts {
    pub(crate) fn add(&mut self, entry: &Entry) {
        if !entry.is_live() {
            self.trash += 1;
            return;
        }
        self.live += 1;
        self.favourites += u32::from(entry.record.favourite);
        if let Some(day) = entry.due_on() {
            *self.due.entry(day).or_default() += 1;
        }
        if let Some(name) = entry.environment() {
            increment(&mut self.environments, name);
        }
        for path in ancestors(&entry.record.folder) {
            increment(&mut self.folders, path);
        }
        for tag in &entry.record.tags {
            increment(&mut self.tags, tag);
        }
    }

    pub(crate) fn remove(&mut self, entry: &Entry) {
        if !entry.is_live() {
            self.trash -= 1;
            return;
        }
        self.live -= 1;
        self.favourites -= u32::from(entry.record.favourite);
        if let Some(day) = entry.due_on()
            && let Some(count) = self.due.get_mut(&day)
        {
            *count -= 1;
            if *count == 0 {
                self.due.remove(&day);
            }
        }
        if let Some(name) = entry.environment() {
            decrement(&mut self.environments, name);
        }
        for path in ancestors(&entry.record.folder) {
            decrement(&mut self.folders, path);
        }
        for tag in &entry.record.tags {
            decrement(&mut self.tags, tag);
        }
    }

    pub(crate) fn live(&self) -> u32 {
        self.live
    }

    pub(crate) fn view(&self, today: Day) -> Facets {
        let mut environments = counts(&self.environments);
        // The sort is stable: what is not one of the three stays in alphabetical order.
        environments.sort_by_key(|count| {
            ENVIRONMENTS
                .iter()
                .position(|name| *name == count.name)
                .unwrap_or(ENVIRONMENTS.len())
        });
        Facets {
            all: self.live,
            expiring: self
                .due
                .range(..=due_until(today))
                .map(|(_, count)| count)
                .sum(),
            favourites: self.favourites,
            trash: self.trash,
            environments,
            folders: counts(&self.folders),
            tags: counts(&self.tags),
        }
    }
}

/// `a/b/c` → `a`, `a/b`, `a/b/c`; nothing at the top.
fn ancestors(folder: &str) -> impl Iterator<Item = &str> {
    folder
        .match_indices('/')
        .map(|(at, _)| &folder[..at])
        .chain((!folder.is_empty()).then_some(folder))
}

fn increment(counts: &mut BTreeMap<String, u32>, name: &str) {
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => {
            counts.insert(name.to_owned(), 1);
        }
    }
}

fn decrement(counts: &mut BTreeMap<String, u32>, name: &str) {
    if let Some(count) = counts.get_mut(name) {
        *count -= 1;
        if *count == 0 {
            counts.remove(name);
        }
    }
}

fn counts(from: &BTreeMap<String, u32>) -> Vec<Count> {
    from.iter()
        .map(|(name, count)| Count {
            name: name.clone(),
            count: *count,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_its_ancestors() {
        assert_eq!(ancestors("").count(), 0);
        assert_eq!(ancestors("a").collect::<Vec<_>>(), ["a"]);
        assert_eq!(
            ancestors("a/b/c").collect::<Vec<_>>(),
            ["a", "a/b", "a/b/c"]
        );
    }
}
