//! Which key does what.

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortcut {
    /// Opens the palette.
    Palette,
    /// Goes to the search field of the list.
    Search,
    /// One row down.
    Next,
    /// One row up.
    Previous,
    /// To the first row.
    First,
    /// To the last row.
    Last,
    /// Opens the row.
    Open,
    /// Copies the secret.
    Copy,
    /// Edits the item.
    Edit,
    /// Shows what the item was.
    History,
    /// A new item.
    New,
    /// Shows or hides the secret.
    Reveal,
    /// Walks through a rotation of the item.
    Rotate,
    /// Goes to the dashboard.
    Dashboard,
    /// Goes to the list.
    Vault,
    /// Tests the key.
    Check,
    /// Moves the item to the trash.
    Delete,
    /// Lists the keys.
    Help,
    /// One step back.
    Back,
}

/// A pressed key.
#[derive(Debug, Clone, Copy, Default)]
pub struct Press<'a> {
    /// `KeyboardEvent.key`.
    pub key: &'a str,
    /// Ctrl, or ⌘ on a Mac.
    pub command: bool,
    /// Alt.
    pub alt: bool,
    /// The focus is where text is typed.
    pub typing: bool,
    /// The focus is on something that Enter and Space press.
    pub on_control: bool,
}

/// What a pressed key asks for, if anything.
pub fn shortcut(press: Press<'_>) -> Option<Shortcut> {
    let Press {
        key,
        command,
        alt,
        typing,
        on_control,
    } = press;
    if alt {
        return None;
    }
    if command {
        return key.eq_ignore_ascii_case("k").then_some(Shortcut::Palette);
    }
    if key == "Escape" {
        return Some(Shortcut::Back);
    }
    if typing {
        return None;
    }
    Some(match key {
        "/" => Shortcut::Search,
        "j" | "ArrowDown" => Shortcut::Next,
        "k" | "ArrowUp" => Shortcut::Previous,
        "Home" | "g" => Shortcut::First,
        "End" | "G" => Shortcut::Last,
        "Enter" | "o" if !on_control => Shortcut::Open,
        "c" => Shortcut::Copy,
        "e" => Shortcut::Edit,
        "h" => Shortcut::History,
        "n" => Shortcut::New,
        "r" => Shortcut::Reveal,
        "R" => Shortcut::Rotate,
        "d" => Shortcut::Dashboard,
        "v" => Shortcut::Vault,
        "t" => Shortcut::Check,
        "Delete" => Shortcut::Delete,
        "?" => Shortcut::Help,
        _ => return None,
    })
}

/// Keys and what they do, for the help dialog.
pub(super) const HELP: [(&[&str], &str); 17] = [
    (&["Ctrl K", "⌘ K"], "Find anything, do anything"),
    (&["/"], "Search the list"),
    (&["J", "↓"], "Next item"),
    (&["K", "↑"], "Previous item"),
    (&["Enter"], "Open the item"),
    (&["C"], "Copy the secret"),
    (&["R"], "Reveal or hide the secret"),
    (&["T"], "Test whether the key works"),
    (&["E"], "Edit the item"),
    (&["Shift R"], "Rotate the secret"),
    (&["H"], "See what the item was"),
    (&["N"], "New item"),
    (&["D"], "Dashboard"),
    (&["V"], "Vault"),
    (&["Del"], "Move the item to the trash"),
    (&["Esc"], "Back"),
    (&["?"], "This list"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn press(key: &str) -> Press<'_> {
        Press {
            key,
            ..Press::default()
        }
    }

    #[test]
    fn the_keys_of_the_product_do_what_it_says() {
        let keys = [
            ("/", Shortcut::Search),
            ("j", Shortcut::Next),
            ("k", Shortcut::Previous),
            ("Enter", Shortcut::Open),
            ("c", Shortcut::Copy),
            ("e", Shortcut::Edit),
            ("h", Shortcut::History),
            ("n", Shortcut::New),
            ("R", Shortcut::Rotate),
            ("d", Shortcut::Dashboard),
            ("v", Shortcut::Vault),
            ("t", Shortcut::Check),
            ("?", Shortcut::Help),
            ("Escape", Shortcut::Back),
        ];
        for (key, wanted) in keys {
            assert_eq!(shortcut(press(key)), Some(wanted), "{key}");
        }
        let palette = Press {
            command: true,
            ..press("k")
        };
        assert_eq!(shortcut(palette), Some(Shortcut::Palette));
    }

    #[test]
    fn typing_is_left_alone() {
        for key in ["j", "c", "n", "/", "?", "Delete", "Enter", "ArrowDown"] {
            assert_eq!(
                shortcut(Press {
                    typing: true,
                    ..press(key)
                }),
                None,
                "{key}"
            );
        }
        let palette = Press {
            typing: true,
            command: true,
            ..press("K")
        };
        assert_eq!(shortcut(palette), Some(Shortcut::Palette));
        assert_eq!(
            shortcut(Press {
                typing: true,
                ..press("Escape")
            }),
            Some(Shortcut::Back)
        );
    }

    #[test]
    fn the_browsers_own_keys_are_left_alone() {
        for key in ["c", "n", "r", "e", "j"] {
            assert_eq!(
                shortcut(Press {
                    command: true,
                    ..press(key)
                }),
                None,
                "{key}"
            );
            assert_eq!(
                shortcut(Press {
                    alt: true,
                    ..press(key)
                }),
                None,
                "{key}"
            );
        }
        assert_eq!(
            shortcut(Press {
                on_control: true,
                ..press("Enter")
            }),
            None
        );
    }
}
