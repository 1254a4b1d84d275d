//! Measures KeyArc without a browser. `cargo x bench` builds it, runs it, and writes
//! `docs/benchmarks.md` from what it prints, which is one JSON object.
//!
//! Every bound is a ratio of two figures taken in the same run on the same machine, or a count
//! of bytes: seconds alone would say more about the machine than about KeyArc.

mod compare;
mod member;
mod native;
mod plain;
mod process;
mod relay;
mod sample;
mod seed;
mod server;
mod shell;
mod trivial;

use std::{io::Write as _, path::Path};

use anyhow::{Context as _, bail};
use serde_json::Value;

const USAGE: &str = "keyarc-bench native | server <program> <site> | \
                     shell <server> <site> <keyarc> [<bw>] | seed <origin> <items> | \
                     read-plain <database> <vault> | trivial <port>";

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let answer = match words.as_slice() {
        ["native"] => native::measure()?,
        ["server", program, site] => server::measure(Path::new(program), Path::new(site)).await?,
        ["shell", server, site, cli, peer @ ..] if peer.len() < 2 => {
            let [server, site, cli] = [server, site, cli].map(Path::new);
            shell::measure(server, site, cli, peer.first().map(Path::new)).await?
        }
        ["seed", origin, items] => {
            seed::run(origin, items.parse().context("a number of items")?).await?
        }
        ["read-plain", database, vault] => plain::measure(database, vault).await?,
        ["trivial", port] => return trivial::serve(port.parse().context("a port")?).await,
        _ => bail!(USAGE),
    };
    print(&answer)
}

fn print(answer: &Value) -> anyhow::Result<()> {
    writeln!(std::io::stdout().lock(), "{answer}").context("writing the answer")
}
