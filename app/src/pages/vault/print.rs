//! An item on paper: what is printed is what the dialog shows.

use std::time::Duration;

use keyarc_vault::{Content, Field, Item, Kind};
use keyarc_wire::ItemId;
use leptos::{prelude::*, task::spawn_local};

use super::item_view::HIDE_AFTER_SECONDS;
use crate::{
    state::use_toasts,
    ui::{Button, Checkbox, Dialog, ErrorState, Icon, Look, SkeletonLines},
    words::{capitalised, every_days, kind, local_day, long_day, part_label, size, today},
    worker::{Command, Reply, use_worker},
};

/// A value on the sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    name: String,
    value: String,
    /// Stands on the sheet only when somebody asked for the secrets.
    is_secret: bool,
}

/// The values of an item in the order in which the item's view has them; none that is empty.
fn lines(content: &Content, fields: &[Field], notes: &str) -> Vec<Line> {
    let kind = content.kind();
    let parts = kind.parts().iter().map(|part| Line {
        name: part_label(part).to_owned(),
        value: content.part(part.key).unwrap_or_default().to_owned(),
        is_secret: part.field_type.is_concealed() || kind == Kind::Note,
    });
    let variables = match content {
        Content::EnvironmentSet { variables } => variables.as_slice(),
        _ => &[],
    };
    let variables = variables.iter().map(|variable| Line {
        name: variable.name.clone(),
        value: variable.value.clone(),
        is_secret: true,
    });
    let fields = fields.iter().map(|field| Line {
        name: field.name.clone(),
        value: field.value.clone(),
        is_secret: field.field_type.is_concealed(),
    });
    let notes = Line {
        name: t!("Notes").to_owned(),
        value: notes.to_owned(),
        is_secret: true,
    };
    let all = parts.chain(variables).chain(fields).chain([notes]);
    all.filter(|line| !line.value.is_empty()).collect()
}

/// What else the sheet says of an item: names and texts.
fn facts(item: &Item) -> Vec<(&'static str, String)> {
    let summary = &item.summary;
    let files = item.attachments.iter();
    let files: Vec<String> = files
        .map(|file| format!("{} ({})", file.name, size(file.size)))
        .collect();
    let facts = [
        (t!("Kind"), kind(summary.kind).to_owned()),
        (
            t!("Provider"),
            summary.provider_name.clone().unwrap_or_default(),
        ),
        (t!("Folder"), summary.folder.replace('/', " / ")),
        (
            t!("Environment"),
            capitalised(summary.environment.as_deref().unwrap_or_default()),
        ),
        (t!("Tags"), summary.tags.join(", ")),
        (
            t!("Expires"),
            summary.expires_on.map(long_day).unwrap_or_default(),
        ),
        (
            t!("Rotation"),
            summary
                .rotation
                .every_days
                .map(every_days)
                .unwrap_or_default(),
        ),
        (t!("Used in"), item.places.join("\n")),
        (t!("Files"), files.join("\n")),
        (
            t!("Changed"),
            t!(
                "{day}, version {number}",
                day = long_day(local_day(summary.updated_at_ms)),
                number = summary.version
            ),
        ),
        (t!("Printed"), long_day(today())),
    ];
    let facts = facts.into_iter();
    facts.filter(|(_, text)| !text.is_empty()).collect()
}

/// Shows the sheet of an item, and prints it.
#[component]
pub(super) fn PrintDialog(
    /// Whether it is open.
    open: RwSignal<bool>,
    /// The item. Its values are fetched when the dialog opens, and gone when it closes.
    item: ItemId,
) -> impl IntoView {
    view! { class="v",
        <Dialog open=open title=t!("Print") class="dialog-print">
            <Sheet id=item open=open />
        </Dialog>
    }
}

#[component]
fn Sheet(id: ItemId, open: RwSignal<bool>) -> impl IntoView {
    let worker = use_worker();
    let toasts = use_toasts();
    let item = RwSignal::new(None::<Item>);
    let problem = RwSignal::new(None::<String>);
    let with_secrets = RwSignal::new(false);
    let fetch = move || {
        problem.set(None);
        spawn_local(async move {
            match worker.call(Command::Reveal(id)).await {
                Ok(Reply::Item(found)) => drop(item.try_set(Some(*found))),
                Ok(_) => {}
                Err(failure) => drop(problem.try_set(Some(failure.to_string()))),
            }
        });
    };
    fetch();
    // As anywhere else a secret does not stay on a screen that nobody looks at.
    Effect::new(move |_| {
        if !with_secrets.get() {
            return;
        }
        let hide = move || {
            let _ = with_secrets.try_set(false);
        };
        let after = Duration::from_secs(HIDE_AFTER_SECONDS.into());
        if let Ok(timer) = set_timeout_with_handle(hide, after) {
            on_cleanup(move || timer.clear());
        }
    });
    let print = move |()| {
        if window().print().is_err() {
            toasts.fail(t!("The browser did not print."));
        }
    };
    view! { class="v",
        {move || match (item.get(), problem.get()) {
            (Some(item), _) => {
                view! { class="v",
                    <div class="print-options">
                        <Checkbox id="print-secrets" checked=with_secrets>
                            {t!("With its secrets and notes")}
                        </Checkbox>
                        <p class="quiet" aria-live="polite">
                            {move || {
                                if with_secrets.get() {
                                    t!("Whoever has the paper has the secrets. Some printers keep what they print, and a PDF stays where it is saved.")
                                } else {
                                    t!("Secrets stand as dots. Only what is shown here is printed.")
                                }
                            }}
                        </p>
                    </div>
                    <Paper item=item with_secrets=with_secrets />
                    <footer class="dialog-foot">
                        <Button on_press=move |()| open.set(false)>{t!("Cancel")}</Button>
                        <Button look=Look::Go icon=Icon::Print autofocus=true on_press=print>
                            {t!("Print")}
                        </Button>
                    </footer>
                }
                    .into_any()
            }
            (None, Some(detail)) => {
                view! { class="v",
                    <ErrorState title=t!("The item could not be opened") detail=detail>
                        <Button on_press=move |()| fetch()>{t!("Try again")}</Button>
                    </ErrorState>
                }
                    .into_any()
            }
            (None, None) => {
                view! { class="v",
                    <div aria-busy="true">
                        <SkeletonLines count=6 />
                    </div>
                }
                    .into_any()
            }
        }}
    }
}

/// What is printed.
#[component]
fn Paper(item: Item, with_secrets: RwSignal<bool>) -> impl IntoView {
    let line = move |line: Line| {
        let Line {
            name,
            value,
            is_secret,
        } = line;
        view! { class="v",
            <dt>
                <bdi>{name}</bdi>
            </dt>
            <dd>
                {move || {
                    if is_secret && !with_secrets.get() {
                        view! { class="v",
                            <span aria-hidden="true">"••••••••••••"</span>
                            <span class="sr-only">{t!("Hidden")}</span>
                        }
                            .into_any()
                    } else {
                        view! { class="v", <code translate="no">{value.clone()}</code> }.into_any()
                    }
                }}
            </dd>
        }
    };
    let fact = |(name, text): (&'static str, String)| {
        view! { class="v",
            <dt>{name}</dt>
            <dd>
                <bdi>{text}</bdi>
            </dd>
        }
    };
    view! { class="v",
        <article class="print-sheet">
            <h3>
                <bdi>{item.summary.name.clone()}</bdi>
            </h3>
            <dl class="print-values">
                {lines(&item.content, &item.fields, &item.notes)
                    .into_iter()
                    .map(line)
                    .collect_view()}
            </dl>
            <dl class="print-facts">{facts(&item).into_iter().map(fact).collect_view()}</dl>
        </article>
    }
}

#[cfg(test)]
mod tests {
    use keyarc_vault::{FieldType, Variable};

    use super::*;

    fn secrets(content: &Content, fields: &[Field], notes: &str) -> Vec<(String, bool)> {
        let lines = lines(content, fields, notes).into_iter();
        lines.map(|line| (line.value, line.is_secret)).collect()
    }

    #[test]
    fn what_may_be_a_secret_stands_on_paper_only_when_it_is_asked_for() {
        let login = Content::Login {
            username: "ann".to_owned(),
            password: "p".to_owned(),
            url: String::new(),
        };
        let branch = Field {
            name: "Branch".to_owned(),
            field_type: FieldType::Text,
            value: "b".to_owned(),
        };
        let expected = [("ann", false), ("p", true), ("b", false), ("n", true)];
        let expected = expected.map(|(value, is_secret)| (value.to_owned(), is_secret));
        assert_eq!(secrets(&login, &[branch], "n"), expected);
        let note = Content::Note {
            text: "t".to_owned(),
        };
        assert_eq!(secrets(&note, &[], ""), [("t".to_owned(), true)]);
        let set = Content::EnvironmentSet {
            variables: vec![Variable {
                name: "A".to_owned(),
                value: "v".to_owned(),
            }],
        };
        assert_eq!(secrets(&set, &[], ""), [("v".to_owned(), true)]);
    }
}
