//! How a secret may be written in what a program prints.

use std::collections::BTreeSet;

use base64::{
    Engine as _,
    engine::GeneralPurpose,
    prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD},
};
use zeroize::{Zeroize as _, Zeroizing};

use super::LEAST;

/// Bytes of the shortest line of a value that is searched by itself: shorter ones, as `{` or `};`,
/// are no secrets and would hide half of what is printed.
pub const LEAST_OF_LINE: usize = 8;
/// Bytes of the longest value that is searched in other spellings, too.
const LONGEST_SPELT: usize = 16 * 1024;
/// How long lines of Base64 are: those of PEM (RFC 7468) and of MIME (RFC 2045).
const WRAPPED: [usize; 2] = [64, 76];

/// All spellings that are searched, each once. They are wiped when they are dropped.
#[derive(Default)]
pub struct Spellings(BTreeSet<Vec<u8>>);

impl Drop for Spellings {
    fn drop(&mut self) {
        for mut spelling in std::mem::take(&mut self.0) {
            spelling.zeroize();
        }
    }
}

impl Spellings {
    /// Those of values.
    pub fn of<'a>(values: impl Iterator<Item = &'a str>) -> Self {
        let mut all = Self::default();
        for value in values {
            add(value, &mut |text, least| {
                if text.len() >= least && !all.0.contains(text.as_bytes()) {
                    all.0.insert(text.as_bytes().to_vec());
                }
            });
        }
        all
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> + Clone {
        self.0.iter().map(Vec::as_slice)
    }
}

/// Gives the spellings of a value of [`LEAST`] bytes or more, each with the bytes that it has to have;
/// shorter ones have none.
fn add(value: &str, push: &mut impl FnMut(&str, usize)) {
    if value.len() < LEAST {
        return;
    }
    push(value, LEAST);
    // Programs trim what they read, and a terminal puts a carriage return before each line end.
    push(value.trim(), LEAST);
    if value.contains('\n') {
        push(&Zeroizing::new(value.replace('\n', "\r\n")), LEAST);
        for line in value.lines() {
            push(line.trim(), LEAST_OF_LINE);
        }
    }
    if value.len() > LONGEST_SPELT {
        return;
    }
    for padded in [BASE64_STANDARD, BASE64_URL_SAFE] {
        push(&Zeroizing::new(padded.encode(value)), LEAST);
    }
    for engine in [BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD] {
        for before in 0..3 {
            push(&within_base64(&engine, before, value), LEAST);
        }
        let whole = Zeroizing::new(engine.encode(value));
        push(&whole, LEAST);
        for width in WRAPPED {
            for line in whole.as_bytes().chunks(width) {
                push(std::str::from_utf8(line).unwrap_or_default(), LEAST_OF_LINE);
            }
        }
    }
    let spelt: [&Spell; 11] = [
        &|c, out| percent(c, out, "-._~", false),
        // What encodeURIComponent leaves as it is (ECMA-262, "encodeURIComponent").
        &|c, out| percent(c, out, "-._~!*'()", false),
        // What encodeURI leaves as it is (ECMA-262, "encodeURI").
        &|c, out| percent(c, out, "-._~!*'();/?:@&=+$,#", false),
        // What Python's `urllib.parse.quote` does.
        &|c, out| percent(c, out, "-._~/", false),
        // application/x-www-form-urlencoded (WHATWG URL).
        &|c, out| percent(c, out, "*-._", true),
        &|c, out| hex(c, out),
        &|c, out| json(c, out, Json::Least),
        &|c, out| json(c, out, Json::Ascii),
        &|c, out| json(c, out, Json::ForHtml),
        &|c, out| backslashed(c, out),
        &|c, out| dollar_quoted(c, out),
    ];
    for (at, write) in spelt.into_iter().enumerate() {
        let spelling = written(value, write);
        push(&spelling, LEAST);
        // The digits of the first six are hexadecimal, in capitals above.
        if at < 5 {
            push(&lower_escapes(&spelling), LEAST);
        } else if at == 5 {
            push(&Zeroizing::new(spelling.to_ascii_lowercase()), LEAST);
        }
    }
    for quote in [r"'\''", r#"'"'"'"#] {
        push(&Zeroizing::new(value.replace('\'', quote)), LEAST);
    }
    push(&Zeroizing::new(value.replace('/', r"\/")), LEAST);
}

/// Writes a character as it is spelt.
type Spell = dyn Fn(char, &mut String);

fn written(value: &str, write: &Spell) -> Zeroizing<String> {
    // Large enough for every spelling: growing would leave copies of secrets behind.
    let mut out = Zeroizing::new(String::with_capacity(value.len() * 6));
    for c in value.chars() {
        write(c, &mut out);
    }
    out
}

/// The characters of a longer text in Base64 that say nothing but the value, which stands behind
/// `before` other bytes of a group of three.
fn within_base64(engine: &GeneralPurpose, before: usize, value: &str) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(before + value.len()));
    bytes.resize(before, 0);
    bytes.extend_from_slice(value.as_bytes());
    let all = Zeroizing::new(engine.encode(&*bytes));
    let (shared, whole) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
    Zeroizing::new(all[shared..whole].to_owned())
}

fn percent(c: char, out: &mut String, plain: &str, is_form: bool) {
    if c.is_ascii_alphanumeric() || plain.contains(c) {
        out.push(c);
    } else if is_form && c == ' ' {
        out.push('+');
    } else {
        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}

/// The same with small letters in the escapes.
fn lower_escapes(text: &str) -> Zeroizing<String> {
    let mut escaped = 0;
    let lower = |c: char| {
        let small = escaped > 0;
        escaped = if c == '%' {
            2
        } else {
            i32::max(escaped - 1, 0)
        };
        if small { c.to_ascii_lowercase() } else { c }
    };
    Zeroizing::new(text.chars().map(lower).collect())
}

fn hex(c: char, out: &mut String) {
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        out.push_str(&format!("{byte:02X}"));
    }
}

/// What writers of JSON escape (RFC 8259, section 7, and more).
#[derive(Clone, Copy, PartialEq)]
enum Json {
    /// What must be.
    Least,
    /// All that is not ASCII, too.
    Ascii,
    /// What means something in HTML, too.
    ForHtml,
}

fn json(c: char, out: &mut String, which: Json) {
    let short = match c {
        '"' => Some("\\\""),
        '\\' => Some("\\\\"),
        '\n' => Some("\\n"),
        '\r' => Some("\\r"),
        '\t' => Some("\\t"),
        '\u{8}' => Some("\\b"),
        '\u{c}' => Some("\\f"),
        _ => None,
    };
    let is_long = c < ' '
        || which == Json::Ascii && !c.is_ascii()
        || which == Json::ForHtml && matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}');
    match short {
        Some(short) => out.push_str(short),
        None if is_long => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
        None => out.push(c),
    }
}

/// As `printf %q` writes it.
fn backslashed(c: char, out: &mut String) {
    if c.is_ascii() && !c.is_ascii_alphanumeric() && !"%+,-./:=@_".contains(c) {
        out.push('\\');
    }
    out.push(c);
}

/// Between `$'` and `'` (POSIX.1-2024, section 2.2.4).
fn dollar_quoted(c: char, out: &mut String) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\'' | '\\' => {
            out.push('\\');
            out.push(c);
        }
        _ => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(value: &str) -> Vec<String> {
        let all = Spellings::of([value].into_iter());
        let texts = all.iter().map(|text| text.to_vec());
        texts
            .map(|text| String::from_utf8(text).expect("UTF-8"))
            .collect()
    }

    #[test]
    fn each_spelling_is_that_of_the_programs_that_write_it() {
        let all = of("a'b c/\"é\n");
        for spelling in [
            "a'b c/\"é\n",
            "a'b c/\"é",
            "YSdiIGMvIsOpCg==",
            "YSdiIGMvIsOpCg",
            "a%27b%20c%2F%22%C3%A9%0A",
            "a%27b%20c%2f%22%c3%a9%0a",
            "a'b%20c%2F%22%C3%A9%0A",
            "a%27b+c%2F%22%C3%A9%0A",
            "a%27b%20c/%22%C3%A9%0A",
            "a'b%20c/%22%C3%A9%0A",
            "61276220632F22C3A90A",
            "61276220632f22c3a90a",
            "a'b c/\\\"é\\n",
            "a'b c/\\\"\\u00e9\\n",
            "a'\\''b c/\"é\n",
            "a'\"'\"'b c/\"é\n",
            "a'b c\\/\"é\n",
            "a\\'b\\ c/\\\"é\\\n",
            "a\\'b c/\"é\\n",
        ] {
            assert!(all.iter().any(|one| one == spelling), "{spelling:?}");
        }
        assert!(of("a<b&c").contains(&"a\\u003cb\\u0026c".to_owned()));
    }

    #[test]
    fn lines_that_are_long_enough_are_searched_by_themselves() {
        let all = of("{\n  \"key\": \"canary\",\n}\n");
        assert!(all.contains(&"\"key\": \"canary\",".to_owned()));
        assert!(!all.contains(&"{".to_owned()) && !all.contains(&"}".to_owned()));
        assert!(of("abc").is_empty());
    }

    proptest! {
        #[test]
        fn base64_of_a_longer_text_has_the_value_in_it(
            before in "[a-z]{0,7}", value in "\\PC{2,20}", after in "[a-z]{0,7}",
        ) {
            prop_assume!(value.len() >= LEAST);
            let text = format!("{before}{value}{after}");
            let all = of(&value);
            for (padded, plain) in [
                (BASE64_STANDARD, BASE64_STANDARD_NO_PAD),
                (BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD),
            ] {
                let needle = within_base64(&plain, before.len() % 3, &value);
                prop_assert!(padded.encode(&text).contains(needle.as_str()));
                prop_assert!(all.contains(&*needle));
            }
        }
    }
}
