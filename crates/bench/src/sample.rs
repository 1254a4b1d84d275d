//! What the measurements are made of: items as people have them, and time.

use std::time::{Duration, Instant};

use keyarc_vault::{Content, Day, ItemDraft};

/// 12 December 2026, in Unix milliseconds.
pub const NOW_MS: u64 = 1_797_033_600_000;

const SERVICES: [&str; 8] = [
    "Stripe",
    "OpenAI",
    "GitHub",
    "AWS",
    "SendGrid",
    "Cloudflare",
    "Twilio",
    "Postgres",
];
const ENVIRONMENTS: [&str; 3] = ["production", "staging", "development"];

/// One of many items, each a little different.
pub fn draft(number: usize) -> ItemDraft {
    let service = SERVICES[number % SERVICES.len()];
    ItemDraft {
        id: None,
        base_version: 0,
        name: format!("{service} key of project {number}"),
        folder: format!("Clients/Client {}", number % 40),
        tags: vec![format!("team-{}", number % 12)],
        environment: Some(ENVIRONMENTS[number % ENVIRONMENTS.len()].to_owned()),
        provider: Some(service.to_lowercase()),
        favourite: number.is_multiple_of(50),
        expires_on: number
            .is_multiple_of(5)
            .then_some(Day(20_800 + (number % 300) as i32)),
        content: Content::ApiKey {
            value: format!("sk_live_{number:032x}"),
        },
        notes: String::new(),
        fields: Vec::new(),
        rotation: Default::default(),
        places: Vec::new(),
        walk: None,
        check: None,
        attachments: Vec::new(),
    }
}

/// The time, for measuring.
pub fn now() -> Instant {
    #[expect(
        clippy::disallowed_methods,
        reason = "measuring time is what this program does"
    )]
    Instant::now()
}

/// Milliseconds that something takes, the least of several runs: what disturbs a run only ever
/// makes it longer.
pub fn best_ms<T>(runs: u32, mut run: impl FnMut() -> T) -> f64 {
    let mut best = Duration::MAX;
    for _ in 0..runs {
        let started = now();
        std::hint::black_box(run());
        best = best.min(started.elapsed());
    }
    millis(best)
}

/// The middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// As a number of milliseconds.
pub fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_samples_are_items_that_a_person_could_save() {
        for number in 0..1_000 {
            assert_eq!(keyarc_vault::check_draft(&draft(number)), Ok(()));
        }
    }

    #[test]
    fn the_median_is_the_middle_one() {
        assert_eq!(median(vec![9.0, 1.0, 5.0]), 5.0);
        assert!(median(Vec::new()).is_nan());
    }
}
