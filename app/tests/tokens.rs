//! The colours of the interface keep the contrast that WCAG 2.2 AA asks for, in both themes.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what is missing"
)]

use std::collections::BTreeMap;

/// Linear light, red green blue.
type Rgb = [f64; 3];

/// The same token in both themes.
#[derive(Debug, Clone, Copy)]
struct Token {
    light: Rgb,
    dark: Rgb,
}

/// Reads the lines `--name: light-dark(oklch(l c h), oklch(l c h));`. Translucent colours and
/// what is no colour are left out.
fn tokens() -> BTreeMap<String, Token> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../style/_tokens.scss");
    let text = std::fs::read_to_string(path).expect("the tokens");
    let mut tokens = BTreeMap::new();
    for line in text.lines() {
        let Some((name, value)) = line.trim().split_once(": light-dark(") else {
            continue;
        };
        let colours: Vec<&str> = value.split("oklch(").skip(1).collect();
        assert_eq!(colours.len(), 2, "{name} has a pair of colours on its line");
        let parsed: Vec<Option<Rgb>> = colours.into_iter().map(parse).collect();
        if let [Some(light), Some(dark)] = parsed[..] {
            tokens.insert(
                name.trim_start_matches("--").to_owned(),
                Token { light, dark },
            );
        }
    }
    tokens
}

fn parse(text: &str) -> Option<Rgb> {
    let inside = text.split(')').next().expect("a closing bracket");
    if inside.contains('/') {
        return None;
    }
    let numbers: Vec<f64> = inside
        .split_whitespace()
        .map(|part| part.parse().expect("a number"))
        .collect();
    let [lightness, chroma, hue] = numbers[..] else {
        panic!("three numbers: {inside}")
    };
    Some(oklch_to_linear_srgb(lightness, chroma, hue))
}

/// Björn Ottosson's Oklab, as CSS Color 4 gives it. Out of gamut is cut, as browsers do it
/// within a hair.
fn oklch_to_linear_srgb(lightness: f64, chroma: f64, hue: f64) -> Rgb {
    let (sin, cos) = hue.to_radians().sin_cos();
    let (a, b) = (chroma * cos, chroma * sin);
    let l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let s = (lightness - 0.089_484_177_5 * a - 1.291_485_548 * b).powi(3);
    [
        4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
        -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
        -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701 * s,
    ]
    .map(|channel| channel.clamp(0.0, 1.0))
}

/// WCAG 2.2 contrast ratio.
fn contrast(one: Rgb, other: Rgb) -> f64 {
    let luminance = |[r, g, b]: Rgb| 0.2126 * r + 0.7152 * g + 0.0722 * b;
    let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
    if one > other {
        one / other
    } else {
        other / one
    }
}

fn check(pairs: &[(&str, &[&str])], least: f64) {
    let tokens = tokens();
    let token = |name: &str| {
        *tokens
            .get(name)
            .unwrap_or_else(|| panic!("no token {name}"))
    };
    let mut low = Vec::new();
    for (front, backs) in pairs {
        for back in *backs {
            let (f, b) = (token(front), token(back));
            for (theme, ratio) in [
                ("light", contrast(f.light, b.light)),
                ("dark", contrast(f.dark, b.dark)),
            ] {
                if ratio < least {
                    low.push(format!("{front} on {back}, {theme}: {ratio:.2}"));
                }
            }
        }
    }
    assert!(low.is_empty(), "contrast below {least}: {low:#?}");
}

const SURFACES: &[&str] = &["bg", "pane", "raise", "press"];

#[test]
fn text_has_a_contrast_of_four_and_a_half() {
    check(
        &[
            ("ink", SURFACES),
            ("ink-2", SURFACES),
            ("ink-3", SURFACES),
            ("ink", &["mark"]),
            ("arc", &["bg", "pane", "raise", "arc-soft"]),
            ("arc-ink", &["arc", "arc-hover"]),
            ("ok", &["pane", "raise", "press", "ok-soft"]),
            ("warn", &["pane", "raise", "press", "warn-soft"]),
            ("bad", &["pane", "raise", "press", "bad-soft"]),
            ("bad-ink", &["bad-fill"]),
            ("ink", &["arc-soft"]),
            ("float-ink", &["float"]),
        ],
        4.5,
    );
}

#[test]
fn edges_and_dots_have_a_contrast_of_three() {
    check(
        &[
            ("edge", &["bg", "pane"]),
            ("arc", &["press"]),
            ("env", SURFACES),
            ("env-production", SURFACES),
            ("env-staging", &["bg", "pane"]),
            ("env-development", SURFACES),
            ("ok", &["bg"]),
            ("warn", &["bg"]),
        ],
        3.0,
    );
}

#[test]
fn the_conversion_is_that_of_browsers() {
    let white = oklch_to_linear_srgb(1.0, 0.0, 0.0);
    let black = oklch_to_linear_srgb(0.0, 0.0, 0.0);
    assert!((contrast(white, black) - 21.0).abs() < 0.01);
    // sRGB red in Oklch, from CSS Color 4.
    let [red, green, blue] = oklch_to_linear_srgb(0.627_96, 0.257_68, 29.234);
    assert!((red - 1.0).abs() < 0.001 && green.abs() < 0.001 && blue.abs() < 0.001);
}
