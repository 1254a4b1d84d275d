//! How the interface is lit: the choice, and how it travels in a cookie.

/// How the interface is lit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// Every choice, in the order they are offered.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The value of `data-theme` on the document and of the cookie; none for the system's.
    pub fn attribute(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }

    /// The word on the control.
    pub fn label(self) -> &'static str {
        match self {
            Self::System => t!("System"),
            Self::Light => t!("Light"),
            Self::Dark => t!("Dark"),
        }
    }

    /// The reverse of [`Theme::attribute`]. Anything unknown is the system's.
    pub fn from_attribute(value: Option<&str>) -> Self {
        match value {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::System,
        }
    }
}

/// Reads the choice from a `Cookie` header.
pub fn theme_in_cookies(header: &str) -> Theme {
    let value = header
        .split(';')
        .find_map(|pair| pair.trim().strip_prefix("theme="));
    Theme::from_attribute(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        assert_eq!(theme_in_cookies("a=b; theme=dark; c=d"), Theme::Dark);
        assert_eq!(theme_in_cookies("theme=light"), Theme::Light);
        assert_eq!(theme_in_cookies("mytheme=dark"), Theme::System);
        assert_eq!(theme_in_cookies("theme=\"><script>"), Theme::System);
    }

    #[test]
    fn attributes_round_trip() {
        for theme in Theme::ALL {
            assert_eq!(Theme::from_attribute(theme.attribute()), theme);
        }
    }
}
