//! References to what stands in a vault.

use keyarc_reference::Reference;

/// What is read as a reference is written so that it reads back the same, and so is what was
/// written.
pub fn reference(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(read) = text.parse::<Reference>() else {
        return;
    };
    assert!(!read.item.is_empty() && !read.field.is_empty());
    let written = read.to_string();
    // An escape may be longer than what it stands for, so that one at the limit grows beyond it.
    if let Ok(again) = written.parse::<Reference>() {
        assert_eq!(again, read);
        assert_eq!(again.to_string(), written);
    } else {
        assert!(written.len() > text.len());
    }
}
