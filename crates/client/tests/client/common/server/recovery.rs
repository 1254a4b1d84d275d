//! Recovery, and change of all keys.

use std::cell::Cell;

use keyarc_auth::{Change, ChangeStatement, LoginPurpose, NewAccountKeys, NewKeys, NewRecovery};
use keyarc_signature::{VaultManifest, VerifyingKey};
use keyarc_wire::*;

use super::{Answer, Server, Stored, problem, read, refuse, respond};

/// The ticket of every recovery; its key tells them apart.
const TICKET: [u8; 32] = [7; 32];
/// The token of a recovery that lacks its second factor.
const TOKEN: [u8; 32] = [8; 32];

pub(super) fn info(version: u32, key: Option<&NewRecoveryKey>) -> RecoveryInfo {
    RecoveryInfo {
        version,
        key: key.map(|key| RecoveryKeyInfo {
            made_at_ms: 0,
            note: key.note.clone(),
        }),
    }
}

pub(super) fn keys<'a>(keyset: &'a Keyset, auth_public_key: &Fixed<32>) -> NewKeys<'a> {
    NewKeys {
        version: keyset.version,
        auth_public_key: auth_public_key.0,
        wrapped_root_key: &keyset.wrapped_root_key.0,
        keyring: &keyset.keyring.0,
    }
}

fn recovery(version: u32, key: Option<&NewRecoveryKey>) -> NewRecovery<'_> {
    NewRecovery {
        version,
        key: key.map(|key| keyarc_auth::NewRecoveryKey {
            auth_public_key: key.auth_public_key.0,
            wrapped_root_key: &key.wrapped_root_key.0,
            note: &key.note.0,
        }),
    }
}

fn signed(handle: Handle, change: Change<'_>, proof: &LoginProof, key: &[u8; 32]) -> bool {
    let statement = ChangeStatement {
        origin: super::super::ORIGIN,
        handle: handle.0,
        server_nonce: proof.server_nonce.0,
        client_nonce: proof.client_nonce.0,
        time_ms: proof.time_ms,
        change,
    };
    let key = VerifyingKey::from_bytes(key).expect("a key");
    proof.origin == super::super::ORIGIN && statement.verify(&key, &proof.signature.0).is_ok()
}

fn done() -> Answer {
    Ok(respond(204, "", Vec::new()))
}

impl Server {
    /// How many items wait under keys to come.
    pub fn staged(&self) -> usize {
        self.accounts
            .values()
            .map(|account| account.staged.1.len())
            .sum()
    }

    /// Another device began a change of keys as well.
    pub fn drop_staged(&mut self) {
        for account in self.accounts.values_mut() {
            account.staged = (None, Default::default());
        }
    }

    pub(super) fn recovery_or_rekey(
        &mut self,
        path: &str,
        handle: Handle,
        body: &[u8],
    ) -> Option<Answer> {
        Some(match path {
            paths::RECOVERY => {
                self.with_fault(|server| server.change_recovery(handle, &read(body)))
            }
            paths::RECOVERY_NOTE => self.keep_note(handle, &read(body)),
            paths::REKEY_ITEMS => self.with_fault(|server| server.stage(handle, &read(body))),
            paths::REKEY => self.with_fault(|server| server.rekey(handle, &read(body))),
            paths::REKEY_DISCARD => {
                self.drop_staged();
                let account = self.accounts.get_mut(&handle).expect("logged in");
                account.response.rekey_begun_at_ms = None;
                done()
            }
            _ => return None,
        })
    }

    /// Whether a change of the account that asks is signed by its key, over a fresh nonce.
    pub(super) fn changing(
        &self,
        asking: Handle,
        handle: Handle,
        change: Change<'_>,
        proof: &LoginProof,
    ) -> bool {
        handle == asking
            && self.nonces.contains(&proof.server_nonce.0)
            && signed(handle, change, proof, &self.accounts[&handle].auth)
    }

    fn change_recovery(&mut self, handle: Handle, request: &ChangeRecoveryRequest) -> Answer {
        let change = Change::RecoveryKey(recovery(request.version, request.key.as_ref()));
        if !self.changing(handle, request.handle, change, &request.proof) {
            return refuse(401, ErrorCode::LoginRefused);
        }
        let account = self.accounts.get_mut(&handle).expect("logged in");
        let known = account
            .response
            .recovery
            .as_ref()
            .map_or(0, |info| info.version);
        if request.version != known + 1 {
            return refuse(409, ErrorCode::Conflict);
        }
        account.recovery = request.key.clone();
        account.response.recovery = Some(info(request.version, request.key.as_ref()));
        self.nonces.remove(&request.proof.server_nonce.0);
        done()
    }

    fn keep_note(&mut self, handle: Handle, request: &KeepRecoveryNoteRequest) -> Answer {
        let account = self.accounts.get_mut(&handle).expect("logged in");
        let known = account.response.recovery.as_mut().expect("a key");
        match &mut known.key {
            Some(key) if known.version == request.version => key.note = request.note.clone(),
            _ => return refuse(409, ErrorCode::Conflict),
        }
        done()
    }

    pub(super) fn recover(&mut self, request: &RecoverRequest) -> Answer {
        let known = self.accounts.get(&request.handle);
        let Some(key) = known.and_then(|account| account.recovery.clone()) else {
            return refuse(401, ErrorCode::LoginRefused);
        };
        let code = self.accounts[&request.handle].second_factor.clone();
        match (&request.second_factor, code) {
            (None, code) => {
                let auth = key.auth_public_key.0;
                if !self.proven(
                    LoginPurpose::Recovery,
                    request.handle,
                    &request.proof,
                    &auth,
                ) {
                    return refuse(401, ErrorCode::LoginRefused);
                }
                if code.is_some() {
                    let mut error =
                        ApiError::new(ErrorCode::SecondFactorRequired, "More.", "Send it.");
                    error.second_factor = Some(SecondFactorChallenge {
                        token: Fixed(TOKEN),
                        expires_at_ms: 1,
                        factors: vec![SecondFactorKind::Totp],
                        passkeys: Vec::new(),
                    });
                    return Ok(problem(401, &error));
                }
            }
            (Some(second), Some(code)) if second.token.0 == TOKEN => {
                if second.code != code {
                    return refuse(403, ErrorCode::SecondFactorRefused);
                }
            }
            _ => return refuse(401, ErrorCode::LoginRefused),
        }
        let account = &self.accounts[&request.handle];
        self.json(
            paths::RECOVER,
            &RecoverResponse {
                account: account.response.id,
                bundle: account.response.bundle.clone(),
                rotations: account.response.rotations.clone(),
                keyset: account.response.keyset.clone(),
                version: account.response.recovery.as_ref().expect("a key").version,
                wrapped_root_key: key.wrapped_root_key,
                ticket: Fixed(TICKET),
                expires_at_ms: 1,
            },
        )
    }

    pub(super) fn finish_recovery(
        &mut self,
        request: &FinishRecoveryRequest,
        cookie: &Cell<Option<Handle>>,
    ) -> Answer {
        let handle = request.handle;
        let change = Change::Recovery(keys(&request.keyset, &request.auth_public_key));
        let account = self
            .accounts
            .get_mut(&handle)
            .expect("the first half was done");
        let proven = account
            .recovery
            .as_ref()
            .is_some_and(|key| signed(handle, change, &request.proof, &key.auth_public_key.0));
        if !proven
            || request.ticket.0 != TICKET
            || !self.nonces.remove(&request.proof.server_nonce.0)
        {
            return refuse(401, ErrorCode::LoginRefused);
        }
        if request.keyset.version != account.response.keyset.version + 1 {
            return refuse(409, ErrorCode::Conflict);
        }
        account.response.keyset = request.keyset.clone();
        account.auth = request.auth_public_key.0;
        self.logged_in(paths::RECOVER_FINISH, handle, cookie)
    }

    fn stage(&mut self, handle: Handle, request: &StageItemsRequest) -> Answer {
        let account = self.accounts.get_mut(&handle).expect("logged in");
        if account.staged.0 != Some(request.rekey.0) {
            account.staged = (Some(request.rekey.0), Default::default());
        }
        account.response.rekey_begun_at_ms = Some(1);
        for item in &request.items {
            account.staged.1.insert(item.item_id, item.clone());
        }
        done()
    }

    fn rekey(&mut self, handle: Handle, request: &RekeyRequest) -> Answer {
        let change = Change::Rekey(NewAccountKeys {
            rekey: request.rekey.0,
            keys: keys(&request.keyset, &request.auth_public_key),
            bundle: &request.bundle.0,
            vault: request.vault.0,
            key_epoch: request.key_epoch,
            wrapped_vault_key: &request.wrapped_vault_key.0,
            manifest: &request.manifest.0,
            recovery: recovery(request.recovery_version, Some(&request.recovery_key)),
        });
        if !self.changing(handle, request.handle, change, &request.proof) {
            return refuse(401, ErrorCode::LoginRefused);
        }
        let account = self.accounts.get_mut(&handle).expect("logged in");
        if request.keyset.version != account.response.keyset.version + 1 {
            return refuse(409, ErrorCode::Conflict);
        }
        let next = VaultManifest::decode(&request.manifest.0).expect("a manifest");
        let head = account.manifests.last().expect("version 0 at least");
        let follows = next.follows(&VaultManifest::decode(&head.0).expect("a manifest"));
        let all_staged = account.items.iter().all(|(id, stored)| {
            let staged = account.staged.1.get(id);
            stored.live.is_none() || staged.is_some_and(|item| item.version == stored.version + 1)
        });
        if !follows || !all_staged || account.staged.0 != Some(request.rekey.0) {
            return refuse(409, ErrorCode::ManifestStale);
        }
        self.nonces.remove(&request.proof.server_nonce.0);
        let revision = next.body().version;
        for (id, stored) in &mut account.items {
            if let (Some(_), Some(item)) = (&stored.live, account.staged.1.get(id)) {
                let live = (item.version, item.overview.clone(), item.details.clone());
                *stored = Stored {
                    version: item.version,
                    revision,
                    live: Some(live),
                };
            }
        }
        account.versions.clear();
        account.manifests.push(request.manifest.clone());
        let vault = &mut account.response.vaults[0];
        vault.revision = revision;
        vault.key_epoch = request.key_epoch;
        vault.wrapped_key = request.wrapped_vault_key.clone();
        account.response.keyset = request.keyset.clone();
        account
            .response
            .rotations
            .0
            .extend_from_slice(&request.bundle.0);
        account.response.recovery =
            Some(info(request.recovery_version, Some(&request.recovery_key)));
        account.recovery = Some(request.recovery_key.clone());
        account.auth = request.auth_public_key.0;
        account.pins.clear();
        account.response.pins.clear();
        account.response.rekey_begun_at_ms = None;
        account.staged = (None, Default::default());
        done()
    }
}
