//! How good a password is, as a WebAssembly module of its own.
//!
//! zxcvbn's dictionaries weigh more than the rest of KeyArc together, and only sign-up and
//! password changes need them; so the vault worker loads this module when it must rate a
//! password, and nobody else pays for it.

use wasm_bindgen::prelude::wasm_bindgen;
use zxcvbn::zxcvbn;

/// Longest prefix that is looked at, in characters. zxcvbn's time grows faster than linearly,
/// and what follows 100 characters can only make a password better.
const LOOK_AT: usize = 100;

/// Rates a password. `inputs` holds words that must not help it (an e-mail address, the name of
/// the product), one a line.
///
/// The answer is JSON: `{"score":0..4,"guesses_log10":number,"warning":"…","suggestions":["…"]}`.
#[wasm_bindgen]
pub fn rate(password: &str, inputs: &str) -> String {
    let end = password
        .char_indices()
        .nth(LOOK_AT)
        .map_or(password.len(), |(at, _)| at);
    let inputs: Vec<&str> = inputs.lines().filter(|word| !word.is_empty()).collect();
    let entropy = zxcvbn(&password[..end], &inputs);
    let feedback = entropy.feedback();
    let warning = feedback
        .and_then(|feedback| feedback.warning())
        .map(|text| text.to_string());
    let suggestions: Vec<String> = feedback
        .map(|feedback| {
            feedback
                .suggestions()
                .iter()
                .map(|text| quoted(&text.to_string()))
                .collect()
        })
        .unwrap_or_default();
    // An empty password needs one guess or none; JSON has no infinity.
    let guesses = entropy.guesses_log10();
    let guesses = if guesses.is_finite() {
        guesses.max(0.0)
    } else {
        0.0
    };
    format!(
        r#"{{"score":{},"guesses_log10":{guesses},"warning":{},"suggestions":[{}]}}"#,
        u8::from(entropy.score()),
        quoted(&warning.unwrap_or_default()),
        suggestions.join(","),
    )
}

/// A JSON string. The texts are zxcvbn's own, so two escapes are all that can occur.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rated(password: &str, inputs: &str) -> serde_json::Value {
        serde_json::from_str(&rate(password, inputs)).expect("JSON")
    }

    #[test]
    fn a_common_password_is_bad_and_says_why() {
        let rating = rated("password1", "");
        assert_eq!(rating["score"], 0);
        assert!(
            rating["warning"]
                .as_str()
                .is_some_and(|text| !text.is_empty())
        );
        assert!(
            rating["suggestions"]
                .as_array()
                .is_some_and(|list| !list.is_empty())
        );
    }

    #[test]
    fn an_unrelated_phrase_is_good_and_says_nothing() {
        let rating = rated("quartz lantern mosaic dolphin", "");
        assert_eq!(rating["score"], 4);
        assert_eq!(rating["warning"], "");
        assert!(
            rating["guesses_log10"]
                .as_f64()
                .is_some_and(|guesses| guesses > 10.0)
        );
    }

    #[test]
    fn words_known_about_the_person_do_not_help() {
        let without = rated("wolperdinger77", "")["guesses_log10"].as_f64();
        let with = rated("wolperdinger77", "anna\nwolperdinger")["guesses_log10"].as_f64();
        assert!(with < without, "{with:?} {without:?}");
    }

    #[test]
    fn every_input_gives_json() {
        for password in [
            "",
            "\"\\",
            "\u{202e}\u{0}\n",
            &"a".repeat(5_000),
            &"😀".repeat(300),
        ] {
            let rating = rated(password, "");
            assert!(rating["score"].as_u64().is_some_and(|score| score <= 4));
            assert!(rating["guesses_log10"].is_number());
        }
    }
}
