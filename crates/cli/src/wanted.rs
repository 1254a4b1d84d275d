//! Which item and which value somebody means, and which item of a list that is.

pub use keyarc_lookup::{Environment, Wanted, find, is_below, nearest, not_found};
