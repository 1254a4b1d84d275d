//! Making secrets. Every value that a recipe can give is equally likely: what is drawn and does not
//! fit is drawn again, and nothing is taken modulo.

mod key_pair;

use std::{fmt::Write as _, sync::LazyLock};

use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub use key_pair::{KeyAlgorithm, KeyPair, KeyPairError, KeyPairRecipe, make_key_pair};

/// Longest password, in characters.
pub const PASSWORD_MAX: u32 = 128;
/// Shortest password, in characters.
pub const PASSWORD_MIN: u32 = 6;
/// Most words of a passphrase.
pub const WORDS_MAX: u32 = 20;
/// Fewest words of a passphrase.
pub const WORDS_MIN: u32 = 3;
/// Most random bytes of a key.
pub const BYTES_MAX: u32 = 512;
/// Fewest random bytes of a key.
pub const BYTES_MIN: u32 = 8;

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";
/// Without quotes, backslash and space, which shells and files treat in ways of their own.
const SYMBOLS: &str = "!#$%&()*+,-./:;<=>?@[]^_{|}~";
/// Common words of four to nine letters, each once, in alphabetical order.
static WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("words.txt").lines().collect());
/// What is taken for one another in print.
const ALIKE: &str = "0O1lI|";

/// What is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Recipe {
    /// Characters, at least one of each sort that is chosen.
    Password(PasswordRecipe),
    /// Words from a list.
    Passphrase(PassphraseRecipe),
    /// Random bytes, written in hexadecimal digits.
    Hex {
        /// From [`BYTES_MIN`] to [`BYTES_MAX`].
        bytes: u32,
    },
    /// Random bytes, written in Base64 (RFC 4648, section 5, without padding).
    Base64 {
        /// From [`BYTES_MIN`] to [`BYTES_MAX`].
        bytes: u32,
    },
    /// A UUID of version 4 (RFC 9562).
    Uuid,
}

/// See [`Recipe::Password`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordRecipe {
    /// Characters, from [`PASSWORD_MIN`] to [`PASSWORD_MAX`].
    pub length: u32,
    /// `a` to `z`.
    pub lower: bool,
    /// `A` to `Z`.
    pub upper: bool,
    /// `0` to `9`.
    pub digits: bool,
    /// Punctuation.
    pub symbols: bool,
    /// Leaves out what is taken for one another in print.
    pub distinct: bool,
}

impl Default for PasswordRecipe {
    fn default() -> Self {
        Self {
            length: 24,
            lower: true,
            upper: true,
            digits: true,
            symbols: true,
            distinct: false,
        }
    }
}

/// See [`Recipe::Passphrase`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassphraseRecipe {
    /// Words, from [`WORDS_MIN`] to [`WORDS_MAX`].
    pub words: u32,
    /// Stands between them; at most four characters.
    pub separator: String,
    /// Each begins with a capital letter.
    pub capitals: bool,
    /// A digit stands behind one of them.
    pub digit: bool,
}

impl Default for PassphraseRecipe {
    fn default() -> Self {
        Self {
            words: 6,
            separator: "-".to_owned(),
            capitals: false,
            digit: false,
        }
    }
}

/// What was made.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Generated {
    /// The secret.
    pub value: String,
    /// How many bits of it were chosen: the logarithm to base 2 of the number of values that the
    /// recipe can give.
    pub bits: f64,
}

impl std::fmt::Debug for Generated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Generated(redacted, {:.0} bits)", self.bits)
    }
}

impl Drop for Generated {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.value);
    }
}

/// Nothing can be made by this recipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecipeError {
    /// No sort of character is chosen.
    #[error("Choose at least one sort of character.")]
    NoCharacters,
    /// A length or count is out of bounds.
    #[error("The length is out of bounds.")]
    Length,
    /// The separator is longer than four characters, or holds a control character.
    #[error("What stands between the words is too long, or holds a control character.")]
    Separator,
}

/// Makes a secret.
pub fn generate(recipe: &Recipe, rng: &mut impl CryptoRng) -> Result<Generated, RecipeError> {
    match recipe {
        Recipe::Password(recipe) => password(recipe, rng),
        Recipe::Passphrase(recipe) => passphrase(recipe, rng),
        Recipe::Hex { bytes } => {
            let random = random(*bytes, rng)?;
            let mut value = String::with_capacity(random.len() * 2);
            for byte in random.iter() {
                // Writing into a string cannot fail.
                let _ = write!(value, "{byte:02x}");
            }
            Ok(of_bytes(value, *bytes))
        }
        Recipe::Base64 { bytes } => Ok(of_bytes(base64(&random(*bytes, rng)?), *bytes)),
        Recipe::Uuid => Ok(uuid(rng)),
    }
}

fn of_bytes(value: String, bytes: u32) -> Generated {
    Generated {
        value,
        bits: f64::from(bytes) * 8.0,
    }
}

fn password(recipe: &PasswordRecipe, rng: &mut impl CryptoRng) -> Result<Generated, RecipeError> {
    let sorts = [
        (recipe.lower, LOWER),
        (recipe.upper, UPPER),
        (recipe.digits, DIGITS),
        (recipe.symbols, SYMBOLS),
    ];
    let kept = |c: &char| !(recipe.distinct && ALIKE.contains(*c));
    let sorts: Vec<Vec<char>> = sorts
        .into_iter()
        .filter(|(chosen, _)| *chosen)
        .map(|(_, sort)| sort.chars().filter(kept).collect())
        .collect();
    if sorts.is_empty() {
        return Err(RecipeError::NoCharacters);
    }
    if !(PASSWORD_MIN..=PASSWORD_MAX).contains(&recipe.length) {
        return Err(RecipeError::Length);
    }
    let all: Vec<char> = sorts.iter().flatten().copied().collect();
    // One that lacks a sort is drawn anew as a whole: to put the sort in somewhere would make some
    // passwords likelier than others.
    loop {
        let mut value = Zeroizing::new(String::with_capacity(recipe.length as usize));
        for _ in 0..recipe.length {
            value.push(all[below(all.len(), rng)]);
        }
        if sorts.iter().all(|sort| value.contains(sort.as_slice())) {
            return Ok(Generated {
                bits: bits_of_password(&sorts, recipe.length),
                value: std::mem::take(&mut *value),
            });
        }
    }
}

/// By inclusion and exclusion over the sorts that could be missing.
fn bits_of_password(sorts: &[Vec<char>], length: u32) -> f64 {
    let mut count = 0.0;
    for missing in 0..1_u32 << sorts.len() {
        let left: usize = sorts
            .iter()
            .enumerate()
            .filter(|(at, _)| missing & (1 << at) == 0)
            .map(|(_, sort)| sort.len())
            .sum();
        let term = f64::from(left as u32).powi(length as i32);
        count += if missing.count_ones() % 2 == 0 {
            term
        } else {
            -term
        };
    }
    count.log2()
}

fn passphrase(
    recipe: &PassphraseRecipe,
    rng: &mut impl CryptoRng,
) -> Result<Generated, RecipeError> {
    if !(WORDS_MIN..=WORDS_MAX).contains(&recipe.words) {
        return Err(RecipeError::Length);
    }
    let separator = &recipe.separator;
    if separator.chars().count() > 4 || separator.chars().any(char::is_control) {
        return Err(RecipeError::Separator);
    }
    let digit_behind = recipe.digit.then(|| below(recipe.words as usize, rng));
    let mut value = String::with_capacity(recipe.words as usize * 14);
    for at in 0..recipe.words as usize {
        if at > 0 {
            value.push_str(separator);
        }
        let word = WORDS[below(WORDS.len(), rng)];
        let (first, rest) = word.split_at(1);
        match recipe.capitals {
            true => value.push_str(&first.to_ascii_uppercase()),
            false => value.push_str(first),
        }
        value.push_str(rest);
        if digit_behind == Some(at) {
            value.push(char::from(b'0' + below(10, rng) as u8));
        }
    }
    let words = f64::from(recipe.words);
    let digit = if recipe.digit {
        (10.0 * words).log2()
    } else {
        0.0
    };
    Ok(Generated {
        value,
        bits: words * (WORDS.len() as f64).log2() + digit,
    })
}

fn uuid(rng: &mut impl CryptoRng) -> Generated {
    let mut bytes = Zeroizing::new([0_u8; 16]);
    rng.fill_bytes(&mut *bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut value = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if [4, 6, 8, 10].contains(&at) {
            value.push('-');
        }
        // Writing into a string cannot fail.
        let _ = write!(value, "{byte:02x}");
    }
    Generated { value, bits: 122.0 }
}

fn random(bytes: u32, rng: &mut impl CryptoRng) -> Result<Zeroizing<Vec<u8>>, RecipeError> {
    if !(BYTES_MIN..=BYTES_MAX).contains(&bytes) {
        return Err(RecipeError::Length);
    }
    let mut random = Zeroizing::new(vec![0; bytes as usize]);
    rng.fill_bytes(&mut random);
    Ok(random)
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let held = chunk
            .iter()
            .chain([&0, &0])
            .take(3)
            .fold(0_u32, |held, byte| held << 8 | u32::from(*byte));
        for at in 0..=chunk.len() {
            let letter = held >> (18 - 6 * at) & 63;
            out.push(char::from(LETTERS[letter as usize]));
        }
    }
    out
}

/// A number below `bound`, each equally likely.
fn below(bound: usize, rng: &mut impl CryptoRng) -> usize {
    // Lists here have at most some thousand entries.
    let bound = bound as u32;
    let fair = u32::MAX - u32::MAX % bound;
    loop {
        let drawn = rng.next_u32();
        if drawn < fair {
            return (drawn % bound) as usize;
        }
    }
}

#[cfg(test)]
mod tests;
