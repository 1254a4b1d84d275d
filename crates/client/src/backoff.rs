use rand_core::Rng;

/// Grows the pause between attempts: 1 s, 2 s, 4 s … up to 30 s, each shortened by up to half at
/// random, so that many clients do not return in step after an outage.
#[derive(Debug, Default)]
pub struct Backoff {
    attempts: u32,
}

impl Backoff {
    const FIRST_MS: u32 = 1_000;
    const LONGEST_MS: u32 = 30_000;

    /// How long to wait before the next attempt, in milliseconds.
    pub fn next_ms(&mut self, rng: &mut impl Rng) -> u32 {
        let full = Self::FIRST_MS
            .saturating_mul(1u32.checked_shl(self.attempts).unwrap_or(u32::MAX))
            .min(Self::LONGEST_MS);
        self.attempts = self.attempts.saturating_add(1);
        full - rng.next_u32() % (full / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u32);

    impl rand_core::TryRng for Fixed {
        type Error = std::convert::Infallible;
        fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
            Ok(self.0)
        }
        fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
            Ok(u64::from(self.0))
        }
        fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Self::Error> {
            dst.fill(0);
            Ok(())
        }
    }

    #[test]
    fn pauses_double_up_to_thirty_seconds() {
        let mut backoff = Backoff::default();
        let pauses: Vec<u32> = (0..7).map(|_| backoff.next_ms(&mut Fixed(0))).collect();
        assert_eq!(pauses, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
        for _ in 0..100 {
            assert_eq!(backoff.next_ms(&mut Fixed(0)), 30_000);
        }
    }

    #[test]
    fn chance_takes_off_less_than_half() {
        for random in [1, 499, 500, u32::MAX] {
            let pause = Backoff::default().next_ms(&mut Fixed(random));
            assert!((501..=1_000).contains(&pause), "{pause}");
        }
    }
}
