use proptest::prelude::*;

use super::*;
use crate::{Attachment, CheckDefinition, CheckOutcome, CheckResult, Placement};
use keyarc_wire::AttachmentId;

fn overview() -> OverviewRecord {
    OverviewRecord {
        name: "OpenAI · checkout".to_owned(),
        kind: Kind::ApiKey,
        details_version: 3,
        details_hash: ByteArray::from([0xab; 32]),
        created_at_ms: 1_795_262_400_000,
        updated_at_ms: 1_795_262_400_001,
        fingerprint: ByteArray::from([0xcd; 8]),
        hint: "sk-proj-…f3Q2".to_owned(),
        folder: "Checkout/Payments".to_owned(),
        tags: vec!["llm".to_owned()],
        favourite: true,
        environment: Some(Environment("production".to_owned())),
        provider: Some("openai".to_owned()),
        variable: Some("OPENAI_API_KEY".to_owned()),
        expires_on: Some(Day(20_792)),
        trashed_at_ms: None,
        field_names: None,
        rotation: None,
        password_fingerprint: None,
        checks: None,
        files: None,
        origin: None,
        copied_version: None,
    }
}

fn details(text: &str) -> DetailsRecord<'_> {
    DetailsRecord {
        content: ContentRecord::ApiKey { value: text.into() },
        notes: "n".into(),
        fields: None,
        places: None,
        check: None,
        attachments: None,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn where_a_version_comes_from_stands_at_the_end() {
    let mut record = overview();
    record.origin = Some(Origin {
        made_at_ms: Some(5),
        by_server: true,
        after_gap: false,
    });
    let bytes = encode_record(&record);
    // After what says nothing, from the trash on.
    let end = hex(&bytes);
    assert!(end.ends_with("195138f6f6f6f6f6f68305f5f4"), "{end}");
    let read: OverviewRecord = decode_record(&bytes).unwrap();
    assert!(read == record);
    record.origin = Some(Origin {
        made_at_ms: None,
        by_server: false,
        after_gap: true,
    });
    assert!(hex(&encode_record(&record)).ends_with("83f6f4f5"));
}

/// What is sealed today must open for ever.
#[test]
fn the_formats_stay() {
    assert_eq!(
        hex(&encode_record(&overview())),
        concat!(
            "8f724f70656e414920c2b720636865636b6f757400035820abababababababababababababab",
            "abababababababababababababababababab1b000001a1fdfa46001b000001a1fdfa460148cd",
            "cdcdcdcdcdcdcd6f736b2d70726f6a2de280a66633513271436865636b6f75742f5061796d65",
            "6e747381636c6c6df500666f70656e61696e4f50454e41495f4150495f4b4559195138",
        )
    );
    assert_eq!(hex(&encode_record(&details("v"))), "828200816176616e");
    let added = [Field {
        name: "PIN".to_owned(),
        field_type: FieldType::Secret,
        value: "1".to_owned(),
    }];
    let with_fields = DetailsRecord {
        content: ContentRecord::Totp { key: "GE".into() },
        notes: "".into(),
        fields: Fields::of(&added),
        places: None,
        check: None,
        attachments: None,
    };
    assert_eq!(
        hex(&encode_record(&with_fields)),
        "838204816247456081836350494e016131"
    );
    let contents = [
        Content::Certificate {
            chain: "c".to_owned(),
            private_key: "k".to_owned(),
        },
        Content::SshKey {
            private_key: "k".to_owned(),
            public_key: "p".to_owned(),
        },
    ];
    let bytes = contents.map(|content| hex(&encode_record(&ContentRecord::from(&content))));
    assert_eq!(bytes, ["8205826163616b", "820682616b6170"]);
    let kinds = [Kind::Certificate, Kind::SshKey].map(|kind| hex(&encode_record(&kind)));
    assert_eq!(kinds, ["05", "06"]);
    assert_eq!(*encode_record(&FieldType::ConcealedLines), [5]);
    let mut named = overview();
    named.field_names = FieldNames::of(&added);
    let bytes = encode_record(&named);
    assert_eq!(hex(&bytes[bytes.len() - 6..]), "f6816350494e");
}

/// As above, of what came with rotation.
#[test]
fn the_formats_of_rotation_stay() {
    let mut planned = overview();
    planned.rotation = Some(RotationRecord {
        rotated_on: Day(20_700),
        every_days: Some(90),
    });
    let bytes = encode_record(&planned);
    // 18 fields; the trash and the names of fields say nothing, and stand before one that does.
    assert_eq!(bytes[0], 0x92);
    assert_eq!(hex(&bytes[bytes.len() - 8..]), "f6f6821950dc185a");
    planned.password_fingerprint = Some(ByteArray::from([0xcd; 8]));
    let all = encode_record(&planned);
    assert_eq!(hex(&all[all.len() - 9..]), "48cdcdcdcdcdcdcdcd");
    assert_eq!(decode_record::<OverviewRecord>(&all), Ok(planned));
    assert!(
        all.len() <= 252,
        "an ordinary overview fills one bucket: {}",
        all.len()
    );
    let noted = RotationRecord {
        rotated_on: Day(20_700),
        every_days: None,
    };
    assert_eq!(hex(&encode_record(&noted)), "811950dc");
    let places = ["CI".to_owned()];
    let used = DetailsRecord {
        places: Places::of(&places),
        ..details("v")
    };
    let bytes = encode_record(&used);
    assert_eq!(hex(&bytes), "848200816176616ef681624349");
    assert!(decode_record::<DetailsRecord<'_>>(&bytes).is_ok());
    let none = encode_record(&details("v"));
    let spelled_out = [&[0x84][..], &none[1..], &[0xf6, 0x80]].concat();
    assert!(decode_record::<DetailsRecord<'_>>(&spelled_out).is_err());
}

#[test]
fn the_formats_of_tests_stay() {
    let check = CheckDefinition {
        url: "https://a.example/".to_owned(),
        placement: Placement::Header,
        name: "x".to_owned(),
        ..CheckDefinition::default()
    };
    let with_check = DetailsRecord {
        check: Some(CheckRecord::from(&check)),
        ..details("v")
    };
    let bytes = encode_record(&with_check);
    assert_eq!(
        hex(&bytes),
        concat!(
            "85820081617661 6ef6f689 00 72 68747470733a2f2f612e6578616d706c652f 01 6178 60 18c8",
            "19012b 60 80"
        )
        .replace(' ', "")
    );
    let read: DetailsRecord<'_> = decode_record(&bytes).expect("read");
    assert!(read.check.map(CheckDefinition::from) == Some(check));
    let mut tested = overview();
    let result = CheckResult {
        day: Day(20_792),
        outcome: CheckOutcome::Invalid,
        status: 401,
    };
    tested.checks = CheckLog::with(None, "a.example", result);
    let bytes = encode_record(&tested);
    assert_eq!(hex(&bytes[bytes.len() - 6..]), "005138010191");
    assert!(decode_record::<OverviewRecord>(&bytes).is_ok_and(|read| read == tested));
}

#[test]
fn the_formats_of_attachments_stay() {
    let attached = [Attachment {
        id: AttachmentId([0xa1; 16]),
        name: "a.txt".to_owned(),
        media_type: "text/plain".to_owned(),
        size: 300,
        key: [0xb2; 32],
        digest: [0xc3; 32],
    }];
    let with_file = DetailsRecord {
        attachments: Attachments::of(&attached),
        ..details("v")
    };
    let bytes = encode_record(&with_file);
    assert_eq!(
        hex(&bytes),
        format!(
            "86820081617661 6ef6f6f6 81 86 50{} 65612e747874 6a746578742f706c61696e 19012c 5820{} 5820{}",
            "a1".repeat(16),
            "b2".repeat(32),
            "c3".repeat(32)
        )
        .replace(' ', "")
    );
    let read: DetailsRecord<'_> = decode_record(&bytes).expect("read");
    assert!(read.attachments.map(Vec::from) == Some(attached.to_vec()));
    // A key of another length is none, and no attachments have one spelling.
    let short = hex(&bytes).replace(
        &format!("5820{}", "b2".repeat(32)),
        &format!("581f{}", "b2".repeat(31)),
    );
    let short: Vec<u8> = (0..short.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&short[at..at + 2], 16).expect("hex"))
        .collect();
    assert!(decode_record::<DetailsRecord<'_>>(&short).is_err());
    let none = encode_record(&details("v"));
    let spelled_out = [&[0x86][..], &none[1..], &[0xf6, 0xf6, 0xf6, 0x80]].concat();
    assert!(decode_record::<DetailsRecord<'_>>(&spelled_out).is_err());

    let mut named = overview();
    named.files = Files::of(&attached);
    let bytes = encode_record(&named);
    assert_eq!(bytes[0], 0x95);
    let end = format!("f6f6f6f6f6818350{}65612e74787419012c", "a1".repeat(16));
    assert!(hex(&bytes).ends_with(&end), "{}", hex(&bytes));
    assert!(decode_record::<OverviewRecord>(&bytes).is_ok_and(|read| read == named));
    let files = named.files.take().expect("some");
    assert!(files.names().eq(["a.txt"]) && files.rows().all(|row| row.size == 300));
    assert!(Files::of(&[]).is_none());
}

#[test]
fn no_fields_have_one_spelling() {
    let none = encode_record(&details("v"));
    let spelled_out = [&[0x83][..], &none[1..], &[0x80]].concat();
    assert!(decode_record::<DetailsRecord<'_>>(&none).is_ok());
    assert!(decode_record::<DetailsRecord<'_>>(&spelled_out).is_err());
    let null = [&[0x83][..], &none[1..], &[0xf6]].concat();
    assert!(decode_record::<DetailsRecord<'_>>(&null).is_err());
}

#[test]
fn only_the_one_spelling_is_read() {
    let good = encode_record(&overview());
    assert_eq!(decode_record::<OverviewRecord>(&good), Ok(overview()));
    for end in 0..good.len() {
        assert!(
            decode_record::<OverviewRecord>(&good[..end]).is_err(),
            "cut at {end}"
        );
    }
    let mut trailing = good.to_vec();
    trailing.push(0xf6);
    assert!(decode_record::<OverviewRecord>(&trailing).is_err());
    // An array of 16 instead of 15 fields, the last of them null.
    assert_eq!(good[0], 0x8f);
    trailing[0] = 0x90;
    assert!(decode_record::<OverviewRecord>(&trailing).is_err());
    // The same with an unknown field behind.
    trailing.push(0x00);
    trailing[0] = 0x91;
    assert!(decode_record::<OverviewRecord>(&trailing).is_err());
    // Of indefinite length.
    let mut indefinite = good.to_vec();
    indefinite[0] = 0x9f;
    indefinite.push(0xff);
    assert!(decode_record::<OverviewRecord>(&indefinite).is_err());
}

#[test]
fn a_known_environment_has_one_spelling() {
    let mut written = Vec::new();
    for name in ENVIRONMENTS {
        written.push(encode_record(&Environment(name.to_owned())).to_vec());
    }
    assert_eq!(written, [[0], [1], [2]]);
    let spelled_out = [&[0x6a][..], b"production"].concat();
    assert!(decode_record::<Environment>(&spelled_out).is_err());
    assert!(decode_record::<Environment>(&[3]).is_err());
    assert!(decode_record::<Environment>(&[0x61, b'x']).is_ok());
}

#[test]
fn an_unknown_kind_is_refused() {
    for kind in Kind::ALL {
        assert_eq!(decode_record::<Kind>(&encode_record(&kind)), Ok(kind));
    }
    assert!(decode_record::<Kind>(&[7]).is_err());
}

#[test]
fn a_huge_length_is_refused_without_reserving_it() {
    // An array of 2⁴⁰ tags, then a text of 2⁴⁰ bytes.
    for head in [0x9b, 0x7b] {
        let bytes = [head, 0, 0, 1, 0, 0, 0, 0, 0];
        assert!(decode_record::<Vec<String>>(&bytes).is_err());
        assert!(decode_record::<String>(&bytes).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn odd_bytes_never_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(record) = decode_record::<DetailsRecord<'_>>(&bytes) {
            prop_assert_eq!(&*encode_record(&record), &bytes);
        }
    }

    #[test]
    fn a_flipped_bit_changes_what_is_read(at in 0..200_usize, bit in 0..8) {
        let good = encode_record(&overview());
        let mut bytes = good.to_vec();
        let at = at % bytes.len();
        bytes[at] ^= 1_u8 << bit;
        prop_assert_ne!(decode_record::<OverviewRecord>(&bytes), Ok(overview()));
    }

    #[test]
    fn details_keep_every_text(text in any::<String>()) {
        let bytes = encode_record(&details(&text));
        let Ok(DetailsRecord { content: ContentRecord::ApiKey { value }, .. }) =
            decode_record(&bytes)
        else {
            return Err(TestCaseError::fail("does not decode"));
        };
        prop_assert_eq!(value, text);
    }
}
