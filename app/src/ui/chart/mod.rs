//! Charts, drawn as SVG. Each says in words what it draws: in a label, or beside it.

mod ring;
mod share_bar;
mod timeline;

pub use ring::Ring;
pub use share_bar::ShareBar;
pub use timeline::{Timeline, TimelineMark};

/// A part of a whole in hundredths, between 0 and 100. What is there is never drawn as nothing,
/// and what is not all never as all.
fn hundredths(part: u32, whole: u32) -> u32 {
    if part == 0 || whole == 0 {
        return 0;
    }
    if part >= whole {
        return 100;
    }
    let share = (u64::from(part) * 100 + u64::from(whole) / 2) / u64::from(whole);
    u32::try_from(share).unwrap_or(100).clamp(1, 99)
}

#[cfg(test)]
mod tests {
    use super::hundredths;

    #[test]
    fn little_is_not_nothing_and_much_is_not_all() {
        assert_eq!(hundredths(0, 0), 0);
        assert_eq!(hundredths(0, 9), 0);
        assert_eq!(hundredths(1, 20_000), 1);
        assert_eq!(hundredths(19_999, 20_000), 99);
        assert_eq!(hundredths(9, 9), 100);
        assert_eq!(hundredths(1, 3), 33);
        assert_eq!(hundredths(u32::MAX - 1, u32::MAX), 99);
    }
}
