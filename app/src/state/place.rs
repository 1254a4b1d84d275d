use keyarc_vault::{Kind, ListQuery, Scope, Sort};
use keyarc_wire::ItemId;
use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

/// Where a person is in the vault, as the URL tells it. It never holds a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// Which items the list shows.
    pub scope: Scope,
    /// Search text.
    pub text: String,
    /// Only this folder and what is below it.
    pub folder: Option<String>,
    /// Only items with this tag.
    pub tag: Option<String>,
    /// Only items of this environment.
    pub environment: Option<String>,
    /// Only items of this kind.
    pub kind: Option<Kind>,
    /// The list's order.
    pub sort: Sort,
    /// The open item.
    pub item: Option<ItemId>,
    /// What is done with it.
    pub mode: Mode,
}

/// What the detail pane does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Shows the open item, or nothing.
    #[default]
    View,
    /// Shows what the open item was.
    History,
    /// Edits the open item.
    Edit,
    /// Makes a new item.
    New,
    /// Walks through a rotation of the open item.
    Rotate,
}

/// A search text longer than this is rather a pasted secret than a search.
const TEXT_MAX: usize = 48;

impl Place {
    /// Reads the query of a URL. What it does not know it ignores.
    pub fn from_query(get: impl Fn(&str) -> Option<String>) -> Self {
        let some = |key: &str| get(key).filter(|value| !value.is_empty());
        Self {
            scope: some("scope")
                .and_then(|value| scope_from(&value))
                .unwrap_or_default(),
            text: some("q").unwrap_or_default(),
            folder: some("folder"),
            tag: some("tag"),
            environment: some("env"),
            kind: some("kind").and_then(|value| kind_from(&value)),
            sort: some("sort")
                .and_then(|value| sort_from(&value))
                .unwrap_or_default(),
            item: some("item").and_then(|value| value.parse().ok()),
            mode: match some("view").as_deref() {
                Some("new") => Mode::New,
                Some("edit") => Mode::Edit,
                Some("rotate") => Mode::Rotate,
                Some("history") => Mode::History,
                _ => Mode::View,
            },
        }
    }

    /// Reads what [`Self::to_path`] wrote.
    pub fn from_path(path: &str) -> Self {
        let query = path.split_once('?').map_or("", |(_, query)| query);
        Self::from_query(|wanted| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            let mut found = pairs.filter(|(key, _)| *key == wanted);
            found.next().map(|(_, value)| decode(value))
        })
    }

    /// The path and query that lead here.
    pub fn to_path(&self) -> String {
        let mut query = String::new();
        let mut add = |key: &str, value: &str| {
            query.push(if query.is_empty() { '?' } else { '&' });
            query.push_str(key);
            query.push('=');
            encode_into(&mut query, value);
        };
        if self.scope != Scope::All {
            add("scope", scope_word(self.scope));
        }
        if !self.url_text().is_empty() {
            add("q", self.url_text());
        }
        for (key, value) in [
            ("folder", &self.folder),
            ("tag", &self.tag),
            ("env", &self.environment),
        ] {
            if let Some(value) = value {
                add(key, value);
            }
        }
        if let Some(kind) = self.kind {
            add("kind", kind_word(kind));
        }
        if self.sort != Sort::Updated {
            add("sort", sort_word(self.sort));
        }
        if let Some(item) = self.item {
            add("item", &item.to_string());
        }
        match self.mode {
            Mode::View => {}
            Mode::Edit => add("view", "edit"),
            Mode::History => add("view", "history"),
            Mode::New => add("view", "new"),
            Mode::Rotate => add("view", "rotate"),
        }
        format!("/vault{query}")
    }

    /// The search text as the URL holds it: empty when it may be a secret.
    pub fn url_text(&self) -> &str {
        if is_fit_for_url(&self.text) {
            &self.text
        } else {
            ""
        }
    }

    /// The query for the worker, without the window.
    pub fn list_query(&self) -> ListQuery {
        ListQuery {
            text: self.text.clone(),
            scope: self.scope,
            folder: self.folder.clone(),
            tag: self.tag.clone(),
            environment: self.environment.clone(),
            kind: self.kind,
            sort: self.sort,
            offset: 0,
            limit: 0,
        }
    }

    /// The same list with nothing open.
    pub fn closed(&self) -> Self {
        Self {
            item: None,
            mode: Mode::View,
            ..self.clone()
        }
    }

    /// Which list it is, however it is searched and sorted, with nothing open.
    pub fn list(&self) -> Self {
        Self {
            text: String::new(),
            sort: Sort::default(),
            ..self.closed()
        }
    }

    /// The same list with an item open.
    pub fn with_item(&self, item: ItemId) -> Self {
        Self {
            item: Some(item),
            mode: Mode::View,
            ..self.clone()
        }
    }

    /// The same list with a rotation of an item.
    pub fn with_rotation(&self, item: ItemId) -> Self {
        Self {
            item: Some(item),
            mode: Mode::Rotate,
            ..self.clone()
        }
    }

    /// The same list with what an item was.
    pub fn with_history(&self, item: ItemId) -> Self {
        Self {
            mode: Mode::History,
            ..self.with_item(item)
        }
    }

    /// The same list with the form for a new item; the open one is there again after it.
    pub fn with_new(&self) -> Self {
        Self {
            mode: Mode::New,
            ..self.clone()
        }
    }

    /// The title of the list.
    pub fn title(&self) -> String {
        if let Some(folder) = &self.folder {
            return folder.rsplit('/').next().unwrap_or(folder).to_owned();
        }
        if let Some(tag) = &self.tag {
            return tag.clone();
        }
        if let Some(environment) = &self.environment {
            return crate::words::capitalised(environment);
        }
        match self.scope {
            Scope::All => t!("All items"),
            Scope::Expiring => t!("Due soon"),
            Scope::Favourites => t!("Favourites"),
            Scope::Recent => t!("Recent"),
            Scope::Trash => t!("Trash"),
        }
        .to_owned()
    }

    /// Whether text or a kind narrows the list, so that an empty one has another reason than
    /// an empty vault.
    pub fn is_narrowed(&self) -> bool {
        !self.text.is_empty() || self.kind.is_some()
    }
}

/// Search text goes into the URL, and so into the history, only when it cannot be a pasted
/// secret: short, and without a long run of characters that has a digit in it.
fn is_fit_for_url(text: &str) -> bool {
    let looks_secret =
        |word: &str| word.chars().count() >= 12 && word.chars().any(|c| c.is_ascii_digit());
    text.chars().count() <= TEXT_MAX && !text.split_whitespace().any(looks_secret)
}

fn encode_into(out: &mut String, value: &str) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}

/// The reverse of [`encode_into`]. What is no escape stays as it is.
fn decode(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match tail {
            [high, low, ..] if *first == b'%' => byte_of(*high, *low),
            _ => None,
        };
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn byte_of(high: u8, low: u8) -> Option<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// A kind as the URL writes it.
pub fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::ApiKey => "api-key",
        Kind::Login => "login",
        Kind::Note => "note",
        Kind::EnvironmentSet => "environment-set",
        Kind::Totp => "one-time-code",
        Kind::Certificate => "certificate",
        Kind::SshKey => "ssh-key",
    }
}

/// The reverse of [`kind_word`].
pub fn kind_from(word: &str) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| kind_word(*kind) == word)
}

fn scope_word(scope: Scope) -> &'static str {
    match scope {
        Scope::All => "all",
        Scope::Expiring => "expiring",
        Scope::Favourites => "favourites",
        Scope::Recent => "recent",
        Scope::Trash => "trash",
    }
}

fn scope_from(word: &str) -> Option<Scope> {
    [
        Scope::All,
        Scope::Expiring,
        Scope::Favourites,
        Scope::Recent,
        Scope::Trash,
    ]
    .into_iter()
    .find(|scope| scope_word(*scope) == word)
}

fn sort_word(sort: Sort) -> &'static str {
    match sort {
        Sort::Updated => "updated",
        Sort::Name => "name",
        Sort::Expiry => "expiry",
    }
}

fn sort_from(word: &str) -> Option<Sort> {
    [Sort::Updated, Sort::Name, Sort::Expiry]
        .into_iter()
        .find(|sort| sort_word(*sort) == word)
}

/// Where the person is. Changes with the URL only.
pub fn use_place() -> Memo<Place> {
    expect_context::<Here>().0
}

#[derive(Clone, Copy)]
struct Here(Memo<Place>);

/// Takes a path, and whether it replaces the current step of the history.
type Navigate = Box<dyn Fn(&str, bool) + Send + Sync>;

/// Goes elsewhere within the app, without a page load.
#[derive(Clone, Copy)]
pub struct Go(StoredValue<Navigate>);

impl Go {
    /// To a place in the vault, as a new step of the history.
    pub fn to(self, place: &Place) {
        self.path(&place.to_path());
    }

    /// To a place in the vault, instead of the current step of the history.
    pub fn instead(self, place: &Place) {
        self.path_instead(&place.to_path());
    }

    /// To a path, as a new step of the history.
    pub fn path(self, path: &str) {
        self.0.with_value(|go| go(path, false));
    }

    /// To a path, instead of the current step of the history.
    pub fn path_instead(self, path: &str) {
        self.0.with_value(|go| go(path, true));
    }
}

/// See [`provide_place`].
pub fn use_go() -> Go {
    expect_context()
}

/// Makes the place and the way elsewhere available. The router must be around it; both live as
/// long as the app, since an undo may be pressed when the page that offered it is gone.
pub fn provide_place() {
    let query = use_query_map();
    let place = Memo::new(move |_| query.with(|query| Place::from_query(|key| query.get(key))));
    provide_context(Here(place));
    let navigate = use_navigate();
    provide_context(Go(StoredValue::new(Box::new(move |path, replace| {
        let options = NavigateOptions {
            replace,
            scroll: false,
            ..NavigateOptions::default()
        };
        navigate(path, options);
    }))));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str) -> Place {
        Place::from_path(path)
    }

    #[test]
    fn a_place_survives_the_url() {
        let place = Place {
            scope: Scope::Favourites,
            text: "stripe live".to_owned(),
            folder: Some("Kunden/Müller & Söhne".to_owned()),
            tag: Some("a=b".to_owned()),
            environment: Some("production".to_owned()),
            kind: Some(Kind::EnvironmentSet),
            sort: Sort::Expiry,
            item: Some(ItemId([7; 16])),
            mode: Mode::Edit,
        };
        assert_eq!(read(&place.to_path()), place);
        let history = place.with_history(ItemId([8; 16]));
        assert_eq!(read(&history.to_path()), history);
    }

    #[test]
    fn the_plain_list_has_a_plain_address() {
        assert_eq!(Place::default().to_path(), "/vault");
        assert_eq!(read("/vault"), Place::default());
    }

    #[test]
    fn a_rotation_has_an_address() {
        let place = Place {
            scope: Scope::Expiring,
            ..Place::default()
        };
        let place = place.with_rotation(ItemId([7; 16]));
        assert_eq!(read(&place.to_path()), place);
    }

    #[test]
    fn what_is_unknown_is_ignored() {
        let place = read("/vault?scope=none&kind=x&sort=&item=zz&view=fly&other=1");
        assert_eq!(place, Place::default());
    }

    #[test]
    fn a_pasted_secret_never_reaches_the_url() {
        for secret in [
            "sk_live_51H8xQ2eZvKYlo2C",
            "AKIAIOSFODNN7EXAMPLE",
            "find ghp_16C7e42F292c69",
        ] {
            let place = Place {
                text: secret.to_owned(),
                ..Place::default()
            };
            assert_eq!(place.to_path(), "/vault", "{secret}");
        }
        let place = Place {
            text: "stripe 2".to_owned(),
            ..Place::default()
        };
        assert_eq!(place.to_path(), "/vault?q=stripe%202");
    }

    #[test]
    fn what_is_no_escape_stays_as_it_is() {
        assert_eq!(decode("100%"), "100%");
        assert_eq!(decode("%zz%4"), "%zz%4");
        assert_eq!(decode("M%C3%BCller%20%26"), "Müller &");
        assert_eq!(decode("%é1"), "%é1");
    }

    #[test]
    fn a_folder_gives_the_list_its_last_name() {
        let place = Place {
            folder: Some("Checkout/Payments".to_owned()),
            ..Place::default()
        };
        assert_eq!(place.title(), "Payments");
    }
}
