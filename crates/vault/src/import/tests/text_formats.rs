//! kubeconfig and PEM.

use crate::{Day, Kind};

use super::{
    super::{Format, detect, kubeconfig, pem},
    megabyte, spoil, told,
};

const KUBECONFIG: &str = include_str!("../../../fixtures/import/kubeconfig.yaml");
const BUNDLE: &str = include_str!("../../../fixtures/import/bundle.pem");

#[test]
fn users_and_clusters_of_a_kubeconfig_are_read() {
    let reading = kubeconfig::read_kubeconfig(KUBECONFIG).expect("a kubeconfig");
    let certificate = "\"-----BEGIN CERTIFICATE-----\\nMIIC\\n-----END CERTIFICATE-----\\n\"";
    assert_eq!(
        told(&reading),
        [
            format!(
                "1 - ApiKey Kubernetes/admin \
                 value=\"-----BEGIN EC PRIVATE KEY-----\\nMHcC\\n-----END EC PRIVATE KEY-----\\n\" \
                 Client certificate:Lines={certificate} \
                 Context:Text=\"shop-admin: cluster shop, namespace payments (current)\""
            )
            .as_str(),
            "2 - ApiKey Kubernetes/deployer value=\"eyJhbGciOiJSUzI1NiJ9.EXAMPLE\" \
             Client key:Secret=\"not base64!\"",
            "3 - Login Kubernetes/basic username=\"root\" password=\"0123\" url=\"\"",
            "4 - Note Kubernetes/eks text=\"\" \
             exec:Lines=\"{\\\"apiVersion\\\":\\\"client.authentication.k8s.io/v1beta1\\\",\
             \\\"command\\\":\\\"aws\\\",\\\"args\\\":[\\\"eks\\\",\\\"get-token\\\"]}\"",
            format!(
                "6 - Note Kubernetes/Cluster shop text=\"\" \
                 Certificate authority:Lines={certificate} Server:Url=\"https://10.0.0.1:6443\""
            )
            .as_str(),
            "7 - Note Kubernetes/Cluster local text=\"\" insecure-skip-tls-verify:Text=\"true\" \
             Server:Url=\"https://localhost:8443\"",
            "9 - Note Kubernetes/kubeconfig text=\"\" Context:Text=\"orphan: cluster local\"",
            "5 ! is a user without credentials",
            "8 ! is a cluster with nothing in it",
        ]
    );
    assert_eq!(
        detect(KUBECONFIG.as_bytes(), Some("config")),
        Format::Kubeconfig
    );
}

#[test]
fn a_kubeconfig_in_json_is_read_and_others_are_refused() {
    let json = r#"{"kind": "Config", "apiVersion": "v1", "clusters": [],
        "users": [{"name": "a", "user": {"token": "t"}}]}"#;
    let reading = kubeconfig::read_kubeconfig(json).expect("a kubeconfig");
    assert_eq!(told(&reading), ["1 - ApiKey Kubernetes/a value=\"t\""]);
    assert_eq!(detect(json.as_bytes(), None), Format::Kubeconfig);
    for other in [
        "",
        "kind: Secret\napiVersion: v1\n",
        "kind: Config\nusers: &u [*u]\n",
        "kind: Config\n---\nkind: Config\n",
        "kind: [",
    ] {
        assert!(kubeconfig::read_kubeconfig(other).is_err(), "{other:?}");
    }
    spoil(&KUBECONFIG[..400], kubeconfig::read_kubeconfig);
}

#[test]
fn many_users_and_contexts_are_read() {
    let config = |count: usize| {
        let mut text = "kind: Config\nusers:\n".to_owned();
        for at in 0..count {
            text.push_str(&format!("- {{name: u{at}, user: {{token: t}}}}\n"));
        }
        text.push_str("contexts:\n");
        for at in 0..count {
            text.push_str(&format!("- {{name: c{at}, context: {{user: x{at}}}}}\n"));
        }
        text
    };
    let reading = kubeconfig::read_kubeconfig(&config(20_000)).expect("a kubeconfig");
    assert_eq!(reading.found.len(), 20_001);
}

#[test]
fn blocks_of_pem_are_named_by_what_they_are() {
    let reading = pem::read_pem(BUNDLE).expect("blocks");
    assert_eq!(
        told(&reading),
        [
            "4 - Note /shop.example.org text=\"-----BEGIN CERTIFICATE-----\\n\
             MIIBszCCAVmgAwIBAgIUEXAMPLE\\n-----END CERTIFICATE-----\\n\" \
             notes=\"Bag Attributes\\n    friendlyName: shop.example.org\\n    localKeyID: 01\"",
            "7 - ApiKey /RSA private key value=\"-----BEGIN RSA PRIVATE KEY-----\\n\
             Proc-Type: 4,ENCRYPTED\\nDEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\\n\\n\
             MIIEpAIBAAKCAQEA\\n-----END RSA PRIVATE KEY-----\\n\"",
            "13 - ApiKey /OpenSSH private key value=\"-----BEGIN OPENSSH PRIVATE KEY-----\\n\
             b3BlbnNzaC1rZXktdjE=\\n-----END OPENSSH PRIVATE KEY-----\\n\"",
            "21 - ApiKey /EC private key value=\"-----BEGIN EC PRIVATE KEY-----\\nMHcCAQEE\\n\
             -----END EC PRIVATE KEY-----\\n\"",
            "16 ! is a block with other characters than Base64",
            "19 ! is a block that does not end as it begins",
            "24 ! has text after the last block, which was left out",
        ]
    );
    assert_eq!(detect(BUNDLE.as_bytes(), Some("bundle.pem")), Format::Pem);
    let plain = "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQdG\n=ab12\n\
                 -----END PGP PRIVATE KEY BLOCK-----\n";
    assert_eq!(detect(plain.as_bytes(), None), Format::Pem);
    assert_eq!(pem::read_pem(plain).expect("a block").found.len(), 1);
}

#[test]
fn certificates_and_keys_of_ssh_become_their_kinds() {
    let bundle = concat!(
        "friendlyName: front door\n",
        include_str!("../../../tests/vault/material/wildcard.pem"),
        include_str!("../../../tests/vault/material/self-signed.pem"),
        include_str!("../../../tests/vault/material/ssh-ed25519"),
    );
    let reading = pem::read_pem(bundle).expect("blocks");
    assert!(reading.errors.is_empty());
    let drafts: Vec<_> = reading.found.iter().map(|found| &found.draft).collect();
    let kinds: Vec<_> = drafts.iter().map(|draft| draft.content.kind()).collect();
    assert_eq!(kinds, [Kind::Certificate, Kind::Certificate, Kind::SshKey]);
    assert_eq!(drafts[0].name, "front door");
    assert_eq!(drafts[0].notes, "friendlyName: front door");
    assert_eq!(drafts[0].expires_on, Day::from_ymd(2036, 1, 1));
    assert_ne!(drafts[1].name, "Certificate");
    assert_eq!(drafts[2].expires_on, None);
    assert!(drafts.iter().all(|draft| crate::check_draft(draft).is_ok()));
}

#[test]
fn what_is_no_pem_is_refused() {
    for none in ["", "A=1\n", "-----BEGIN", "-----END X-----\n"] {
        assert!(pem::read_pem(none).is_err(), "{none:?}");
    }
    let empty = "-----BEGIN X-----\n-----END X-----\n";
    assert!(pem::read_pem(empty).expect("a block").found.is_empty());
    let large = format!(
        "-----BEGIN X-----\n{}-----END X-----\n",
        "AAAA\n".repeat(200_000)
    );
    assert_eq!(
        told(&pem::read_pem(&large).expect("a block")),
        ["1 ! is a block that is larger than any key"]
    );
    spoil(BUNDLE, pem::read_pem);
    megabyte("-----BEGIN X-----\n", pem::read_pem);
    megabyte("-----BEGIN X-----\nAAAA\n-----END X-----\n", pem::read_pem);
}
