use std::sync::{
    Arc, Once,
    atomic::{AtomicUsize, Ordering},
};

use tracing::{Event, Instrument as _, Subscriber};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt as _},
    registry::LookupSpan,
};

/// The name of the span whose queries are counted.
const SPAN: &str = "queries are counted";

/// Runs a future and tells how many statements it sent, whatever thread they ran on.
///
/// It listens to the driver's own log, so that no statement escapes it. Beginning and ending a
/// transaction and setting up a connection are not counted.
pub async fn count_queries<T>(future: impl Future<Output = T>) -> (T, usize) {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        let subscriber = tracing_subscriber::registry().with(Counting);
        tracing::subscriber::set_global_default(subscriber)
            .expect("no other subscriber is installed in this test binary");
    });
    let counter = Counter::default();
    let span = tracing::info_span!(SPAN);
    span.with_subscriber(|(id, dispatch)| {
        let registry = dispatch
            .downcast_ref::<tracing_subscriber::layer::Layered<Counting, tracing_subscriber::Registry>>()
            .expect("the subscriber is the one above");
        let span = LookupSpan::span(registry, id).expect("the span is open");
        span.extensions_mut().insert(counter.clone());
    });
    let output = future.instrument(span).await;
    (output, counter.0.load(Ordering::SeqCst))
}

#[derive(Clone, Default)]
struct Counter(Arc<AtomicUsize>);

struct Counting;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Counting {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() != "sqlx::query" || is_housekeeping(event) {
            return;
        }
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(counter) = span.extensions().get::<Counter>() {
                counter.0.fetch_add(1, Ordering::SeqCst);
            }
        }
    }
}

/// Postgres logs `BEGIN` and `COMMIT` as statements, SQLite the settings of a new connection.
fn is_housekeeping(event: &Event<'_>) -> bool {
    struct Summary(bool);
    impl tracing::field::Visit for Summary {
        fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
            if field.name() == "summary" {
                let summary = format!("{value:?}");
                self.0 = ["BEGIN", "COMMIT", "ROLLBACK", "PRAGMA"]
                    .iter()
                    .any(|word| summary.contains(word));
            }
        }
    }
    let mut summary = Summary(false);
    event.record(&mut summary);
    summary.0
}
