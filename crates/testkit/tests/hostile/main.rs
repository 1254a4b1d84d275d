//! A real client against a real server that lies.
//!
//! `cases` are the named attacks of `docs/malicious-server.md`, through a proxy, over HTTP.
//! `mutations` spoils every field of every answer that a client ever gets, one at a time.

#[cfg(test)]
mod cases;
#[cfg(test)]
mod device;
#[cfg(test)]
mod mutations;
#[cfg(test)]
mod report;
#[cfg(test)]
mod world;
