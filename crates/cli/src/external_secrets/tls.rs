use std::{fs, path::Path, sync::Arc};

use keyarc_lookup::printable;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring::default_provider,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
};

use crate::{failure::Failure, secret_file};

/// What takes TLS connections with a certificate and its key. Both are read once: whoever replaces them
/// starts the program anew.
pub fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor, Failure> {
    let wrong = |path: &Path, why: &str| {
        Failure::Usage(format!("{}: {why}", printable(&path.display().to_string())))
    };
    let text = fs::read(certificate)
        .map_err(|error| Failure::of_file("cannot read", certificate, &error))?;
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<_, _>>()
        .map_err(|_| wrong(certificate, "it is no certificate in PEM"))?;
    if chain.is_empty() {
        return Err(wrong(certificate, "there is no certificate in it"));
    }
    let text = secret_file::read(key)?;
    let own = PrivateKeyDer::from_pem_slice(text.as_bytes())
        .map_err(|_| wrong(key, "there is no private key in PEM in it"))?;
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::Machine(format!("TLS cannot be set up: {error}")))?
        .with_no_client_auth()
        .with_single_cert(chain, own)
        .map_err(|_| wrong(key, "the certificate is for another key"))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
