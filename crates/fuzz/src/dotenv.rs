//! `.env` files.

use keyarc_vault::import::{parse, render};

/// Any text is read, in the order of its lines, and what was read is written so that it reads back.
pub fn dotenv(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let parsed = parse(text);
    let lines = text.matches('\n').count() as u32 + 1;
    let in_order = |lines: &mut dyn Iterator<Item = u32>, most: u32| {
        let mut last = 0;
        lines.all(|line| {
            let next = last < line && line <= most;
            last = line;
            next
        })
    };
    let mut read = parsed.assignments.iter().map(|one| one.line);
    assert!(in_order(&mut read, lines));
    // The last one may say that the rest was left out.
    let mut errors = parsed.errors.iter().map(|one| one.line);
    assert!(in_order(&mut errors, lines + 1));
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
