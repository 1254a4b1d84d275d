//! The formats that an import reads, and how one is told from another.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    IMPORT_MAX, aws, bitwarden, browser_csv, csv, doppler, dotenv, infisical, json, keepass,
    keyarc_json, kubeconfig, last_pass, one_password_csv, one_pux, pem, table, text,
};
use crate::archive;

/// What a file is. The more special ones stand first, and KeyArc's own, which say what they are,
/// last: a file is taken for one of those, or for the first other that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A database of KeePass 2 or KeePassXC.
    KeePass,
    /// The XML of KeePass 2.
    KeePassXml,
    /// 1Password's own archive.
    OnePux,
    /// Certificates and keys as text.
    Pem,
    /// Bitwarden's JSON, in clear or protected by a password.
    BitwardenJson,
    /// Doppler's JSON.
    Doppler,
    /// Infisical's JSON.
    Infisical,
    /// The settings of `kubectl`.
    Kubeconfig,
    /// Variables of Terraform, in its language or in JSON.
    Tfvars,
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
    /// Infisical's CSV.
    InfisicalCsv,
    /// The profiles of the AWS tools.
    Aws,
    /// Any YAML: names and values, or a list of objects.
    Yaml,
    /// Any JSON: names and values, or a list of objects.
    Json,
    /// Variables, one a line.
    Dotenv,
    /// Any table.
    Csv,
    /// An archive of KeyArc, which is restored.
    Archive,
    /// KeyArc's own JSON.
    KeyArcJson,
}

/// Largest file of names and values for programs, in bytes (5 MB).
const NAMES_MAX: usize = 5 * 1024 * 1024;

impl Format {
    /// Every format: the more special ones first, KeyArc's own last.
    pub const ALL: [Self; 22] = [
        Self::KeePass,
        Self::KeePassXml,
        Self::OnePux,
        Self::Pem,
        Self::BitwardenJson,
        Self::Doppler,
        Self::Infisical,
        Self::Kubeconfig,
        Self::Tfvars,
        Self::BitwardenCsv,
        Self::OnePasswordCsv,
        Self::LastPassCsv,
        Self::ChromeCsv,
        Self::FirefoxCsv,
        Self::InfisicalCsv,
        Self::Aws,
        Self::Yaml,
        Self::Json,
        Self::Dotenv,
        Self::Csv,
        Self::Archive,
        Self::KeyArcJson,
    ];

    /// Those that say themselves what they are.
    const OWN: [Self; 2] = [Self::Archive, Self::KeyArcJson];

    /// Its name in addresses and documents.
    pub fn id(self) -> &'static str {
        match self {
            Self::KeePass => "keepass",
            Self::KeePassXml => "keepass-xml",
            Self::OnePux => "1pux",
            Self::Pem => "pem",
            Self::BitwardenJson => "bitwarden-json",
            Self::Doppler => "doppler",
            Self::Infisical => "infisical",
            Self::Kubeconfig => "kubeconfig",
            Self::Tfvars => "tfvars",
            Self::BitwardenCsv => "bitwarden-csv",
            Self::OnePasswordCsv => "1password-csv",
            Self::LastPassCsv => "lastpass-csv",
            Self::ChromeCsv => "chrome-csv",
            Self::FirefoxCsv => "firefox-csv",
            Self::InfisicalCsv => "infisical-csv",
            Self::Aws => "aws",
            Self::Yaml => "yaml",
            Self::Json => "json",
            Self::Dotenv => "env",
            Self::Csv => "csv",
            Self::Archive => "keyarc-archive",
            Self::KeyArcJson => "keyarc-json",
        }
    }

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::KeePass => "KeePass, KeePassXC (database)",
            Self::KeePassXml => "KeePass (XML)",
            Self::OnePux => "1Password (1pux)",
            Self::Pem => "PEM (certificates and keys)",
            Self::Doppler => "Doppler (JSON)",
            Self::Infisical => "Infisical (JSON)",
            Self::Kubeconfig => "kubeconfig",
            Self::Tfvars => "Terraform (tfvars)",
            Self::BitwardenJson => "Bitwarden (JSON, also encrypted)",
            Self::BitwardenCsv => "Bitwarden (CSV)",
            Self::OnePasswordCsv => "1Password (CSV)",
            Self::LastPassCsv => "LastPass (CSV)",
            Self::ChromeCsv => "Chrome, Edge, Brave, Opera (CSV)",
            Self::FirefoxCsv => "Firefox (CSV)",
            Self::InfisicalCsv => "Infisical (CSV)",
            Self::Aws => "AWS credentials and config",
            Self::Yaml => "YAML",
            Self::Json => "JSON",
            Self::Dotenv => ".env",
            Self::Csv => "CSV or another table",
            Self::Archive => "KeyArc (archive)",
            Self::KeyArcJson => "KeyArc (JSON)",
        }
    }

    /// How its files end, without the dot.
    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::KeePass => &["kdbx"],
            Self::KeePassXml => &["xml"],
            Self::OnePux => &["1pux"],
            Self::Pem => &["pem", "crt", "cer", "key"],
            // They have names without an ending.
            Self::Kubeconfig => &["yaml", "yml", "json", "conf"],
            Self::Aws => &["ini", "conf", "txt"],
            Self::Tfvars => &["tfvars", "json"],
            Self::Yaml => &["yaml", "yml"],
            Self::BitwardenJson
            | Self::Doppler
            | Self::Infisical
            | Self::Json
            | Self::KeyArcJson => &["json"],
            Self::Archive => &["keyarc"],
            Self::BitwardenCsv
            | Self::OnePasswordCsv
            | Self::LastPassCsv
            | Self::ChromeCsv
            | Self::FirefoxCsv
            | Self::InfisicalCsv => &["csv"],
            Self::Dotenv => &["env"],
            Self::Csv => &["csv", "tsv", "txt"],
        }
    }

    /// The largest file of it that is read, in bytes.
    pub fn largest(self) -> usize {
        match self {
            Self::Dotenv | Self::Pem | Self::Kubeconfig | Self::Tfvars | Self::Aws | Self::Yaml => {
                NAMES_MAX
            }
            _ => IMPORT_MAX,
        }
    }

    /// Whether a place in it is a line; elsewhere it is the number of an entry.
    pub fn has_lines(self) -> bool {
        !matches!(
            self,
            Self::KeePass
                | Self::KeePassXml
                | Self::OnePux
                | Self::BitwardenJson
                | Self::Doppler
                | Self::Infisical
                | Self::Kubeconfig
                | Self::Yaml
                | Self::Json
                | Self::Archive
                | Self::KeyArcJson
        )
    }

    /// Whether a person may say what its columns are.
    pub fn has_columns(self) -> bool {
        self == Self::Csv
    }

    fn fits(self, sample: &Sample<'_>) -> bool {
        match self {
            Self::KeePass => keepass::fits(sample.bytes),
            Self::KeePassXml => keepass::fits_xml(sample.text()),
            Self::OnePux => one_pux::fits(sample.bytes),
            Self::Pem => {
                let endings = self.extensions().iter();
                let mut endings = endings.map(|ending| format!(".{ending}"));
                pem::fits(sample.text(), endings.any(|ending| sample.named(&ending)))
            }
            Self::Doppler => sample.keys.as_deref().is_some_and(doppler::fits),
            Self::Infisical => infisical::fits(sample.text()),
            Self::Kubeconfig => kubeconfig::fits(sample.text()),
            Self::Tfvars => sample.named(".tfvars") || sample.named(".tfvars.json"),
            Self::InfisicalCsv => infisical::fits_csv(&sample.titles),
            Self::Aws => aws::fits(sample.text()),
            Self::Yaml => sample.named(".yaml") || sample.named(".yml"),
            Self::BitwardenJson => sample.keys.as_deref().is_some_and(bitwarden::fits),
            Self::BitwardenCsv => bitwarden::fits_csv(&sample.titles),
            Self::OnePasswordCsv => one_password_csv::fits(&sample.titles),
            Self::LastPassCsv => last_pass::fits(&sample.titles),
            Self::ChromeCsv => browser_csv::fits_chrome(&sample.titles),
            Self::FirefoxCsv => browser_csv::fits_firefox(&sample.titles),
            Self::Archive => archive::fits(sample.bytes),
            Self::KeyArcJson => sample.keys.as_deref().is_some_and(keyarc_json::fits),
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
    bytes: &'a [u8],
    /// As text, when it is one.
    text: Option<Zeroizing<String>>,
    /// The names of the outermost JSON object, when it is one.
    keys: Option<Vec<String>>,
    /// The titles of a table, in small letters.
    titles: Vec<String>,
    file_name: Option<&'a str>,
}

impl<'a> Sample<'a> {
    fn of(bytes: &'a [u8], file_name: Option<&'a str>) -> Self {
        let text = text::decode(bytes).ok();
        let keys = text.as_deref().and_then(|text| json::keys(text));
        let titles = text.as_deref().map(|text| table::titles(text));
        Self {
            bytes,
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
    let mut all = Format::OWN.into_iter().chain(Format::ALL);
    let fitting = all.find(|format| format.fits(&sample));
    fitting.unwrap_or(Format::Dotenv)
}
