//! Pictures of QR codes.

use keyarc_vault::{Totp, read_setup_key};

/// Longest side of a picture that is made of the bytes, in pixels.
const SIDE_MAX: usize = 128;

/// A picture of any pixels is looked at without harm, and what is read of it is a setup key. The
/// first byte is its width, the rest are its pixels.
pub fn qr(data: &[u8]) {
    let Some((width, pixels)) = data.split_first() else {
        return;
    };
    let width = usize::from(*width).clamp(1, SIDE_MAX);
    let height = (pixels.len() / width).min(SIDE_MAX);
    if let Ok(key) = read_setup_key(width, height, &pixels[..width * height]) {
        assert!(Totp::parse(&key.address).is_ok());
    }
}
