use std::sync::Arc;

use http::{HeaderMap, header};

use super::Page;
use crate::{
    built::Asset,
    languages::Languages,
    theme::{Theme, theme_in_cookies},
};

/// What a public page depends on.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The page to show.
    pub page: Page,
    /// How the visitor wants it lit.
    pub theme: Theme,
    /// The languages that there are.
    pub languages: Languages,
    /// The tag of the one that it is shown in.
    pub language: &'static str,
    /// Where this KeyArc is reached, for example `https://keyarc.example`; no final slash.
    pub origin: Arc<str>,
    /// The style sheet.
    pub style: Asset,
}

impl Visit {
    /// A visit by a request with these headers.
    pub fn new(
        style: Asset,
        languages: &Languages,
        origin: &str,
        page: Page,
        headers: &HeaderMap,
    ) -> Self {
        let theme = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .map(theme_in_cookies)
            .find(|theme| *theme != Theme::System)
            .unwrap_or_default();
        Self {
            page,
            theme,
            language: languages.choose(headers).tag(),
            languages: languages.clone(),
            origin: origin.into(),
            style,
        }
    }
}
