use std::net::IpAddr;

use keyarc_auth::{TOTP_SECRET_LEN, TOTP_STEP_MS, TotpSecret};
use keyarc_service::{Context, second_factor};
use keyarc_wire::{FreshProof, RecoveryCodes, TotpEnrolment};

use crate::TestClient;

/// An authenticator app with one entry, and the recovery codes that came with it.
#[derive(Debug)]
pub struct TotpApp {
    secret: TotpSecret,
    /// Not used yet, unless a test did.
    pub recovery_codes: Vec<String>,
}

impl TotpApp {
    /// Types the secret of an enrolment into an app.
    pub fn of(enrolment: &TotpEnrolment) -> Self {
        let bits = enrolment.secret.bytes().flat_map(|char| {
            let digit = match char {
                b'A'..=b'Z' => char - b'A',
                b'2'..=b'7' => char - b'2' + 26,
                _ => panic!("not base32"),
            };
            (0..5).rev().map(move |at| digit >> at & 1)
        });
        let bits: Vec<u8> = bits.collect();
        let bytes: Vec<u8> = bits
            .chunks_exact(8)
            .map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | bit))
            .collect();
        let secret: [u8; TOTP_SECRET_LEN] = bytes.try_into().expect("160 bits");
        Self {
            secret: TotpSecret::make(secret),
            recovery_codes: Vec::new(),
        }
    }

    /// Puts one in force for the account of a person, with the code of now.
    pub async fn enrol(client: &TestClient, context: &Context) -> Self {
        let fresh = client.confirm(&context.services);
        Self::enrol_proven(context, client.address, &fresh).await
    }

    /// The same for somebody who has proven their password.
    pub async fn enrol_proven(context: &Context, address: IpAddr, fresh: &FreshProof) -> Self {
        let enrolment = second_factor::begin_totp(context, address, fresh)
            .await
            .expect("there is none yet");
        let mut app = Self::of(&enrolment);
        let code = app.code(context.services.now_ms());
        let RecoveryCodes { codes } =
            second_factor::confirm_totp(context, &enrolment.sealed_secret, &code)
                .await
                .expect("the code is right");
        app.recovery_codes = codes;
        app
    }

    /// What it shows at a time.
    pub fn code(&self, now_ms: u64) -> String {
        format!("{:06}", self.secret.code(now_ms / TOTP_STEP_MS))
    }

    /// A code that is not good around a time.
    pub fn wrong_code(&self, now_ms: u64) -> String {
        let near = [-1_i64, 0, 1].map(|by| {
            let step = (now_ms / TOTP_STEP_MS).saturating_add_signed(by);
            self.secret.code(step)
        });
        let wrong = (0..).find(|code| !near.contains(code));
        format!("{:06}", wrong.unwrap_or_default())
    }
}
