//! A server on another machine: over TLS, and with nobody who only says that they are it.
//!
//! The authority and the certificate in the folder beside this file are for these tests alone.

use std::path::{Path, PathBuf};

use keyarc_testkit::TestServer;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
};

use crate::fixture::{PASSWORD, Shell, refused};

pub fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/shell/tls")
        .join(name)
}

fn acceptor(certificate: &str) -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_file(file(certificate)).expect("reads");
    let key = PrivateKeyDer::from_pem_file(file("key.pem")).expect("reads");
    // Another test may have set the same one up.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key);
    TlsAcceptor::from(std::sync::Arc::new(config.expect("a configuration")))
}

/// Takes TLS off.
pub async fn relay(listener: TcpListener, server: std::net::SocketAddr, certificate: &'static str) {
    let acceptor = acceptor(certificate);
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            // Whoever does not trust the certificate hangs up here.
            let Ok(mut line) = acceptor.accept(stream).await else {
                return;
            };
            let mut there = TcpStream::connect(server)
                .await
                .expect("the server listens");
            let _ = tokio::io::copy_bidirectional(&mut line, &mut there).await;
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_distant_server_is_spoken_to_where_its_certificate_is_trusted_and_nowhere_else() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let origin = format!("https://{}", listener.local_addr().expect("an address"));
    let server = TestServer::start_at(&origin).await;
    tokio::spawn(relay(listener, server.address(), "certificate.pem"));
    let shell = Shell::at(server, &origin).await;
    let words = ["login", "--stdin", "--server", &origin];
    let typed = format!("{}\n{PASSWORD}\n", shell.code);
    let (code, said) = refused(&shell.typed(&words, &typed).await);
    assert_eq!(code, 7, "its authority is unknown");
    assert!(said.contains("nobody whom this machine trusts"), "{said}");
    assert!(said.contains("SSL_CERT_FILE"), "{said}");
    assert_eq!(shell.refuses(&["status"]).await.0, 6);

    let authority = file("authority.pem");
    let trusting = [("SSL_CERT_FILE", authority.as_os_str())];
    let out = shell.typed_with(&words, &typed, &trusting).await;
    assert!(out.status.success(), "{out:?}");
    let words = ["get", "Registry"];
    assert_eq!(shell.prints(&words).await, "canary pass word\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_certificate_is_told() {
    let shell = Shell::new().await;
    let (authority, past) = (file("authority.pem"), file("past-authority.pem"));
    for (certificate, host, trusted, told) in [
        ("expired.pem", "127.0.0.1", &past, "has expired"),
        (
            "certificate.pem",
            "localhost",
            &authority,
            "is for another name",
        ),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(relay(listener, shell.server.address(), certificate));
        let origin = format!("https://{host}:{port}");
        let words = ["login", "--stdin", "--server", &origin];
        let typed = format!("{}\n{PASSWORD}\n", shell.code);
        let trusting = [("SSL_CERT_FILE", trusted.as_os_str())];
        let (code, said) = refused(&shell.typed_with(&words, &typed, &trusting).await);
        assert_eq!(code, 7, "{said}");
        assert!(said.contains(told) && said.contains(&origin), "{said}");
    }
    // Nobody at all is another matter.
    let words = ["login", "--stdin", "--server", "https://127.0.0.1:9"];
    let typed = format!("{}\n{PASSWORD}\n", shell.code);
    let (code, said) = refused(&shell.typed(&words, &typed).await);
    assert_eq!(
        (code, said.as_str()),
        (7, "keyarc: the server cannot be reached\n")
    );
}
