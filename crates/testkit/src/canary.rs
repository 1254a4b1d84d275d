use aho_corasick::AhoCorasick;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

/// Words that must never leave a client, and every shape in which they might.
pub struct Canaries {
    shapes: Vec<(String, &'static str)>,
    search: AhoCorasick,
}

impl Canaries {
    /// Shortest word in bytes. What is shorter could stand anywhere by chance.
    pub const SHORTEST: usize = 8;

    /// Words, each with a name that may be printed.
    ///
    /// # Panics
    ///
    /// When a word is shorter than [`Self::SHORTEST`].
    pub fn new<'a>(words: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut shapes = Vec::new();
        let mut needles = Vec::new();
        for (name, word) in words {
            assert!(word.len() >= Self::SHORTEST, "{name} is too short");
            for (shape, bytes) in shapes_of(word) {
                shapes.push((name.to_owned(), shape));
                needles.push(bytes);
            }
        }
        let search = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(&needles)
            .expect("words are few and short");
        Self { shapes, search }
    }

    /// Which words stand in the bytes, and in which shape; nothing of the bytes themselves.
    pub fn sightings(&self, bytes: &[u8]) -> Vec<String> {
        self.search
            .find_overlapping_iter(bytes)
            .map(|found| {
                let (name, shape) = &self.shapes[found.pattern().as_usize()];
                format!("{name} ({shape}, at byte {})", found.start())
            })
            .collect()
    }
}

/// A word as it is and encoded. Letters match in either case.
fn shapes_of(word: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let hex: Vec<u8> = word
        .iter()
        .flat_map(|b| format!("{b:02x}").into_bytes())
        .collect();
    let percent: Vec<u8> = word
        .iter()
        .flat_map(|b| format!("%{b:02x}").into_bytes())
        .collect();
    let mut shapes = vec![
        ("plain", word.to_vec()),
        ("reversed", word.iter().rev().copied().collect()),
        ("hex", hex),
        ("percent", percent),
    ];
    if let Ok(text) = std::str::from_utf8(word) {
        let units: Vec<u16> = text.encode_utf16().collect();
        let wide = |bytes: fn(u16) -> [u8; 2]| units.iter().flat_map(|u| bytes(*u)).collect();
        shapes.push(("UTF-16 LE", wide(u16::to_le_bytes)));
        shapes.push(("UTF-16 BE", wide(u16::to_be_bytes)));
    }
    for shift in 0..3 {
        // Base64 depends on where in a group of three the word begins: only the digits that the
        // word alone decides are looked for.
        let shifted = [&[0; 3][..shift], word].concat();
        let first = (shift * 8).div_ceil(6);
        let last = shifted.len() * 8 / 6;
        for (name, text) in [
            ("base64", STANDARD_NO_PAD.encode(&shifted)),
            ("base64url", URL_SAFE_NO_PAD.encode(&shifted)),
        ] {
            shapes.push((name, text.as_bytes()[first..last].to_vec()));
        }
    }
    shapes
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORD: &[u8] = b"canary-4f2a9c/?>word";

    fn seen(bytes: &[u8]) -> Vec<String> {
        Canaries::new([("the word", WORD)]).sightings(bytes)
    }

    #[test]
    fn every_shape_is_seen_wherever_it_stands() {
        for (shape, bytes) in shapes_of(WORD) {
            let hidden = [b"before ", bytes.as_slice(), b" after"].concat();
            assert!(!seen(&hidden).is_empty(), "{shape}");
        }
        for lead in 0..7 {
            let inside = [&b"xxxxxxx"[..lead], WORD, b"yy"].concat();
            let encoded = URL_SAFE_NO_PAD.encode(&inside);
            assert!(!seen(encoded.as_bytes()).is_empty(), "base64 after {lead}");
        }
        let shouted = String::from_utf8_lossy(WORD).to_uppercase();
        assert!(!seen(shouted.as_bytes()).is_empty());
    }

    #[test]
    fn what_is_told_says_where_and_not_what() {
        assert_eq!(
            seen(b"xx canary-4f2a9c/?>word"),
            ["the word (plain, at byte 3)"]
        );
        assert!(seen(b"canary-4f2a9c/?>wor").is_empty());
    }
}
