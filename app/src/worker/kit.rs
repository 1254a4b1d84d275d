//! What page and worker say to each other about recovery kits.

use std::fmt;

use keyarc_wire::QrCode;
use serde::{Deserialize, Serialize};

/// What a person must keep. Shown once, printed or downloaded, never stored.
#[derive(Clone, Serialize, Deserialize)]
pub struct RecoveryKit {
    /// `KA1-…`.
    pub setup_code: String,
    /// For the kit's heading.
    pub email: Option<String>,
    /// Unix milliseconds.
    pub created_at_ms: u64,
    /// The address of this KeyArc.
    pub origin: String,
    /// `KR1-…`; `None` when the one of the kit before stays.
    pub recovery_key: Option<String>,
    /// `KC1-…`.
    pub checkpoint: Option<String>,
    /// The setup code, drawn.
    pub qr: Option<QrCode>,
}

/// How an account stands to recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecoveryView {
    /// There is no recovery key, and never was.
    Never,
    /// The last one was revoked.
    Revoked,
    /// There is one that the account knows nothing of.
    Unknown,
    /// There is one.
    InForce {
        /// When it was made, Unix milliseconds.
        made_at_ms: u64,
        /// When somebody last proved to have it.
        proven_at_ms: Option<u64>,
    },
}

/// What is wrong with the text of a recovery kit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KitFault {
    /// There is none.
    NoSetupCode,
    /// There is none.
    NoRecoveryKey,
    /// It is none.
    SetupCode,
    /// It is none.
    RecoveryKey,
    /// It is none.
    Checkpoint,
    /// Its checksum does not fit.
    SetupCodeTypo,
    /// Its checksum does not fit.
    RecoveryKeyTypo,
    /// Its checksum does not fit.
    CheckpointTypo,
}

impl std::error::Error for KitFault {}

impl fmt::Display for KitFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::NoSetupCode => t!("The setup code is missing. It begins with KA1-."),
            Self::NoRecoveryKey => t!("The recovery key is missing. It begins with KR1-."),
            Self::SetupCode => {
                t!("What begins with KA1 is no setup code: that has eight groups of five.")
            }
            Self::RecoveryKey => {
                t!("What begins with KR1 is no recovery key: that has fourteen groups of four.")
            }
            Self::Checkpoint => {
                t!("What begins with KC1 is no checkpoint: that has twelve groups of four.")
            }
            Self::SetupCodeTypo => {
                t!("The setup code has a typing error: its checksum does not fit.")
            }
            Self::RecoveryKeyTypo => {
                t!("The recovery key has a typing error: its checksum does not fit.")
            }
            Self::CheckpointTypo => {
                t!("The checkpoint has a typing error: its checksum does not fit.")
            }
        };
        f.write_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_and_new_keys_pass_between_page_and_worker() {
        let kit = RecoveryKit {
            setup_code: "KA1-".to_owned(),
            email: None,
            created_at_ms: 1,
            origin: "https://keyarc.example".to_owned(),
            recovery_key: Some("KR1-".to_owned()),
            checkpoint: Some("KC1-".to_owned()),
            qr: Some(QrCode {
                size: 2,
                modules: keyarc_wire::Bytes(vec![0xa0]),
            }),
        };
        let bytes =
            postcard::to_allocvec(&super::super::Reply::NewKit(kit.clone())).expect("written");
        let Ok(super::super::Reply::NewKit(read)) = postcard::from_bytes(&bytes) else {
            panic!("another reply");
        };
        assert_eq!(
            (read.recovery_key, read.checkpoint),
            (kit.recovery_key, kit.checkpoint)
        );
        assert_eq!(read.qr, kit.qr);
        for view in [
            RecoveryView::Never,
            RecoveryView::InForce {
                made_at_ms: 5,
                proven_at_ms: Some(7),
            },
        ] {
            let bytes = postcard::to_allocvec(&view).expect("written");
            assert_eq!(postcard::from_bytes(&bytes), Ok(view));
        }
        let fault = super::super::Failure::Kit(KitFault::RecoveryKeyTypo);
        let bytes = postcard::to_allocvec(&fault).expect("written");
        assert_eq!(postcard::from_bytes(&bytes), Ok(fault));
    }
}
