use keyarc_vault::{Content, Item, ItemDraft};
use leptos::prelude::*;

use super::{
    actions::main_value,
    form::{Conflict, finish},
    form_model::FormModel,
};
use crate::{
    state::{use_go, use_place, use_toasts},
    ui::{Button, Look},
    words::{ago_now, kind},
    worker::use_worker,
};

/// The draft that would save an item as it is.
pub(super) fn draft_of_item(item: &Item) -> ItemDraft {
    let summary = &item.summary;
    ItemDraft {
        id: Some(summary.id),
        base_version: summary.version,
        name: summary.name.clone(),
        folder: summary.folder.clone(),
        tags: summary.tags.clone(),
        environment: summary.environment.clone(),
        provider: summary.provider.clone(),
        favourite: summary.favourite,
        expires_on: summary.expires_on,
        content: item.content.clone(),
        notes: item.notes.clone(),
    }
}

/// One field in both versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The field's name.
    pub field: &'static str,
    /// What the form holds.
    pub mine: String,
    /// What is stored.
    pub theirs: String,
    /// Whether they differ.
    pub differs: bool,
}

/// Reads one field of a draft as text.
type ReadField = fn(&ItemDraft) -> String;

/// Both versions field by field; only fields that say something in one of them.
pub fn differences(mine: &ItemDraft, theirs: &ItemDraft) -> Vec<Difference> {
    let fields: [(&'static str, ReadField); 9] = [
        ("Name", |d| d.name.clone()),
        ("Kind", |d| kind(d.content.kind()).to_owned()),
        ("Secret", |d| main_value(&d.content)),
        ("Username", |d| login(&d.content).0),
        ("Address", |d| login(&d.content).1),
        ("Folder", |d| d.folder.clone()),
        ("Tags", |d| d.tags.join(", ")),
        ("Environment", |d| d.environment.clone().unwrap_or_default()),
        ("Expires", |d| {
            d.expires_on
                .map(keyarc_vault::Day::long)
                .unwrap_or_default()
        }),
    ];
    let notes: (&'static str, fn(&ItemDraft) -> String) = ("Notes", |d| d.notes.clone());
    fields
        .into_iter()
        .chain([notes])
        .map(|(field, value)| (field, value(mine), value(theirs)))
        .filter(|(_, mine, theirs)| !(mine.is_empty() && theirs.is_empty()))
        .map(|(field, mine, theirs)| Difference {
            field,
            differs: mine != theirs,
            mine,
            theirs,
        })
        .collect()
}

fn login(content: &Content) -> (String, String) {
    match content {
        Content::Login { username, url, .. } => (username.clone(), url.clone()),
        _ => (String::new(), String::new()),
    }
}

/// Settles a conflict: nothing is lost until somebody chooses.
#[component]
pub(super) fn ConflictStep(
    found: Conflict,
    conflict: RwSignal<Option<Conflict>>,
    form: FormModel,
    finished: StoredValue<bool>,
    save: Callback<()>,
) -> impl IntoView {
    let worker = use_worker();
    let toasts = use_toasts();
    let place = use_place();
    let go = use_go();
    let Conflict { mine, current } = found;
    let version = current.as_ref().map(|item| item.summary.version);
    let keep_mine = move |()| {
        // The stored version was seen, so the next save may replace it.
        form.base_version.set(version.unwrap_or(0));
        conflict.set(None);
        save.run(());
    };
    let keep_theirs = move |()| {
        finish(finished, worker);
        toasts.say("The stored version was kept.");
        let here = place.get_untracked();
        go.path_instead(&match (version, form.id) {
            (Some(_), Some(id)) => here.with_item(id).to_path(),
            _ => here.closed().to_path(),
        });
    };
    let back = move |()| conflict.set(None);
    view! { class="v",
        <ConflictView
            mine=mine
            current=current
            on_mine=keep_mine
            on_theirs=keep_theirs
            on_back=back
        />
    }
}

/// Both versions side by side.
#[component]
pub fn ConflictView(
    /// What the form holds.
    mine: ItemDraft,
    /// What is stored; `None` when it was deleted for good.
    current: Option<Item>,
    /// Save mine over it.
    #[prop(into)]
    on_mine: Callback<()>,
    /// Drop mine.
    #[prop(into)]
    on_theirs: Callback<()>,
    /// Go on editing.
    #[prop(into)]
    on_back: Callback<()>,
) -> impl IntoView {
    let gone = current.is_none();
    let saved_at = current
        .as_ref()
        .map(|item| ago_now(item.summary.updated_at_ms));
    let rows = current
        .as_ref()
        .map(|item| differences(&mine, &draft_of_item(item)));
    let shown = RwSignal::new(false);
    let cell = move |row: &Difference, value: String| {
        let hide = row.field == "Secret" && !value.is_empty();
        view! { class="v",
            <td class:is-different=row.differs translate="no">
                {move || if hide && !shown.get() { "••••••••".to_owned() } else { value.clone() }}
            </td>
        }
    };
    view! { class="v",
        <section class="conflict" role="alertdialog" aria-labelledby="conflict-title">
            <header class="bar">
                <h2 class="bar-title" id="conflict-title" tabindex="-1">
                    "Two versions"
                </h2>
            </header>
            <div class="doc">
                <p class="lead">
                    {match saved_at {
                        Some(when) => {
                            format!("Somebody else, or another tab of yours, saved this item {when}. Both versions are here; choose one.")
                        }
                        None => {
                            "This item was deleted for good elsewhere while you edited it. Your version is still here."
                                .to_owned()
                        }
                    }}
                </p>
                {rows
                    .map(|rows| {
                        view! { class="v",
                            <div class="table-wrap">
                                <table class="table conflict-table">
                                    <thead>
                                        <tr>
                                            <th scope="col">"Field"</th>
                                            <th scope="col">"Yours"</th>
                                            <th scope="col">"Stored"</th>
                                        </tr>
                                    </thead>
                                    <tbody>
                                        {rows
                                            .into_iter()
                                            .map(|row| {
                                                view! { class="v",
                                                    <tr>
                                                        <th scope="row">
                                                            {row.field}
                                                            {row
                                                                .differs
                                                                .then(|| {
                                                                    view! { class="v", <span class="sr-only">" differs"</span> }
                                                                })}
                                                        </th>
                                                        {cell(&row, row.mine.clone())}
                                                        {cell(&row, row.theirs.clone())}
                                                    </tr>
                                                }
                                            })
                                            .collect_view()}
                                    </tbody>
                                </table>
                            </div>
                            <Button
                                look=Look::Bare
                                on_press=move |()| shown.update(|shown| *shown = !*shown)
                            >
                                {move || if shown.get() { "Hide secrets" } else { "Show secrets" }}
                            </Button>
                        }
                    })}
                <footer class="conflict-foot">
                    <Button look=Look::Go on_press=on_mine>
                        {if gone { "Save mine as a new item" } else { "Keep mine" }}
                    </Button>
                    <Button on_press=on_theirs>
                        {if gone { "Let it go" } else { "Keep theirs" }}
                    </Button>
                    <Button look=Look::Bare on_press=on_back>
                        "Go on editing"
                    </Button>
                </footer>
            </div>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use keyarc_wire::ItemId;

    use super::*;

    fn draft(name: &str, secret: &str) -> ItemDraft {
        ItemDraft {
            id: Some(ItemId([1; 16])),
            base_version: 1,
            name: name.into(),
            folder: String::new(),
            tags: vec![],
            environment: None,
            provider: None,
            favourite: false,
            expires_on: None,
            content: Content::ApiKey {
                value: secret.into(),
            },
            notes: String::new(),
        }
    }

    #[test]
    fn fields_that_are_empty_on_both_sides_are_left_out() {
        let rows = differences(&draft("A", "x"), &draft("B", "x"));
        let fields: Vec<&str> = rows.iter().map(|row| row.field).collect();
        assert_eq!(fields, ["Name", "Kind", "Secret"]);
        assert!(rows[0].differs);
        assert!(!rows[2].differs);
    }
}
