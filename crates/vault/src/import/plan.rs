//! From a file's text to a preview, and from a confirmed preview to drafts.

use std::collections::{BTreeSet, HashMap, HashSet};

use keyarc_wire::limits;

use super::{
    dotenv::{Assignment, IMPORT_MAX, parse},
    name::item_name,
};
use crate::{
    Content, DraftError, ImportLineError, ImportPlan, ImportPreview, ImportRow, ImportStatus,
    ItemDraft, Kind, Recognition, UnlockedVault, Variable, draft::broken, entry::Entry, hint_of,
    recognise_named, seal::content_fingerprint,
};

/// Most variables in one import: as many as one atomic write takes.
pub const ROWS_MAX: usize = limits::ITEMS_PER_WRITE;

/// The text is larger than [`IMPORT_MAX`]. Nothing of it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is larger than {} MB", IMPORT_MAX / (1024 * 1024))]
pub struct TooLarge;

/// A file that was read and waits to be confirmed. Its values are wiped when it is dropped.
pub struct Import {
    lines: Vec<Line>,
    preview: ImportPreview,
}

struct Line {
    assignment: Assignment,
    recognition: Option<Recognition>,
}

/// A draft with the variable it came from.
#[derive(Debug)]
pub struct PlannedItem {
    /// The item to be.
    pub draft: ItemDraft,
    /// The name under which programs know it; environment sets hold their names themselves.
    pub variable: Option<String>,
}

/// Reads a `.env` text and says what importing it would do. Nothing is written.
pub fn preview(text: &str, vault: &UnlockedVault) -> Result<Import, TooLarge> {
    if text.len() > IMPORT_MAX {
        return Err(TooLarge);
    }
    let parsed = parse(text);
    let mut errors: Vec<_> = parsed
        .errors
        .iter()
        .map(|error| ImportLineError {
            line: error.line,
            reason: error.reason.to_owned(),
        })
        .collect();
    if let Some(beyond) = parsed.assignments.get(ROWS_MAX) {
        let reason = format!("comes after {ROWS_MAX} variables, the most that one import takes");
        errors.push(ImportLineError {
            line: beyond.line,
            reason,
        });
    }
    let known = Known::new(vault);
    let mut in_file = HashSet::new();
    let mut lines = Vec::new();
    let mut rows = Vec::new();
    for assignment in parsed.assignments.into_iter().take(ROWS_MAX) {
        let Assignment {
            line,
            name: variable,
            value,
        } = &assignment;
        let recognition = recognise_named(variable, value);
        let name = item_name(variable, recognition.as_ref());
        let content = Content::ApiKey {
            value: value.clone(),
        };
        let fingerprint = content_fingerprint(&vault.key, &content);
        let again = !in_file.insert((variable.clone(), fingerprint));
        let status = if again || known.has(fingerprint, &name, variable) {
            ImportStatus::Duplicate
        } else {
            ImportStatus::New
        };
        rows.push(ImportRow {
            index: rows.len() as u32,
            line: *line,
            variable: variable.clone(),
            name,
            kind: Kind::ApiKey,
            provider_name: recognition
                .as_ref()
                .map(|found| found.provider_name.clone()),
            label: recognition.as_ref().map(|found| found.label.clone()),
            hint: recognition
                .as_ref()
                .map_or_else(|| hint_of(value), |found| found.hint.clone()),
            status,
        });
        lines.push(Line {
            assignment,
            recognition,
        });
    }
    Ok(Import {
        lines,
        preview: ImportPreview { rows, errors },
    })
}

impl Import {
    /// What the import would do, without values.
    pub fn preview(&self) -> &ImportPreview {
        &self.preview
    }

    fn row(&self, index: u32) -> Result<(&Line, &ImportRow), DraftError> {
        let at = index as usize;
        let row = self.lines.get(at).zip(self.preview.rows.get(at));
        row.ok_or_else(|| broken("rows", "name a row that the preview does not have"))
    }
}

impl UnlockedVault {
    /// Makes drafts of the rows chosen. Empty when all of it is in the vault already, as an
    /// environment set of the same name and variables.
    pub fn plan_import(
        &self,
        import: &Import,
        plan: &ImportPlan,
    ) -> Result<Vec<PlannedItem>, DraftError> {
        let chosen: BTreeSet<u32> = plan.rows.iter().copied().collect();
        match &plan.as_set {
            Some(name) => self.plan_set(import, plan, &chosen, name),
            None => chosen
                .iter()
                .map(|index| plan_item(import, plan, *index))
                .collect(),
        }
    }

    fn plan_set(
        &self,
        import: &Import,
        plan: &ImportPlan,
        chosen: &BTreeSet<u32>,
        name: &str,
    ) -> Result<Vec<PlannedItem>, DraftError> {
        let mut variables: Vec<Variable> = Vec::new();
        let mut positions: HashMap<&str, usize> = HashMap::new();
        for index in chosen {
            let assignment = &import.row(*index)?.0.assignment;
            // As for a shell, the last value of a variable counts.
            if let Some(at) = positions.get(assignment.name.as_str()) {
                variables[*at].value.clone_from(&assignment.value);
                continue;
            }
            positions.insert(&assignment.name, variables.len());
            variables.push(Variable {
                name: assignment.name.clone(),
                value: assignment.value.clone(),
            });
        }
        if variables.is_empty() {
            return Ok(Vec::new());
        }
        let content = Content::EnvironmentSet { variables };
        let fingerprint = content_fingerprint(&self.key, &content);
        if Known::new(self).has(fingerprint, name.trim(), "") {
            return Ok(Vec::new());
        }
        let draft = new_draft(
            name.to_owned(),
            content,
            plan,
            None,
            plan.environment.clone(),
        );
        Ok(vec![PlannedItem {
            draft,
            variable: None,
        }])
    }
}

fn plan_item(import: &Import, plan: &ImportPlan, index: u32) -> Result<PlannedItem, DraftError> {
    let (
        Line {
            assignment,
            recognition,
        },
        row,
    ) = import.row(index)?;
    let environment = recognition
        .as_ref()
        .and_then(|found| found.environment.clone())
        .or_else(|| plan.environment.clone());
    let provider = recognition.as_ref().map(|found| found.provider.clone());
    let content = Content::ApiKey {
        value: assignment.value.clone(),
    };
    Ok(PlannedItem {
        draft: new_draft(row.name.clone(), content, plan, provider, environment),
        variable: Some(assignment.name.clone()),
    })
}

fn new_draft(
    name: String,
    content: Content,
    plan: &ImportPlan,
    provider: Option<String>,
    environment: Option<String>,
) -> ItemDraft {
    ItemDraft {
        folder: plan.folder.clone(),
        environment,
        provider,
        ..ItemDraft::new(name, content)
    }
}

/// The live items of a vault by the fingerprint of their content.
struct Known<'a>(HashMap<[u8; 8], Vec<&'a Entry>>);

impl<'a> Known<'a> {
    fn new(vault: &'a UnlockedVault) -> Self {
        let mut by_fingerprint: HashMap<_, Vec<_>> = HashMap::new();
        for entry in vault.items.iter().filter(|entry| entry.is_live()) {
            by_fingerprint
                .entry(*entry.record.fingerprint)
                .or_default()
                .push(entry);
        }
        Self(by_fingerprint)
    }

    /// Whether an item has this content and this name, or came from this variable and was
    /// renamed since.
    fn has(&self, fingerprint: [u8; 8], name: &str, variable: &str) -> bool {
        self.0.get(&fingerprint).into_iter().flatten().any(|entry| {
            entry.record.name == name || entry.record.variable.as_deref() == Some(variable)
        })
    }
}
