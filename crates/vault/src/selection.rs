//! Which items are selected in a list. The set stays here, however many there are; the page
//! learns how many, and which of the rows that it shows.

use std::collections::HashSet;

use keyarc_wire::ItemId;
use serde::{Deserialize, Serialize};

use crate::{Day, ListQuery, Scope, UnlockedVault, list::WINDOW_MAX};

/// The selected items, which are all in the trash or all outside of it.
#[derive(Debug, Default)]
pub struct Selection {
    ids: HashSet<ItemId>,
    in_trash: bool,
}

/// A change of the selection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelectStep {
    /// None: something else has changed.
    Look,
    /// Selects an item, or takes it out.
    Toggle(ItemId),
    /// Selects rows of the list from one to another.
    Range {
        /// Where the range begins and stays.
        anchor: u32,
        /// The end that it had before, if it is only changed.
        last: Option<u32>,
        /// Its end now, before or after the anchor.
        to: u32,
    },
    /// Selects every row of the list, those beyond the window too.
    All,
    /// Selects nothing.
    Clear,
}

/// What is selected, as far as a page needs it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selected {
    /// How many items.
    pub count: u32,
    /// How many of them the list does not have, since it was searched otherwise when they were
    /// selected.
    pub hidden: u32,
    /// Those among the rows of the window.
    pub rows: Vec<ItemId>,
}

/// What there is to know of the selected items before something is done with them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelectionFacts {
    /// How many items.
    pub count: u32,
    /// The names of the first few, in alphabetical order.
    pub names: Vec<String>,
    /// The tags that at least one has, in alphabetical order.
    pub tags: Vec<String>,
}

/// How many names are told of a selection.
const NAMES: usize = 3;

impl Selection {
    /// The items, in no particular order.
    pub fn ids(&self) -> Vec<ItemId> {
        self.ids.iter().copied().collect()
    }
}

impl UnlockedVault {
    /// Changes a selection in the list of a query, whose `offset` and `limit` are the window
    /// shown. What has left the vault, or has gone to the trash or come out of it, is selected no
    /// more.
    pub fn select(
        &self,
        selection: &mut Selection,
        step: SelectStep,
        window: &ListQuery,
        today: Day,
    ) -> Selected {
        let in_trash = window.scope == Scope::Trash;
        if selection.in_trash != in_trash {
            *selection = Selection {
                in_trash,
                ..Selection::default()
            };
        }
        let ids = &mut selection.ids;
        let id_of = |slot: &u32| self.items.at(*slot).map(|entry| entry.id);
        self.items.with_rows(window, today, |rows| match step {
            SelectStep::Look => {}
            SelectStep::Toggle(id) => {
                if !ids.remove(&id) {
                    ids.insert(id);
                }
            }
            SelectStep::Range { anchor, last, to } => {
                if let Some(last) = last {
                    for id in between(rows, anchor, last).iter().filter_map(id_of) {
                        ids.remove(&id);
                    }
                }
                ids.extend(between(rows, anchor, to).iter().filter_map(id_of));
            }
            SelectStep::All => ids.extend(rows.iter().filter_map(id_of)),
            SelectStep::Clear => ids.clear(),
        });
        ids.retain(|id| {
            let entry = self.items.get(*id);
            entry.is_some_and(|entry| entry.is_live() != in_trash)
        });
        if ids.is_empty() {
            return Selected::default();
        }
        self.items.with_rows(window, today, |rows| {
            let count = ids.len() as u32;
            let picked = |slot: &u32| id_of(slot).filter(|id| ids.contains(id));
            let listed = rows.iter().filter_map(picked).count() as u32;
            let from = (window.offset as usize).min(rows.len());
            let shown = rows[from..].iter();
            Selected {
                count,
                hidden: count - listed,
                rows: shown
                    .take(window.limit.min(WINDOW_MAX) as usize)
                    .filter_map(picked)
                    .collect(),
            }
        })
    }

    /// What there is to know of some items.
    pub fn facts_of(&self, ids: &[ItemId]) -> SelectionFacts {
        let entries: Vec<_> = ids.iter().filter_map(|id| self.items.get(*id)).collect();
        let mut tags: Vec<String> = entries
            .iter()
            .flat_map(|entry| &entry.record.tags)
            .collect::<HashSet<_>>()
            .into_iter()
            .cloned()
            .collect();
        tags.sort_unstable();
        let mut first: Vec<_> = entries.iter().collect();
        let few = NAMES.min(first.len());
        if few < first.len() {
            first.select_nth_unstable_by(few, |a, b| a.sort_name.cmp(&b.sort_name));
            first.truncate(few);
        }
        first.sort_unstable_by(|a, b| a.sort_name.cmp(&b.sort_name));
        SelectionFacts {
            count: entries.len() as u32,
            names: first
                .iter()
                .map(|entry| entry.record.name.clone())
                .collect(),
            tags,
        }
    }
}

/// The rows from one to another, both included, as far as there are any.
fn between(rows: &[u32], one: u32, other: u32) -> &[u32] {
    let from = one.min(other) as usize;
    let to = (one.max(other) as usize).saturating_add(1).min(rows.len());
    rows.get(from..to).unwrap_or_default()
}
