//! Codes that people type, and the messages of a device link.

use keyarc_crypto::{
    Checkpoint, Kit, KnownDeviceLink, LinkCode, LinkContext, LinkMessage, NewDeviceLink,
    RecoveryKey, SetupCode,
};

use crate::counter_rng::CounterRng;

/// Bytes are a message of a device link in one form only, or none; neither side takes what is not
/// for it; and a text is a code in one canonical form.
pub fn link(data: &[u8]) {
    if let Some(message) = LinkMessage::decode(data) {
        assert_eq!(message.encode(), data);
    }
    let mut rng = CounterRng::new(1);
    let code = LinkCode::new(1, 2).expect("20 bits");
    let context = LinkContext {
        origin: "https://keyarc.example",
        code,
    };
    let new = NewDeviceLink::make(&mut rng);
    if let Ok(link) = new.answered(&context, data) {
        assert!(matches!(
            LinkMessage::decode(data),
            Some(LinkMessage::Answer(_))
        ));
        assert!(link.open(data).is_err());
    }
    let known = KnownDeviceLink::make(&new.offer(), &mut rng).expect("an offer");
    assert!(
        known.revealed(&context, data).is_err(),
        "nobody knows what was committed to"
    );
    let offered = KnownDeviceLink::make(data, &mut rng).is_ok();
    assert_eq!(
        offered,
        matches!(LinkMessage::decode(data), Some(LinkMessage::Offer(_)))
    );
    if let Some(code) = std::str::from_utf8(data).ok().and_then(LinkCode::parse) {
        assert_eq!(LinkCode::parse(&code.to_string()), Some(code));
    }
}

/// A text that is read has one canonical form, and differs from it in separators, case and the
/// letters that stand for digits only.
pub fn setup_code(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(code) = SetupCode::parse(text) else {
        return;
    };
    let canonical = code.to_text();
    let again = SetupCode::parse(&canonical).expect("canonical");
    assert_eq!(again.to_text(), canonical);
    assert_eq!(
        (again.suite(), again.handle()),
        (code.suite(), code.handle())
    );
    assert_eq!(plain(text), plain(&canonical));
}

/// The same of the codes beside it; and a kit has the codes that stand in its text.
pub fn kit(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(key) = RecoveryKey::parse(text) {
        let canonical = key.to_text();
        let again = RecoveryKey::parse(&canonical).expect("canonical");
        assert!(again.to_text() == canonical && again.ending().is(&key.ending()));
        assert_eq!(plain(text), plain(&canonical));
    }
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        let canonical = checkpoint.to_text();
        assert_eq!(Checkpoint::parse(&canonical), Ok(checkpoint));
        assert_eq!(plain(text), plain(&canonical));
    }
    if let Ok(kit) = Kit::parse(text) {
        let all = plain(text);
        assert!(all.contains(&plain(&kit.setup_code.to_text())));
        assert!(all.contains(&plain(&kit.recovery_key.to_text())));
        if let Some(checkpoint) = kit.checkpoint {
            assert!(all.contains(&plain(&checkpoint.to_text())));
        }
    }
}

/// Digits and letters, the letters that stand for digits as those.
fn plain(text: &str) -> String {
    text.to_ascii_uppercase()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|character| match character {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect()
}
