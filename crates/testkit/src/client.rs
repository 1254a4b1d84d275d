use std::net::{IpAddr, Ipv4Addr};

use keyarc_auth::{
    Change, ChangeStatement, LoginPurpose, LoginStatement, NewAccountKeys, NewKeys, NewRecovery,
    NewRecoveryKey,
};
use keyarc_service::{
    Context, ServiceError, Services, account,
    session::{self, Credential, LoggedIn},
};
use keyarc_signature::{ManifestBody, SigningKey, UserBundle, VaultManifest};
use keyarc_store::NewKeyset;
use keyarc_wire::{
    Bytes, ChallengeRequest, ChangePasswordRequest, ChangeRecoveryRequest, ClientKind,
    FinishRecoveryRequest, Fixed, FreshProof, LoginProof, LoginRequest, RecoverRequest,
    RekeyRequest, SignUpRequest,
};

use crate::build;

/// Where nobody in particular connects from.
pub const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 77));

/// A person with a client that does everything right, unless a test spoils what it made.
#[derive(Debug, Clone, Copy)]
pub struct TestClient {
    number: u64,
    key: u64,
    /// Where they connect from.
    pub address: IpAddr,
}

impl TestClient {
    /// A person. Different numbers are different people at different addresses.
    pub fn new(number: u64) -> Self {
        let host = u32::from(Ipv4Addr::new(198, 18, 0, 0)) | (number as u32 & 0xffff);
        Self {
            number,
            key: number,
            address: IpAddr::V4(Ipv4Addr::from(host)),
        }
    }

    /// The same person, connected from elsewhere.
    pub fn at(self, address: IpAddr) -> Self {
        Self { address, ..self }
    }

    /// The same person, with the password that gives the key of another number.
    pub fn with_key(self, key: u64) -> Self {
        Self { key, ..self }
    }

    /// A signed proof over a fresh challenge.
    pub fn proof(&self, services: &Services, purpose: LoginPurpose) -> LoginProof {
        let handle = build::handle(self.number);
        let challenge = session::challenge(services, &ChallengeRequest { handle })
            .expect("a challenge can be made");
        self.sign(services, purpose, build::ORIGIN, challenge.nonce.0)
    }

    /// A signed proof over any nonce and origin.
    pub fn sign(
        &self,
        services: &Services,
        purpose: LoginPurpose,
        origin: &str,
        server_nonce: [u8; 32],
    ) -> LoginProof {
        let statement = LoginStatement {
            purpose,
            origin,
            handle: build::handle(self.number).0,
            server_nonce,
            client_nonce: [6; 32],
            time_ms: services.now_ms(),
        };
        LoginProof {
            origin: origin.to_owned(),
            server_nonce: Fixed(server_nonce),
            client_nonce: Fixed(statement.client_nonce),
            time_ms: statement.time_ms,
            signature: Fixed(statement.sign(&build::auth_key(self.key))),
        }
    }

    /// A proof that the person knows the password, for what a session must not do alone.
    pub fn confirm(&self, services: &Services) -> FreshProof {
        FreshProof {
            handle: build::handle(self.number),
            proof: self.proof(services, LoginPurpose::Confirm),
        }
    }

    /// A valid sign-up.
    pub fn sign_up_request(&self, services: &Services) -> SignUpRequest {
        SignUpRequest {
            handle: build::handle(self.number),
            bundle: Bytes(build::bundle(self.number)),
            auth_public_key: Fixed(build::auth_key(self.key).public_key()),
            keyset: build::keyset(),
            vault: build::new_vault(self.number),
            recovery: Some(build::recovery_key_request(self.number)),
            email: None,
            terms_version: services.policy().terms_version.clone(),
            proof: self.proof(services, LoginPurpose::SignUp),
            device_name: "a browser".to_owned(),
        }
    }

    /// A valid log-in.
    pub fn log_in_request(&self, services: &Services, client: ClientKind) -> LoginRequest {
        LoginRequest {
            handle: build::handle(self.number),
            proof: self.proof(services, LoginPurpose::Login),
            client,
            device_name: "a device".to_owned(),
        }
    }

    /// A valid change of password to the key of another number, which makes this version.
    pub fn change_password_request(
        &self,
        services: &Services,
        version: u32,
        key: u64,
    ) -> ChangePasswordRequest {
        let new = build::new_keyset(version, key);
        let change = Change::Password(of_keys(&new));
        let proof = self.change_proof(services, &build::auth_key(self.key), change);
        ChangePasswordRequest {
            handle: build::handle(self.number),
            keyset: new.keyset,
            auth_public_key: Fixed(new.auth_public_key),
            proof,
        }
    }

    /// A fresh challenge, signed for a change by a key.
    fn change_proof(
        &self,
        services: &Services,
        key: &SigningKey,
        change: Change<'_>,
    ) -> LoginProof {
        let mut proof = self.proof(services, LoginPurpose::Login);
        let statement = ChangeStatement {
            origin: &proof.origin,
            handle: build::handle(self.number).0,
            server_nonce: proof.server_nonce.0,
            client_nonce: proof.client_nonce.0,
            time_ms: proof.time_ms,
            change,
        };
        proof.signature = Fixed(statement.sign(key));
        proof
    }

    /// A valid change to the recovery key of this version, or to none.
    pub fn change_recovery_request(
        &self,
        services: &Services,
        version: u32,
        make: bool,
    ) -> ChangeRecoveryRequest {
        let key = make.then(|| build::nth_recovery_key_request(self.number, version));
        let change = Change::RecoveryKey(of_recovery(version, key.as_ref()));
        let proof = self.change_proof(services, &build::auth_key(self.key), change);
        ChangeRecoveryRequest {
            handle: build::handle(self.number),
            version,
            key,
            proof,
        }
    }

    /// A valid first half of a recovery with the key of this version.
    pub fn recover_request(&self, services: &Services, version: u32) -> RecoverRequest {
        let mut proof = self.proof(services, LoginPurpose::Recovery);
        let statement = LoginStatement {
            purpose: LoginPurpose::Recovery,
            origin: &proof.origin,
            handle: build::handle(self.number).0,
            server_nonce: proof.server_nonce.0,
            client_nonce: proof.client_nonce.0,
            time_ms: proof.time_ms,
        };
        proof.signature = Fixed(statement.sign(&build::recovery_auth_key(self.number, version)));
        RecoverRequest {
            handle: build::handle(self.number),
            proof,
            second_factor: None,
        }
    }

    /// A valid second half of it, to the key of another number, which makes this keyset.
    pub fn finish_recovery_request(
        &self,
        services: &Services,
        version: u32,
        ticket: [u8; 32],
        keyset_version: u32,
        key: u64,
    ) -> FinishRecoveryRequest {
        let new = build::new_keyset(keyset_version, key);
        let change = Change::Recovery(of_keys(&new));
        let recovery = build::recovery_auth_key(self.number, version);
        let proof = self.change_proof(services, &recovery, change);
        FinishRecoveryRequest {
            handle: build::handle(self.number),
            ticket: Fixed(ticket),
            keyset: new.keyset.clone(),
            auth_public_key: Fixed(new.auth_public_key),
            proof,
            client: ClientKind::Browser,
            device_name: "a new browser".to_owned(),
        }
    }

    /// A valid first change of all keys, to the key of another number, on top of this head.
    pub fn rekey_request(
        &self,
        services: &Services,
        rekey: [u8; 16],
        head: &VaultManifest,
        key: u64,
    ) -> RekeyRequest {
        let number = self.number;
        let new = build::new_keyset(2, key);
        let next = build::signing_key(number + 1_000);
        let genesis = UserBundle::decode(&build::bundle(number)).expect("a bundle");
        let bundle = genesis
            .rotate(&build::signing_key(number), &next, genesis.exchange_key())
            .expect("a key of the bundle")
            .encode();
        let body = ManifestBody {
            version: head.body().version + 1,
            prev: head.hash(),
            key_epoch: 2,
            ..*head.body()
        };
        let manifest = body.sign(&next).encode();
        let recovery_key = build::nth_recovery_key_request(number, 2);
        let wrapped_vault_key = build::sealed(9, 350);
        let vault = build::vault_id(number);
        let change = Change::Rekey(NewAccountKeys {
            rekey,
            keys: of_keys(&new),
            bundle: &bundle,
            vault: vault.0,
            key_epoch: 2,
            wrapped_vault_key: wrapped_vault_key.as_ref(),
            manifest: &manifest,
            recovery: of_recovery(2, Some(&recovery_key)),
        });
        let proof = self.change_proof(services, &build::auth_key(self.key), change);
        RekeyRequest {
            handle: build::handle(number),
            rekey: Fixed(rekey),
            keyset: new.keyset.clone(),
            auth_public_key: Fixed(new.auth_public_key),
            bundle: Bytes(bundle),
            vault,
            key_epoch: 2,
            wrapped_vault_key,
            manifest: Bytes(manifest),
            recovery_version: 2,
            recovery_key,
            proof,
        }
    }

    /// Signs up.
    pub async fn sign_up(&self, services: &Services) -> Result<LoggedIn, ServiceError> {
        account::sign_up(
            services,
            self.address,
            &self.sign_up_request(services),
            None,
        )
        .await
    }

    /// Logs in.
    pub async fn log_in(
        &self,
        services: &Services,
        client: ClientKind,
    ) -> Result<LoggedIn, ServiceError> {
        let request = self.log_in_request(services, client);
        session::log_in(services, self.address, &request, None).await
    }

    /// Signs up and authenticates.
    pub async fn signed_up(&self, services: &Services) -> Context {
        let logged_in = self
            .sign_up(services)
            .await
            .expect("the sign-up is accepted");
        authenticate(services, &logged_in)
            .await
            .expect("the session is in force")
    }
}

fn of_keys(new: &NewKeyset) -> NewKeys<'_> {
    NewKeys {
        version: new.keyset.version,
        auth_public_key: new.auth_public_key,
        wrapped_root_key: new.keyset.wrapped_root_key.as_ref(),
        keyring: new.keyset.keyring.as_ref(),
    }
}

fn of_recovery(version: u32, key: Option<&keyarc_wire::NewRecoveryKey>) -> NewRecovery<'_> {
    NewRecovery {
        version,
        key: key.map(|key| NewRecoveryKey {
            auth_public_key: key.auth_public_key.0,
            wrapped_root_key: key.wrapped_root_key.as_ref(),
            note: key.note.as_ref(),
        }),
    }
}

/// The context of a session that has begun.
pub async fn authenticate(
    services: &Services,
    logged_in: &LoggedIn,
) -> Result<Context, ServiceError> {
    session::authenticate(
        services,
        HERE,
        Credential::SessionToken(&logged_in.token.to_text()),
    )
    .await
}
