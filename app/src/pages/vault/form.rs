use std::time::Duration;

use keyarc_vault::{Item, ItemDraft, ItemSummary};
use keyarc_wire::ItemId;
use leptos::{ev, prelude::*, task::spawn_local};

use super::{
    actions::use_actions,
    conflict::ConflictStep,
    form_fields::FormFields,
    form_model::{FormModel, empty_draft},
    generator::{GeneratorDialog, Making},
    key_pair::{KeyPairDialog, PairMaking},
};
use crate::{
    state::{Debounce, Mode, Place, Start, use_go, use_open_form, use_place, use_toasts},
    ui::{Banner, BannerTone, Button, ErrorState, Icon, Look, SkeletonLines},
    worker::{Command, Failure, Reply, Worker, use_worker},
};

/// The form for a new item or an edited one. An edited item is revealed for it.
#[component]
pub(super) fn ItemForm(
    /// The item edited; `None` for a new one.
    item: Option<ItemId>,
) -> impl IntoView {
    let worker = use_worker();
    let open_form = use_open_form();
    let place = use_place();
    let go = use_go();
    let start = RwSignal::new(None::<Start>);
    let problem = RwSignal::new(None::<String>);
    let reveal = move |id: ItemId| {
        problem.set(None);
        spawn_local(async move {
            match worker.call(Command::Reveal(id)).await {
                Ok(Reply::Item(item)) => {
                    let draft = ItemDraft::of(&item);
                    let _ = start.try_set(Some(Start {
                        draft,
                        unsaved: false,
                    }));
                }
                Ok(_) => {}
                Err(failure) => drop(problem.try_set(Some(failure.to_string()))),
            }
        });
    };
    let again = move |()| {
        if let Some(id) = item {
            reveal(id);
        }
    };
    let back = move |()| {
        go.instead(&Place {
            mode: Mode::View,
            ..place.get_untracked()
        });
    };
    match (open_form.take_start(item), item) {
        (Some(given), _) => start.set(Some(given)),
        (None, None) => start.set(Some(Start {
            draft: empty_draft(&place.get_untracked()),
            unsaved: false,
        })),
        (None, Some(id)) => reveal(id),
    }
    view! { class="v",
        {move || match (start.get(), problem.get()) {
            (Some(start), _) => view! { class="v", <FormBody start=start /> }.into_any(),
            (None, Some(detail)) => {
                view! { class="v",
                    <ErrorState title=t!("The item could not be opened") detail=detail>
                        <Button on_press=again>{t!("Try again")}</Button>
                        <Button look=Look::Bare id="form-cancel" on_press=back>
                            {t!("Back")}
                        </Button>
                    </ErrorState>
                }
                    .into_any()
            }
            (None, None) => {
                view! { class="v",
                    <div class="doc" aria-busy="true">
                        <SkeletonLines count=8 />
                    </div>
                }
                    .into_any()
            }
        }}
    }
}

/// Another version was saved first.
#[derive(Clone)]
pub(super) struct Conflict {
    pub(super) mine: ItemDraft,
    pub(super) current: Option<Item>,
}

#[component]
fn FormBody(start: Start) -> impl IntoView {
    let Start { draft, unsaved } = start;
    let conflict = RwSignal::new(None::<Conflict>);
    let form = FormModel::of(&draft);
    // What was written before is worth keeping even if it is not touched again.
    let base = StoredValue::new((!unsaved).then_some(draft));
    let is_new = form.id.is_none();
    let saving = RwSignal::new(false);
    let finished = StoredValue::new(false);
    let failure = RwSignal::new(None::<String>);
    let keep = KeepDraft::follow(form, base, finished);
    let making = Making::provide();
    let pair_making = PairMaking::provide();
    let save = use_save(form, saving, failure, conflict, finished, None);
    let cancel = use_cancel(keep, finished);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        save(());
    };
    let leave = move |event: ev::KeyboardEvent| {
        let save_key = event.key() == "Enter" && (event.ctrl_key() || event.meta_key());
        if event.key() == "Escape" && !event.default_prevented() {
            event.prevent_default();
            event.stop_propagation();
            cancel(());
        } else if save_key {
            event.prevent_default();
            save(());
        }
    };
    view! { class="v",
        {move || {
            conflict
                .get()
                .map(|found| {
                    view! { class="v",
                        <ConflictStep
                            found=found
                            conflict=conflict
                            form=form
                            finished=finished
                            save=Callback::new(save)
                        />
                    }
                })
        }}
        <form
            class="form"
            class:is-hidden=move || conflict.with(Option::is_some)
            method="post"
            novalidate
            on:submit=submit
            on:keydown=leave
        >
            <header class="bar">
                <h2 class="bar-title" id="detail-title" tabindex="-1">
                    {if is_new { t!("New item") } else { t!("Edit item") }}
                </h2>
                <span class="gap"></span>
                <Button id="form-cancel" on_press=cancel>{t!("Cancel")}</Button>
                <Button look=Look::Go submit=true busy=saving>
                    {move || if saving.get() { t!("Saving…") } else { t!("Save") }}
                </Button>
            </header>
            <div class="doc">
                {move || {
                    failure
                        .get()
                        .map(|failure| {
                            view! { class="v",
                                <Banner tone=BannerTone::Bad icon=Icon::Warning>
                                    {failure}
                                </Banner>
                            }
                        })
                }}
                <FormFields form=form />
            </div>
        </form>
        <GeneratorDialog making=making />
        <KeyPairDialog making=pair_making />
    }
}

/// Keeps what is half-written: in the page for the lock, and sealed on the device for a page
/// that is closed.
#[derive(Clone, Copy)]
pub(super) struct KeepDraft {
    soon: Debounce,
}

impl KeepDraft {
    pub(super) fn follow(
        form: FormModel,
        base: StoredValue<Option<ItemDraft>>,
        finished: StoredValue<bool>,
    ) -> Self {
        let worker = use_worker();
        let open_form = use_open_form();
        let soon = Debounce::new(Duration::from_millis(800));
        let changed = Memo::new(move |_| {
            let draft = form.to_draft().ok()?;
            base.with_value(|base| base.as_ref() != Some(&draft))
                .then_some(draft)
        });
        Effect::new(move |before: Option<bool>| {
            let dirty = changed.get();
            let is_dirty = dirty.is_some();
            open_form.set_dirty(dirty);
            // Nothing is sent for a form that was never touched.
            if is_dirty || before == Some(true) {
                soon.call(move || {
                    if finished.try_get_value() == Some(false) {
                        let draft = open_form.dirty().map(Box::new);
                        spawn_local(async move {
                            // A later change tries again, and so does the lock.
                            let _ = worker.call(Command::KeepDraft(draft)).await;
                        });
                    }
                });
            }
            is_dirty
        });
        let keep_now = window_event_listener(ev::visibilitychange, move |_| {
            if document().hidden()
                && let Some(draft) = open_form.dirty()
            {
                soon.cancel();
                spawn_local(async move {
                    let _ = worker.call(Command::KeepDraft(Some(Box::new(draft)))).await;
                });
            }
        });
        let actions = use_actions();
        let toasts = use_toasts();
        on_cleanup(move || {
            keep_now.remove();
            soon.cancel();
            // Somebody went elsewhere with something half-written: it can be had back.
            if finished.try_get_value() == Some(false)
                && let Some(draft) = open_form.dirty()
            {
                toasts.set_aside(t!("The form was left unsaved."), move || {
                    actions.resume(draft.clone())
                });
            }
            open_form.set_dirty(None);
        });
        Self { soon }
    }
}

pub(super) fn use_save(
    form: FormModel,
    saving: RwSignal<bool>,
    failure: RwSignal<Option<String>>,
    conflict: RwSignal<Option<Conflict>>,
    finished: StoredValue<bool>,
    on_saved: Option<Callback<ItemSummary>>,
) -> impl Fn(()) + Copy + Send + Sync + 'static {
    let worker = use_worker();
    let toasts = use_toasts();
    let place = use_place();
    let go = use_go();
    move |()| {
        if saving.get_untracked() {
            return;
        }
        failure.set(None);
        let draft = match untrack(|| form.to_draft()) {
            Ok(draft) if draft.name.is_empty() => {
                let rule = t!("needs a name").to_owned();
                Err(keyarc_vault::DraftError {
                    field: "name".to_owned(),
                    rule,
                })
            }
            other => other,
        };
        let draft = match draft {
            Ok(draft) => draft,
            Err(error) => {
                show_error(form, error);
                return;
            }
        };
        form.error.set(None);
        saving.set(true);
        spawn_local(async move {
            let reply = worker.call(Command::Save(Box::new(draft.clone()))).await;
            // Somebody may have gone elsewhere meanwhile, and stays there.
            let stays = saving.try_set(false).is_none();
            match reply {
                Ok(Reply::Saved(item)) => {
                    let _ = finished.try_set_value(true);
                    let name = crate::words::shortened(&item.summary.name);
                    toasts.say(t!("{name} saved.", name));
                    if let Some(on_saved) = on_saved.filter(|_| stays) {
                        on_saved.run(item.summary);
                    } else if stays {
                        let here = place.get_untracked();
                        go.path_instead(&place_of_saved(&here, item.summary.id).to_path());
                    }
                    let _ = worker.call(Command::KeepDraft(None)).await;
                }
                Ok(_) => {}
                Err(Failure::Conflict { current }) => {
                    let current = current.map(|item| *item);
                    let _ = conflict.try_set(Some(Conflict {
                        mine: draft,
                        current,
                    }));
                }
                Err(Failure::Draft(error)) => show_error(form, error),
                Err(other) => drop(failure.try_set(Some(other.to_string()))),
            }
        });
    }
}

/// The saved item, in the list it was made from; its filters go when they could hide it.
fn place_of_saved(here: &Place, id: ItemId) -> Place {
    if here.mode == Mode::New && (here.is_narrowed() || here.scope != keyarc_vault::Scope::All) {
        return Place::default().with_item(id);
    }
    here.with_item(id)
}

/// Shows what is wrong and moves the focus there.
pub(super) fn show_error(form: FormModel, error: keyarc_vault::DraftError) {
    form.error.set(Some(error));
    request_animation_frame(|| {
        use wasm_bindgen::JsCast;
        let field = document()
            .query_selector(".form [aria-invalid=true]")
            .ok()
            .flatten();
        if let Some(field) = field.and_then(|el| el.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = field.focus();
        }
    });
}

pub(super) fn use_cancel(
    keep: KeepDraft,
    finished: StoredValue<bool>,
) -> impl Fn(()) + Copy + Send + Sync + 'static {
    let open_form = use_open_form();
    let actions = use_actions();
    let toasts = use_toasts();
    let place = use_place();
    let go = use_go();
    let worker = use_worker();
    move |()| {
        keep.soon.cancel();
        finished.set_value(true);
        if let Some(draft) = open_form.dirty() {
            toasts.undoable(t!("Changes discarded."), move || {
                actions.resume(draft.clone())
            });
            spawn_local(async move {
                let _ = worker.call(Command::KeepDraft(None)).await;
            });
        }
        open_form.set_dirty(None);
        go.instead(&Place {
            mode: Mode::View,
            ..place.get_untracked()
        });
    }
}

/// Ends a form whose conflict was settled for the stored version.
pub(super) fn finish(finished: StoredValue<bool>, worker: Worker) {
    finished.set_value(true);
    spawn_local(async move {
        // What stays on the device is sealed, and offered once more.
        let _ = worker.call(Command::KeepDraft(None)).await;
    });
}
