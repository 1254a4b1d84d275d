//! Writes the document to standard output.

use std::io::{self, Write as _};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &keyarc_openapi::document())?;
    out.write_all(b"\n")
}
