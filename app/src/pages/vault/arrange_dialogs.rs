use keyarc_vault::{BulkChange, Day, SavedView, SelectionFacts};
use leptos::{ev, html, prelude::*, task::spawn_local};

use super::{
    arranging::{Asking, Question, use_arranging},
    folder_picker::FolderPicker,
    verbs::Verb,
};
use crate::{
    state::use_items,
    ui::{Button, Dialog, Look, TextInput, focus_on_mount},
    words::{listed, shortened},
    worker::{ArrangeCommand, ArrangeReply, Arrangement, Command, Reply, Target, use_worker},
};

/// Asks what has to be known before something is done, one thing at a time.
#[component]
pub(super) fn ArrangeDialogs() -> impl IntoView {
    let arranging = use_arranging();
    let open = RwSignal::new(false);
    Effect::new(move |_| open.set(arranging.asking.with(Option::is_some)));
    // Esc and the button close the window; then nothing is asked any more.
    Effect::new(move |before: Option<bool>| {
        let now = open.get();
        if before == Some(true) && !now {
            arranging.asking.set(None);
        }
        now
    });
    let title = Signal::derive(move || {
        arranging
            .asking
            .with(|asking| asking.as_ref().map_or("", |asking| title(&asking.question)))
            .to_owned()
    });
    view! { class="v",
        <Dialog open=open title=title class="dialog-narrow arrange">
            {move || {
                arranging.asking.get().map(|asking| view! { class="v", <Ask asking=asking /> })
            }}
        </Dialog>
    }
}

fn title(question: &Question) -> &'static str {
    match question {
        Question::Of(Verb::Move) => t!("Move to a folder"),
        Question::Of(Verb::AddTags) => t!("Add tags"),
        Question::Of(Verb::RemoveTags) => t!("Remove tags"),
        Question::Of(Verb::Environment) => t!("Set the environment"),
        Question::Of(Verb::Expiry) => t!("Set the expiry"),
        Question::Of(Verb::Purge) => t!("Delete for good?"),
        Question::Of(verb) => verb.words(),
        Question::RenameFolder(_) => t!("Rename the folder"),
        Question::MoveFolder(_) => t!("Move the folder"),
        Question::SaveView(_) => t!("Save this view"),
        Question::RenameView(_) => t!("Rename the view"),
    }
}

/// One question, with the items that it is about.
#[component]
fn Ask(asking: Asking) -> impl IntoView {
    let worker = use_worker();
    let facts = RwSignal::new(None::<SelectionFacts>);
    let Asking { question, target } = asking;
    let command = Command::Arrange(ArrangeCommand::Facts(target.clone()));
    spawn_local(async move {
        // Without an answer the question stands without names.
        if let Ok(Reply::Arrange(ArrangeReply::Facts(told))) = worker.call(command).await {
            let _ = facts.try_set(Some(told));
        }
    });
    let about = move || facts.with(|facts| facts.as_ref().map(about).unwrap_or_default());
    let arranging = use_arranging();
    let wrong = RwSignal::new(None::<String>);
    let change = move |target: Target, change: BulkChange| {
        arranging.send(target, Arrangement::Change(change), Some(wrong));
    };
    let is_view = matches!(question, Question::SaveView(_) | Question::RenameView(_));
    let body = match question {
        Question::SaveView(path) => {
            let choose = move |name: String| {
                let view = SavedView {
                    name,
                    path: path.clone(),
                };
                arranging.keep_view(view, None, wrong);
            };
            view! { class="v", <OneLine label=t!("Name") verb=t!("Save") wrong=wrong on_choose=choose /> }
                .into_any()
        }
        Question::RenameView(view) => {
            let start = view.name.clone();
            let choose = move |name: String| {
                let old = view.name.clone();
                let view = SavedView {
                    name,
                    path: view.path.clone(),
                };
                arranging.keep_view(view, Some(old), wrong);
            };
            view! { class="v",
                <OneLine label=t!("Name") start=start verb=t!("Rename") wrong=wrong on_choose=choose />
            }
            .into_any()
        }
        Question::Of(Verb::Move) => {
            let choose = move |path: String| change(target.clone(), BulkChange::Folder(path));
            view! { class="v", <FolderPicker without=None wrong=wrong on_choose=choose /> }
                .into_any()
        }
        Question::MoveFolder(from) => {
            let without = Some(from.clone());
            let choose =
                move |path: String| arranging.move_folder(from.clone(), &path, Some(wrong));
            view! { class="v", <FolderPicker without=without wrong=wrong on_choose=choose /> }
                .into_any()
        }
        Question::RenameFolder(from) => {
            let (parent, name) = from.rsplit_once('/').unwrap_or(("", &from));
            let (parent, name) = (parent.to_owned(), name.to_owned());
            let choose = move |name: String| {
                if name.trim().is_empty() || name.contains('/') {
                    wrong.set(Some(
                        t!("A folder's name is not empty and has no / in it.").to_owned(),
                    ));
                    return;
                }
                let to = if parent.is_empty() {
                    name
                } else {
                    format!("{parent}/{name}")
                };
                arranging.put_folder(from.clone(), to, Some(wrong));
            };
            view! { class="v", <OneLine label=t!("Name") start=name verb=t!("Rename") wrong=wrong on_choose=choose /> }
                .into_any()
        }
        Question::Of(Verb::AddTags) => {
            let choose = move |text: String| {
                let tags = text.split(',').map(|tag| tag.trim().to_owned()).collect();
                change(target.clone(), BulkChange::AddTags(tags));
            };
            view! { class="v",
                <OneLine
                    label=t!("Tags")
                    hint=t!("Separated by commas.")
                    verb=t!("Add")
                    known=Known::Tags
                    wrong=wrong
                    on_choose=choose
                />
            }
            .into_any()
        }
        Question::Of(Verb::RemoveTags) => {
            let choose = move |tags| change(target.clone(), BulkChange::RemoveTags(tags));
            view! { class="v", <TagsToRemove facts=facts on_choose=choose /> }.into_any()
        }
        Question::Of(Verb::Environment) => {
            let choose = move |name: String| {
                let name = Some(name).filter(|name| !name.trim().is_empty());
                change(target.clone(), BulkChange::Environment(name));
            };
            view! { class="v",
                <OneLine
                    label=t!("Environment")
                    hint=t!("Leave it empty to take the environment off.")
                    verb=t!("Set")
                    known=Known::Environments
                    wrong=wrong
                    on_choose=choose
                />
            }
            .into_any()
        }
        Question::Of(Verb::Expiry) => {
            let choose = move |text: String| {
                let day = match text.trim() {
                    "" => None,
                    text => match text.parse::<Day>() {
                        Ok(day) => Some(day),
                        Err(_) => {
                            wrong.set(Some(t!("This is not a day.").to_owned()));
                            return;
                        }
                    },
                };
                change(target.clone(), BulkChange::ExpiresOn(day));
            };
            view! { class="v",
                <OneLine
                    label=t!("Expires")
                    kind="date"
                    hint=t!("Leave it empty for items that do not expire.")
                    verb=t!("Set")
                    wrong=wrong
                    on_choose=choose
                />
            }
            .into_any()
        }
        // Done without a question.
        Question::Of(Verb::Star | Verb::Unstar | Verb::Trash | Verb::Restore | Verb::Export) => {
            ().into_any()
        }
        Question::Of(Verb::Purge) => {
            let purge = move |()| arranging.send(target.clone(), Arrangement::Purge, None);
            view! { class="v",
                <p class="dialog-text">
                    {move || {
                        facts.with(|facts| facts.as_ref().map(lost).unwrap_or_default())
                    }}
                </p>
                <Foot verb=t!("Delete for good") look=Look::Danger on_press=purge />
            }
            .into_any()
        }
    };
    view! { class="v",
        {(!is_view).then(|| view! { class="v", <p class="dialog-text arrange-about">{about}</p> })}
        {body}
    }
}

/// Which items, by name: `Stripe, GitHub and 3 others`.
fn about(facts: &SelectionFacts) -> String {
    let names: Vec<String> = facts.names.iter().map(|name| shortened(name)).collect();
    let others = facts.count.saturating_sub(names.len() as u32);
    match (names.as_slice(), others) {
        ([], _) => t!("No items").to_owned(),
        ([only], 0) => only.clone(),
        ([first @ .., last], 0) => t!("{names} and {last}", names = listed(first), last),
        (names, others) => tn!(
            others,
            "{names} and {count} other",
            "{names} and {count} others",
            names = listed(names),
        ),
    }
}

fn lost(facts: &SelectionFacts) -> String {
    match facts.count {
        0 => String::new(),
        1 => t!("It is lost with its secret. Nobody can bring it back.").to_owned(),
        count => tn!(
            count,
            "{count} item is lost with its secret. Nobody can bring it back.",
            "{count} items are lost with their secrets. Nobody can bring them back.",
        ),
    }
}

/// Names to complete from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Tags,
    Environments,
}

/// A question with one line for an answer.
#[component]
fn OneLine(
    label: &'static str,
    #[prop(default = "text")] kind: &'static str,
    #[prop(optional)] hint: Option<&'static str>,
    #[prop(optional, into)] start: String,
    #[prop(optional)] known: Option<Known>,
    verb: &'static str,
    wrong: RwSignal<Option<String>>,
    #[prop(into)] on_choose: Callback<String>,
) -> impl IntoView {
    let value = RwSignal::new(start);
    let input = NodeRef::<html::Input>::new();
    focus_on_mount(input);
    let facets = use_items().facets();
    let names = move || {
        facets.with(|facets| match known {
            None => Vec::new(),
            Some(Known::Tags) => facets.tags.iter().map(|tag| tag.name.clone()).collect(),
            Some(Known::Environments) => {
                let known = ["production", "staging", "development"].map(str::to_owned);
                let own = facets.environments.iter().map(|one| one.name.clone());
                let own = own.filter(|name| !known.contains(name)).collect::<Vec<_>>();
                known.into_iter().chain(own).collect()
            }
        })
    };
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        on_choose.run(value.get_untracked());
    };
    view! { class="v",
        <form class="arrange-form" method="post" novalidate on:submit=submit>
            <TextInput
                id="arrange-line"
                label=label
                kind=kind
                value=value
                hint=hint.map(str::to_owned)
                error=wrong
                list="arrange-known"
                node_ref=input
                on_input=move |()| wrong.set(None)
            />
            <datalist id="arrange-known">
                {move || {
                    names()
                        .into_iter()
                        .map(|name| view! { class="v", <option value=name></option> })
                        .collect_view()
                }}
            </datalist>
            <Foot verb=verb look=Look::Go submit=true on_press=|()| () />
        </form>
    }
}

/// The tags that the items have, to be ticked.
#[component]
fn TagsToRemove(
    facts: RwSignal<Option<SelectionFacts>>,
    #[prop(into)] on_choose: Callback<Vec<String>>,
) -> impl IntoView {
    let ticked = RwSignal::new(Vec::<String>::new());
    let tags =
        Memo::new(move |_| facts.with(|facts| facts.as_ref().map(|facts| facts.tags.clone())));
    let row = move |tag: String| {
        let own = tag.clone();
        let on = {
            let tag = tag.clone();
            move || ticked.with(|ticked| ticked.contains(&tag))
        };
        view! { class="v",
            <label class="check">
                <input
                    r#type="checkbox"
                    prop:checked=on
                    on:change=move |event| {
                        let add = event_target_checked(&event);
                        ticked.update(|ticked| {
                            ticked.retain(|tag| *tag != own);
                            if add {
                                ticked.push(own.clone());
                            }
                        });
                    }
                />
                <span>
                    <bdi>{tag}</bdi>
                </span>
            </label>
        }
    };
    let none = Signal::derive(move || ticked.with(Vec::is_empty));
    view! { class="v",
        <fieldset class="plain arrange-tags">
            <legend class="sr-only">{t!("Tags to remove")}</legend>
            {move || match tags.get() {
                None => ().into_any(),
                Some(tags) if tags.is_empty() => {
                    view! { class="v", <p class="quiet">{t!("These items have no tags.")}</p> }.into_any()
                }
                Some(tags) => tags.into_iter().map(row).collect_view().into_any(),
            }}
        </fieldset>
        <Foot
            verb=t!("Remove")
            look=Look::Go
            disabled=none
            on_press=move |()| on_choose.run(ticked.get_untracked())
        />
    }
}

/// The buttons below a question.
#[component]
fn Foot(
    verb: &'static str,
    look: Look,
    #[prop(optional)] submit: bool,
    #[prop(optional, into)] disabled: Signal<bool>,
    #[prop(into)] on_press: Callback<()>,
) -> impl IntoView {
    let arranging = use_arranging();
    view! { class="v",
        <footer class="dialog-foot">
            <Button on_press=move |()| arranging.asking.set(None)>{t!("Cancel")}</Button>
            <Button look=look submit=submit disabled=disabled busy=arranging.busy on_press=on_press>
                {verb}
            </Button>
        </footer>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_named_as_people_do() {
        let facts = |count, names: &[&str]| SelectionFacts {
            count,
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            tags: Vec::new(),
        };
        assert_eq!(about(&facts(1, &["A"])), "A");
        assert_eq!(about(&facts(3, &["A", "B", "C"])), "A, B and C");
        assert_eq!(about(&facts(4, &["A", "B", "C"])), "A, B, C and 1 other");
        assert_eq!(about(&facts(0, &[])), "No items");
    }
}
