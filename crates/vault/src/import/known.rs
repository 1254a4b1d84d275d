//! What the vault has already. Every question is a look into a table, so that an import of
//! thousands asks no more of it than thousands of looks.

use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
};

use crate::UnlockedVault;

/// A content, and the name under which it stands.
#[derive(Eq)]
struct Mark {
    fingerprint: [u8; 8],
    name: String,
}

impl PartialEq for Mark {
    fn eq(&self, other: &Self) -> bool {
        #[cfg(test)]
        tests::COMPARED.with(|compared| compared.set(compared.get() + 1));
        self.fingerprint == other.fingerprint && self.name == other.name
    }
}

impl Hash for Mark {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.fingerprint.hash(hasher);
        self.name.hash(hasher);
    }
}

/// How many live items of a vault have a content and a name, and how many came from a variable.
///
/// Two entries of a file may have one name and one content and differ in their notes: as many of
/// them as the vault has are known, and no more.
#[derive(Default)]
pub(super) struct Known {
    names: HashMap<Mark, u32>,
    variables: HashMap<Mark, u32>,
    /// Of what is in the trash. Only what was there in an archive is compared with it.
    trashed: HashMap<Mark, u32>,
}

impl Known {
    pub(super) fn of(vault: &UnlockedVault) -> Self {
        let mut known = Self::default();
        for entry in vault.items.iter() {
            let record = &entry.record;
            if !entry.is_live() {
                *known
                    .trashed
                    .entry(mark(*record.fingerprint, &record.name))
                    .or_default() += 1;
                continue;
            }
            known.add(
                *record.fingerprint,
                &record.name,
                record.variable.as_deref(),
            );
        }
        known
    }

    fn add(&mut self, fingerprint: [u8; 8], name: &str, variable: Option<&str>) {
        *self.names.entry(mark(fingerprint, name)).or_default() += 1;
        if let Some(variable) = variable {
            *self
                .variables
                .entry(mark(fingerprint, variable))
                .or_default() += 1;
        }
    }

    /// Whether an item has this content and this name, or came from this variable and was renamed
    /// since. It is known once for each such item.
    pub(super) fn take(
        &mut self,
        fingerprint: [u8; 8],
        name: &str,
        variable: Option<&str>,
    ) -> bool {
        let by_name = take(&mut self.names, mark(fingerprint, name));
        let by_variable =
            variable.is_some_and(|variable| take(&mut self.variables, mark(fingerprint, variable)));
        by_name || by_variable
    }

    /// As [`Self::take`], of what is in the trash.
    pub(super) fn take_trashed(&mut self, fingerprint: [u8; 8], name: &str) -> bool {
        take(&mut self.trashed, mark(fingerprint, name))
    }
}

fn mark(fingerprint: [u8; 8], name: &str) -> Mark {
    Mark {
        fingerprint,
        name: name.to_owned(),
    }
}

fn take(marks: &mut HashMap<Mark, u32>, mark: Mark) -> bool {
    let left = marks.get_mut(&mark).filter(|left| **left > 0);
    left.map(|left| *left -= 1).is_some()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        pub(super) static COMPARED: Cell<u64> = const { Cell::new(0) };
    }

    /// The worst there is: all of them have the same content, and half of them the same name.
    #[test]
    fn twenty_thousand_are_looked_up_in_as_many_looks() {
        let name = |at: u32| match at % 2 {
            0 => "the same".to_owned(),
            _ => format!("another {at}"),
        };
        let mut known = Known::default();
        COMPARED.with(|compared| compared.set(0));
        for at in 0..20_000 {
            known.add([7; 8], &name(at), Some(&format!("V{at}")));
        }
        for at in 0..20_000 {
            assert!(known.take([7; 8], &name(at), None), "{at}");
        }
        assert!(!known.take([7; 8], "the same", None), "each is known once");
        // A look compares what has the same hash, and a few that happen to share some bits of it.
        let compared = COMPARED.with(Cell::get);
        assert!(compared < 3 * 40_001, "{compared} comparisons");
    }
}
