//! Padding, so that the server sees a size class and not a length.
//!
//! The padded form is `length u32be ‖ plaintext ‖ zeros`. Up to 4 KiB it fills 256-byte buckets;
//! beyond that its length is rounded as in Padmé (Nikitin et al., "Reducing Metadata Leakage from
//! Encrypted Files and Communication with PURBs", 2019), which costs at most 12 % and leaves the
//! observer O(log log n) bits.

/// Bytes before the plaintext.
pub(crate) const PREFIX: usize = 4;
const BUCKET: usize = 256;
const BUCKETS_END: usize = 4096;

/// The padded length of a plaintext of `len` bytes, its prefix included.
pub const fn padded_len(len: usize) -> usize {
    round_up(len.saturating_add(PREFIX))
}

/// Whether any plaintext pads to this length.
pub(crate) fn is_padded_len(len: usize) -> bool {
    len > 0 && round_up(len) == len
}

/// Appends the padded form.
pub(crate) fn pad_into(out: &mut Vec<u8>, plaintext: &[u8]) {
    let start = out.len();
    out.extend_from_slice(&(plaintext.len() as u32).to_be_bytes());
    out.extend_from_slice(plaintext);
    out.resize(start + padded_len(plaintext.len()), 0);
}

/// The length of the plaintext inside, if this is exactly what [`pad_into`] makes of it.
pub(crate) fn unpadded_len(padded: &[u8]) -> Option<usize> {
    let (prefix, rest) = padded.split_first_chunk::<PREFIX>()?;
    let len = u32::from_be_bytes(*prefix) as usize;
    let zeros = rest.get(len..)?;
    let canonical = padded_len(len) == padded.len() && zeros.iter().all(|&byte| byte == 0);
    canonical.then_some(len)
}

const fn round_up(len: usize) -> usize {
    let step = if len <= BUCKETS_END {
        BUCKET
    } else {
        let exponent = len.ilog2();
        let kept = exponent.ilog2() + 1;
        1 << (exponent - kept)
    };
    len.div_ceil(step).saturating_mul(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padded_lengths_grow_in_steps_and_cost_at_most_an_eighth() {
        let mut before = 0;
        for len in (0..20_000).chain((20_000..70_000_000).step_by(99_991)) {
            let padded = padded_len(len);
            assert!(is_padded_len(padded) && padded >= before && padded >= len + PREFIX);
            assert!(
                padded <= 256.max((len + PREFIX) * 9 / 8) || len < BUCKETS_END,
                "{len}"
            );
            before = padded;
        }
    }

    #[test]
    fn a_length_is_a_padded_one_exactly_when_something_pads_to_it() {
        let reachable: std::collections::BTreeSet<_> = (0..20_000).map(padded_len).collect();
        for len in 0..=20_000 {
            assert_eq!(is_padded_len(len), reachable.contains(&len), "{len}");
        }
    }
}
