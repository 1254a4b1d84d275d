//! Which item of an open vault somebody means, and which of its values: names, folders, environments
//! and references mean the same to the program for the shell and to programs that read with a machine
//! token.

mod printable;
mod row;
mod values;
mod wanted;

pub use printable::printable;
pub use row::{Row, find_in, rows};
pub use values::{Value, meant, value, values};
pub use wanted::{
    Environment, LookupError, Wanted, absent, find, is_below, nearest, not_found, several,
};
