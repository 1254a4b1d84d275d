//! QR codes that services show for authenticator apps, read from a picture on this device.

use std::fmt;

use rqrr::PreparedImage;
use serde::{Deserialize, Serialize};

use crate::{Totp, TotpError};

/// Longest side of a picture that is looked at, in pixels. A code of a screen is far smaller.
pub const QR_SIDE_MAX: usize = 2_048;

/// What a code said.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupKey {
    /// The `otpauth://totp/` address, which [`Totp::parse`] reads.
    pub address: String,
    /// Who set it up and for whom, as far as it says so.
    pub name: Option<String>,
}

impl fmt::Debug for SetupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetupKey(redacted)")
    }
}

/// Why a picture gives no setup key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum QrError {
    /// Nothing in it looks like a code.
    #[error("There is no QR code in the picture, or it is too small or cut off.")]
    Missing,
    /// Something does, and cannot be read.
    #[error("The QR code in the picture cannot be read. A sharper, straighter picture may do.")]
    Unreadable,
    /// It says something else.
    #[error("The QR code is not one for an authenticator app.")]
    Other,
    /// It is how an app hands over all that is in it.
    #[error(
        "The QR code is an export of an authenticator app. Set the codes up at each service instead, one by one."
    )]
    Export,
    /// What it says is no setup key.
    #[error("The setup key of the QR code {0}.")]
    Key(TotpError),
}

/// Finds and reads a setup key in a picture of `width` by `height` pixels, each a brightness, row
/// by row. Of several codes the first that holds one counts.
///
/// # Errors
/// [`QrError`]. A picture of another size than it says has no code.
pub fn read_setup_key(width: usize, height: usize, luma: &[u8]) -> Result<SetupKey, QrError> {
    let is_whole = width.checked_mul(height) == Some(luma.len());
    if luma.is_empty() || !is_whole || width.max(height) > QR_SIDE_MAX {
        return Err(QrError::Missing);
    }
    let as_it_is = read(width, height, |at| luma[at]);
    match as_it_is {
        // On a dark page codes are light on dark.
        Err(QrError::Missing | QrError::Unreadable) => {
            read(width, height, |at| !luma[at]).or(as_it_is)
        }
        read => read,
    }
}

fn read(width: usize, height: usize, pixel: impl Fn(usize) -> u8) -> Result<SetupKey, QrError> {
    let mut picture =
        PreparedImage::prepare_from_greyscale(width, height, |x, y| pixel(y * width + x));
    let mut worst = QrError::Missing;
    for grid in picture.detect_grids() {
        match grid.decode() {
            Ok((_, text)) => match setup_key(text) {
                Ok(key) => return Ok(key),
                Err(error) => worst = error,
            },
            Err(_) if worst == QrError::Missing => worst = QrError::Unreadable,
            Err(_) => {}
        }
    }
    Err(worst)
}

fn setup_key(address: String) -> Result<SetupKey, QrError> {
    let starts = |scheme: &str| {
        let start = address.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    if starts("otpauth-migration://") {
        return Err(QrError::Export);
    }
    if !starts("otpauth://") {
        return Err(QrError::Other);
    }
    let totp = Totp::parse(&address).map_err(QrError::Key)?;
    let name = match (totp.issuer(), totp.account()) {
        (Some(issuer), Some(account)) => Some(format!("{issuer} ({account})")),
        (Some(name), None) | (None, Some(name)) => Some(name.to_owned()),
        (None, None) => None,
    };
    Ok(SetupKey { address, name })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use qrcodegen::{QrCode, QrCodeEcc};

    use super::*;

    const ADDRESS: &str =
        "otpauth://totp/Example:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example";

    /// A picture of a code: `scale` pixels a module, within a quiet zone of four.
    fn drawn(text: &str, scale: usize, dark: u8, light: u8) -> (usize, Vec<u8>) {
        let code = QrCode::encode_text(text, QrCodeEcc::Medium).unwrap();
        let modules = code.size();
        let side = (modules as usize + 8) * scale;
        let pixel = |at: usize| {
            let module = |pixel: usize| (pixel / scale) as i32 - 4;
            if code.get_module(module(at % side), module(at / side)) {
                dark
            } else {
                light
            }
        };
        (side, (0..side * side).map(pixel).collect())
    }

    fn read_drawn(text: &str) -> Result<SetupKey, QrError> {
        let (side, luma) = drawn(text, 4, 0, 255);
        read_setup_key(side, side, &luma)
    }

    #[test]
    fn a_code_gives_its_key_and_its_name() {
        let key = read_drawn(ADDRESS).unwrap();
        assert_eq!(key.address, ADDRESS);
        assert_eq!(key.name.as_deref(), Some("Example (ada)"));
        let key = read_drawn("OTPAUTH://TOTP/?SECRET=GEZDGNBVGY3TQOJQ").unwrap();
        assert_eq!(key.name, None);
    }

    #[test]
    fn a_code_is_read_in_grey_and_light_on_dark() {
        for (dark, light) in [(60, 200), (255, 0), (230, 20)] {
            let (side, luma) = drawn(ADDRESS, 3, dark, light);
            let key = read_setup_key(side, side, &luma);
            assert_eq!(key.unwrap().address, ADDRESS, "{dark} on {light}");
        }
    }

    #[test]
    fn the_first_key_of_a_picture_counts() {
        let (side, other) = drawn("https://example.org/a-page-like-any-other-page", 4, 0, 255);
        let (key_side, key) = drawn(ADDRESS, 4, 0, 255);
        let width = side + key_side;
        let height = side.max(key_side);
        let pixel = |at: usize| {
            let (x, y) = (at % width, at / width);
            let of = |luma: &[u8], side: usize, x: usize| {
                if y < side { luma[y * side + x] } else { 255 }
            };
            if x < side {
                of(&other, side, x)
            } else {
                of(&key, key_side, x - side)
            }
        };
        let luma: Vec<u8> = (0..width * height).map(pixel).collect();
        assert_eq!(
            read_setup_key(width, height, &luma).unwrap().address,
            ADDRESS
        );
    }

    #[test]
    fn what_is_no_setup_key_is_refused_with_its_reason() {
        assert_eq!(read_drawn("https://example.org"), Err(QrError::Other));
        assert_eq!(
            read_drawn("otpauth-migration://offline?data=CjE"),
            Err(QrError::Export)
        );
        assert_eq!(
            read_drawn("otpauth://hotp/a?secret=GEZDGNBVGY3TQOJQ&counter=1"),
            Err(QrError::Key(TotpError::Counter))
        );
        assert_eq!(
            read_setup_key(64, 64, &[255; 64 * 64]),
            Err(QrError::Missing)
        );
        assert_eq!(read_setup_key(0, 0, &[]), Err(QrError::Missing));
        assert_eq!(read_setup_key(64, 64, &[255; 64]), Err(QrError::Missing));
        assert_eq!(
            read_setup_key(usize::MAX, 2, &[255; 64]),
            Err(QrError::Missing)
        );
        let (side, mut luma) = drawn(ADDRESS, 4, 0, 255);
        // Half of the code is painted over, more than its redundancy makes good.
        let from = luma.len() / 2;
        luma[from..].fill(255);
        assert!(read_setup_key(side, side, &luma).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn any_setup_address_comes_back(
            name in "[A-Za-z]{1,20}",
            secret in "[A-Z2-7]{16,32}",
            scale in 2_usize..7,
        ) {
            let text = format!("otpauth://totp/{name}?secret={secret}&digits=8");
            if Totp::parse(&text).is_ok() {
                let (side, luma) = drawn(&text, scale, 0, 255);
                prop_assert_eq!(read_setup_key(side, side, &luma).map(|key| key.address), Ok(text));
            }
        }

        #[test]
        fn any_picture_is_looked_at_without_harm(
            width in 1_usize..120,
            height in 1_usize..120,
            seed in prop::collection::vec(any::<u8>(), 1..64),
        ) {
            let luma: Vec<u8> = (0..width * height)
                .map(|at| seed[at % seed.len()].wrapping_mul((at / seed.len()) as u8 | 1))
                .collect();
            let _ = read_setup_key(width, height, &luma);
        }
    }
}
