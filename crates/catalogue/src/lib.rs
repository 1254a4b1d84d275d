//! Catalogues of texts in another language than the code's, as files in the format of GNU gettext
//! (its manual, "The Format of PO Files"), so that every tool for translators reads them.
//!
//! A text is its own key, with the text for one where it depends on a count. White space in it
//! counts as one space, since long texts are broken where they stand in the code.

mod catalogue;
mod plural;
mod po;

pub use catalogue::Catalogue;
pub use po::{CatalogueError, Entry, entries, flat, quoted};
