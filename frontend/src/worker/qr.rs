//! Setup keys of authenticator apps, from pictures of their QR codes.

use keyarc_app::worker::{Failure, Reply};
use keyarc_vault::{QR_SIDE_MAX, read_setup_key};
use zeroize::Zeroizing;

use crate::browser::brightness_of;

/// Reads the code of a picture, the bytes of its file.
pub(super) async fn read_qr(picture: Zeroizing<Vec<u8>>) -> Result<Reply, Failure> {
    let Some((width, height, luma)) = brightness_of(&picture, QR_SIDE_MAX).await else {
        return Err(Failure::Browser(
            "The browser cannot read the file as a picture. Use PNG, JPEG or WebP.".to_owned(),
        ));
    };
    let key = read_setup_key(width, height, &luma);
    key.map(Reply::SetupKey).map_err(Failure::Qr)
}
