//! Setup keys for one-time codes.

use keyarc_vault::Totp;

/// A setup key is read the same with space around it, gives codes of one length at any moment,
/// and each is good for a while.
pub fn totp(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let read = Totp::parse(text);
    let spaced = Totp::parse(&format!(" {text}\n"));
    assert_eq!(
        read.as_ref().map(|totp| totp.code(0)).ok(),
        spaced.map(|totp| totp.code(0)).ok()
    );
    let Ok(totp) = read else { return };
    for unix_ms in [0, 1_795_262_400_000, u64::MAX] {
        let now = totp.code(unix_ms);
        assert!((6..=8).contains(&now.code.len()));
        assert!(now.code.bytes().all(|byte| byte.is_ascii_digit()));
        assert!((1..=now.period).contains(&now.seconds_left));
    }
}
