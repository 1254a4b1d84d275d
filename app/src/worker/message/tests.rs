use keyarc_vault::{Content, Kind, Variable};

use super::*;

fn draft(content: Content) -> ItemDraft {
    ItemDraft {
        id: Some(ItemId([7; 16])),
        base_version: 3,
        name: "Orders".to_owned(),
        folder: String::new(),
        tags: vec!["a".to_owned()],
        environment: None,
        provider: None,
        favourite: false,
        expires_on: None,
        content,
        notes: String::new(),
        fields: Vec::new(),
        rotation: Default::default(),
        places: Vec::new(),
        walk: None,
        check: None,
        attachments: Vec::new(),
    }
}

#[test]
fn every_kind_of_content_passes_between_page_and_worker() {
    let contents = [
        Content::ApiKey {
            value: "sk_live".to_owned(),
        },
        Content::Login {
            username: "ann".to_owned(),
            password: "p".to_owned(),
            url: String::new(),
        },
        Content::EnvironmentSet {
            variables: vec![Variable {
                name: "A".to_owned(),
                value: "1".to_owned(),
            }],
        },
        Content::Totp {
            key: "GEZDGNBVGY3TQOJQ".to_owned(),
        },
        Content::Certificate {
            chain: "-----BEGIN CERTIFICATE-----".to_owned(),
            private_key: String::new(),
        },
        Content::SshKey {
            private_key: "-----BEGIN OPENSSH PRIVATE KEY-----".to_owned(),
            public_key: "ssh-ed25519 AAAA ann".to_owned(),
        },
        Content::Note {
            text: "line\nline".to_owned(),
        },
    ];
    assert_eq!(contents.each_ref().map(Content::kind), Kind::ALL);
    for content in contents {
        let sent = draft(content);
        let request = Request {
            id: 9,
            command: Command::Save(Box::new(sent.clone())),
        };
        let bytes = postcard::to_allocvec(&request).expect("written");
        let read: Request = postcard::from_bytes(&bytes).expect("read");
        assert!(read.id == 9 && matches!(read.command, Command::Save(got) if *got == sent));
    }
}

#[test]
fn a_new_password_and_what_comes_of_it_pass_between_page_and_worker() {
    let wish = NewPassword {
        current: "old".to_owned(),
        new: "new".to_owned(),
        suite: 2,
    };
    for command in [
        Command::MakeKit(wish.clone()),
        Command::ChangePassword(wish),
    ] {
        let bytes = postcard::to_allocvec(&Request { id: 3, command }).expect("written");
        let read: Request = postcard::from_bytes(&bytes).expect("read");
        let (Command::MakeKit(got) | Command::ChangePassword(got)) = read.command else {
            panic!("another command");
        };
        assert_eq!((got.current.as_str(), got.new.as_str()), ("old", "new"));
        assert_eq!(got.suite, 2);
    }
    let measured = vec![
        SuiteTime {
            suite: 1,
            millis: Some(240),
        },
        SuiteTime {
            suite: 2,
            millis: None,
        },
    ];
    let sent = Message::Reply(3, Box::new(Ok(Reply::Measured(measured.clone()))));
    let bytes = postcard::to_allocvec(&sent).expect("written");
    let read: Message = postcard::from_bytes(&bytes).expect("read");
    assert!(
        matches!(read, Message::Reply(3, answer) if matches!(&*answer, Ok(Reply::Measured(got)) if *got == measured))
    );
    for failure in [Failure::PasswordChangedElsewhere, Failure::PasswordUnknown] {
        let bytes = postcard::to_allocvec(&failure).expect("written");
        assert_eq!(postcard::from_bytes(&bytes), Ok(failure));
    }
}

#[test]
fn the_benchmarks_know_these_messages_by_their_first_bytes() {
    let list = Request {
        id: 5,
        command: Command::List(ListQuery::default()),
    };
    let reply = Message::Reply(5, Box::new(Ok(Reply::Done)));
    let at = |stage, percent| {
        let event = Message::Event(Event::Progress { stage, percent });
        postcard::to_allocvec(&event)
    };
    let begins = |bytes: Result<Vec<u8>, _>, with: &[u8]| {
        let bytes: Vec<u8> = bytes.expect("written");
        assert!(bytes.starts_with(with), "{bytes:?}");
    };
    begins(postcard::to_allocvec(&list), &[5, 7]);
    begins(postcard::to_allocvec(&reply), &[1, 5]);
    begins(at(Stage::Deriving, 100), &[2, 1, 0, 100]);
    begins(at(Stage::Opening, 0), &[2, 1, 2, 0]);
    begins(at(Stage::Verifying, 0), &[2, 1, 5, 0]);
}
