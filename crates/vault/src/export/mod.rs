//! Handing items out as a file that other programs read. Everything in it is in clear; what stays
//! sealed is an archive (see `archive`).
//!
//! | module | what |
//! |---|---|
//! | `model` | the formats, what is handed out, and what a format has no place for |
//! | `out` | the text that grows, and leaves no copies behind |
//! | `dotenv`, `json`, `csv`, `bitwarden` | one for each format |
//!
//! `docs/export.md` tells the same for people.

mod bitwarden;
mod csv;
mod dotenv;
mod json;
mod model;
mod out;

use std::collections::BTreeMap;

use zeroize::Zeroizing;

pub(crate) use json::{JSON_MARK, JSON_VERSION};
pub use model::{Exported, LeftOut, PlainFormat, Written};

use crate::Kind;
use out::Out;

/// Writes a file item by item, in a time that grows with what is written and no faster.
pub struct Writer {
    format: PlainFormat,
    out: Out,
    told: Told,
    written: u32,
    names: dotenv::Names,
    folders: bitwarden::Folders,
}

/// What a person should know about the file.
#[derive(Default)]
struct Told {
    left_out: BTreeMap<LeftOut, u32>,
    formulas: u32,
}

impl Told {
    /// One more item, or value, of which this is true.
    fn tell(&mut self, what: LeftOut) {
        *self.left_out.entry(what).or_default() += 1;
    }
}

impl Writer {
    /// Begins a file.
    pub fn new(format: PlainFormat) -> Self {
        let mut out = Out::default();
        match format {
            PlainFormat::Dotenv => {}
            PlainFormat::Json => json::begin(&mut out),
            PlainFormat::Csv => csv::begin(&mut out),
            PlainFormat::BitwardenJson => bitwarden::begin(&mut out),
        }
        Self {
            format,
            out,
            told: Told::default(),
            written: 0,
            names: dotenv::Names::default(),
            folders: bitwarden::Folders::default(),
        }
    }

    /// Writes an item, or notes that the format has no place for it.
    pub fn put(&mut self, exported: &Exported) {
        let item = &exported.item;
        let kind = item.content.kind();
        if !self.format.takes(kind) {
            return self.told.tell(LeftOut::Items(kind));
        }
        for part in model::parts_of(exported) {
            if !self.format.carries(part, exported) {
                self.told.tell(part);
            }
        }
        if self.format.turns(kind) {
            self.told.tell(LeftOut::Kind(kind));
        }
        let (out, told) = (&mut self.out, &mut self.told);
        match self.format {
            PlainFormat::Dotenv => dotenv::put(exported, &mut self.names, out, told),
            PlainFormat::Json => json::put(exported, self.written == 0, out),
            PlainFormat::Csv => csv::put(item, out, told),
            PlainFormat::BitwardenJson => {
                bitwarden::put(item, self.written == 0, &mut self.folders, out);
            }
        }
        self.written += 1;
    }

    /// Ends the file.
    pub fn finish(mut self) -> (Zeroizing<Vec<u8>>, Written) {
        match self.format {
            PlainFormat::Dotenv | PlainFormat::Csv => {}
            PlainFormat::Json => json::end(&mut self.out),
            PlainFormat::BitwardenJson => bitwarden::end(&self.folders, &mut self.out),
        }
        let written = Written {
            items: self.written,
            left_out: self.told.left_out.into_iter().collect(),
            formulas: self.told.formulas,
        };
        (self.out.into_bytes(), written)
    }
}

impl PlainFormat {
    /// Whether items of a kind stand in it at all.
    fn takes(self, kind: Kind) -> bool {
        match self {
            Self::Dotenv => matches!(kind, Kind::ApiKey | Kind::EnvironmentSet),
            Self::Csv => !matches!(kind, Kind::Certificate | Kind::SshKey),
            Self::Json | Self::BitwardenJson => true,
        }
    }

    /// Whether an item of a kind comes back as one of another.
    fn turns(self, kind: Kind) -> bool {
        match self {
            Self::Dotenv | Self::Csv => kind == Kind::EnvironmentSet,
            Self::Json => false,
            Self::BitwardenJson => !matches!(kind, Kind::Login | Kind::Note | Kind::SshKey),
        }
    }

    /// Whether it has a place for a part that an item has.
    fn carries(self, part: LeftOut, exported: &Exported) -> bool {
        match self {
            // What is told of fields tells of their kinds, too.
            Self::Dotenv => matches!(part, LeftOut::Variable | LeftOut::FieldTypes),
            Self::Json => !matches!(part, LeftOut::CheckResults | LeftOut::Attachments),
            Self::Csv => match part {
                LeftOut::Tags => csv::fits_tags(&exported.item.summary.tags),
                LeftOut::Fields => csv::fits_fields(&exported.item),
                LeftOut::Folder
                | LeftOut::Favourite
                | LeftOut::Expiry
                | LeftOut::Notes
                | LeftOut::FieldTypes => true,
                _ => false,
            },
            Self::BitwardenJson => match part {
                LeftOut::FieldTypes => bitwarden::fits_types(&exported.item),
                LeftOut::Folder
                | LeftOut::Favourite
                | LeftOut::Notes
                | LeftOut::Fields
                | LeftOut::Dates => true,
                _ => false,
            },
        }
    }
}

#[cfg(test)]
mod tests;
