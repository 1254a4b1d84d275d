//! Names as a terminal may show them.

pub use keyarc_lookup::printable;
