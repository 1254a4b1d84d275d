use std::fmt::Write as _;

use keyarc_wire::{Bytes, QrCode};
use leptos::prelude::*;

/// A QR code, dark on light whatever the theme: that is what cameras look for. It is one path, so
/// that nothing is parsed as HTML.
#[component]
pub fn QrView(
    /// What is drawn.
    qr: QrCode,
    /// What it is of.
    label: &'static str,
) -> impl IntoView {
    let size = qr.size + 2 * QUIET;
    view! { class="v",
        <svg
            class="qr"
            viewBox=format!("-{QUIET} -{QUIET} {size} {size}")
            role="img"
            aria-label=label
        >
            <path d=qr_path(&qr)></path>
        </svg>
    }
}

/// Modules that stay light around a QR code (ISO/IEC 18004).
const QUIET: u32 = 4;

/// The dark modules, one rectangle for each run in a row.
fn qr_path(qr: &QrCode) -> String {
    let is_dark = |x: u32, y: u32| {
        let at = (y * qr.size + x) as usize;
        let byte = qr.modules.0.get(at / 8).copied().unwrap_or_default();
        byte & (0x80 >> (at % 8)) != 0
    };
    let mut path = String::new();
    for y in 0..qr.size {
        let mut x = 0;
        while x < qr.size {
            let run = (x..qr.size).take_while(|x| is_dark(*x, y)).count() as u32;
            if run > 0 {
                // Writing into a string cannot fail.
                let _ = write!(path, "M{x} {y}h{run}v1h-{run}z");
            }
            x += run + 1;
        }
    }
    path
}

/// Draws a text; `None` when it is too long for a QR code.
pub fn draw_qr(text: &str) -> Option<QrCode> {
    let code = qrcodegen::QrCode::encode_text(text, qrcodegen::QrCodeEcc::Medium).ok()?;
    let size = code.size();
    let mut modules = vec![0_u8; (size * size).unsigned_abs().div_ceil(8) as usize];
    for y in 0..size {
        for x in 0..size {
            if code.get_module(x, y) {
                let at = (y * size + x).unsigned_abs() as usize;
                modules[at / 8] |= 0x80 >> (at % 8);
            }
        }
    }
    Some(QrCode {
        size: size.unsigned_abs(),
        modules: Bytes(modules),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_dark_modules_become_rectangles() {
        // ##.
        // ..#
        // ###
        let qr = QrCode {
            size: 3,
            modules: Bytes(vec![0b1100_0111, 0b1000_0000]),
        };
        assert_eq!(qr_path(&qr), "M0 0h2v1h-2zM2 1h1v1h-1zM0 2h3v1h-3z");
        // An answer that is too short draws less, and nothing worse.
        let short = QrCode {
            size: 3,
            modules: Bytes(Vec::new()),
        };
        assert_eq!(qr_path(&short), "");
    }

    #[test]
    fn a_drawn_code_begins_with_its_finder_pattern() {
        let qr = draw_qr("https://keyarc.example/settings#link=28T5-Y05T").expect("short enough");
        assert!(qr.modules.0[0] >= 0xfe);
        assert_eq!(draw_qr(&"x".repeat(4_000)), None);
    }
}
