use keyarc_vault::{Content, ItemSummary, Kind, Variable};
use leptos::prelude::*;

use super::actions::{Actions, main_value};
use crate::ui::{Icon, IconButton};

/// A masked value: what may be seen of it, with dots for the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Masked {
    /// Before the dots.
    pub head: String,
    /// After the dots.
    pub tail: String,
}

/// Makes a mask from a hint, which has `…` where characters are left out. A hint without one
/// tells nothing that stands in the value.
pub fn mask(hint: &str) -> Masked {
    match hint.split_once('…') {
        Some((head, tail)) => Masked {
            head: head.to_owned(),
            tail: tail.to_owned(),
        },
        None => Masked {
            head: String::new(),
            tail: String::new(),
        },
    }
}

/// Draws a masked value.
#[component]
fn MaskedCode(masked: Masked) -> impl IntoView {
    view! { class="v",
        <code class="secret-code" translate="no">
            <span aria-hidden="true">
                {masked.head} <i>"••••••••••••••••••••••••"</i> {masked.tail}
            </span>
            <span class="sr-only">"Hidden"</span>
        </code>
    }
}

/// The values of a revealed item, or their masks.
#[component]
pub(super) fn SecretBody(
    /// The item.
    summary: ItemSummary,
    /// Its values, while they are revealed.
    content: Signal<Option<Content>>,
    /// For copying.
    actions: Actions,
    /// Beside the main value: reveal and copy.
    buttons: AnyView,
) -> impl IntoView {
    let hint = summary.hint.clone();
    let main = move || match content.get() {
        Some(content) => view! { class="v",
            <code class="secret-code is-shown" translate="no">
                {main_value(&content)}
            </code>
        }
        .into_any(),
        None => view! { class="v", <MaskedCode masked=mask(&hint) /> }.into_any(),
    };
    let kind = summary.kind;
    match kind {
        Kind::ApiKey => {
            view! { class="v", <div class="secret-top">{main} {buttons}</div> }.into_any()
        }
        Kind::Note => view! { class="v",
            <div class="secret-top secret-block">{main} {buttons}</div>
        }
        .into_any(),
        Kind::Login => view! { class="v",
            <div class="secret-top">
                <span class="secret-name">"Password"</span>
                {main}
                {buttons}
            </div>
            <LoginParts summary=summary content=content actions=actions />
        }
        .into_any(),
        Kind::EnvironmentSet => view! { class="v",
            <div class="secret-top">
                <span class="secret-name">{summary.hint.clone()}</span>
                <span class="gap"></span>
                {buttons}
            </div>
            <Variables summary=summary content=content actions=actions />
        }
        .into_any(),
    }
}

/// User name and address of a login.
#[component]
fn LoginParts(
    summary: ItemSummary,
    content: Signal<Option<Content>>,
    actions: Actions,
) -> impl IntoView {
    let summary = StoredValue::new(summary);
    let part = move |name: &'static str, copy: &'static str, pick: fn(&Content) -> String| {
        let value = move || content.with(|content| content.as_ref().map(pick));
        let empty = move || value().is_some_and(|value| value.is_empty());
        view! { class="v",
            <div class="secret-row">
                <span class="secret-name">{name}</span>
                {move || match value() {
                    Some(value) => {
                        view! { class="v",
                            <code class="secret-code is-shown" translate="no">
                                {if value.is_empty() { "—".to_owned() } else { value }}
                            </code>
                        }
                            .into_any()
                    }
                    None => view! { class="v", <MaskedCode masked=mask("") /> }.into_any(),
                }}
                <IconButton
                    icon=Icon::Copy
                    label=copy
                    disabled=Signal::derive(empty)
                    on_press=move |()| {
                        summary.with_value(|summary| actions.copy_part(summary, Some(name), pick));
                    }
                />
            </div>
        }
    };
    view! { class="v",
        {part("Username", "Copy username", username)}
        {part("Address", "Copy address", url)}
    }
}

fn username(content: &Content) -> String {
    match content {
        Content::Login { username, .. } => username.clone(),
        _ => String::new(),
    }
}

fn url(content: &Content) -> String {
    match content {
        Content::Login { url, .. } => url.clone(),
        _ => String::new(),
    }
}

/// The variables of an environment set, once they are revealed.
#[component]
fn Variables(
    summary: ItemSummary,
    content: Signal<Option<Content>>,
    actions: Actions,
) -> impl IntoView {
    let summary = StoredValue::new(summary);
    let variables = move || match content.get() {
        Some(Content::EnvironmentSet { ref variables }) => variables.clone(),
        _ => Vec::new(),
    };
    let row = move |variable: Variable| {
        let name = variable.name.clone();
        let wanted = variable.name.clone();
        view! { class="v",
            <div class="secret-row">
                <code class="secret-name" translate="no">
                    {variable.name.clone()}
                </code>
                <code class="secret-code is-shown" translate="no">
                    {variable.value.clone()}
                </code>
                <IconButton
                    icon=Icon::Copy
                    label=format!("Copy {name}")
                    on_press=move |()| {
                        let wanted = wanted.clone();
                        summary
                            .with_value(|summary| {
                                actions.copy_part(summary, None, move |all| value_of(all, &wanted));
                            });
                    }
                />
            </div>
        }
    };
    view! { class="v",
        <div class="secret-variables">
            {move || variables().into_iter().map(row).collect_view()}
        </div>
    }
}

fn value_of(content: &Content, name: &str) -> String {
    match content {
        Content::EnvironmentSet { variables } => variables
            .iter()
            .find(|variable| variable.name == name)
            .map(|variable| variable.value.clone())
            .unwrap_or_default(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_shows_what_the_hint_shows() {
        let masked = mask("sk-proj-…f3Q2");
        assert_eq!(
            (masked.head.as_str(), masked.tail.as_str()),
            ("sk-proj-", "f3Q2")
        );
        assert_eq!(mask("34 variables"), mask(""));
    }
}
