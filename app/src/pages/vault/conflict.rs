use keyarc_vault::{Item, ItemDraft};
use leptos::prelude::*;

use super::{
    form::{Conflict, finish},
    form_model::FormModel,
};
use crate::{
    compare::{CONCEALED, Difference, differences},
    state::{use_go, use_place, use_toasts},
    ui::{Button, Look},
    words::ago_now,
    worker::use_worker,
};

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
        toasts.say(t!("The stored version was kept."));
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
        .map(|item| differences(&mine, &ItemDraft::of(item)));
    let shown = RwSignal::new(false);
    let cell = move |row: &Difference, value: String| {
        let hide = row.concealed && !value.is_empty();
        view! { class="v",
            <td class:is-different=row.differs translate="no">
                {move || if hide && !shown.get() { CONCEALED.to_owned() } else { value.clone() }}
            </td>
        }
    };
    view! { class="v",
        <section class="conflict" role="alertdialog" aria-labelledby="conflict-title">
            <header class="bar">
                <h2 class="bar-title" id="conflict-title" tabindex="-1">
                    {t!("Two versions")}
                </h2>
            </header>
            <div class="doc">
                <p class="lead">
                    {match saved_at {
                        Some(when) => {
                            t!("Somebody else, or another tab of yours, saved this item {when}. Both versions are here; choose one.", when)
                        }
                        None => {
                            t!("This item was deleted for good elsewhere while you edited it. Your version is still here.")
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
                                            <th scope="col">{t!("Field")}</th>
                                            <th scope="col">{t!("Yours")}</th>
                                            <th scope="col">{t!("Stored")}</th>
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
                                                                    view! { class="v", <span class="sr-only">{t!(" differs")}</span> }
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
                                {move || if shown.get() { t!("Hide secrets") } else { t!("Show secrets") }}
                            </Button>
                        }
                    })}
                <footer class="conflict-foot">
                    <Button look=Look::Go on_press=on_mine>
                        {if gone { t!("Save mine as a new item") } else { t!("Keep mine") }}
                    </Button>
                    <Button on_press=on_theirs>
                        {if gone { t!("Let it go") } else { t!("Keep theirs") }}
                    </Button>
                    <Button look=Look::Bare on_press=on_back>
                        {t!("Go on editing")}
                    </Button>
                </footer>
            </div>
        </section>
    }
}
