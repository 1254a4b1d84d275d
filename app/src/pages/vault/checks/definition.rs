//! The dialog that says how an item is tested.

use keyarc_vault::{CheckDefinition, CheckHeader, CheckMethod, DraftError, Placement};
use keyarc_wire::ItemId;
use leptos::{ev, prelude::*, task::spawn_local};

use super::{super::check_part::Step, run::ask};
use crate::{
    language::known,
    state::use_toasts,
    ui::{
        Banner, BannerTone, Button, Dialog, Icon, Look, Select, SkeletonLines, TextArea, TextInput,
    },
    words::capitalised,
    worker::{CheckCommand, CheckEdit, CheckReply, Command, Failure, use_worker},
};

/// How an item is tested, to be changed.
#[component]
pub(super) fn DefinitionDialog(
    /// Whether it is open.
    open: RwSignal<bool>,
    /// The item.
    item: ItemId,
    /// What was said of a test is said of the way that it was made in.
    step: RwSignal<Step>,
) -> impl IntoView {
    view! { class="v",
        <Dialog open=open title=t!("How this key is tested")>
            <Definition open=open item=item step=step />
        </Dialog>
    }
}

#[component]
fn Definition(open: RwSignal<bool>, item: ItemId, step: RwSignal<Step>) -> impl IntoView {
    let worker = use_worker();
    let edit = RwSignal::new(None::<Result<CheckEdit, String>>);
    spawn_local(async move {
        let read = match ask(worker, CheckCommand::Edit(item)).await {
            Ok(CheckReply::Edit(read)) => Ok(*read),
            Ok(_) => return,
            Err(reason) => Err(reason),
        };
        let _ = edit.try_set(Some(read));
    });
    move || match edit.get() {
        None => view! { class="v", <SkeletonLines count=5 /> }.into_any(),
        Some(Err(reason)) => view! { class="v",
            <Banner tone=BannerTone::Bad icon=Icon::Warning>
                {reason}
            </Banner>
        }
        .into_any(),
        Some(Ok(edit)) => {
            view! { class="v", <DefinitionForm edit=edit open=open step=step /> }.into_any()
        }
    }
}

/// What stands in the fields.
#[derive(Clone, Copy)]
struct Fields {
    method: RwSignal<String>,
    url: RwSignal<String>,
    placement: RwSignal<String>,
    name: RwSignal<String>,
    prefix: RwSignal<String>,
    headers: RwSignal<String>,
    status: RwSignal<String>,
    pattern: RwSignal<String>,
}

impl Fields {
    fn of(definition: &CheckDefinition) -> Self {
        Self {
            method: RwSignal::new(definition.method.word().to_owned()),
            url: RwSignal::new(definition.url.clone()),
            placement: RwSignal::new(placement_word(definition.placement).to_owned()),
            name: RwSignal::new(definition.name.clone()),
            prefix: RwSignal::new(definition.prefix.clone()),
            headers: RwSignal::new(write_headers(&definition.headers)),
            status: RwSignal::new(write_status(definition)),
            pattern: RwSignal::new(definition.pattern.clone()),
        }
    }

    /// What is to be saved; what a placement has no use for is left out.
    fn read(self) -> Result<CheckDefinition, DraftError> {
        let placement = self.placement();
        let method = self.method.get_untracked();
        let method = CheckMethod::ALL
            .into_iter()
            .find(|known| known.word() == method);
        let kept = |signal: RwSignal<String>, keep: bool| match keep {
            true => signal.get_untracked(),
            false => String::new(),
        };
        let name = kept(self.name, placement != Placement::Bearer);
        let name = name.trim();
        let (status_from, status_to) = read_status(&self.status.read_untracked())?;
        Ok(CheckDefinition {
            method: method.unwrap_or_default(),
            url: self.url.get_untracked().trim().to_owned(),
            placement,
            name: match placement {
                Placement::Header => name.to_lowercase(),
                _ => name.to_owned(),
            },
            prefix: kept(self.prefix, placement == Placement::Header),
            headers: read_headers(&self.headers.read_untracked())?,
            status_from,
            status_to,
            pattern: self.pattern.get_untracked().trim().to_owned(),
        })
    }

    fn placement(self) -> Placement {
        let word = self.placement.get();
        let known = Placement::ALL
            .into_iter()
            .find(|known| placement_word(*known) == word);
        known.unwrap_or_default()
    }
}

#[component]
fn DefinitionForm(edit: CheckEdit, open: RwSignal<bool>, step: RwSignal<Step>) -> impl IntoView {
    let worker = use_worker();
    let toasts = use_toasts();
    let fields = Fields::of(&edit.definition);
    let wrong = RwSignal::new(None::<DraftError>);
    let trouble = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let (item, version, own) = (edit.item, edit.version, edit.own);
    let error = move |field: &'static str| {
        Signal::derive(move || {
            let of_field = |wrong: &DraftError| wrong.field.strip_prefix("check.") == Some(field);
            let wrong = wrong.get().filter(of_field);
            wrong.map(|wrong| format!("{}.", capitalised(&known(&wrong.rule))))
        })
    };
    let save = move |definition: Option<CheckDefinition>| {
        busy.set(true);
        let command = CheckCommand::Save {
            item,
            version,
            definition,
        };
        spawn_local(async move {
            let reply = worker.call(Command::Check(command)).await;
            let _ = busy.try_set(false);
            match reply {
                Ok(_) => {
                    let _ = step.try_set(Step::Idle);
                    let _ = open.try_set(false);
                    toasts.say(t!("The test is saved with the item."));
                }
                Err(Failure::Draft(error)) => drop(wrong.try_set(Some(error))),
                Err(Failure::Conflict { .. }) => {
                    let words = t!(
                        "The item was changed elsewhere meanwhile. Close this and open it again to see the test as it is now."
                    );
                    let _ = trouble.try_set(Some(words.to_owned()));
                }
                Err(failure) => drop(trouble.try_set(Some(failure.to_string()))),
            }
        });
    };
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        wrong.set(None);
        trouble.set(None);
        match untrack(|| fields.read()) {
            Ok(definition) => save(Some(definition)),
            Err(error) => wrong.set(Some(error)),
        }
    };
    let placement = Memo::new(move |_| fields.placement());
    let name_label = Signal::derive(move || {
        match placement.get() {
            Placement::Query => t!("Name of the parameter"),
            Placement::Basic => t!("User"),
            Placement::Bearer | Placement::Header => t!("Name of the header"),
        }
        .to_owned()
    });
    let name_hint = Signal::derive(move || {
        (placement.get() == Placement::Basic)
            .then(|| t!("The key is the password. Without a user, the key is the user.").to_owned())
    });
    let methods: Vec<(String, String)> = CheckMethod::ALL
        .into_iter()
        .map(|method| (method.word().to_owned(), method.word().to_owned()))
        .collect();
    let placements: Vec<(String, String)> = Placement::ALL
        .into_iter()
        .map(|placement| {
            let (word, words) = (placement_word(placement), placement_words(placement));
            (word.to_owned(), words.to_owned())
        })
        .collect();
    view! { class="v",
        <form class="check-form" on:submit=submit novalidate>
            {move || {
                trouble
                    .get()
                    .map(|reason| {
                        view! { class="v",
                            <Banner tone=BannerTone::Bad icon=Icon::Warning>
                                {reason}
                            </Banner>
                        }
                    })
            }}
            <TextInput
                id="check-url"
                label=t!("Address")
                value=fields.url
                kind="url"
                placeholder="https://api.example.com/v1/me"
                mono=true
                required=true
                hint=Some(
                    t!("Something cheap that only reads. Redirections are not followed.").to_owned(),
                )
                error=error("url")
            />
            <div class="field-pair">
                <Select
                    id="check-method"
                    label=t!("Method")
                    value=fields.method
                    options=methods
                    on_change=move |value| fields.method.set(value)
                />
                <Select
                    id="check-placement"
                    label=t!("The key stands in")
                    value=fields.placement
                    options=placements
                    on_change=move |value| fields.placement.set(value)
                />
            </div>
            <Show when=move || placement.get() != Placement::Bearer>
                <TextInput
                    id="check-name"
                    label=name_label
                    value=fields.name
                    mono=true
                    hint=name_hint
                    error=error("name")
                />
            </Show>
            <Show when=move || placement.get() == Placement::Header>
                <TextInput
                    id="check-prefix"
                    label=t!("Before the key")
                    value=fields.prefix
                    mono=true
                    hint=Some(t!("For example “Token ”, with the space.").to_owned())
                    error=error("prefix")
                />
            </Show>
            <div class="field-pair">
                <TextInput
                    id="check-status"
                    label=t!("Status when it works")
                    value=fields.status
                    hint=Some(t!("A number, or two: 200-299.").to_owned())
                    error=error("status")
                />
                <TextInput
                    id="check-pattern"
                    label=t!("And the answer holds")
                    value=fields.pattern
                    mono=true
                    hint=Some(t!("Empty: the status is enough. * stands for anything.").to_owned())
                    error=error("pattern")
                />
            </div>
            <TextArea
                id="check-headers"
                label=t!("Further headers")
                value=fields.headers
                rows=2
                mono=true
                placeholder="accept: application/json"
                error=error("headers")
            />
            <footer class="dialog-foot">
                {own
                    .then(|| {
                        view! { class="v",
                            <Button disabled=busy on_press=move |()| save(None)>
                                {t!("Use the ready-made test")}
                            </Button>
                        }
                    })}
                <Button on_press=move |()| open.set(false)>{t!("Cancel")}</Button>
                <Button look=Look::Go submit=true busy=busy>
                    {t!("Save the test")}
                </Button>
            </footer>
        </form>
    }
}

fn placement_word(placement: Placement) -> &'static str {
    match placement {
        Placement::Bearer => "bearer",
        Placement::Header => "header",
        Placement::Query => "query",
        Placement::Basic => "basic",
    }
}

fn placement_words(placement: Placement) -> &'static str {
    match placement {
        Placement::Bearer => "Authorization: Bearer",
        Placement::Header => t!("A header of its own"),
        Placement::Query => t!("A parameter of the address"),
        Placement::Basic => "Authorization: Basic",
    }
}

fn write_headers(headers: &[CheckHeader]) -> String {
    let line = |header: &CheckHeader| format!("{}: {}", header.name, header.value);
    headers.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn read_headers(text: &str) -> Result<Vec<CheckHeader>, DraftError> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let read = |line: &str| {
        let (name, value) = line
            .split_once(':')
            .ok_or_else(|| wrong("headers", t!("are lines like “accept: application/json”")))?;
        Ok(CheckHeader {
            name: name.trim().to_lowercase(),
            value: value.trim().to_owned(),
        })
    };
    lines.map(read).collect()
}

fn write_status(definition: &CheckDefinition) -> String {
    match (definition.status_from, definition.status_to) {
        (from, to) if from == to => from.to_string(),
        (from, to) => format!("{from}-{to}"),
    }
}

fn read_status(text: &str) -> Result<(u16, u16), DraftError> {
    let (from, to) = text.split_once(['-', '–']).unwrap_or((text, text));
    match (from.trim().parse(), to.trim().parse()) {
        (Ok(from), Ok(to)) => Ok((from, to)),
        _ => Err(wrong("status", t!("is a number from 200 to 599, or two"))),
    }
}

fn wrong(field: &str, rule: &str) -> DraftError {
    DraftError {
        field: format!("check.{field}"),
        rule: rule.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_read_as_they_are_written() {
        assert_eq!(read_status("200-299"), Ok((200, 299)));
        assert_eq!(read_status(" 204 "), Ok((204, 204)));
        assert_eq!(read_status("200 – 204"), Ok((200, 204)));
        for text in ["", "ok", "200-", "-1", "2e2", "70000"] {
            assert!(read_status(text).is_err(), "{text}");
        }
        let definition = CheckDefinition::default();
        assert_eq!(write_status(&definition), "200-299");
    }

    #[test]
    fn headers_are_lines() {
        let headers = read_headers("Accept: application/json\n\n x-a : b:c ").expect("read");
        assert_eq!(
            write_headers(&headers),
            "accept: application/json\nx-a: b:c"
        );
        assert!(read_headers("no colon").is_err());
    }
}
