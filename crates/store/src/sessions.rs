use keyarc_wire::{AccountId, ClientKind, SessionId};

use crate::{
    LoginKey, PasskeyUse, SecondFactorChange, Store, StoreError,
    convert::{to_array, to_i64, to_u64},
    db::{reading, transaction, writing},
    passkey::use_passkey,
    password::key_in_force,
    second_factor::change_second_factor,
};

/// A session to begin.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Names it to its owner.
    pub id: SessionId,
    /// SHA-256 of its token.
    pub token_hash: [u8; 32],
    /// How the token is kept.
    pub client: ClientKind,
    /// What the client called itself.
    pub device_name: String,
    /// Where it begins, as coarse as it is shown.
    pub network: String,
    /// Unix milliseconds.
    pub created_at_ms: u64,
    /// Unix milliseconds.
    pub expires_at_ms: u64,
}

/// How the beginning of a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BeginOutcome {
    /// The session is there.
    Begun,
    /// The nonce was used before. Nothing was changed.
    NonceUsed,
    /// The key that the log-in was checked against is no longer in force. Nothing was changed.
    KeyChanged,
    /// The second factor is not at the version that was read. Nothing was changed.
    FactorChanged,
}

/// What was accepted as a second factor.
#[derive(Debug, Clone, Copy)]
pub enum FactorUse<'a> {
    /// A code.
    Code(&'a SecondFactorChange),
    /// What a passkey signed.
    Passkey(&'a PasskeyUse),
}

/// A server nonce that is used up.
#[derive(Debug, Clone, Copy)]
pub struct UsedNonce {
    /// The nonce.
    pub nonce: [u8; 32],
    /// From when on it is refused anyway, Unix milliseconds.
    pub expires_at_ms: u64,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Names it to its owner.
    pub id: SessionId,
    /// Whose it is.
    pub account_id: AccountId,
    /// How the token is kept.
    pub client: ClientKind,
    /// What the client called itself.
    pub device_name: String,
    /// Where it was last used, as coarse as it is shown.
    pub network: Option<String>,
    /// Unix milliseconds.
    pub created_at_ms: u64,
    /// Unix milliseconds.
    pub last_used_at_ms: u64,
    /// Unix milliseconds.
    pub expires_at_ms: u64,
}

type SessionColumns = (
    Vec<u8>,
    Vec<u8>,
    String,
    String,
    Option<String>,
    i64,
    i64,
    i64,
);

const BY_TOKEN: &str = "SELECT session_id, account_id, client, device_name, network,
     created_at_ms, last_used_at_ms, expires_at_ms FROM sessions WHERE token_hash = $1";
const BY_ID: &str = "SELECT session_id, account_id, client, device_name, network,
     created_at_ms, last_used_at_ms, expires_at_ms FROM sessions WHERE session_id = $1";
const BY_ACCOUNT: &str = "SELECT session_id, account_id, client, device_name, network,
     created_at_ms, last_used_at_ms, expires_at_ms FROM sessions WHERE account_id = $1
     ORDER BY last_used_at_ms DESC, session_id";

/// Uses up a nonce within a transaction; false when it was used before. It waits for another
/// transaction that is using the same one.
macro_rules! use_nonce {
    ($tx:ident, $nonce:expr) => {
        sqlx::query(
            "INSERT INTO used_nonces (nonce, expires_at_ms) VALUES ($1, $2)
             ON CONFLICT (nonce) DO NOTHING",
        )
        .bind($nonce.nonce.as_slice())
        .bind($crate::convert::to_i64($nonce.expires_at_ms))
        .execute(&mut *$tx)
        .await?
        .rows_affected()
            == 1
    };
}

/// Begins a session within a transaction, and ends the one that it replaces.
macro_rules! insert_session {
    ($tx:ident, $account:expr, $session:expr, $ended:expr) => {
        if let Some(ended) = $ended {
            sqlx::query("DELETE FROM sessions WHERE token_hash = $1")
                .bind(ended.as_slice())
                .execute(&mut *$tx)
                .await?;
        }
        sqlx::query(
            "INSERT INTO sessions (session_id, token_hash, account_id, client, device_name,
             network, created_at_ms, last_used_at_ms, expires_at_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
        )
        .bind($session.id.as_bytes().as_slice())
        .bind($session.token_hash.as_slice())
        .bind($account.as_bytes().as_slice())
        .bind($crate::sessions::client_name($session.client))
        .bind($session.device_name.as_str())
        .bind($session.network.as_str())
        .bind($crate::convert::to_i64($session.created_at_ms))
        .bind($crate::convert::to_i64($session.expires_at_ms))
        .execute(&mut *$tx)
        .await?;
    };
}

pub(crate) use {insert_session, use_nonce};

impl Store {
    /// Uses up the nonce and, where there is one, what was accepted as the second factor, ends the session
    /// `ended` and begins another, if `proven`, the key that the log-in was checked against, is
    /// still in force. All or nothing.
    pub async fn begin_session(
        &self,
        proven: &LoginKey,
        session: &NewSession,
        nonce: &UsedNonce,
        factor: Option<FactorUse<'_>>,
        ended: Option<&[u8; 32]>,
    ) -> Result<BeginOutcome, StoreError> {
        transaction!(self, |tx: Driver| {
            if !use_nonce!(tx, nonce) {
                return Ok(BeginOutcome::NonceUsed);
            }
            if !key_in_force!(tx, Driver, proven) {
                return Ok(BeginOutcome::KeyChanged);
            }
            let account = proven.account_id;
            let accepted = match factor {
                None => true,
                Some(FactorUse::Code(change)) => change_second_factor!(tx, account, change),
                Some(FactorUse::Passkey(passkey)) => use_passkey!(tx, account, passkey),
            };
            if !accepted {
                return Ok(BeginOutcome::FactorChanged);
            }
            insert_session!(tx, proven.account_id, session, ended);
        });
        Ok(BeginOutcome::Begun)
    }

    /// Uses up a nonce; false when it was used before. One statement.
    pub async fn use_nonce(&self, nonce: &UsedNonce) -> Result<bool, StoreError> {
        Ok(writing!(self, |conn| use_nonce!(conn, nonce)))
    }

    /// The session of a token. Whether it has expired is for the caller to say. One statement.
    pub async fn session_by_token(
        &self,
        token_hash: &[u8; 32],
    ) -> Result<Option<SessionRow>, StoreError> {
        let row: Option<SessionColumns> = reading!(self, |conn| {
            sqlx::query_as(BY_TOKEN)
                .bind(token_hash.as_slice())
                .fetch_optional(&mut *conn)
                .await?
        });
        row.map(to_session).transpose()
    }

    /// The session of an id. One statement.
    pub async fn session_by_id(&self, id: SessionId) -> Result<Option<SessionRow>, StoreError> {
        let row: Option<SessionColumns> = reading!(self, |conn| {
            sqlx::query_as(BY_ID)
                .bind(id.as_bytes().as_slice())
                .fetch_optional(&mut *conn)
                .await?
        });
        row.map(to_session).transpose()
    }

    /// An account's sessions, latest used first. One statement.
    pub async fn sessions(&self, account: AccountId) -> Result<Vec<SessionRow>, StoreError> {
        let rows: Vec<SessionColumns> = reading!(self, |conn| {
            sqlx::query_as(BY_ACCOUNT)
                .bind(account.as_bytes().as_slice())
                .fetch_all(&mut *conn)
                .await?
        });
        rows.into_iter().map(to_session).collect()
    }

    /// Notes when and from where a session was used. Never moves the time back. One statement.
    pub async fn touch_session(
        &self,
        id: SessionId,
        now_ms: u64,
        network: &str,
    ) -> Result<(), StoreError> {
        writing!(self, |conn| {
            sqlx::query(
                "UPDATE sessions SET last_used_at_ms = $2, network = $3
                 WHERE session_id = $1 AND last_used_at_ms < $2",
            )
            .bind(id.as_bytes().as_slice())
            .bind(to_i64(now_ms))
            .bind(network)
            .execute(&mut *conn)
            .await?;
        });
        Ok(())
    }

    /// Gives one of an account's sessions another name; false when it has no such session. One
    /// statement.
    pub async fn rename_session(
        &self,
        account: AccountId,
        session: SessionId,
        device_name: &str,
    ) -> Result<bool, StoreError> {
        let renamed = writing!(self, |conn| {
            sqlx::query(
                "UPDATE sessions SET device_name = $3 WHERE account_id = $1 AND session_id = $2",
            )
            .bind(account.as_bytes().as_slice())
            .bind(session.as_bytes().as_slice())
            .bind(device_name)
            .execute(&mut *conn)
            .await?
            .rows_affected()
        });
        Ok(renamed == 1)
    }

    /// Ends one of an account's sessions; false when it has no such session. One statement.
    pub async fn end_session(
        &self,
        account: AccountId,
        session: SessionId,
    ) -> Result<bool, StoreError> {
        let ended = writing!(self, |conn| {
            sqlx::query("DELETE FROM sessions WHERE account_id = $1 AND session_id = $2")
                .bind(account.as_bytes().as_slice())
                .bind(session.as_bytes().as_slice())
                .execute(&mut *conn)
                .await?
                .rows_affected()
        });
        Ok(ended == 1)
    }

    /// Ends all of an account's sessions but one, and tells how many there were. One statement.
    pub async fn end_other_sessions(
        &self,
        account: AccountId,
        kept: SessionId,
    ) -> Result<u64, StoreError> {
        Ok(writing!(self, |conn| {
            sqlx::query("DELETE FROM sessions WHERE account_id = $1 AND session_id <> $2")
                .bind(account.as_bytes().as_slice())
                .bind(kept.as_bytes().as_slice())
                .execute(&mut *conn)
                .await?
                .rows_affected()
        }))
    }
}

pub(crate) fn client_name(client: ClientKind) -> &'static str {
    match client {
        ClientKind::Browser => "browser",
        ClientKind::Api => "api",
    }
}

fn to_session(columns: SessionColumns) -> Result<SessionRow, StoreError> {
    let (
        id,
        account_id,
        client,
        device_name,
        network,
        created_at_ms,
        last_used_at_ms,
        expires_at_ms,
    ) = columns;
    Ok(SessionRow {
        id: SessionId(to_array(id)?),
        account_id: AccountId(to_array(account_id)?),
        client: match client.as_str() {
            "browser" => ClientKind::Browser,
            "api" => ClientKind::Api,
            _ => return Err(sqlx::Error::Decode("unknown client".into()).into()),
        },
        device_name,
        network,
        created_at_ms: to_u64(created_at_ms)?,
        last_used_at_ms: to_u64(last_used_at_ms)?,
        expires_at_ms: to_u64(expires_at_ms)?,
    })
}
