//! Passkeys, as far as a client can see: what authenticators sign is not looked at.

use std::cell::Cell;

use keyarc_auth::LoginPurpose;
use keyarc_wire::{
    AddPasskeyRequest, ErrorCode, Fixed, FreshProof, Handle, PasskeyAdded, PasskeyCreation,
    PasskeyFactorRequest, PasskeyLoginRequest, RecoveryCodes, UnlockingPasskey, paths,
};

use super::{Answer, Server, refuse};

impl Server {
    pub(super) fn begin_passkey(&mut self, handle: Handle, fresh: &FreshProof) -> Answer {
        let auth = self.accounts[&handle].auth;
        if fresh.handle != handle
            || !self.proven(LoginPurpose::Confirm, handle, &fresh.proof, &auth)
        {
            return refuse(401, ErrorCode::LoginRefused);
        }
        let creation = PasskeyCreation {
            token: Fixed([9; 32]),
            expires_at_ms: 1,
            exclude: Vec::new(),
        };
        self.json(paths::PASSKEYS_BEGIN, &creation)
    }

    pub(super) fn add_passkey(&mut self, handle: Handle, request: &AddPasskeyRequest) -> Answer {
        if request.token != Fixed([9; 32]) {
            return refuse(403, ErrorCode::PasskeyRefused);
        }
        let account = self.accounts.get_mut(&handle).expect("logged in");
        let credential_id = request.attestation.credential_id.clone();
        if let Some(unlock) = &request.unlock {
            let key = unlock.public_key.0;
            account.passkeys.insert(credential_id.0.clone(), key);
            account.response.passkeys.push(UnlockingPasskey {
                credential_id,
                wrapped_root_key: unlock.wrapped_root_key.clone(),
            });
        }
        let codes = vec!["0000-0000-0000-0000".to_owned()];
        let recovery_codes = Some(RecoveryCodes { codes });
        self.json(paths::PASSKEYS_ADD, &PasskeyAdded { recovery_codes })
    }

    pub(super) fn passkey_factor(
        &mut self,
        request: &PasskeyFactorRequest,
        cookie: &Cell<Option<Handle>>,
    ) -> Answer {
        let handle = request.log_in.handle;
        if self.awaits_code != Some((handle, request.token.0)) {
            return refuse(401, ErrorCode::LoginRefused);
        }
        // What is signed well says so.
        if request.assertion.signature.0 != b"signed" {
            return refuse(403, ErrorCode::PasskeyRefused);
        }
        self.logged_in(paths::LOGIN_PASSKEY_FACTOR, handle, cookie)
    }

    pub(super) fn log_in_by_passkey(
        &mut self,
        request: &PasskeyLoginRequest,
        cookie: &Cell<Option<Handle>>,
    ) -> Answer {
        let handle = request.handle;
        let account = self.accounts.get(&handle);
        let asked = &request.assertion.credential_id.0;
        let key = account.and_then(|account| account.passkeys.get(asked).copied());
        let Some(key) = key else {
            return refuse(401, ErrorCode::LoginRefused);
        };
        if !self.proven(LoginPurpose::Login, handle, &request.proof, &key) {
            return refuse(401, ErrorCode::LoginRefused);
        }
        self.logged_in(paths::LOGIN_PASSKEY, handle, cookie)
    }
}
