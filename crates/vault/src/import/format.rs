//! The formats that an import reads, and how one is told from another.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    IMPORT_MAX, bitwarden, browser_csv, csv, dotenv, json, last_pass, one_password_csv, table, text,
};

/// What a file is. The more special ones stand first: a file is taken for the first that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Bitwarden's JSON, in clear or protected by a password.
    BitwardenJson,
    /// Bitwarden's CSV, of a person or of an organisation.
    BitwardenCsv,
    /// 1Password's CSV.
    OnePasswordCsv,
    /// LastPass's CSV.
    LastPassCsv,
    /// The CSV of Chrome and its relatives.
    ChromeCsv,
    /// The CSV of Firefox.
    FirefoxCsv,
    /// Any JSON: names and values, or a list of objects.
    Json,
    /// Variables, one a line.
    Dotenv,
    /// Any table.
    Csv,
}

/// Largest `.env` file, in bytes (5 MB).
const DOTENV_MAX: usize = 5 * 1024 * 1024;

impl Format {
    /// Every format, the more special ones first.
    pub const ALL: [Self; 9] = [
        Self::BitwardenJson,
        Self::BitwardenCsv,
        Self::OnePasswordCsv,
        Self::LastPassCsv,
        Self::ChromeCsv,
        Self::FirefoxCsv,
        Self::Json,
        Self::Dotenv,
        Self::Csv,
    ];

    /// Its name in addresses and documents.
    pub fn id(self) -> &'static str {
        match self {
            Self::BitwardenJson => "bitwarden-json",
            Self::BitwardenCsv => "bitwarden-csv",
            Self::OnePasswordCsv => "1password-csv",
            Self::LastPassCsv => "lastpass-csv",
            Self::ChromeCsv => "chrome-csv",
            Self::FirefoxCsv => "firefox-csv",
            Self::Json => "json",
            Self::Dotenv => "env",
            Self::Csv => "csv",
        }
    }

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::BitwardenJson => "Bitwarden (JSON, also encrypted)",
            Self::BitwardenCsv => "Bitwarden (CSV)",
            Self::OnePasswordCsv => "1Password (CSV)",
            Self::LastPassCsv => "LastPass (CSV)",
            Self::ChromeCsv => "Chrome, Edge, Brave, Opera (CSV)",
            Self::FirefoxCsv => "Firefox (CSV)",
            Self::Json => "JSON",
            Self::Dotenv => ".env",
            Self::Csv => "CSV or another table",
        }
    }

    /// How its files end, without the dot.
    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::BitwardenJson | Self::Json => &["json"],
            Self::BitwardenCsv
            | Self::OnePasswordCsv
            | Self::LastPassCsv
            | Self::ChromeCsv
            | Self::FirefoxCsv => &["csv"],
            Self::Dotenv => &["env"],
            Self::Csv => &["csv", "tsv", "txt"],
        }
    }

    /// The largest file of it that is read, in bytes.
    pub fn largest(self) -> usize {
        match self {
            Self::Dotenv => DOTENV_MAX,
            _ => IMPORT_MAX,
        }
    }

    /// Whether a place in it is a line; elsewhere it is the number of an entry.
    pub fn has_lines(self) -> bool {
        !matches!(self, Self::BitwardenJson | Self::Json)
    }

    /// Whether a person may say what its columns are.
    pub fn has_columns(self) -> bool {
        self == Self::Csv
    }

    fn fits(self, sample: &Sample<'_>) -> bool {
        match self {
            Self::BitwardenJson => sample.keys.as_deref().is_some_and(bitwarden::fits),
            Self::BitwardenCsv => bitwarden::fits_csv(&sample.titles),
            Self::OnePasswordCsv => one_password_csv::fits(&sample.titles),
            Self::LastPassCsv => last_pass::fits(&sample.titles),
            Self::ChromeCsv => browser_csv::fits_chrome(&sample.titles),
            Self::FirefoxCsv => browser_csv::fits_firefox(&sample.titles),
            Self::Json => sample.text().trim_start().starts_with(['{', '[']),
            Self::Dotenv => {
                let is_table = sample.named(".csv") || csv::is_marked(sample.text());
                sample.named(".env") || (!is_table && dotenv::fits(sample.text()))
            }
            Self::Csv => sample.named(".csv") || sample.named(".tsv") || table::fits(sample.text()),
        }
    }
}

/// What a file is told by.
struct Sample<'a> {
    /// As text, when it is one.
    text: Option<Zeroizing<String>>,
    /// The names of the outermost JSON object, when it is one.
    keys: Option<Vec<String>>,
    /// The titles of a table, in small letters.
    titles: Vec<String>,
    file_name: Option<&'a str>,
}

impl<'a> Sample<'a> {
    fn of(bytes: &[u8], file_name: Option<&'a str>) -> Self {
        let text = text::decode(bytes).ok();
        let keys = text.as_deref().and_then(|text| json::keys(text));
        let titles = text.as_deref().map(|text| table::titles(text));
        Self {
            keys,
            titles: titles.unwrap_or_default(),
            text,
            file_name,
        }
    }

    fn text(&self) -> &str {
        self.text.as_deref().map_or("", String::as_str)
    }

    /// Whether its name ends like this, whatever the case; `.env.production` is an `.env` too.
    fn named(&self, ending: &str) -> bool {
        let name = self.file_name.unwrap_or_default().to_ascii_lowercase();
        name.ends_with(ending) || (ending == ".env" && name.starts_with(".env."))
    }
}

/// What a file is, by its content and its name. What fits nothing is taken for a `.env` file,
/// whose reader tells line by line what it misses.
pub fn detect(bytes: &[u8], file_name: Option<&str>) -> Format {
    let sample = Sample::of(bytes, file_name);
    let fitting = Format::ALL.into_iter().find(|format| format.fits(&sample));
    fitting.unwrap_or(Format::Dotenv)
}
