//! Files that come with the items of an archive.
//!
//! What an item of an archive names is the file as it lay in the vault that it comes from. Here it
//! gets another id and another key, and is sent anew: a server that saw the same chunks twice would
//! know that two accounts hold one file. Until it has been sent no item may name it, so what is
//! planned never names a file of the archive, but what that became.

use std::collections::{HashMap, HashSet};

use keyarc_wire::AttachmentId;

use super::{Import, ImportPlan, PlannedItem};
use crate::{Attachment, DraftError};

/// Of entries that would be added.
#[derive(Default)]
pub(super) struct FileCounts {
    /// In the archive.
    pub(super) there: u32,
    /// Their bytes together.
    pub(super) bytes: u64,
    /// Named, and not in the archive.
    pub(super) missing: u32,
}

impl Import {
    /// The files of an archive that the rows chosen need, those of versions of before too, each
    /// once and in the order in which they lie there. What is named and does not lie there is not
    /// among them. None, when the plan leaves files out.
    ///
    /// The [`ArchiveFiles`](crate::archive::ArchiveFiles) of the same reading open them. Each is to
    /// be sent as a new file; what they become goes to
    /// [`plan_import_with_files`](crate::UnlockedVault::plan_import_with_files).
    pub fn files(&self, plan: &ImportPlan) -> Result<Vec<Attachment>, DraftError> {
        let chosen = self.chosen(plan)?;
        if plan.without_files {
            return Ok(Vec::new());
        }
        let mut needed = HashMap::new();
        for entry in chosen {
            for one in named(&entry.item, !plan.without_earlier) {
                needed.entry(one.id).or_insert(one);
            }
        }
        let order = self.files.iter();
        Ok(order
            .filter_map(|id| needed.get(id).map(|one| (*one).clone()))
            .collect())
    }

    pub(super) fn count_files<'a>(
        &self,
        items: impl Iterator<Item = &'a PlannedItem>,
    ) -> FileCounts {
        let there: HashSet<AttachmentId> = self.files.iter().copied().collect();
        let mut seen = HashSet::new();
        let mut counts = FileCounts::default();
        for one in items.flat_map(|item| named(item, true)) {
            if !seen.insert(one.id) {
                continue;
            }
            if there.contains(&one.id) {
                counts.there += 1;
                counts.bytes = counts.bytes.saturating_add(one.size);
            } else {
                counts.missing += 1;
            }
        }
        counts
    }
}

/// What an item names, and what it named before.
fn named(item: &PlannedItem, earlier: bool) -> impl Iterator<Item = &Attachment> {
    let before = item.earlier().iter().filter(move |_| earlier);
    let before = before.flat_map(|one| &one.draft.attachments);
    item.draft.attachments.iter().chain(before)
}

/// Leaves out what an item names and named.
pub(super) fn leave_out(item: &mut PlannedItem) {
    settle(item, &HashMap::new());
}

/// Puts what files became into the place of what they were in the archive, under the name that they
/// have there. What became nothing is left out.
pub(super) fn settle(item: &mut PlannedItem, sent: &HashMap<AttachmentId, Attachment>) {
    let replace = |attachments: &mut Vec<Attachment>| {
        for one in std::mem::take(attachments) {
            if let Some(new) = sent.get(&one.id) {
                attachments.push(Attachment {
                    id: new.id,
                    name: one.name.clone(),
                    media_type: one.media_type.clone(),
                    size: new.size,
                    key: new.key,
                    digest: new.digest,
                });
            }
        }
    };
    replace(&mut item.draft.attachments);
    for earlier in item.kept.iter_mut().flat_map(|kept| &mut kept.earlier) {
        replace(&mut earlier.draft.attachments);
    }
}
