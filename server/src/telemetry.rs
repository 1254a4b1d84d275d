//! Logs: JSON lines in production, readable ones in development, never personal data or secrets.
//!
//! The level applies to KeyArc's own crates. Dependencies report warnings and errors only,
//! whatever the level: at their finer levels some write down headers and queries.

use std::io;

use tracing::{Level, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    Layer as _, Registry,
    filter::Targets,
    fmt::{self, MakeWriter},
    layer::SubscriberExt as _,
};

use crate::config::LogFormat;

/// Logs to the standard output for the rest of the process's life, panics included. Has no
/// effect when a subscriber is set already.
pub fn init(format: LogFormat, level: Level) {
    let _ = tracing::subscriber::set_global_default(subscriber(format, level, io::stdout));
    crate::middleware::panic::install_hook();
}

/// A subscriber that writes where it is told.
pub fn subscriber<W>(format: LogFormat, level: Level, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let layer = match format {
        LogFormat::Json => fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_writer(writer)
            .boxed(),
        LogFormat::Text => fmt::layer().with_target(false).with_writer(writer).boxed(),
    };
    Registry::default().with(layer.with_filter(filter(level)))
}

fn filter(level: Level) -> Targets {
    // Targets match by prefix, so one entry covers every crate of ours.
    Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("hyper", LevelFilter::ERROR)
        .with_target("keyarc", level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_stay_quiet_at_every_level() {
        let filter = filter(Level::TRACE);
        assert!(filter.would_enable("keyarc_server::listen", &Level::TRACE));
        assert!(filter.would_enable("keyarc_store", &Level::DEBUG));
        assert!(!filter.would_enable("hyper::proto::h1", &Level::WARN));
        assert!(!filter.would_enable("sqlx::query", &Level::INFO));
        assert!(filter.would_enable("sqlx::query", &Level::WARN));
    }
}
