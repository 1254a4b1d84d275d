use keyarc_vault::Count;
use leptos::{ev, html, prelude::*};

use crate::{
    state::use_items,
    ui::{Icon, IconView, focus_on_mount},
};

/// A folder to choose, from those there are or a new one. Typing narrows the list.
#[component]
pub(super) fn FolderPicker(
    /// A folder that is itself to be moved: neither it nor what is below it is offered.
    without: Option<String>,
    /// What is wrong with the choice.
    wrong: RwSignal<Option<String>>,
    /// A path was chosen; an empty one is the top.
    #[prop(into)]
    on_choose: Callback<String>,
) -> impl IntoView {
    let facets = use_items().facets();
    let input = NodeRef::<html::Input>::new();
    let text = RwSignal::new(String::new());
    let active = RwSignal::new(0_usize);
    focus_on_mount(input);
    let choices = Memo::new(move |_| {
        facets.with(|facets| choices(&facets.folders, without.as_deref(), &text.read()))
    });
    let choose = move |at: usize| {
        if let Some(choice) = choices.with_untracked(|all| all.get(at).cloned()) {
            on_choose.run(choice.path);
        }
    };
    let keydown = move |event: ev::KeyboardEvent| {
        let count = choices.with_untracked(Vec::len);
        let now = active.get_untracked();
        match event.key().as_str() {
            "ArrowDown" => active.set(if now + 1 < count { now + 1 } else { 0 }),
            "ArrowUp" => active.set(now.checked_sub(1).unwrap_or(count.saturating_sub(1))),
            "Enter" => choose(now),
            _ => return,
        }
        event.prevent_default();
        show_active();
    };
    let id = |at: usize| format!("folder-choice-{at}");
    view! { class="v",
        <input
            class="input"
            r#type="text"
            role="combobox"
            aria-label=t!("Folder")
            aria-expanded="true"
            aria-autocomplete="list"
            aria-controls="folder-choices"
            aria-activedescendant=move || id(active.get())
            aria-invalid=move || wrong.with(Option::is_some).then_some("true")
            aria-describedby="folder-wrong"
            placeholder=t!("Find a folder, or type a new path")
            autocomplete="off"
            autocapitalize="none"
            spellcheck="false"
            prop:value=move || text.get()
            node_ref=input
            on:input=move |event| {
                text.set(event_target_value(&event));
                active.set(0);
                wrong.set(None);
            }
            on:keydown=keydown
        />
        <p class="field-error" id="folder-wrong" role="alert">
            {move || wrong.get()}
        </p>
        <div class="folder-choices" id="folder-choices" role="listbox" aria-label=t!("Folders")>
            {move || {
                choices
                    .get()
                    .into_iter()
                    .enumerate()
                    .map(|(at, choice)| {
                        view! { class="v",
                            <div
                                class="palette-row"
                                role="option"
                                id=id(at)
                                aria-selected=move || {
                                    if active.get() == at { "true" } else { "false" }
                                }
                                on:click=move |_| choose(at)
                            >
                                <span class="palette-icon">
                                    <IconView icon=if choice.is_new {
                                        Icon::Plus
                                    } else {
                                        Icon::Folder
                                    } />
                                </span>
                                <span class="row-text">
                                    <bdi>{choice.words()}</bdi>
                                </span>
                            </div>
                        }
                    })
                    .collect_view()
            }}
        </div>
    }
}

/// Keeps the active folder in view, once it is marked.
fn show_active() {
    request_animation_frame(|| {
        let row = document()
            .query_selector(".folder-choices [aria-selected=true]")
            .ok()
            .flatten();
        if let Some(row) = row {
            row.scroll_into_view_with_bool(false);
        }
    });
}

/// More folders than this are found by typing.
const MOST: usize = 100;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Choice {
    path: String,
    is_new: bool,
}

impl Choice {
    fn words(&self) -> String {
        match (self.path.as_str(), self.is_new) {
            ("", _) => t!("No folder").to_owned(),
            (path, true) => t!("New folder {path}", path),
            (path, false) => path.to_owned(),
        }
    }
}

/// The folders whose path has every word of the text, then the text itself as a new one.
fn choices(folders: &[Count], without: Option<&str>, text: &str) -> Vec<Choice> {
    let is_own = |path: &str| {
        without.is_some_and(|own| {
            path.strip_prefix(own)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    let wanted = text
        .split('/')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("/");
    let lower = text.to_lowercase();
    let has = |path: &str| {
        let path = path.to_lowercase();
        lower.split_whitespace().all(|word| path.contains(word))
    };
    let top = wanted.is_empty().then(String::new);
    let known = folders.iter().map(|folder| folder.name.clone());
    let mut found: Vec<Choice> = top
        .into_iter()
        .chain(known.filter(|path| has(path) && !is_own(path)))
        .take(MOST)
        .map(|path| Choice {
            path,
            is_new: false,
        })
        .collect();
    let is_known = folders.iter().any(|folder| folder.name == wanted);
    if !wanted.is_empty() && !is_known {
        found.push(Choice {
            path: wanted,
            is_new: true,
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(without: Option<&str>, text: &str) -> Vec<String> {
        let folders = ["Shop", "Shop/Payments", "Shopping"].map(|name| Count {
            name: name.to_owned(),
            count: 1,
        });
        let choices = choices(&folders, without, text);
        choices.iter().map(Choice::words).collect()
    }

    #[test]
    fn typing_narrows_and_offers_a_new_path() {
        assert_eq!(
            offered(None, ""),
            ["No folder", "Shop", "Shop/Payments", "Shopping"]
        );
        assert_eq!(offered(None, "PAY"), ["Shop/Payments", "New folder PAY"]);
        assert_eq!(offered(None, "Shop/Payments"), ["Shop/Payments"]);
        assert_eq!(offered(None, " New / Path "), ["New folder New/Path"]);
    }

    #[test]
    fn a_folder_is_not_offered_itself() {
        assert_eq!(offered(Some("Shop"), ""), ["No folder", "Shopping"]);
    }
}
