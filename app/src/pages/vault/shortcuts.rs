//! Which key does what, in one table: the keys, the list of them, and the palette go by it.

use crate::ui::Icon;

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
    /// Begins another item as this one.
    Duplicate,
    /// Puts the item on paper.
    Print,
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
    /// Moves to the trash.
    Delete,
    /// Selects the row, or takes it out.
    Select,
    /// One row down, selecting.
    ExtendNext,
    /// One row up, selecting.
    ExtendPrevious,
    /// Selects everything that the list finds.
    SelectAll,
    /// Moves to a folder.
    Move,
    /// Adds tags.
    Tag,
    /// Stars or unstars.
    Star,
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
    /// Shift.
    pub shift: bool,
    /// Alt.
    pub alt: bool,
    /// The focus is where text is typed.
    pub typing: bool,
    /// The focus is on something that Enter and Space press.
    pub on_control: bool,
}

/// A shortcut, its keys, and what is said of it.
pub(super) struct Binding {
    pub(super) shortcut: Shortcut,
    chords: &'static [Chord],
    /// As a person reads them.
    pub(super) keys: &'static [&'static str],
    pub(super) does: &'static str,
    /// How the palette draws it; `None` when it makes no sense there, or is offered there as an
    /// action on items or on every page.
    pub(super) palette: Option<Icon>,
}

struct Chord {
    key: &'static str,
    command: bool,
    /// `None` where the key itself tells, as `G` and `?` do.
    shift: Option<bool>,
    /// Also where text is typed.
    typing: bool,
    /// Also where Enter and Space press something.
    on_control: bool,
}

const fn key(key: &'static str) -> Chord {
    Chord {
        key,
        command: false,
        shift: None,
        typing: false,
        on_control: true,
    }
}

const fn shift(name: &'static str, shift: bool) -> Chord {
    Chord {
        shift: Some(shift),
        ..key(name)
    }
}

const fn command(name: &'static str, typing: bool) -> Chord {
    Chord {
        command: true,
        typing,
        ..key(name)
    }
}

const fn press_of_row(name: &'static str) -> Chord {
    Chord {
        on_control: false,
        ..key(name)
    }
}

const fn binding(
    shortcut: Shortcut,
    chords: &'static [Chord],
    keys: &'static [&'static str],
    does: &'static str,
    palette: Option<Icon>,
) -> Binding {
    Binding {
        shortcut,
        chords,
        keys,
        does,
        palette,
    }
}

/// Every shortcut, in the order they are listed.
pub(super) const BINDINGS: [Binding; 28] = [
    binding(
        Shortcut::Palette,
        &[command("k", true)],
        &["Ctrl K", "⌘ K"],
        mark!("Find anything, do anything"),
        None,
    ),
    binding(
        Shortcut::Search,
        &[key("/")],
        &["/"],
        mark!("Search the list"),
        Some(Icon::Search),
    ),
    binding(
        Shortcut::Next,
        &[key("j"), shift("ArrowDown", false)],
        &["J", "↓"],
        mark!("Next item"),
        None,
    ),
    binding(
        Shortcut::Previous,
        &[key("k"), shift("ArrowUp", false)],
        &["K", "↑"],
        mark!("Previous item"),
        None,
    ),
    binding(
        Shortcut::First,
        &[key("Home"), key("g")],
        &["Home", "G"],
        mark!("First item"),
        None,
    ),
    binding(
        Shortcut::Last,
        &[key("End"), key("G")],
        &["End", "⇧ G"],
        mark!("Last item"),
        None,
    ),
    binding(
        Shortcut::Open,
        &[press_of_row("Enter"), press_of_row("o")],
        &["Enter", "O"],
        mark!("Open the item"),
        None,
    ),
    binding(
        Shortcut::Copy,
        &[key("c")],
        &["C"],
        mark!("Copy the secret"),
        Some(Icon::Copy),
    ),
    binding(
        Shortcut::Reveal,
        &[key("r")],
        &["R"],
        mark!("Reveal or hide the secret"),
        Some(Icon::Eye),
    ),
    binding(
        Shortcut::Check,
        &[key("t")],
        &["T"],
        mark!("Test whether the key works"),
        None,
    ),
    binding(
        Shortcut::History,
        &[key("h")],
        &["H"],
        mark!("See what the item was"),
        None,
    ),
    binding(
        Shortcut::Edit,
        &[key("e")],
        &["E"],
        mark!("Edit the item"),
        Some(Icon::Edit),
    ),
    binding(
        Shortcut::Duplicate,
        &[key("D")],
        &["⇧ D"],
        mark!("Duplicate the item"),
        Some(Icon::Duplicate),
    ),
    binding(
        Shortcut::Print,
        &[key("p")],
        &["P"],
        mark!("Print the item"),
        Some(Icon::Print),
    ),
    binding(Shortcut::New, &[key("n")], &["N"], mark!("New item"), None),
    binding(
        Shortcut::Rotate,
        &[key("R")],
        &["⇧ R"],
        mark!("Rotate the secret"),
        Some(Icon::Rotate),
    ),
    binding(
        Shortcut::Dashboard,
        &[key("d")],
        &["D"],
        mark!("Dashboard"),
        None,
    ),
    binding(Shortcut::Vault, &[key("v")], &["V"], mark!("Vault"), None),
    binding(
        Shortcut::Select,
        &[key("x")],
        &["X"],
        mark!("Select the item, or not"),
        None,
    ),
    binding(
        Shortcut::ExtendNext,
        &[shift("j", true), shift("ArrowDown", true)],
        &["⇧ J", "⇧ ↓"],
        mark!("Select the next item too"),
        None,
    ),
    binding(
        Shortcut::ExtendPrevious,
        &[shift("k", true), shift("ArrowUp", true)],
        &["⇧ K", "⇧ ↑"],
        mark!("Select the previous item too"),
        None,
    ),
    binding(
        Shortcut::SelectAll,
        &[command("a", false)],
        &["Ctrl A", "⌘ A"],
        mark!("Select everything in the list"),
        Some(Icon::List),
    ),
    binding(
        Shortcut::Move,
        &[key("m")],
        &["M"],
        mark!("Move to a folder"),
        None,
    ),
    binding(
        Shortcut::Tag,
        &[key("l")],
        &["L"],
        mark!("Label: add tags"),
        None,
    ),
    binding(
        Shortcut::Star,
        &[key("s")],
        &["S"],
        mark!("Add or remove the star"),
        None,
    ),
    binding(
        Shortcut::Delete,
        &[key("Delete")],
        &["Del"],
        mark!("Move to the trash"),
        None,
    ),
    binding(
        Shortcut::Back,
        &[Chord {
            typing: true,
            ..key("Escape")
        }],
        &["Esc"],
        mark!("Back, or select nothing"),
        None,
    ),
    binding(
        Shortcut::Help,
        &[key("?")],
        &["?"],
        mark!("Show keyboard shortcuts"),
        None,
    ),
];

impl Chord {
    fn is(&self, press: &Press<'_>) -> bool {
        // With Shift or Ctrl the letter may come in either case.
        let same = if self.command || self.shift.is_some() {
            self.key.eq_ignore_ascii_case(press.key)
        } else {
            self.key == press.key
        };
        same && self.command == press.command
            && self.shift.is_none_or(|shift| shift == press.shift)
            && (self.typing || !press.typing)
            && (self.on_control || !press.on_control)
    }
}

/// What a pressed key asks for, if anything.
pub fn shortcut(press: Press<'_>) -> Option<Shortcut> {
    if press.alt {
        return None;
    }
    let binding = BINDINGS
        .iter()
        .find(|binding| binding.chords.iter().any(|chord| chord.is(&press)));
    binding.map(|binding| binding.shortcut)
}

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
            ("D", Shortcut::Duplicate),
            ("p", Shortcut::Print),
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
    fn shift_selects_on_the_way() {
        for (key, shift, wanted) in [
            ("J", true, Shortcut::ExtendNext),
            ("j", false, Shortcut::Next),
            ("ArrowUp", true, Shortcut::ExtendPrevious),
            ("ArrowUp", false, Shortcut::Previous),
            ("G", true, Shortcut::Last),
            ("?", true, Shortcut::Help),
        ] {
            let press = Press {
                shift,
                ..press(key)
            };
            assert_eq!(shortcut(press), Some(wanted), "{key}");
        }
        let all = |typing| Press {
            command: true,
            typing,
            ..press("a")
        };
        assert_eq!(shortcut(all(false)), Some(Shortcut::SelectAll));
        assert_eq!(shortcut(all(true)), None, "the text is selected");
    }

    #[test]
    fn every_shortcut_stands_in_the_table_once() {
        for (at, binding) in BINDINGS.iter().enumerate() {
            let again = &BINDINGS[at + 1..];
            assert!(again.iter().all(|other| other.shortcut != binding.shortcut));
            assert!(!binding.chords.is_empty() && !binding.keys.is_empty());
        }
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
