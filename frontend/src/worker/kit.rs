//! The recovery kit, as the page shows it.

use keyarc_app::{
    ui::draw_qr,
    worker::{Failure, RecoveryKit},
};
use keyarc_client::Host as _;
use keyarc_crypto::{Checkpoint, RecoveryKey, SetupCode};

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
        qr: draw_qr(&setup_code),
        setup_code: setup_code.to_string(),
        email: session.email().map(str::to_owned),
        created_at_ms: host(&PinKeeper::default()).now_ms(),
        origin: own_origin()?,
        recovery_key: recovery_key.map(|key| key.to_text().to_string()),
        checkpoint: checkpoint.map(|checkpoint| checkpoint.to_text().to_string()),
    })
}
