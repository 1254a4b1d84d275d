//! Next to nothing: what `keyarc` at a shell is compared with. It has the standard library alone, so
//! that what is measured is what a process costs here, whatever it is for.

use std::{
    hint::black_box,
    io::{self, Error, ErrorKind, Read as _, Write as _},
    net::TcpStream,
    time::Instant,
};

/// How often [`work`] goes round: some ten milliseconds.
const ROUNDS: u64 = 20_000_000;
/// A line of what [`print`] prints, as programs print them.
const LINE: &[u8] =
    b"2026-12-12T09:30:00Z INFO request served in 12 ms, status 200, path /api/v1/orders\n";
/// Lines that are printed at once.
const AT_ONCE: usize = 800;

fn main() -> io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        [] => Ok(()),
        ["ask", address] => ask(address),
        ["work"] => work(),
        ["print", lines] => print(
            lines
                .parse()
                .map_err(|_| Error::from(ErrorKind::InvalidInput))?,
        ),
        _ => Err(ErrorKind::InvalidInput.into()),
    }
}

/// One request to a server of this machine, and its answer.
fn ask(address: &str) -> io::Result<()> {
    let mut line = TcpStream::connect(address)?;
    let request =
        format!("GET /health/live HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    line.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    line.read_to_end(&mut answer)?;
    match answer.starts_with(b"HTTP/1.1 200") {
        true => Ok(()),
        false => Err(ErrorKind::InvalidData.into()),
    }
}

/// Works for a while, and prints how long it took by its own clock, in milliseconds.
fn work() -> io::Result<()> {
    #[expect(
        clippy::disallowed_methods,
        reason = "measuring time is what this program does"
    )]
    let started = Instant::now();
    let mut state = 1_u64;
    for _ in 0..ROUNDS {
        state ^= state << 13;
        state ^= state >> 7;
        state = black_box(state ^ state << 17);
    }
    let took = started.elapsed();
    writeln!(io::stdout(), "{}", took.as_secs_f64() * 1_000.0)
}

/// Prints many lines.
fn print(lines: usize) -> io::Result<()> {
    let block = LINE.repeat(AT_ONCE);
    let mut out = io::stdout().lock();
    let mut left = lines;
    while left > 0 {
        let now = left.min(AT_ONCE);
        out.write_all(&block[..now * LINE.len()])?;
        left -= now;
    }
    out.flush()
}
