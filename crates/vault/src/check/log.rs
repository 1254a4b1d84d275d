//! The newest results of an item, as its overview holds them: small, because an overview has to
//! fit its padding, and there because a list shows which keys do not work.

use minicbor::{CborLen, Decode, Decoder, Encode, Encoder, decode, encode, encode::Write};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroize;

use super::{CheckOutcome, outcome_code, outcome_of};
use crate::Day;

/// Most results that are kept of an item.
pub const CHECK_RESULTS_MAX: usize = 10;
/// The same result again is noted only when so many days have passed: a test that finds what the
/// last one found writes nothing.
pub const CHECK_NOTED_FOR: i32 = 7;

const HOST_LEN: usize = 8;
const RESULT_LEN: usize = 6;

/// What a test found, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    /// In the time zone of whoever tested.
    pub day: Day,
    /// What it found.
    pub outcome: CheckOutcome,
    /// The status of HTTP; 0 without an answer.
    pub status: u16,
}

/// The host that was asked last, and the newest results: at least one, the newest first.
///
/// Sealed as one string of bytes, `host 8 ‖ (day u24 ‖ outcome u8 ‖ status u16)*`. The host is
/// the beginning of a hash: it tells whether a host was asked before, not which.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct CheckLog {
    host: [u8; HOST_LEN],
    results: Vec<CheckResult>,
}

impl Zeroize for CheckLog {
    fn zeroize(&mut self) {
        self.host.zeroize();
        self.results.clear();
    }
}

/// How a log names a host.
pub(super) fn host_mark(host: &str) -> [u8; HOST_LEN] {
    let hash = Sha256::new()
        .chain_update("keyarc/v1/check-host")
        .chain_update(host)
        .finalize();
    let mut mark = [0; HOST_LEN];
    mark.copy_from_slice(&hash[..HOST_LEN]);
    mark
}

impl CheckLog {
    pub(crate) fn results(&self) -> &[CheckResult] {
        &self.results
    }

    /// Whether the host of this mark was the last that was asked.
    pub(super) fn is_marked(&self, mark: &[u8; HOST_LEN]) -> bool {
        self.host == *mark
    }

    /// The log with one more result; `None` when it says nothing new.
    pub(crate) fn with(log: Option<&Self>, host: &str, result: CheckResult) -> Option<Self> {
        let host = host_mark(host);
        let mut results = log.map_or_else(Vec::new, |log| log.results.clone());
        if let (Some(log), Some(last)) = (log, results.first_mut())
            && (last.outcome, last.status) == (result.outcome, result.status)
        {
            let days = result.day.0.saturating_sub(last.day.0);
            if log.host == host && (0..CHECK_NOTED_FOR).contains(&days) {
                return None;
            }
            *last = result;
        } else {
            results.insert(0, result);
            results.truncate(CHECK_RESULTS_MAX);
        }
        Some(Self { host, results })
    }

    fn len(&self) -> usize {
        HOST_LEN + self.results.len() * RESULT_LEN
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (host, rest) = bytes.split_first_chunk::<HOST_LEN>()?;
        let (results, rest) = rest.as_chunks::<RESULT_LEN>();
        let read = |[a, b, c, outcome, d, e]: &[u8; RESULT_LEN]| {
            Some(CheckResult {
                day: Day(i32::from_be_bytes([0, *a, *b, *c])),
                outcome: outcome_of(*outcome)?,
                status: u16::from_be_bytes([*d, *e]),
            })
        };
        let results: Vec<_> = results.iter().map(read).collect::<Option<_>>()?;
        let fits = rest.is_empty() && (1..=CHECK_RESULTS_MAX).contains(&results.len());
        fits.then_some(Self {
            host: *host,
            results,
        })
    }
}

impl<C> Encode<C> for CheckLog {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        let mut bytes = Vec::with_capacity(self.len());
        bytes.extend(self.host);
        for result in &self.results {
            // Days of this calendar fit three bytes until the year 47,000.
            let [_, a, b, c] = result.day.0.to_be_bytes();
            let [d, f] = result.status.to_be_bytes();
            bytes.extend([a, b, c, outcome_code(result.outcome), d, f]);
        }
        e.bytes(&bytes)?.ok()
    }
}

impl<C> CborLen<C> for CheckLog {
    fn cbor_len(&self, ctx: &mut C) -> usize {
        // A string of bytes is its length and itself.
        (self.len() as u64).cbor_len(ctx) + self.len()
    }
}

impl<'b, C> Decode<'b, C> for CheckLog {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        Self::parse(d.bytes()?).ok_or_else(|| decode::Error::message("no results of tests"))
    }
}

#[cfg(test)]
mod tests {
    use minicbor::{bytes::ByteSlice, decode};

    use super::*;

    fn result(day: i32, outcome: CheckOutcome) -> CheckResult {
        CheckResult {
            day: Day(day),
            outcome,
            status: 200,
        }
    }

    fn next(log: Option<&CheckLog>, day: i32, outcome: CheckOutcome) -> Option<CheckLog> {
        CheckLog::with(log, "api.example.com", result(day, outcome))
    }

    #[test]
    fn the_same_again_is_noted_once_a_week() {
        let first = next(None, 20_000, CheckOutcome::Valid).expect("something new");
        for day in 20_000..20_000 + CHECK_NOTED_FOR {
            assert!(next(Some(&first), day, CheckOutcome::Valid).is_none());
        }
        let later = next(Some(&first), 20_007, CheckOutcome::Valid).expect("a week later");
        assert_eq!(later.results(), [result(20_007, CheckOutcome::Valid)]);
        let broken = next(Some(&later), 20_007, CheckOutcome::Invalid).expect("something new");
        assert_eq!(broken.results().len(), 2);
        assert_eq!(broken.results()[0].outcome, CheckOutcome::Invalid);
        // A clock that went back, and another host, say something new too.
        assert!(next(Some(&first), 19_999, CheckOutcome::Valid).is_some());
        let elsewhere = result(20_000, CheckOutcome::Valid);
        assert!(CheckLog::with(Some(&first), "other.example", elsewhere).is_some());
        assert!(first.is_marked(&host_mark("api.example.com")));
        assert!(!first.is_marked(&host_mark("other.example")));
    }

    #[test]
    fn ten_results_are_kept_and_have_one_spelling() {
        let mut log = None;
        for day in 0..30 {
            let outcome = match day % 2 {
                0 => CheckOutcome::Valid,
                _ => CheckOutcome::RateLimited,
            };
            log = next(log.as_ref(), day, outcome);
            let kept = log.as_ref().expect("something new each day");
            let bytes = minicbor::to_vec(kept).expect("written");
            assert_eq!(bytes.len(), minicbor::len(kept));
            let read: CheckLog = decode(&bytes).expect("read");
            assert!(read == *kept);
        }
        let log = log.expect("a log");
        assert_eq!(log.results().len(), CHECK_RESULTS_MAX);
        assert_eq!(log.results()[0].day, Day(29));
    }

    #[test]
    fn what_is_no_log_is_refused() {
        let bytes = |text: &[u8]| minicbor::to_vec(<&ByteSlice>::from(text)).expect("written");
        let mut one = [0_u8; HOST_LEN + RESULT_LEN];
        assert!(decode::<CheckLog>(&bytes(&one)).is_ok());
        one[HOST_LEN + 3] = 99;
        assert!(decode::<CheckLog>(&bytes(&one)).is_err());
        for length in [0, HOST_LEN, HOST_LEN + 5, HOST_LEN + 11 * RESULT_LEN] {
            let zeros = vec![0; length];
            assert!(decode::<CheckLog>(&bytes(&zeros)).is_err(), "{length}");
        }
    }
}
