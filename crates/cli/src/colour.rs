//! Colours, where somebody sees them: at a terminal, unless `NO_COLOR` (<https://no-color.org>) or
//! `CLICOLOR=0` forbids them or `TERM` has none. They say again what words say; secrets have none.

use std::{borrow::Cow, io};

use anstream::{AutoStream, ColorChoice, stream::RawStream};
use anstyle::{AnsiColor, Style};
use keyarc_vault::{Day, ExpiryBadge, expiry_badge};

/// What a text is, by its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    /// Stands over or before other text.
    Head,
    Good,
    /// Needs somebody soon.
    Warning,
    Bad,
    /// Not in the way of the rest.
    Faint,
}

impl Tone {
    /// Of an expiry date, as the badges of a browser have it.
    pub fn of_expiry(expires_on: Day, today: Day) -> Self {
        match expiry_badge(expires_on, today) {
            ExpiryBadge::Expired { .. } => Self::Bad,
            ExpiryBadge::Today | ExpiryBadge::Soon { .. } => Self::Warning,
            ExpiryBadge::Later { .. } => Self::Plain,
        }
    }

    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Head => Style::new().bold(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Warning => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Faint => Style::new().dimmed(),
        }
    }
}

/// A text and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toned {
    pub text: String,
    pub tone: Tone,
}

impl From<String> for Toned {
    fn from(text: String) -> Self {
        Self::new(text, Tone::Plain)
    }
}

impl Toned {
    pub fn new(text: impl Into<String>, tone: Tone) -> Self {
        let text = text.into();
        Self { text, tone }
    }

    /// With its colour, if there are to be any.
    pub fn shown(&self, coloured: bool) -> Cow<'_, str> {
        match coloured && self.tone != Tone::Plain {
            true => {
                let style = self.tone.style();
                format!("{style}{}{style:#}", self.text).into()
            }
            false => self.text.as_str().into(),
        }
    }
}

/// Whether standard output takes colours.
pub fn on_stdout() -> bool {
    takes(&io::stdout())
}

/// Whether standard error takes colours.
pub fn on_stderr() -> bool {
    takes(&io::stderr())
}

fn takes(stream: &impl RawStream) -> bool {
    AutoStream::choice(stream) != ColorChoice::Never
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_stand_around_the_text_or_not_at_all() {
        let toned = |tone| Toned::new("invalid", tone);
        let bad = toned(Tone::Bad);
        assert_eq!(bad.shown(true), "\u{1b}[1m\u{1b}[31minvalid\u{1b}[0m");
        for tone in [Tone::Bad, Tone::Plain] {
            assert_eq!(toned(tone).shown(false), "invalid");
        }
        assert_eq!(toned(Tone::Plain).shown(true), "invalid");
    }

    #[test]
    fn expiry_has_the_colours_of_its_badge() {
        let today = Day(20_000);
        for (day, tone) in [
            (19_999, Tone::Bad),
            (20_000, Tone::Warning),
            (20_030, Tone::Warning),
            (20_031, Tone::Plain),
        ] {
            assert_eq!(Tone::of_expiry(Day(day), today), tone, "{day}");
        }
    }
}
