/// Replaces what would speak to a terminal or turn the direction of text: control characters,
/// escape sequences, direction marks and what is invisible.
pub fn printable(text: &str) -> String {
    let hides = |c: char| {
        c.is_control()
            || matches!(c,
                '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
    };
    text.chars()
        .map(|c| if hides(c) { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_replaced_and_the_rest_kept() {
        assert_eq!(printable("Müller & Söhne 鍵 🔑"), "Müller & Söhne 鍵 🔑");
        assert_eq!(
            printable("a\u{1b}[2Jb\r\n"),
            "a\u{fffd}[2Jb\u{fffd}\u{fffd}"
        );
        assert_eq!(printable("\u{202e}evil\u{200b}"), "\u{fffd}evil\u{fffd}");
    }
}
