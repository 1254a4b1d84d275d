//! Certificates, SSH keys and key pairs. Only facts about an item leave the worker.

use keyarc_app::worker::{Failure, Inspected, MaterialSource, Reply};
use keyarc_client::Host as _;
use keyarc_vault::{
    KeyMaterial,
    certificate::MaterialError,
    generate::{KeyPairRecipe, make_key_pair},
    inspect_material, read_material,
};
use zeroize::Zeroizing;

use super::state::{PinKeeper, VaultWorker, host};
use crate::browser::make_pkcs8;

impl VaultWorker {
    pub(super) async fn inspect(&self, source: MaterialSource) -> Result<Reply, Failure> {
        let inspected = match source {
            MaterialSource::File {
                kind,
                bytes,
                password,
            } => {
                let (bytes, password) = (Zeroizing::new(bytes), password.map(Zeroizing::new));
                let read = read_material(kind, &bytes, password.as_ref().map(|text| text.as_str()));
                whole(Some(read))?
            }
            MaterialSource::Form { content, password } => {
                let password = password.map(Zeroizing::new);
                let password = password.as_ref().map(|text| text.as_str());
                whole(inspect_material(&content, password))?
            }
            MaterialSource::Item(id) => {
                let item = self.session()?.reveal(id).await;
                let item = item.map_err(|error| self.failed(error))?;
                Inspected {
                    content: None,
                    ..whole(inspect_material(&item.content, None))?
                }
            }
        };
        Ok(Reply::Inspected(Box::new(inspected)))
    }
}

fn whole(read: Option<Result<KeyMaterial, MaterialError>>) -> Result<Inspected, Failure> {
    let read = read.transpose().map_err(Failure::Material)?;
    let (content, facts) = match read {
        Some(read) => (Some(read.content), Some(read.facts)),
        None => (None, None),
    };
    Ok(Inspected { content, facts })
}

/// Makes a key pair; the browser makes the numbers of RSA and of the P curves.
pub(super) async fn make_pair(recipe: &KeyPairRecipe) -> Result<Reply, Failure> {
    let mut rng = host(&PinKeeper::default()).rng();
    let made = make_key_pair(recipe, &mut rng, async |algorithm| {
        make_pkcs8(algorithm).await.ok().flatten()
    });
    match made.await {
        Ok(pair) => Ok(Reply::KeyPair(Box::new(pair))),
        Err(error) => Err(Failure::Browser(error.to_string())),
    }
}
