//! Mutations of bytes, whatever they mean.

use super::{Dice, Kind};

/// Spoilt bytes; `None` when this kind does nothing to them. `other` is what stands in another
/// place, for [`Kind::Swap`] and [`Kind::Replay`].
pub(super) fn mutate(
    bytes: &[u8],
    kind: Kind,
    other: Option<&[u8]>,
    dice: &mut Dice,
) -> Option<Vec<u8>> {
    let mut spoilt = bytes.to_vec();
    match kind {
        Kind::Drop => spoilt.clear(),
        Kind::Null => spoilt.fill(0),
        Kind::Swap | Kind::Replay => spoilt = other?.to_vec(),
        Kind::FlipBit => {
            let at = dice.below(spoilt.len());
            *spoilt.get_mut(at)? ^= 1 << dice.below(8);
        }
        Kind::ChangeType => spoilt.iter_mut().for_each(|byte| *byte = dice.roll() as u8),
        Kind::Duplicate => spoilt.extend_from_slice(bytes),
        Kind::Truncate => spoilt.truncate(dice.below(bytes.len())),
        Kind::Extend => (0..=dice.below(20)).for_each(|_| spoilt.push(dice.roll() as u8)),
        Kind::Giant => spoilt.fill(0xff),
        Kind::Refuse => return None,
    }
    (spoilt != bytes).then_some(spoilt)
}

/// The parts of what looks like an envelope KAE1 (see `docs/protocol.md`); of anything else,
/// the whole.
pub(super) fn parts(bytes: &[u8]) -> Vec<(&'static str, std::ops::Range<usize>)> {
    const HEAD: [(&str, usize); 6] = [
        ("format", 4),
        ("type", 6),
        ("key id", 22),
        ("salt", 46),
        ("commitment", 78),
        ("", 94),
    ];
    if !bytes.starts_with(b"KA") || bytes.len() < HEAD[5].1 {
        return vec![("bytes", 0..bytes.len())];
    }
    let tag = bytes.len() - 16;
    let mut from = 0;
    let mut all = Vec::new();
    for (name, to) in &HEAD[..5] {
        all.push((*name, from..*to));
        from = *to;
    }
    all.push(("ciphertext", from..tag));
    all.push(("tag", tag..bytes.len()));
    all
}
