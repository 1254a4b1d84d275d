//! Bytes as people read, type and paste them: a prefix, Crockford's base32 in groups, a checksum.
//!
//! The checksum is the beginning of SHA-256(label ‖ bytes). It tells a typing mistake from another
//! code, and protects nothing.

use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use crate::secret::Secret;

/// Crockford's base32: no I, L, O or U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Every prefix has three characters.
pub(crate) const PREFIX_LEN: usize = 3;

/// How one kind of code is written. Its bytes, checksum included, are a multiple of five, so that
/// digits and bytes meet without a remainder.
pub(crate) struct Spelling {
    /// The kind and its number, for example `KA1`.
    pub(crate) prefix: &'static [u8; PREFIX_LEN],
    /// Digits in a group.
    pub(crate) group: usize,
    /// What the checksum is labelled with.
    pub(crate) label: &'static [u8],
    /// Length of the checksum in bytes.
    pub(crate) checksum: usize,
}

/// Why a text is not the code it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeError {
    /// Too short, too long, a character that no code has, or another prefix.
    Shape,
    /// The right shape, and a typing mistake.
    Checksum,
}

impl Spelling {
    /// How many digits `RAW` bytes have, without the prefix.
    pub(crate) const fn digits(raw: usize) -> usize {
        raw * 8 / 5
    }

    /// The canonical text of what `fill` writes into all bytes but the checksum.
    pub(crate) fn write<const RAW: usize>(
        &self,
        fill: impl FnOnce(&mut [u8]),
    ) -> Zeroizing<String> {
        const { assert!(RAW.is_multiple_of(5), "no remainder") };
        let raw = Secret::<RAW>::fill(|raw| {
            let (body, checksum) = raw.split_at_mut(RAW - self.checksum);
            fill(body);
            checksum.copy_from_slice(&self.checksum_of(body)[..self.checksum]);
        });
        let digits = Self::digits(RAW);
        // Reserved in full: growing would leave a copy of the beginning behind.
        let mut text = Zeroizing::new(String::with_capacity(
            PREFIX_LEN + digits + digits.div_ceil(self.group),
        ));
        text.extend(self.prefix.iter().copied().map(char::from));
        for index in 0..digits {
            if index.is_multiple_of(self.group) {
                text.push('-');
            }
            let digit = digit_at(raw.bytes(), index);
            text.push(char::from(ALPHABET[usize::from(digit)]));
        }
        text
    }

    /// Reads what a person typed or pasted: case does not matter, spaces and dashes may stand
    /// anywhere, `O` is read as 0, `I` and `L` as 1. The checksum has been verified and is still
    /// at the end.
    pub(crate) fn read<const RAW: usize>(&self, text: &str) -> Result<Secret<RAW>, CodeError> {
        const { assert!(RAW.is_multiple_of(5), "no remainder") };
        let typed = PREFIX_LEN + Self::digits(RAW);
        let mut values = Zeroizing::new(Vec::with_capacity(typed));
        for character in text.chars().filter(|&character| !is_separator(character)) {
            if values.len() == typed {
                return Err(CodeError::Shape);
            }
            values.push(digit_of(character).ok_or(CodeError::Shape)?);
        }
        if values.len() != typed || !self.begins(&values) {
            return Err(CodeError::Shape);
        }
        let raw = Secret::<RAW>::fill(|raw| from_digits(&values[PREFIX_LEN..], raw));
        let (body, checksum) = raw.bytes().split_at(RAW - self.checksum);
        if *checksum != self.checksum_of(body)[..self.checksum] {
            return Err(CodeError::Checksum);
        }
        Ok(raw)
    }

    /// The part of a longer text that should be this code: from its prefix on, as many digits as
    /// it has. `None` when the prefix stands nowhere at the beginning of a word.
    pub(crate) fn find<'a, const RAW: usize>(&self, text: &'a str) -> Option<&'a str> {
        let begin = self.find_prefix(text)?;
        let mut left = PREFIX_LEN + Self::digits(RAW);
        for (at, character) in text[begin..].char_indices() {
            if is_separator(character) {
                continue;
            }
            if left == 0 {
                return Some(&text[begin..begin + at]);
            }
            left -= 1;
        }
        Some(&text[begin..])
    }

    fn find_prefix(&self, text: &str) -> Option<usize> {
        let mut in_word = false;
        for (begin, character) in text.char_indices() {
            if !in_word && character.is_alphanumeric() {
                let mut rest = text[begin..].chars();
                let head: Vec<u8> = rest.by_ref().take(PREFIX_LEN).map_while(digit_of).collect();
                if self.begins(&head) && rest.next().is_some_and(is_separator) {
                    return Some(begin);
                }
            }
            in_word = character.is_alphanumeric();
        }
        None
    }

    fn begins(&self, values: &[u8]) -> bool {
        let prefix = self.prefix.map(|byte| digit_of(char::from(byte)));
        prefix
            .iter()
            .copied()
            .eq(values.iter().take(PREFIX_LEN).map(|value| Some(*value)))
    }

    pub(crate) fn checksum_of(&self, body: &[u8]) -> [u8; 32] {
        Sha256::new()
            .chain_update(self.label)
            .chain_update(body)
            .finalize()
            .into()
    }
}

/// Spaces and line breaks of any kind, the dashes that word processors and PDF viewers put in the
/// place of a hyphen, and the invisible characters that come along with a paste.
pub(crate) fn is_separator(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '-' | '\u{ad}' | '\u{200b}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{feff}'
        )
}

/// The value of a digit, read leniently.
pub(crate) fn digit_of(character: char) -> Option<u8> {
    let byte = match u8::try_from(character).ok()?.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    ALPHABET
        .iter()
        .position(|&digit| digit == byte)
        .map(|position| position as u8)
}

/// Packs five-bit digits, most significant first: eight digits fill five bytes.
pub(crate) fn from_digits(digits: &[u8], raw: &mut [u8]) {
    for (five, eight) in raw.chunks_exact_mut(5).zip(digits.chunks_exact(8)) {
        let mut group = eight
            .iter()
            .fold(0_u64, |bits, &value| bits << 5 | u64::from(value));
        let mut bytes = group.to_be_bytes();
        five.copy_from_slice(&bytes[3..]);
        bytes.zeroize();
        group.zeroize();
    }
}

fn digit_at(raw: &[u8], index: usize) -> u8 {
    (0..5).fold(0, |value, bit| {
        let position = index * 5 + bit;
        value << 1 | (raw[position / 8] >> (7 - position % 8) & 1)
    })
}
