use leptos::prelude::*;

use super::cookie::{A_YEAR, keep_cookie};
use crate::theme::Theme;

/// The theme in use.
#[derive(Clone, Copy)]
pub struct ThemeState(RwSignal<Theme>);

impl ThemeState {
    /// The choice.
    pub fn get(self) -> Theme {
        self.0.get()
    }

    /// Chooses, at once and for later visits. Public pages follow it through the cookie.
    pub fn set(self, theme: Theme) {
        self.0.set(theme);
        let Some(root) = document().document_element() else {
            return;
        };
        let (value, age) = match theme.attribute() {
            Some(value) => {
                // Setting a plain attribute fails for an invalid name only.
                let _ = root.set_attribute("data-theme", value);
                (value, A_YEAR)
            }
            None => {
                let _ = root.remove_attribute("data-theme");
                ("", 0)
            }
        };
        keep_cookie("theme", value, age);
    }
}

/// Makes the theme available; in the browser it begins with what the server rendered.
pub fn provide_theme() {
    let state = ThemeState(RwSignal::new(Theme::System));
    provide_context(state);
    Effect::new(move |_| {
        let value = document()
            .document_element()
            .and_then(|root| root.get_attribute("data-theme"));
        state.0.set(Theme::from_attribute(value.as_deref()));
    });
}

/// See [`provide_theme`].
pub fn use_theme() -> ThemeState {
    expect_context()
}
