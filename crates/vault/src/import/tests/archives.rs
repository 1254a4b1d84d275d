//! 1Password's archive.

use super::{
    super::{Format, Unreadable, detect, one_pux, zip::testing::archive},
    told,
};

const DATA: &[u8] = include_bytes!("../../../fixtures/import/1pux-export.data");

#[test]
fn every_sort_of_item_and_field_is_read() {
    let file = archive(&[
        ("export.attributes", b"{\"version\": 3}", None),
        ("export.data", DATA, None),
        ("files/d__a.pdf", b"pdf", None),
    ]);
    assert_eq!(detect(&file, Some("export.1pux")), Format::OnePux);
    let reading = one_pux::read_1pux(&file).expect("an archive");
    assert_eq!(
        told(&reading),
        [
            "1 - Login Shop-Live/Mail username=\"ada\" password=\"most-secure\" \
             url=\"https://mail.example.org\" admin:Url=\"https://admin.example.org\" \
             pin:Secret=\"77\" Security: PIN:Secret=\"12345\" born:Text=\"1970-01-02\" \
             valid:Text=\"2031-05\" mail:Text=\"a@b.c\" home:Lines=\"Way 1\\nBern\\n3000\\nch\" \
             odd:Text=\"{\\\"x\\\":[1]}\" More: PIN:Secret=\"999\" \
             One-time code:Totp=\"JBSWY3DPEHPK3PXP\" notes=\"A *note*.\" #work #a/b *",
            "2 - ApiKey Shop-Live/Stripe value=\"sk_live_EXAMPLE0123456789abcd\" \
             hostname:Text=\"api.stripe.com\" Username:Text=\"svc\" #archived until 2031-04-28",
            "3 - SshKey Shop-Live/Deploy ssh_private_key=\"-----BEGIN KEY-----\\nx\\n\" \
             ssh_public_key=\"ssh-ed25519 AAAA\" Fingerprint:Text=\"SHA256:x\"",
            "4 - Note Shop-Live/Words text=\"Only words\"",
            "5 - ApiKey Shop-Live/Alone value=\"alone\"",
            "1 ! has an attachment, which is not imported",
            "6 ! is an attachment alone, which is not imported",
        ]
    );
}

#[test]
fn several_accounts_become_folders() {
    let account = |name: &str| {
        format!(
            r#"{{"attrs": {{"accountName": "{name}"}}, "vaults": [{{"attrs": {{"name": "V"}}, "items":
            [{{"item": {{"overview": {{"title": "x"}}, "categoryUuid": "005",
            "details": {{"password": "p"}}}}}}, {{"state": "trashed"}}]}}]}}"#
        )
    };
    let data = format!("{{\"accounts\": [{}, {}]}}", account("A"), account("B"));
    let file = archive(&[("export.data", data.as_bytes(), None)]);
    assert_eq!(
        told(&one_pux::read_1pux(&file).expect("an archive")),
        [
            "1 - ApiKey A/V/x value=\"p\"",
            "3 - ApiKey B/V/x value=\"p\"",
            "2 ! lies in the trash there",
            "4 ! lies in the trash there",
        ]
    );
}

#[test]
fn what_is_no_export_is_refused() {
    for file in [
        archive(&[]),
        archive(&[("other", DATA, None)]),
        archive(&[("export.data", b"{}", None)]),
        archive(&[("export.data", b"\xff\xfe\x00", None)]),
        archive(&[("export.data", b"{\"accounts\": [", None)]),
        b"PK\x03\x04".to_vec(),
    ] {
        let refused = one_pux::read_1pux(&file).err();
        assert!(
            matches!(refused, Some(Unreadable::Malformed(_))),
            "{refused:?}"
        );
    }
    let whole = archive(&[("export.data", DATA, None)]);
    for length in 0..whole.len() {
        assert!(one_pux::read_1pux(&whole[..length]).is_err(), "{length}");
    }
}

#[test]
fn bombs_and_deep_json_are_refused() {
    let deep = format!("{{\"accounts\": {}", "[".repeat(500_000));
    let file = archive(&[("export.data", deep.as_bytes(), None)]);
    assert!(one_pux::read_1pux(&file).is_err());
    let bomb = vec![b' '; 150 << 20];
    let file = archive(&[("export.data", &bomb, None)]);
    let refused = one_pux::read_1pux(&file).err();
    assert_eq!(refused, Some(Unreadable::TooLarge { limit_mb: 100 }));
    let file = archive(&[("export.data", &bomb, Some(90 << 20))]);
    assert!(one_pux::read_1pux(&file).is_err());
}
