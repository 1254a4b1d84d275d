//! The `keyarc-server` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    keyarc_server::main()
}
