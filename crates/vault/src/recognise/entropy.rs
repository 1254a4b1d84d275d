//! Whether a value looks as if a machine had made it.

/// Shortest and longest value judged.
const LENGTHS: std::ops::RangeInclusive<usize> = 20..=512;

/// Words, paths, versions, identifiers and UUIDs are not random; keys and generated passwords
/// are. What counts: no spaces, letters and digits that keep taking turns, and hardly any
/// repetition. UUIDs name things more often than they guard them.
pub(super) fn looks_random(value: &str) -> bool {
    let bytes = value.as_bytes();
    if !LENGTHS.contains(&bytes.len()) || is_uuid(bytes) {
        return false;
    }
    let of_keys = |b: &u8| b.is_ascii_alphanumeric() || b"+/_=-.~".contains(b);
    if !bytes.iter().all(of_keys) {
        return false;
    }
    let classes: Vec<Class> = bytes.iter().filter_map(|b| Class::of(*b)).collect();
    let has = |class| classes.contains(&class);
    if !has(Class::Digit) || !(has(Class::Lower) || has(Class::Upper)) {
        return false;
    }
    // In random letters and digits about every second neighbour is of another class; in words
    // joined by dashes, in versions and in camel case far fewer are.
    let turns = classes.windows(2).filter(|pair| pair[0] != pair[1]).count();
    turns * 10 >= classes.len() * 3 && bits_per_byte(bytes) >= 3.2
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Lower,
    Upper,
    Digit,
}

impl Class {
    fn of(byte: u8) -> Option<Self> {
        match byte {
            b'a'..=b'z' => Some(Self::Lower),
            b'A'..=b'Z' => Some(Self::Upper),
            b'0'..=b'9' => Some(Self::Digit),
            _ => None,
        }
    }
}

/// Shannon's entropy of the bytes' frequencies.
fn bits_per_byte(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    let total = bytes.len() as f64;
    let share = |count: u32| f64::from(count) / total;
    counts
        .into_iter()
        .filter(|count| *count > 0)
        .map(|count| -share(count) * share(count).log2())
        .sum()
}

fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_by_machines() {
        for value in [
            "9f86d081884c7d659a2feaa0c55ad015",
            "xK9mPq2RtY7wZb4NcV8L",
            "dGhpcyBpcyBub3QgYSBzZWNyZXQgMTIzNDU2Nzg5MA==",
            "v8Jx-2Kq_9LmZ.4TyB7~nR5w",
        ] {
            assert!(looks_random(value), "{value}");
        }
    }

    #[test]
    fn not_made_by_machines() {
        for value in [
            "production",
            "the quick brown fox jumps over 13 lazy dogs",
            "my-kubernetes-cluster-name-prod-1",
            "registry.example.com/team/image-name.v1.2.3",
            "550e8400-e29b-41d4-a716-446655440000",
            "12345678901234567890",
            "aaaaaaaaaaaaaaaaaaaaaaaa1",
            "https://example.com/a1b2c3d4e5f6",
            "AbstractSingletonProxyFactoryBean2",
            "xK9mPq2RtY7",
            "a1a1a1a1a1a1a1a1a1a1a1a1",
        ] {
            assert!(!looks_random(value), "{value}");
        }
    }
}
