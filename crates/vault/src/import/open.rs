//! From a file's bytes to what stands in it, whatever its format.

use super::{
    Format, ImportWish, Reading, Table, Unreadable, aws, bitwarden, browser_csv, detect, doppler,
    dotenv, infisical, json, keepass, keyarc_json, kubeconfig, last_pass, one_password_csv,
    one_pux, pem, table, text::decode, tfvars, yaml,
};
use crate::archive::read_archive;

/// Largest file an import reads, in bytes (50 MB): an archive of another product, attachments
/// included.
pub const IMPORT_MAX: usize = 50 * 1024 * 1024;

/// A file that was read. Nothing has been compared with the vault yet.
#[derive(Debug)]
pub struct Opened {
    pub(super) format: Format,
    pub(super) reading: Reading,
    pub(super) table: Option<Table>,
}

impl Opened {
    /// An archive, however it was read.
    pub(crate) fn of_archive(reading: Reading) -> Self {
        Self {
            format: Format::Archive,
            reading,
            table: None,
        }
    }

    /// As what it was read.
    pub fn format(&self) -> Format {
        self.format
    }

    /// How many entries could be read, and how many could not.
    pub fn counts(&self) -> (usize, usize) {
        (self.reading.found.len(), self.reading.errors.len())
    }

    /// The places of the entries that could be read, in the order of the file.
    pub fn places(&self) -> impl Iterator<Item = u32> {
        self.reading.found.iter().map(|found| found.place)
    }
}

/// Reads a file as what a person says it is, or as what it seems to be.
pub fn open(
    bytes: &[u8],
    file_name: Option<&str>,
    wish: &ImportWish,
) -> Result<Opened, Unreadable> {
    if bytes.len() > IMPORT_MAX {
        return Err(too_large(IMPORT_MAX));
    }
    let format = wish.format.unwrap_or_else(|| detect(bytes, file_name));
    if bytes.len() > format.largest() {
        return Err(too_large(format.largest()));
    }
    let table = match format.has_columns() {
        true => Some(table::look(&decode(bytes)?, wish.table.as_ref())),
        false => None,
    };
    Ok(Opened {
        format,
        reading: read(format, bytes, wish, table.as_ref())?,
        table,
    })
}

fn read(
    format: Format,
    bytes: &[u8],
    wish: &ImportWish,
    table: Option<&Table>,
) -> Result<Reading, Unreadable> {
    let password = wish.password.as_ref().map(|password| password.0.as_str());
    let key_file = wish.key_file.as_ref().map(|key| key.0.as_slice());
    match format {
        Format::KeePass => keepass::read_keepass(bytes, password, key_file),
        Format::KeePassXml => keepass::read_keepass_xml(&decode(bytes)?),
        Format::OnePux => one_pux::read_1pux(bytes),
        Format::Pem => pem::read_pem(&decode(bytes)?),
        Format::Doppler => doppler::read_doppler(&decode(bytes)?),
        Format::Infisical => infisical::read_infisical(&decode(bytes)?),
        Format::InfisicalCsv => infisical::read_infisical_csv(&decode(bytes)?),
        Format::Kubeconfig => kubeconfig::read_kubeconfig(&decode(bytes)?),
        Format::Tfvars => tfvars::read_tfvars(&decode(bytes)?),
        Format::Aws => aws::read_aws(&decode(bytes)?),
        Format::Yaml => yaml::read_yaml(&decode(bytes)?),
        Format::Dotenv => Ok(dotenv::read_dotenv(&decode(bytes)?)),
        Format::Json => json::read_json(&decode(bytes)?),
        Format::BitwardenJson => bitwarden::read_bitwarden_json(&decode(bytes)?, password),
        Format::BitwardenCsv => bitwarden::read_bitwarden_csv(&decode(bytes)?),
        Format::OnePasswordCsv => one_password_csv::read_one_password_csv(&decode(bytes)?),
        Format::LastPassCsv => last_pass::read_last_pass_csv(&decode(bytes)?),
        Format::ChromeCsv => browser_csv::read_chrome_csv(&decode(bytes)?),
        Format::FirefoxCsv => browser_csv::read_firefox_csv(&decode(bytes)?),
        Format::Csv => table::read_table(&decode(bytes)?, table),
        Format::KeyArcJson => keyarc_json::read_keyarc_json(&decode(bytes)?),
        Format::Archive => read_archive(bytes, password),
    }
}

fn too_large(limit: usize) -> Unreadable {
    Unreadable::TooLarge {
        limit_mb: (limit >> 20) as u32,
    }
}
