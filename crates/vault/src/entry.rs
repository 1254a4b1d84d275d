//! One item as the unlocked vault keeps it: its opened overview and what speeds up lists.

use keyarc_wire::ItemId;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    Day, FoundIn, ItemSummary, Kind,
    recognise::{Provider, provider},
    record::{FieldNames, Files, OverviewRecord},
    rotation::due,
};

/// An opened overview with its keys for sorting and searching.
#[derive(ZeroizeOnDrop)]
pub(crate) struct Entry {
    #[zeroize(skip)]
    pub(crate) id: ItemId,
    #[zeroize(skip)]
    pub(crate) version: u64,
    pub(crate) record: OverviewRecord,
    #[zeroize(skip)]
    pub(crate) provider: Option<&'static Provider>,
    /// The name in lower case, by which lists are sorted.
    pub(crate) sort_name: String,
}

impl Zeroize for Entry {
    fn zeroize(&mut self) {
        self.record.zeroize();
        self.sort_name.zeroize();
    }
}

/// Whether a path is `folder` or below it.
pub(crate) fn is_within(path: &str, folder: &str) -> bool {
    match path.strip_prefix(folder) {
        Some(below) => below.is_empty() || below.starts_with('/') || folder.is_empty(),
        None => false,
    }
}

impl Entry {
    pub(crate) fn new(id: ItemId, version: u64, record: OverviewRecord) -> Self {
        Self {
            id,
            version,
            provider: record.provider.as_deref().and_then(provider),
            sort_name: record.name.to_lowercase(),
            record,
        }
    }

    /// What a search looks at besides the name.
    pub(crate) fn other_fields(&self) -> impl Iterator<Item = &str> {
        self.other_places().map(|(_, text)| text)
    }

    /// As [`Self::other_fields`], with what each is.
    pub(crate) fn other_places(&self) -> impl Iterator<Item = (FoundIn, &str)> {
        let folder = (!self.record.folder.is_empty()).then_some(self.record.folder.as_str());
        let tags = self.record.tags.iter().map(String::as_str);
        let fields = self.record.field_names.iter().flat_map(FieldNames::iter);
        let files = self.record.files.iter().flat_map(Files::names);
        self.provider_name()
            .map(|text| (FoundIn::Provider, text))
            .into_iter()
            .chain(folder.map(|text| (FoundIn::Folder, text)))
            .chain(self.environment().map(|text| (FoundIn::Environment, text)))
            .chain(tags.map(|text| (FoundIn::Tag, text)))
            .chain(fields.map(|text| (FoundIn::Field, text)))
            .chain(files.map(|text| (FoundIn::File, text)))
    }

    /// The day on which it expires or is to be rotated, whichever is first.
    pub(crate) fn due_on(&self) -> Option<Day> {
        due(self.record.expires_on, self.record.rotation()).map(|due| due.on)
    }

    pub(crate) fn is_live(&self) -> bool {
        self.record.trashed_at_ms.is_none()
    }

    pub(crate) fn environment(&self) -> Option<&str> {
        self.record
            .environment
            .as_ref()
            .map(|environment| environment.0.as_str())
    }

    /// The provider's name; its id when a newer client knew it and this one does not.
    pub(crate) fn provider_name(&self) -> Option<&str> {
        match self.provider {
            Some(provider) => Some(&provider.name),
            None => self.record.provider.as_deref(),
        }
    }

    /// Whether the item is in `folder` or below it.
    pub(crate) fn is_within(&self, folder: &str) -> bool {
        is_within(&self.record.folder, folder)
    }

    pub(crate) fn summary(&self, matches: Vec<u32>) -> ItemSummary {
        let record = &self.record;
        ItemSummary {
            id: self.id,
            version: self.version,
            kind: record.kind,
            name: record.name.clone(),
            provider: record.provider.clone(),
            provider_name: self.provider_name().map(str::to_owned),
            mark: self.mark(),
            environment: self.environment().map(str::to_owned),
            hint: record.hint.clone(),
            folder: record.folder.clone(),
            tags: record.tags.clone(),
            favourite: record.favourite,
            expires_on: record.expires_on,
            rotation: record.rotation(),
            created_at_ms: record.created_at_ms,
            updated_at_ms: record.updated_at_ms,
            trashed_at_ms: record.trashed_at_ms,
            field_names: record
                .field_names
                .iter()
                .flat_map(FieldNames::iter)
                .map(str::to_owned)
                .collect(),
            checks: match &record.checks {
                Some(log) => log.results().to_vec(),
                None => Vec::new(),
            },
            files: self.record.files.iter().flat_map(Files::rows).collect(),
            matches,
            found: Vec::new(),
        }
    }

    fn mark(&self) -> String {
        if let Some(provider) = self.provider {
            return provider.mark.clone();
        }
        match self.record.kind {
            Kind::EnvironmentSet => return "EN".to_owned(),
            Kind::Totp => return "2F".to_owned(),
            Kind::Certificate => return "CE".to_owned(),
            Kind::SshKey => return "SH".to_owned(),
            Kind::ApiKey | Kind::Login | Kind::Note => {}
        }
        let letters: String = self
            .record
            .name
            .chars()
            .filter(|c| c.is_alphanumeric())
            .take(2)
            .collect();
        if letters.is_empty() {
            "–".to_owned()
        } else {
            letters.to_uppercase()
        }
    }
}
