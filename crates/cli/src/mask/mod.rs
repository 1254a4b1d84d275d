//! Hides secrets in what a program prints: bytes in, bytes out, and nothing else. It is the same
//! whatever pieces the bytes come in.

mod automaton;
mod spellings;

use std::{collections::VecDeque, sync::Arc};

use automaton::{Automaton, ROOT};
use spellings::Spellings;

/// What stands in the place of a secret, however long that is.
pub const MASK: &[u8] = b"********";
/// Bytes of the shortest value that is masked: shorter ones stand everywhere by chance.
pub const LEAST: usize = 4;

/// What is searched: secrets, in the spellings that programs print. It is wiped when it is dropped.
pub struct Needles(Automaton);

impl Needles {
    /// Of values. Those with fewer than [`LEAST`] bytes are not searched.
    pub fn of<'a>(values: impl Iterator<Item = &'a str>) -> Self {
        Self(Automaton::new(Spellings::of(values).iter()))
    }
}

/// Bytes that are hidden, counted from the beginning of the stream.
struct Run {
    from: u64,
    to: u64,
    /// Whether the mask for it went out already.
    is_told: bool,
}

/// Hides secrets in one stream. Each stretch of bytes that belong to secrets, which may overlap,
/// becomes one [`MASK`].
pub struct Masker {
    needles: Arc<Needles>,
    /// Where the automaton stands.
    state: u32,
    /// Bytes that came.
    taken: u64,
    /// Of these, bytes that are decided.
    given: u64,
    /// Those that are not, from `given` to `taken`.
    waiting: Vec<u8>,
    /// What of them is hidden, in order, apart from each other.
    runs: VecDeque<Run>,
}

impl Masker {
    /// At the beginning of a stream.
    pub fn new(needles: Arc<Needles>) -> Self {
        Self {
            needles,
            state: ROOT,
            taken: 0,
            given: 0,
            waiting: Vec::new(),
            runs: VecDeque::new(),
        }
    }

    /// Takes bytes, and adds to `out` all that is decided now: only what may be the beginning of a
    /// secret waits.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for byte in bytes {
            self.waiting.push(*byte);
            self.taken += 1;
            self.state = self.needles.0.step(self.state, *byte);
            let found = self.needles.0.found(self.state);
            if found > 0 {
                self.hide(self.taken - found);
            }
        }
        self.give(self.taken - self.needles.0.held(self.state), out);
    }

    /// Whether [`Masker::settle`] would let something out.
    pub fn may_settle(&self) -> bool {
        self.needles.0.held(self.state) < LEAST as u64
            && self.runs.back().map_or(self.given, |run| run.to) < self.taken
    }

    /// Lets out what waits although a secret may begin with it, if that is less than [`LEAST`]
    /// bytes: when nothing comes for a while, it is likely the end of a question to somebody. When
    /// the secret goes on after all, the rest of it is hidden, so that no more of it is ever shown.
    pub fn settle(&mut self, out: &mut Vec<u8>) {
        if self.may_settle() {
            self.give(self.taken, out);
        }
    }

    /// Ends the stream: what waited was no secret.
    pub fn finish(mut self, out: &mut Vec<u8>) {
        self.give(self.taken, out);
    }

    /// Hides from a place, or from the first that is not decided, up to the last byte that came.
    fn hide(&mut self, from: u64) {
        let mut run = Run {
            from: from.max(self.given),
            to: self.taken,
            is_told: false,
        };
        while let Some(last) = self.runs.pop_back_if(|last| last.to > run.from) {
            run.from = run.from.min(last.from);
            run.is_told |= last.is_told;
        }
        self.runs.push_back(run);
    }

    fn give(&mut self, to: u64, out: &mut Vec<u8>) {
        let start = self.given;
        // At most as many as are held in memory.
        let at = |place: u64| usize::try_from(place - start).unwrap_or(usize::MAX);
        while self.given < to {
            match self.runs.front_mut() {
                Some(run) if run.from <= self.given => {
                    if !run.is_told {
                        out.extend_from_slice(MASK);
                        run.is_told = true;
                    }
                    self.given = run.to.min(to);
                    if run.to <= to {
                        self.runs.pop_front();
                    }
                }
                next => {
                    let end = next.map_or(to, |run| run.from.min(to));
                    out.extend_from_slice(&self.waiting[at(self.given)..at(end)]);
                    self.given = end;
                }
            }
        }
        self.waiting.drain(..at(self.given));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn masked(values: &[&str], pieces: &[&[u8]]) -> Vec<u8> {
        let needles = Arc::new(Needles::of(values.iter().copied()));
        let mut masker = Masker::new(needles);
        let mut out = Vec::new();
        for piece in pieces {
            masker.push(piece, &mut out);
        }
        masker.finish(&mut out);
        out
    }

    fn text(values: &[&str], text: &str) -> String {
        String::from_utf8(masked(values, &[text.as_bytes()])).expect("UTF-8")
    }

    /// The same, found the slow way.
    fn expected(needles: &[Vec<u8>], text: &[u8]) -> Vec<u8> {
        let mut hidden: Vec<(usize, usize)> = Vec::new();
        for needle in needles {
            let windows = text.windows(needle.len()).enumerate();
            let found = windows.filter(|(_, window)| window == needle);
            hidden.extend(found.map(|(at, _)| (at, at + needle.len())));
        }
        hidden.sort_unstable();
        let (mut out, mut given, mut shown_to) = (Vec::new(), 0, 0);
        for (from, to) in hidden {
            if from >= shown_to {
                out.extend_from_slice(&text[given..from]);
                out.extend_from_slice(MASK);
            }
            given = given.max(to);
            shown_to = shown_to.max(to);
        }
        out.extend_from_slice(&text[given..]);
        out
    }

    fn contains(text: &[u8], needle: &[u8]) -> bool {
        text.windows(needle.len()).any(|window| window == needle)
    }

    #[test]
    fn secrets_are_hidden_and_all_else_goes_through() {
        let values = ["canary-1", "canary-1-longer", "ary-1-lo"];
        assert_eq!(text(&values, "a canary-1 b"), "a ******** b");
        assert_eq!(text(&values, "canary-1-longer"), "********");
        assert_eq!(text(&values, "canary-1-lo."), "********.");
        assert_eq!(text(&values, "canary-1canary-1"), "****************");
        assert_eq!(text(&values, "canary- 1"), "canary- 1");
        assert_eq!(text(&["abc"], "abc"), "abc", "too short");
        assert_eq!(text(&[], "abc"), "abc");
        let bytes = b"\xff\xfe\0canary-1\x80";
        assert_eq!(masked(&values, &[bytes]), b"\xff\xfe\0********\x80");
    }

    #[test]
    fn only_what_may_begin_a_secret_waits() {
        let needles = Arc::new(Needles::of(["canary"].into_iter()));
        let mut masker = Masker::new(needles);
        let mut out = Vec::new();
        masker.push(b"one ca", &mut out);
        assert_eq!(out, b"one ");
        assert!(masker.may_settle());
        masker.settle(&mut out);
        assert_eq!(out, b"one ca");
        assert!(!masker.may_settle());
        masker.push(b"na", &mut out);
        assert!(!masker.may_settle(), "no more than that of a secret");
        masker.settle(&mut out);
        masker.push(b"ry", &mut out);
        assert_eq!(out, b"one ca********", "at once: nothing longer begins so");
        masker.push(b"!cana", &mut out);
        masker.finish(&mut out);
        assert_eq!(out, b"one ca********!cana");
    }

    #[test]
    fn a_giant_value_that_overlaps_itself_takes_no_longer_for_it() {
        let value = "a".repeat(120_000);
        let out = text(&[&value], &"a".repeat(1_000_000));
        assert_eq!(out, "********");
    }

    proptest! {
        #[test]
        fn it_is_the_same_for_all_pieces_and_holds_no_secret(
            values in prop::collection::vec("[ab]{4,7}|[abc\n']{4,12}", 0..5),
            text in prop::collection::vec(prop_oneof![
                "[ab]{0,6}".prop_map(|text| (text, None)),
                ("[abc\n ]{0,3}", any::<prop::sample::Index>()).prop_map(|(text, at)| (text, Some(at))),
            ], 0..12),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let mut bytes = Vec::new();
            for (plain, secret) in &text {
                bytes.extend_from_slice(plain.as_bytes());
                if let Some(at) = secret && !values.is_empty() {
                    bytes.extend_from_slice(at.get(&values).as_bytes());
                }
            }
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            let all = Spellings::of(values.iter().copied());
            let needles: Vec<Vec<u8>> = all.iter().map(|one| one.to_vec()).collect();
            let whole = masked(&values, &[&bytes]);
            prop_assert_eq!(&whole, &expected(&needles, &bytes));
            for needle in &needles {
                prop_assert!(!contains(&whole, needle));
            }
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut from = 0;
            for cut in cuts {
                pieces.push(&bytes[from..cut]);
                from = cut;
            }
            pieces.push(&bytes[from..]);
            prop_assert_eq!(&masked(&values, &pieces), &whole);
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            prop_assert_eq!(&masked(&values, &single), &whole);
        }

        #[test]
        fn what_waits_is_the_longest_beginning_of_a_secret(
            values in prop::collection::vec("[ab]{4,7}", 1..4), text in "[abc]{0,20}",
        ) {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            let all = Spellings::of(values.iter().copied());
            let mut masker = Masker::new(Arc::new(Needles::of(values.into_iter())));
            masker.push(text.as_bytes(), &mut Vec::new());
            let begins = |tail: &[u8]| all.iter().any(|one| one.len() > tail.len() && one.starts_with(tail));
            let longest = (0..=text.len()).rev().find(|length| begins(&text.as_bytes()[text.len() - length..]));
            prop_assert_eq!(masker.waiting.len(), longest.unwrap_or_default());
        }

        #[test]
        fn however_long_it_takes_at_most_three_bytes_of_a_secret_are_shown(
            value in "[ab]{4,12}", before in "[ab ]{0,4}",
        ) {
            let mut masker = Masker::new(Arc::new(Needles::of([value.as_str()].into_iter())));
            let mut out = Vec::new();
            for byte in format!("{before}#{value}").bytes() {
                masker.push(&[byte], &mut out);
                masker.settle(&mut out);
            }
            masker.finish(&mut out);
            let after = out.iter().position(|byte| *byte == b'#').expect("is there") + 1;
            let shown: Vec<u8> = out[after..].iter().copied().filter(|byte| *byte != b'*').collect();
            prop_assert!(shown.len() < LEAST, "{}", String::from_utf8_lossy(&out));
        }
    }
}
