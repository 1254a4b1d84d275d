use keyarc_vault::{Content, Item, ItemDraft};
use leptos::prelude::*;

use super::{
    form::{Conflict, finish},
    form_model::FormModel,
    variables::write_variables,
};
use crate::{
    state::{use_go, use_place, use_toasts},
    ui::{Button, Look},
    words::{self, ago_now, kind},
    worker::use_worker,
};

/// The draft that would save an item as it is.
pub(super) fn draft_of_item(item: &Item) -> ItemDraft {
    ItemDraft::of(item)
}

/// One field in both versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The field's name.
    pub field: String,
    /// What the form holds.
    pub mine: String,
    /// What is stored.
    pub theirs: String,
    /// Whether they differ.
    pub differs: bool,
    /// Whether it is hidden until asked for.
    pub concealed: bool,
}

/// Both versions field by field; only fields that say something in one of them.
pub fn differences(mine: &ItemDraft, theirs: &ItemDraft) -> Vec<Difference> {
    let mut rows: Vec<Difference> = Vec::new();
    for (draft, is_mine) in [(mine, true), (theirs, false)] {
        for (field, concealed, text) in texts(draft) {
            let at = rows.iter().position(|row| row.field == field);
            let at = at.unwrap_or_else(|| {
                rows.push(Difference {
                    field,
                    mine: String::new(),
                    theirs: String::new(),
                    differs: false,
                    concealed: false,
                });
                rows.len() - 1
            });
            let row = &mut rows[at];
            row.concealed |= concealed;
            *(if is_mine {
                &mut row.mine
            } else {
                &mut row.theirs
            }) = text;
        }
    }
    for row in &mut rows {
        row.differs = row.mine != row.theirs;
    }
    rows.retain(|row| !(row.mine.is_empty() && row.theirs.is_empty()));
    rows
}

/// The fields of a draft as text: name, whether it is concealed, value.
fn texts(draft: &ItemDraft) -> Vec<(String, bool, String)> {
    let open = |name: &str, value: String| (name.to_owned(), false, value);
    let expires = draft.expires_on.map(keyarc_vault::Day::long);
    let rotated = draft.rotation.rotated_on.map(keyarc_vault::Day::long);
    let every = draft.rotation.every_days.map(words::every_days);
    let mut texts = vec![
        open("Name", draft.name.clone()),
        open("Kind", kind(draft.content.kind()).to_owned()),
    ];
    if let Content::EnvironmentSet { variables } = &draft.content {
        texts.push(("Variables".to_owned(), true, write_variables(variables)));
    }
    texts.extend(draft.content.kind().parts().iter().map(|part| {
        let value = draft.content.part(part.key).unwrap_or_default();
        let concealed = part.field_type.is_concealed();
        (part.label.to_owned(), concealed, value.to_owned())
    }));
    texts.extend(draft.fields.iter().map(|field| {
        let concealed = field.field_type.is_concealed();
        (field.name.clone(), concealed, field.value.clone())
    }));
    texts.extend([
        open("Folder", draft.folder.clone()),
        open("Tags", draft.tags.join(", ")),
        open("Environment", draft.environment.clone().unwrap_or_default()),
        open("Expires", expires.unwrap_or_default()),
        open("Rotation", every.unwrap_or_default()),
        open("Last rotated", rotated.unwrap_or_default()),
        open("Where it is used", draft.kept_places().join(", ")),
        open("Notes", draft.notes.clone()),
        open(
            "Test",
            draft.check.as_ref().map_or_else(String::new, |check| {
                format!("{} {}", check.method.word(), check.url)
            }),
        ),
    ]);
    texts
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
        let hide = row.concealed && !value.is_empty();
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
                                                            {row.field.clone()}
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
            ..ItemDraft::new(
                name,
                Content::ApiKey {
                    value: secret.into(),
                },
            )
        }
    }

    #[test]
    fn fields_that_a_person_added_are_compared_by_name() {
        let with = |value: &str| ItemDraft {
            fields: vec![keyarc_vault::Field {
                name: "PIN".into(),
                field_type: keyarc_vault::FieldType::Secret,
                value: value.into(),
            }],
            ..draft("A", "x")
        };
        let rows = differences(&with("1"), &with("2"));
        let pin = rows.iter().find(|row| row.field == "PIN").expect("there");
        assert!(pin.differs && pin.concealed);
        let gone = differences(&with("1"), &draft("A", "x"));
        let pin = gone.iter().find(|row| row.field == "PIN").expect("there");
        assert_eq!((pin.mine.as_str(), pin.theirs.as_str()), ("1", ""));
    }

    #[test]
    fn fields_that_are_empty_on_both_sides_are_left_out() {
        let rows = differences(&draft("A", "x"), &draft("B", "x"));
        let fields: Vec<&str> = rows.iter().map(|row| row.field.as_str()).collect();
        assert_eq!(fields, ["Name", "Kind", "Secret"]);
        assert!(rows[0].differs);
        assert!(!rows[2].differs);
    }
}
