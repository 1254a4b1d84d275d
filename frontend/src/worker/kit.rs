//! The recovery kit, as the page shows it.

use keyarc_app::worker::{Failure, RecoveryKit};
use keyarc_client::Host as _;
use keyarc_crypto::{Checkpoint, RecoveryKey, SetupCode};
use keyarc_wire::{Bytes, QrCode};
use qrcodegen::QrCodeEcc;

use super::{
    commands::own_origin,
    state::{Open, PinKeeper, host},
};

/// A kit of these codes. Without a recovery key the one of the kit before stays.
pub(super) fn draw_kit(
    session: &Open,
    code: &SetupCode,
    recovery_key: Option<&RecoveryKey>,
    checkpoint: Option<&Checkpoint>,
) -> Result<RecoveryKit, Failure> {
    let setup_code = code.to_text();
    Ok(RecoveryKit {
        qr: draw(&setup_code),
        setup_code: setup_code.to_string(),
        email: session.email().map(str::to_owned),
        created_at_ms: host(&PinKeeper::default()).now_ms(),
        origin: own_origin()?,
        recovery_key: recovery_key.map(|key| key.to_text().to_string()),
        checkpoint: checkpoint.map(|checkpoint| checkpoint.to_text().to_string()),
    })
}

/// A setup code as a QR code. It has letters, digits and hyphens alone and always fits.
fn draw(text: &str) -> Option<QrCode> {
    let code = qrcodegen::QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let size = code.size();
    let mut modules = vec![0_u8; (size * size).unsigned_abs().div_ceil(8) as usize];
    for at in 0..size * size {
        if code.get_module(at % size, at / size) {
            let at = at.unsigned_abs() as usize;
            modules[at / 8] |= 0x80 >> (at % 8);
        }
    }
    Some(QrCode {
        size: size.unsigned_abs(),
        modules: Bytes(modules),
    })
}
