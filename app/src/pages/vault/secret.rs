use std::time::Duration;

use keyarc_vault::{Content, FieldType, Item, ItemSummary, Kind, Part, Totp, Variable};
use leptos::prelude::*;

use super::{
    actions::{Actions, copied, main_part},
    note_part::NotePart,
};
use crate::{
    language::known,
    ui::{Icon, IconButton},
    words::{now_ms, part_label},
};

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
            <span class="sr-only">{t!("Hidden")}</span>
        </code>
    }
}

/// The values of a revealed item, or their masks.
#[component]
pub(super) fn SecretBody(
    /// The item.
    summary: ItemSummary,
    /// Its values, while they are revealed.
    revealed: RwSignal<Option<Item>>,
    /// For copying.
    actions: Actions,
    /// Beside the main value: reveal and copy.
    buttons: AnyView,
) -> impl IntoView {
    let added = view! { class="v",
        <AddedValues summary=summary.clone() revealed=revealed actions=actions />
    };
    let Some(main) = main_part(summary.kind) else {
        return view! { class="v",
            <div class="secret-top">
                <span class="secret-name">{known(&summary.hint)}</span>
                <span class="gap"></span>
                {buttons}
            </div>
            <Variables summary=summary revealed=revealed actions=actions />
            {added}
        }
        .into_any();
    };
    // What is hinted at is a piece of an API key, and something else of any other kind.
    let hint = match summary.kind {
        Kind::ApiKey => summary.hint.clone(),
        _ => String::new(),
    };
    let is_block = main.field_type.has_lines();
    let parts = summary.kind.parts();
    let others = parts
        .iter()
        .filter(|part| part.key != main.key)
        .map(|part| {
            view! { class="v",
                <ValueRow
                    name=part_label(part).to_owned()
                    said=in_sentence(part.label)
                    field_type=part.field_type
                    value=part_of(revealed, *part)
                    summary=summary.clone()
                    pick=Callback::new(move |item: Item| value_of_part(&item, *part))
                    actions=actions
                />
            }
        });
    view! { class="v",
        <div class="secret-top" class:secret-block=is_block>
            {(parts.len() > 1)
                .then(|| view! { class="v", <span class="secret-name">{part_label(main)}</span> })}
            {if summary.kind == Kind::Note {
                view! { class="v", <NoteText text=part_of(revealed, *main) /> }.into_any()
            } else {
                let value = part_of(revealed, *main);
                view! { class="v", <Value field_type=main.field_type value=value hint=hint /> }
                    .into_any()
            }}
            {buttons}
        </div>
        {others.collect_view()}
        {added}
    }
    .into_any()
}

fn value_of_part(item: &Item, part: Part) -> String {
    item.content.part(part.key).unwrap_or_default().to_owned()
}

fn part_of(revealed: RwSignal<Option<Item>>, part: Part) -> Signal<Option<String>> {
    Signal::derive(move || {
        revealed.with(|item| item.as_ref().map(|item| value_of_part(item, part)))
    })
}

/// The fields that a person added: their names always, their values once they are revealed.
#[component]
fn AddedValues(
    summary: ItemSummary,
    revealed: RwSignal<Option<Item>>,
    actions: Actions,
) -> impl IntoView {
    let names = summary.field_names.clone();
    let row = move |(at, name): (usize, String)| {
        let value = Signal::derive(move || {
            revealed.with(|item| {
                item.as_ref()
                    .map(|item| item.fields.get(at).map(|field| field.value.clone()))
            })?
        });
        let field_type = Memo::new(move |_| {
            revealed.with(|item| {
                let field = item.as_ref().and_then(|item| item.fields.get(at));
                field.map(|field| field.field_type).unwrap_or_default()
            })
        });
        let wanted = name.clone();
        let pick = Callback::new(move |item: Item| {
            let field = item.fields.iter().find(|field| field.name == wanted);
            field
                .map(|field| copied(field.field_type, &field.value))
                .unwrap_or_default()
        });
        let summary = summary.clone();
        move || {
            view! { class="v",
                <ValueRow
                    name=name.clone()
                    said=in_sentence(&name)
                    field_type=field_type.get()
                    value=value
                    summary=summary.clone()
                    pick=pick
                    actions=actions
                />
            }
        }
    };
    names.into_iter().enumerate().map(row).collect_view()
}

/// A value with its name, and a button that copies it.
#[component]
fn ValueRow(
    name: String,
    /// The name within a sentence.
    said: String,
    field_type: FieldType,
    value: Signal<Option<String>>,
    summary: ItemSummary,
    pick: Callback<Item, String>,
    actions: Actions,
) -> impl IntoView {
    let empty = move || value.with(|value| value.as_ref().is_some_and(String::is_empty));
    let stored = StoredValue::new((summary, name.clone()));
    let copy = move |()| {
        stored.with_value(|(summary, name)| {
            actions.copy_part(summary, Some(name.clone()), move |item| {
                pick.run(item.clone())
            });
        });
    };
    view! { class="v",
        <div class="secret-row" class:secret-block=field_type.has_lines()>
            <span class="secret-name">
                <bdi>{name.clone()}</bdi>
            </span>
            <Value field_type=field_type value=value hint=String::new() />
            <IconButton
                icon=Icon::Copy
                label=t!("Copy {name}", name = said)
                disabled=Signal::derive(empty)
                on_press=copy
            />
        </div>
    }
}

/// A name of ours begins with a small letter within a sentence; one that a person gave stays.
fn in_sentence(name: &str) -> String {
    let ours = Kind::ALL
        .into_iter()
        .flat_map(Kind::parts)
        .find(|part| part.label == name);
    let said = match ours.map(|part| part.key) {
        Some("value") => tc!("copied", "secret"),
        Some("username") => tc!("copied", "username"),
        Some("password") => tc!("copied", "password"),
        Some("url") => tc!("copied", "address"),
        Some("text") => tc!("copied", "text"),
        Some("totp") => tc!("copied", "setup key"),
        Some("chain") => tc!("copied", "certificates"),
        Some("certificate_key" | "ssh_private_key") => tc!("copied", "private key"),
        Some("ssh_public_key") => tc!("copied", "public key"),
        _ => name,
    };
    said.to_owned()
}

/// A value as its type is shown, or its mask.
#[component]
fn Value(field_type: FieldType, value: Signal<Option<String>>, hint: String) -> impl IntoView {
    move || match value.get() {
        None => view! { class="v", <MaskedCode masked=mask(&hint) /> }.into_any(),
        Some(value) if value.is_empty() => view! { class="v",
            <code class="secret-code is-shown">"—"</code>
        }
        .into_any(),
        Some(key) if field_type == FieldType::Totp => {
            view! { class="v", <LiveCode key=key /> }.into_any()
        }
        Some(value) => view! { class="v",
            <code class="secret-code is-shown" translate="no">
                {value}
            </code>
        }
        .into_any(),
    }
}

/// The text of a note, or its mask.
#[component]
fn NoteText(text: Signal<Option<String>>) -> impl IntoView {
    move || match text.get() {
        Some(text) if !text.is_empty() => view! { class="v",
            <div class="secret-code secret-note is-shown">
                <NotePart text=text />
            </div>
        }
        .into_any(),
        _ => view! { class="v",
            <Value field_type=FieldType::Lines value=text hint=String::new() />
        }
        .into_any(),
    }
}

/// The code of a setup key, and how long it is good.
#[component]
fn LiveCode(key: String) -> impl IntoView {
    let totp = StoredValue::new(Totp::parse(&key).ok());
    let read = move || totp.with_value(|totp| totp.as_ref().map(|totp| totp.code(now_ms() as u64)));
    let now = RwSignal::new(read());
    if let Ok(tick) =
        set_interval_with_handle(move || drop(now.try_set(read())), Duration::from_secs(1))
    {
        on_cleanup(move || tick.clear());
    }
    move || match now.get() {
        Some(now) => {
            let share = f64::from(now.seconds_left) / f64::from(now.period);
            view! { class="v",
                <code class="secret-code is-shown live-code" translate="no">
                    {in_groups(&now.code)}
                </code>
                <span class="live-left" class:is-short=now.seconds_left <= 5>
                    <svg class="live-ring" viewBox="0 0 16 16" aria-hidden="true">
                        <circle class="live-ring-all" cx="8" cy="8" r="6" />
                        <circle
                            class="live-ring-left"
                            cx="8"
                            cy="8"
                            r="6"
                            pathLength="1"
                            stroke-dasharray=format!("{share:.3} 1")
                        />
                    </svg>
                    <span class="sr-only">{t!("Good for another ")}</span>
                    {now.seconds_left}
                    {t!(" s")}
                </span>
            }
            .into_any()
        }
        None => view! { class="v",
            <span class="secret-code">{t!("This setup key cannot be read. Edit the item.")}</span>
        }
        .into_any(),
    }
}

/// `123 456`: easier to carry over than six digits in a row.
fn in_groups(code: &str) -> String {
    let middle = code.len().div_ceil(2);
    match (code.get(..middle), code.get(middle..)) {
        (Some(first), Some(second)) if !second.is_empty() => format!("{first}\u{202f}{second}"),
        _ => code.to_owned(),
    }
}

/// The variables of an environment set, once they are revealed.
#[component]
fn Variables(
    summary: ItemSummary,
    revealed: RwSignal<Option<Item>>,
    actions: Actions,
) -> impl IntoView {
    let summary = StoredValue::new(summary);
    let variables = move || {
        revealed.with(|item| match item.as_ref().map(|item| &item.content) {
            Some(Content::EnvironmentSet { variables }) => variables.clone(),
            _ => Vec::new(),
        })
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
                    label=t!("Copy {name}", name)
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

fn value_of(item: &Item, name: &str) -> String {
    match &item.content {
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

    #[test]
    fn a_code_is_read_in_two_halves() {
        assert_eq!(in_groups("123456"), "123\u{202f}456");
        assert_eq!(in_groups("1234567"), "1234\u{202f}567");
        assert_eq!(in_groups(""), "");
    }

    #[test]
    fn a_name_that_a_person_gave_keeps_its_letters() {
        assert_eq!(in_sentence("Username"), "username");
        assert_eq!(in_sentence("PIN"), "PIN");
    }
}
