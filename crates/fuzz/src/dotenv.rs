//! `.env` files.

use keyarc_vault::import::{parse, render};

/// Any text is read, in the order of its lines, and what was read is written so that it reads back.
pub fn dotenv(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let parsed = parse(text);
    let lines = text.matches('\n').count() as u32 + 1;
    assert!(are_in_order(
        parsed.assignments.iter().map(|one| one.line),
        lines
    ));
    // The last one may say that the rest was left out.
    assert!(are_in_order(
        parsed.errors.iter().map(|one| one.line),
        lines + 1
    ));
    let pairs = || {
        let all = parsed.assignments.iter();
        all.map(|one| (one.name.as_str(), one.value.as_str()))
    };
    let written = parse(&render(pairs()));
    assert!(written.errors.is_empty(), "{:?}", written.errors);
    let again = written.assignments.iter();
    assert!(
        again
            .map(|one| (one.name.as_str(), one.value.as_str()))
            .eq(pairs())
    );
}

fn are_in_order(mut lines: impl Iterator<Item = u32>, most: u32) -> bool {
    let mut last = 0;
    lines.all(|line| {
        let follows = last < line && line <= most;
        last = line;
        follows
    })
}
