use http::StatusCode;

/// A public page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// `/`
    Landing,
    /// `/features`
    Features,
    /// `/security`
    Security,
    /// `/self-hosting`
    SelfHosting,
    /// `/docs/api`
    Api,
    /// `/privacy`
    Privacy,
    /// `/terms`
    Terms,
    /// What is shown instead of a page, with the reason.
    Trouble(StatusCode),
}

impl Page {
    /// Every page that has a path of its own.
    pub const ALL: [Self; 7] = [
        Self::Landing,
        Self::Features,
        Self::Security,
        Self::SelfHosting,
        Self::Api,
        Self::Privacy,
        Self::Terms,
    ];

    /// The page at a path. Any other path is [`Page::Trouble`] with 404.
    pub fn at(path: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|page| page.path() == Some(path))
            .unwrap_or(Self::Trouble(StatusCode::NOT_FOUND))
    }

    /// Where it stands; nothing for [`Page::Trouble`].
    pub fn path(self) -> Option<&'static str> {
        match self {
            Self::Landing => Some("/"),
            Self::Features => Some("/features"),
            Self::Security => Some("/security"),
            Self::SelfHosting => Some("/self-hosting"),
            Self::Api => Some("/docs/api"),
            Self::Privacy => Some("/privacy"),
            Self::Terms => Some("/terms"),
            Self::Trouble(_) => None,
        }
    }

    /// The status of the answer.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Trouble(status) => status,
            _ => StatusCode::OK,
        }
    }

    /// The document's title.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Landing => t!("KeyArc: your API keys, sealed before they leave the tab"),
            Self::Features => t!("Features · KeyArc"),
            Self::Security => t!("Security · KeyArc"),
            Self::SelfHosting => t!("Self-hosting · KeyArc"),
            Self::Api => t!("API · KeyArc"),
            Self::Privacy => t!("Privacy · KeyArc"),
            Self::Terms => t!("Terms · KeyArc"),
            Self::Trouble(StatusCode::NOT_FOUND) => t!("Page not found · KeyArc"),
            Self::Trouble(_) => t!("Something went wrong · KeyArc"),
        }
    }

    /// What a search engine shows below the title.
    pub(super) fn description(self) -> &'static str {
        match self {
            Self::Landing => {
                t!(
                    "KeyArc keeps API keys, logins, notes and whole .env files in a vault that is \
                 sealed in your browser. The server holds ciphertext only. Open source, one \
                 binary, SQLite or Postgres."
                )
            }
            Self::Features => {
                t!(
                    "What KeyArc does today: recognises keys of many providers, imports from other \
                 products, finds anything from the keyboard, copies and clears, locks, and \
                 undoes. And what it does not do yet."
                )
            }
            Self::Security => {
                t!(
                    "How KeyArc keeps secrets from its own server, what the server can see all the \
                 same, and what is not promised, in plain words."
                )
            }
            Self::SelfHosting => {
                t!(
                    "Run KeyArc yourself: one binary with an embedded SQLite database, or as many as \
                 you like over Postgres. Two commands to try it, three settings to run it."
                )
            }
            Self::Api => {
                t!(
                    "Every request that this KeyArc answers, with its fields, answers and errors, \
                 for programs that speak to it. Vault data crosses in sealed form only."
                )
            }
            Self::Privacy => {
                t!(
                    "What KeyArc stores about a person, what it cannot read, how long it keeps it, \
                 and who is responsible."
                )
            }
            Self::Terms => t!("The terms under which an account on this KeyArc is used."),
            Self::Trouble(StatusCode::NOT_FOUND) => t!("There is no page at this address."),
            Self::Trouble(_) => t!("This page cannot be shown right now."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_found_at_its_path() {
        for page in Page::ALL {
            let path = page.path().expect("a page of its own");
            assert_eq!(Page::at(path), page);
            assert_eq!(page.status(), StatusCode::OK);
        }
    }

    #[test]
    fn any_other_path_is_not_found() {
        for path in ["", "/nothing", "/features/", "//", "/Features"] {
            assert_eq!(Page::at(path).status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[test]
    fn titles_and_descriptions_fit_a_search_result() {
        for page in Page::ALL {
            assert!(page.title().len() <= 70, "{page:?}");
            assert!((50..=200).contains(&page.description().len()), "{page:?}");
        }
    }
}
