use leptos::prelude::*;

use super::{Icon, IconView, Kbd};

/// How a button looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Look {
    /// Ordinary.
    #[default]
    Plain,
    /// The one thing to do.
    Go,
    /// Without a box.
    Bare,
    /// Something is lost by it.
    Danger,
}

impl Look {
    fn class(self) -> &'static str {
        match self {
            Self::Plain => "btn",
            Self::Go => "btn btn-go",
            Self::Bare => "btn btn-bare",
            Self::Danger => "btn btn-danger",
        }
    }
}

/// A button with a word on it.
#[component]
pub fn Button(
    /// How it looks.
    #[prop(optional)]
    look: Look,
    /// Before the word.
    #[prop(optional, into)]
    icon: Option<Icon>,
    /// The key that does the same; shown, and told to assistive technology apart from the name.
    #[prop(optional, into)]
    key: Option<&'static str>,
    /// Cannot be pressed now. It stays focusable, so that focus is not lost.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// What was asked for is being done.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// Sends the form around it.
    #[prop(optional)]
    submit: bool,
    /// Focused when it appears in a dialog.
    #[prop(optional)]
    autofocus: bool,
    /// More room, for pages with one form.
    #[prop(optional)]
    large: bool,
    /// Unique in the page, for keys that press it.
    #[prop(optional, into)]
    id: Option<&'static str>,
    /// Whether what it opens is open.
    #[prop(optional, into)]
    expanded: Option<Signal<bool>>,
    /// The id of what it opens.
    #[prop(optional, into)]
    controls: Option<String>,
    /// Pressed.
    #[prop(optional, into)]
    on_press: Option<Callback<()>>,
    /// The word.
    children: Children,
) -> impl IntoView {
    let off = move || disabled.get() || busy.get();
    let press = move |event: leptos::ev::MouseEvent| {
        if off() {
            event.prevent_default();
        } else if let Some(on_press) = on_press {
            on_press.run(());
        }
    };
    view! { class="v",
        <button
            class=look.class()
            class:btn-large=large
            class:is-busy=move || busy.get()
            r#type=if submit { "submit" } else { "button" }
            aria-disabled=move || off().then_some("true")
            aria-busy=move || busy.get().then_some("true")
            aria-keyshortcuts=key
            aria-expanded=move || {
                expanded.map(|expanded| if expanded.get() { "true" } else { "false" })
            }
            aria-controls=controls
            autofocus=autofocus
            id=id
            on:click=press
        >
            {icon.map(|icon| view! { class="v", <IconView icon=icon /> })}
            <span class="btn-word">{children()}</span>
            {key.map(|key| view! { class="v", <Kbd keys=key /> })}
        </button>
    }
}

/// A button with a drawing on it, and a name for those who do not see it.
#[component]
pub fn IconButton(
    /// The drawing.
    #[prop(into)]
    icon: Signal<Icon>,
    /// Its name; also shown on hover.
    #[prop(into)]
    label: Signal<String>,
    /// On or off, for buttons that stay pressed.
    #[prop(optional, into)]
    pressed: Option<Signal<bool>>,
    /// Cannot be pressed now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// The key that does the same.
    #[prop(optional, into)]
    key: Option<&'static str>,
    /// More classes.
    #[prop(optional)]
    class: &'static str,
    /// Unique in the page, for keys that press it.
    #[prop(optional, into)]
    id: Option<&'static str>,
    /// Pressed.
    #[prop(into)]
    on_press: Callback<()>,
) -> impl IntoView {
    view! { class="v",
        <button
            class=format!("btn btn-bare btn-icon {class}")
            r#type="button"
            aria-label=move || label.get()
            title=move || label.get()
            aria-pressed=move || pressed.map(|pressed| if pressed.get() { "true" } else { "false" })
            aria-disabled=move || disabled.get().then_some("true")
            aria-keyshortcuts=key
            id=id
            on:click=move |_| {
                if !disabled.get_untracked() {
                    on_press.run(());
                }
            }
        >
            <IconView icon=icon />
        </button>
    }
}
