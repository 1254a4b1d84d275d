//! From what stands in a file to a preview, and from a confirmed preview to drafts.

use std::collections::{HashMap, HashSet};

use keyarc_wire::{AttachmentId, limits};
use sha2::{Digest as _, Sha256};

use super::{
    Format, Found, ImportLineError, ImportPlan, ImportPreview, ImportQuery, ImportRow,
    ImportStatus, ImportWindow, ImportWish, Kept, Opened, Reading, Table, Unreadable, files,
    known::Known, name::item_name, open,
};
use crate::{
    Attachment, Content, DraftError, Earlier, EarlierChain, ItemDraft, UnlockedVault, Variable,
    WINDOW_MAX,
    archive::ArchiveFacts,
    draft::{broken, normalise},
    provider, recognise_named,
    seal::{content_fingerprint, encode_details},
    write::hint,
};

/// Most entries in one import: as many as one atomic write takes.
pub const ROWS_MAX: usize = limits::ITEMS_PER_WRITE;
/// What is said of a version of before that is left out.
const UNSOUND: &str = "comes without one of its earlier versions, which cannot be saved";
/// What an item takes at most in a write beside its details: a sealed overview of the usual size,
/// ids, versions and the names of fields, in bytes of JSON.
const BESIDE_DETAILS: usize = 700;
/// What each of its files takes there beside its name: its id in clear and in the overview, its
/// size.
const BESIDE_FILE: usize = 60;

/// A file that was read and compared with the vault, and waits to be confirmed. Its values are
/// wiped when it is dropped.
pub struct Import {
    entries: Vec<Entry>,
    errors: Vec<ImportLineError>,
    /// Which entries are of a status, for windows of them.
    new: Vec<u32>,
    duplicates: Vec<u32>,
    format: Format,
    table: Option<Table>,
    archive: Option<ArchiveFacts>,
    /// The files that lie in an archive, in their order there.
    pub(super) files: Vec<AttachmentId>,
}

pub(super) struct Entry {
    place: u32,
    pub(super) item: PlannedItem,
    /// What it was recognised as.
    label: Option<String>,
    hint: String,
    status: ImportStatus,
}

/// A draft with the variable it came from.
#[derive(Debug, Clone)]
pub struct PlannedItem {
    /// The item to be.
    pub draft: ItemDraft,
    /// The name under which programs know it; environment sets hold their names themselves.
    pub variable: Option<String>,
    /// What else it was, where the file is KeyArc's own.
    pub kept: Option<Kept>,
}

impl PlannedItem {
    /// What it was before, where the file is an archive.
    pub fn earlier(&self) -> &[Earlier] {
        self.kept.as_ref().map_or(&[], |kept| &kept.earlier)
    }
}

/// A file that is being compared with the vault, some entries at a time.
pub struct Sorting {
    rest: std::vec::IntoIter<Found>,
    total: usize,
    known: Known,
    in_file: HashSet<[u8; 32]>,
    import: Import,
}

/// Reads a file and says what importing it would do. Nothing is written.
pub fn preview(
    bytes: &[u8],
    file_name: Option<&str>,
    wish: &ImportWish,
    vault: &UnlockedVault,
) -> Result<Import, Unreadable> {
    let mut sorting = open(bytes, file_name, wish)?.sort(vault);
    sorting.step(vault, usize::MAX);
    Ok(sorting.finish())
}

impl Opened {
    /// Begins to compare it with the vault.
    pub fn sort(self, vault: &UnlockedVault) -> Sorting {
        let Reading {
            mut found,
            mut errors,
            archive,
            files,
        } = self.reading;
        if let Some(beyond) = found.get(ROWS_MAX) {
            errors.push(ImportLineError {
                line: beyond.place,
                reason: format!(
                    "comes after {ROWS_MAX} entries, the most that one import takes. It and what \
                     follows are left out"
                ),
            });
        }
        found.truncate(ROWS_MAX);
        Sorting {
            total: found.len(),
            rest: found.into_iter(),
            known: Known::of(vault),
            in_file: HashSet::new(),
            import: Import {
                entries: Vec::new(),
                errors,
                new: Vec::new(),
                duplicates: Vec::new(),
                format: self.format,
                table: self.table,
                archive,
                files,
            },
        }
    }
}

impl Sorting {
    /// Compares the next entries. The percentage that is done, 100 at the end.
    pub fn step(&mut self, vault: &UnlockedVault, most: usize) -> u8 {
        for found in self.rest.by_ref().take(most) {
            self.import
                .take(found, vault, &mut self.known, &mut self.in_file);
        }
        let done = self.total - self.rest.len();
        match self.rest.len() {
            0 => 100,
            _ => (done * 100 / self.total) as u8,
        }
    }

    /// What the file holds beside what the vault holds.
    pub fn finish(mut self) -> Import {
        // Readers tell what they meet as they meet it; what the vault refuses comes after that.
        self.import.errors.sort_by_key(|error| error.line);
        self.import
    }
}

impl Import {
    /// What the import would do, at a glance.
    pub fn preview(&self) -> ImportPreview {
        let files = self.count_files(self.new_items());
        ImportPreview {
            format: self.format,
            new: self.new.len() as u32,
            duplicates: self.duplicates.len() as u32,
            broken: self.errors.len() as u32,
            variables: !self.entries.is_empty()
                && self.entries.iter().all(|entry| entry.variable().is_some()),
            archive: self.archive,
            earlier: self
                .new_items()
                .map(|item| item.earlier().len() as u32)
                .sum(),
            files: files.there,
            file_bytes: files.bytes,
            files_missing: files.missing,
            table: self.table.clone(),
        }
    }

    fn new_items(&self) -> impl Iterator<Item = &PlannedItem> {
        let new = self.entries.iter();
        let new = new.filter(|entry| entry.status == ImportStatus::New);
        new.map(|entry| &entry.item)
    }

    /// A window of its rows, without values.
    pub fn window(&self, query: &ImportQuery) -> ImportWindow {
        let (from, most) = (query.offset as usize, query.limit.min(WINDOW_MAX) as usize);
        let (total, rows) = match query.only {
            None => {
                let all = 0..self.entries.len() as u32;
                (all.len(), all.skip(from).take(most).collect::<Vec<_>>())
            }
            Some(ImportStatus::New) => some(&self.new, from, most),
            Some(ImportStatus::Duplicate) => some(&self.duplicates, from, most),
        };
        let row = |index: u32| Some(self.entries.get(index as usize)?.row(index));
        ImportWindow {
            total: total as u32,
            offset: query.offset,
            rows: rows.into_iter().filter_map(row).collect(),
        }
    }

    /// What could not be read, a window of it.
    pub fn errors(&self, offset: u32, limit: u32) -> &[ImportLineError] {
        let from = (offset as usize).min(self.errors.len());
        let most = limit.min(WINDOW_MAX) as usize;
        let end = self.errors.len().min(from.saturating_add(most));
        &self.errors[from..end]
    }

    fn take(
        &mut self,
        found: Found,
        vault: &UnlockedVault,
        known: &mut Known,
        in_file: &mut HashSet<[u8; 32]>,
    ) {
        let Found {
            place,
            mut draft,
            variable,
            mut kept,
        } = found;
        let mut label = None;
        let mut shown = hint(&draft.content);
        if let Content::ApiKey { value } = &draft.content {
            let variable = variable.as_deref();
            let recognition = recognise_named(variable.unwrap_or(&draft.name), value);
            if kept.is_none() && variable == Some(&draft.name) {
                draft.name = item_name(&draft.name, recognition.as_ref());
            }
            if let Some(found) = recognition {
                if kept.is_none() {
                    draft.provider.get_or_insert(found.provider);
                    draft.environment = draft.environment.take().or(found.environment);
                }
                (label, shown) = (Some(found.label), found.hint);
            }
        }
        if let Err(error) = normalise(&draft) {
            self.errors.push(ImportLineError {
                line: place,
                reason: words(&error),
            });
            return;
        }
        if let Some(kept) = &mut kept {
            self.check_earlier(place, &mut kept.earlier);
        }
        let fingerprint = content_fingerprint(&vault.key, &draft.content);
        let again = !in_file.insert(mark(&draft, variable.as_deref()));
        let in_trash = kept.as_ref().is_some_and(|kept| kept.in_trash);
        let name = draft.name.trim();
        let is_known = again
            || match in_trash {
                true => known.take_trashed(fingerprint, name),
                false => known.take(fingerprint, name, variable.as_deref()),
            };
        let index = self.entries.len() as u32;
        let status = match is_known {
            true => ImportStatus::Duplicate,
            false => ImportStatus::New,
        };
        match status {
            ImportStatus::New => self.new.push(index),
            ImportStatus::Duplicate => self.duplicates.push(index),
        }
        self.entries.push(Entry {
            place,
            item: PlannedItem {
                draft,
                variable,
                kept,
            },
            label,
            hint: shown,
            status,
        });
    }

    /// Leaves out versions of before that no item can have, and those that have their secret.
    fn check_earlier(&mut self, place: u32, earlier: &mut Vec<Earlier>) {
        let mut chain = EarlierChain::default();
        for one in std::mem::take(earlier) {
            let is_sound = normalise(&one.draft).is_ok();
            if !chain.push(is_sound.then_some(one)) {
                self.errors.push(ImportLineError {
                    line: place,
                    reason: UNSOUND.to_owned(),
                });
            }
        }
        *earlier = chain.finish();
    }

    /// The entries chosen, in the order of the file.
    pub(super) fn chosen(&self, plan: &ImportPlan) -> Result<Vec<&Entry>, DraftError> {
        let except: HashSet<u32> = plan.except.iter().copied().collect();
        if except
            .iter()
            .any(|index| *index as usize >= self.entries.len())
        {
            return Err(broken("rows", "name a row that the preview does not have"));
        }
        let numbered = (0..).zip(&self.entries);
        let chosen = numbered
            .filter(|(index, entry)| plan.base.takes(entry.status) != except.contains(index));
        Ok(chosen.map(|(_, entry)| entry).collect())
    }
}

impl Entry {
    /// The variable, when it is one that an environment set can hold.
    fn variable(&self) -> Option<(&str, &str)> {
        match (&self.item.variable, &self.item.draft.content) {
            (Some(name), Content::ApiKey { value }) if self.item.kept.is_none() => {
                Some((name, value))
            }
            _ => None,
        }
    }

    fn row(&self, index: u32) -> ImportRow {
        let draft = &self.item.draft;
        let provider = draft.provider.as_deref().and_then(provider);
        ImportRow {
            index,
            line: self.place,
            variable: self.item.variable.clone(),
            name: draft.name.clone(),
            kind: draft.content.kind(),
            folder: draft.folder.clone(),
            provider_name: provider.map(|provider| provider.name.clone()),
            label: self.label.clone(),
            hint: self.hint.clone(),
            status: self.status,
        }
    }
}

impl UnlockedVault {
    /// Makes drafts of the rows chosen, without the files of an archive. Empty when all of it is in
    /// the vault already, as an environment set of the same name and variables.
    pub fn plan_import(
        &self,
        import: &Import,
        plan: &ImportPlan,
    ) -> Result<Vec<PlannedItem>, DraftError> {
        self.plan_import_with_files(import, plan, &HashMap::new())
    }

    /// As [`Self::plan_import`], with files: `sent` says what those of [`Import::files`] became
    /// that the server has by now, by the ids that they have in the archive. Items and versions of
    /// before name those under the name that each of them knew the file by, and no others.
    ///
    /// What is refused does not depend on `sent`: whoever plans before files are sent learns in
    /// time that rows are too many.
    pub fn plan_import_with_files(
        &self,
        import: &Import,
        plan: &ImportPlan,
        sent: &HashMap<AttachmentId, Attachment>,
    ) -> Result<Vec<PlannedItem>, DraftError> {
        let chosen = import.chosen(plan)?;
        let mut planned = match &plan.as_set {
            Some(name) => self.plan_set(&chosen, plan, name)?,
            None => chosen.iter().map(|entry| plan_item(entry, plan)).collect(),
        };
        let mut size = 0;
        let mut earlier = 0;
        for item in &planned {
            size += sealed_size(&item.draft)?;
            for one in item.earlier() {
                size += sealed_size(&one.draft)?;
            }
            earlier += item.earlier().len();
        }
        if earlier > limits::EARLIER_PER_WRITE {
            let rule = format!(
                "have {earlier} earlier versions together, more than the {} that one import \
                 writes. Choose a part of them now and the rest after it, or leave earlier \
                 versions out",
                limits::EARLIER_PER_WRITE
            );
            return Err(broken("rows", rule));
        }
        if size > limits::WRITE_BODY {
            let rule = format!(
                "are together larger than the {} MB that one import writes. Choose a part of them \
                 now and the rest after it",
                limits::WRITE_BODY >> 20
            );
            return Err(broken("rows", rule));
        }
        planned
            .iter_mut()
            .for_each(|item| files::settle(item, sent));
        Ok(planned)
    }

    fn plan_set(
        &self,
        chosen: &[&Entry],
        plan: &ImportPlan,
        name: &str,
    ) -> Result<Vec<PlannedItem>, DraftError> {
        let mut variables: Vec<Variable> = Vec::new();
        let mut positions: HashMap<&str, usize> = HashMap::new();
        for entry in chosen {
            let (name, value) = entry
                .variable()
                .ok_or_else(|| broken("as_set", "takes variables only"))?;
            // As for a shell, the last value of a variable counts.
            if let Some(at) = positions.get(name) {
                value.clone_into(&mut variables[*at].value);
                continue;
            }
            positions.insert(name, variables.len());
            variables.push(Variable {
                name: name.to_owned(),
                value: value.to_owned(),
            });
        }
        if variables.is_empty() {
            return Ok(Vec::new());
        }
        let content = Content::EnvironmentSet { variables };
        let fingerprint = content_fingerprint(&self.key, &content);
        if Known::of(self).take(fingerprint, name.trim(), None) {
            return Ok(Vec::new());
        }
        let draft = ItemDraft {
            folder: plan.folder.clone(),
            tags: plan.tags.clone(),
            environment: plan.environment.clone(),
            ..ItemDraft::new(name, content)
        };
        Ok(vec![PlannedItem {
            draft,
            variable: None,
            kept: None,
        }])
    }
}

/// About how many bytes of a request a draft takes.
fn sealed_size(draft: &ItemDraft) -> Result<usize, DraftError> {
    let checked = normalise(draft)?;
    let details = encode_details(
        &draft.content,
        &draft.notes,
        &checked.fields,
        &checked.places,
        draft.check.as_ref(),
        &draft.attachments,
    );
    let names = draft.attachments.iter().map(|one| one.name.len());
    let named = details.len() + names.sum::<usize>();
    let beside = BESIDE_DETAILS + BESIDE_FILE * draft.attachments.len();
    // Padded to at most an eighth more, sealed, and a third longer as text.
    Ok((named + named / 8 + beside) * 4 / 3)
}

fn plan_item(entry: &Entry, plan: &ImportPlan) -> PlannedItem {
    let mut item = entry.item.clone();
    if let Some(kept) = item.kept.as_mut().filter(|_| plan.without_earlier) {
        kept.earlier.clear();
    }
    if plan.without_files {
        files::leave_out(&mut item);
    }
    let draft = &mut item.draft;
    draft.folder = match (plan.folder.is_empty(), draft.folder.is_empty()) {
        (true, _) => std::mem::take(&mut draft.folder),
        (false, true) => plan.folder.clone(),
        (false, false) => format!("{}/{}", plan.folder, draft.folder),
    };
    draft.tags.extend(plan.tags.iter().cloned());
    if draft.environment.is_none() {
        draft.environment.clone_from(&plan.environment);
    }
    item
}

fn some(all: &[u32], from: usize, most: usize) -> (usize, Vec<u32>) {
    let window = all.iter().skip(from).take(most);
    (all.len(), window.copied().collect())
}

/// All that an entry says, in 32 bytes.
fn mark(draft: &ItemDraft, variable: Option<&str>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [
        draft.name.as_str(),
        &draft.folder,
        variable.unwrap_or_default(),
    ] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.update(&*encode_details(
        &draft.content,
        &draft.notes,
        &draft.fields,
        &draft.places,
        draft.check.as_ref(),
        &draft.attachments,
    ));
    hash.finalize().into()
}

/// A broken rule, for the list of entries that cannot be imported.
fn words(error: &DraftError) -> String {
    let field = match error.field.as_str() {
        "url" => "address",
        "username" => "user name",
        "expires_on" => "expiry date",
        "totp" => "setup key",
        field if field.starts_with("fields[") => "a field",
        field => field,
    };
    format!("cannot be saved: its {field} {}", error.rule).replace("its a field", "a field")
}
