//! The Keychain of macOS.

use security_framework::passwords::{
    delete_generic_password, get_generic_password, set_generic_password,
};
use zeroize::Zeroizing;

use super::{text, unusable};
use crate::failure::Failure;

const SERVICE: &str = "KeyArc";
/// `errSecItemNotFound`
const NOT_FOUND: i32 = -25_300;

/// The default keychain.
pub struct Keyring;

/// It is always there; the system asks when it is closed.
pub async fn open() -> Result<Keyring, Failure> {
    Ok(Keyring)
}

impl Keyring {
    pub async fn put(&self, entry: &str, _label: &str, secret: &str) -> Result<(), Failure> {
        set_generic_password(SERVICE, entry, secret.as_bytes())
            .map_err(|error| unusable(&error.to_string()))
    }

    pub async fn get(&self, entry: &str) -> Result<Option<Zeroizing<String>>, Failure> {
        match get_generic_password(SERVICE, entry) {
            Ok(secret) => text(Zeroizing::new(secret)).map(Some),
            Err(error) if error.code() == NOT_FOUND => Ok(None),
            Err(error) => Err(unusable(&error.to_string())),
        }
    }

    pub async fn remove(&self, entry: &str) -> Result<(), Failure> {
        match delete_generic_password(SERVICE, entry) {
            Err(error) if error.code() != NOT_FOUND => Err(unusable(&error.to_string())),
            _ => Ok(()),
        }
    }
}
