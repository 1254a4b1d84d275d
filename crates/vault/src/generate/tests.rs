use std::{collections::HashSet, convert::Infallible};

use proptest::prelude::*;
use rand_core::{TryCryptoRng, TryRng};

use super::*;

/// A generator whose every output is known (SplitMix64, Steele et al., OOPSLA 2014).
struct Counted(u64);

impl TryRng for Counted {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|next| (next >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        Ok(mixed ^ mixed >> 31)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for byte in out {
            *byte = self.try_next_u64()? as u8;
        }
        Ok(())
    }
}

impl TryCryptoRng for Counted {}

fn made(recipe: &Recipe, seed: u64) -> Generated {
    generate(recipe, &mut Counted(seed)).expect("a good recipe")
}

fn only(length: u32, digits: bool) -> PasswordRecipe {
    PasswordRecipe {
        length,
        lower: false,
        upper: false,
        digits,
        symbols: false,
        distinct: false,
    }
}

#[test]
fn the_list_has_each_word_once() {
    let distinct: HashSet<&str> = WORDS.iter().copied().collect();
    assert_eq!(distinct.len(), WORDS.len());
    assert!(WORDS.is_sorted());
    for word in WORDS.iter() {
        assert!((4..=9).contains(&word.len()), "{word}");
        assert!(word.bytes().all(|byte| byte.is_ascii_lowercase()), "{word}");
    }
}

#[test]
fn every_recipe_gives_its_shape() {
    let hex = made(&Recipe::Hex { bytes: 32 }, 1);
    assert_eq!((hex.value.len(), hex.bits), (64, 256.0));
    let base64 = made(&Recipe::Base64 { bytes: 32 }, 1);
    assert_eq!((base64.value.len(), base64.bits), (43, 256.0));
    let uuid = made(&Recipe::Uuid, 1);
    assert_eq!((uuid.value.len(), uuid.bits), (36, 122.0));
    assert_eq!(&uuid.value[14..15], "4");
    assert!(["8", "9", "a", "b"].contains(&&uuid.value[19..20]));
    let phrase = made(&Recipe::Passphrase(PassphraseRecipe::default()), 1);
    assert_eq!(phrase.value.split('-').count(), 6);
    assert!(phrase.bits > 63.0, "{phrase:?}");
    let dressed = made(
        &Recipe::Passphrase(PassphraseRecipe {
            words: 4,
            separator: " ".to_owned(),
            capitals: true,
            digit: true,
        }),
        2,
    );
    assert_eq!(
        dressed.value.chars().filter(char::is_ascii_digit).count(),
        1
    );
    let words: Vec<&str> = dressed.value.split(' ').collect();
    assert!(
        words
            .iter()
            .all(|word| word.starts_with(|c: char| c.is_ascii_uppercase()))
    );
}

/// RFC 4648, section 10, in the alphabet of section 5 and without padding.
#[test]
fn base64_is_that_of_the_rfc() {
    for (bytes, text) in [
        ("f", "Zg"),
        ("fo", "Zm8"),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg"),
        ("fooba", "Zm9vYmE"),
        ("foobar", "Zm9vYmFy"),
    ] {
        assert_eq!(base64(bytes.as_bytes()), text);
    }
    assert_eq!(base64(&[0xfb, 0xff]), "-_8");
}

#[test]
fn the_bits_are_counted_and_not_guessed() {
    let digits = made(&Recipe::Password(only(6, true)), 1);
    assert!((digits.bits - 1_000_000_f64.log2()).abs() < 1e-9);
    // Six of 36 with at least one letter and one digit: 36^6 − 26^6 − 10^6.
    let both = PasswordRecipe {
        lower: true,
        ..only(6, true)
    };
    let expected = (36_f64.powi(6) - 26_f64.powi(6) - 10_f64.powi(6)).log2();
    assert!((made(&Recipe::Password(both), 1).bits - expected).abs() < 1e-9);
    let longest = PasswordRecipe {
        length: PASSWORD_MAX,
        ..PasswordRecipe::default()
    };
    assert!(made(&Recipe::Password(longest), 1).bits.is_finite());
}

#[test]
fn what_cannot_be_made_says_why() {
    let refused = |recipe: Recipe| generate(&recipe, &mut Counted(1)).expect_err("refused");
    assert_eq!(
        refused(Recipe::Password(only(20, false))),
        RecipeError::NoCharacters
    );
    for length in [0, PASSWORD_MIN - 1, PASSWORD_MAX + 1, u32::MAX] {
        let password = Recipe::Password(only(length, true));
        assert_eq!(refused(password), RecipeError::Length);
    }
    for bytes in [0, BYTES_MIN - 1, BYTES_MAX + 1, u32::MAX] {
        assert_eq!(refused(Recipe::Hex { bytes }), RecipeError::Length);
        assert_eq!(refused(Recipe::Base64 { bytes }), RecipeError::Length);
    }
    let phrase = |words, separator: &str| {
        Recipe::Passphrase(PassphraseRecipe {
            words,
            separator: separator.to_owned(),
            ..PassphraseRecipe::default()
        })
    };
    assert_eq!(refused(phrase(2, "-")), RecipeError::Length);
    assert_eq!(refused(phrase(6, "-----")), RecipeError::Separator);
    assert_eq!(refused(phrase(6, "\n")), RecipeError::Separator);
}

/// Each of ten digits 10,000 times in 100,000, within five standard deviations (95 each).
#[test]
fn every_character_is_as_likely_as_the_others() {
    let mut counts = [0_i32; 10];
    let mut rng = Counted(7);
    for _ in 0..100_000 {
        counts[below(10, &mut rng)] += 1;
    }
    for count in counts {
        assert!((count - 10_000).abs() < 475, "{counts:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_password_has_what_was_asked_for_and_nothing_else(
        length in PASSWORD_MIN..=PASSWORD_MAX,
        sorts in prop::array::uniform4(any::<bool>()),
        distinct in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let [lower, upper, digits, symbols] = sorts;
        prop_assume!(lower || upper || digits || symbols);
        let recipe = PasswordRecipe { length, lower, upper, digits, symbols, distinct };
        let value = &made(&Recipe::Password(recipe), seed).value;
        prop_assert_eq!(value.chars().count(), length as usize);
        for (chosen, sort) in sorts.into_iter().zip([LOWER, UPPER, DIGITS, SYMBOLS]) {
            prop_assert_eq!(value.chars().any(|c| sort.contains(c)), chosen);
        }
        prop_assert!(!(distinct && value.chars().any(|c| ALIKE.contains(c))));
    }
}
