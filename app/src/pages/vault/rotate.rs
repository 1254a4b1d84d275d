//! Walking through a rotation: where the new value is made, the value, where it is used, saved.

use keyarc_vault::{FieldType, ItemDraft, ItemSummary, Kind, Part, Walk, provider};
use keyarc_wire::ItemId;
use leptos::{ev, prelude::*, task::spawn_local};

use super::{
    conflict::ConflictStep,
    form::{Conflict, KeepDraft, use_cancel, use_save},
    form_model::FormModel,
    generator::{GeneratorDialog, Making},
    rotate_steps::{LastStep, MakeStep, PlacesStep, Rotated, ValueStep},
};
use crate::{
    language::{is_of_several, known},
    state::{Mode, Place, use_go, use_open_form, use_place},
    ui::{Banner, BannerTone, Button, ErrorState, Icon, Look, SkeletonLines},
    words::capitalised,
    worker::{Command, Reply, use_worker},
};

/// The steps, in their order.
const STEPS: [&str; 4] = [
    mark!("Make it"),
    mark!("New value"),
    mark!("Where it is used"),
    mark!("Save"),
];

/// The heading of a step.
fn title_of(step: usize) -> &'static str {
    match step {
        0 => t!("Rotate: make it"),
        1 => t!("Rotate: new value"),
        2 => t!("Rotate: where it is used"),
        _ => t!("Rotate: save"),
    }
}

/// Whether items of a kind have a secret that can be another one.
pub(super) fn can_rotate(kind: Kind) -> bool {
    kind != Kind::Note
}

/// The parts of a kind that are new after a rotation. An environment set has its variables
/// instead.
pub(super) fn new_parts(kind: Kind) -> impl Iterator<Item = &'static Part> {
    let stays = |part: &&Part| matches!(part.field_type, FieldType::Text | FieldType::Url);
    kind.parts().iter().filter(move |part| !stays(part))
}

/// What a walk begins with: the item as it is, without the values that will be new.
fn begin(stored: &ItemDraft) -> ItemDraft {
    let mut draft = ItemDraft {
        walk: Some(Walk::default()),
        ..stored.clone()
    };
    for part in new_parts(stored.content.kind()) {
        draft.content.set_part(part.key, String::new());
    }
    draft
}

/// What is wrong with the new values, if anything. Parts left empty keep what they have.
fn fault(form: FormModel, stored: &ItemDraft) -> Option<&'static str> {
    let kind = stored.content.kind();
    let same = t!("This is the value that the item has already. Make a new one.");
    if kind == Kind::EnvironmentSet {
        let now = form.to_draft().ok()?;
        return (now.content == stored.content)
            .then_some(t!("Nothing differs from what is stored."));
    }
    let values: Vec<(&str, String)> = new_parts(kind)
        .map(|part| (part.key, form.part(part.key).get()))
        .filter(|(_, value)| !value.trim().is_empty())
        .collect();
    let is_same = |(key, value): &(&str, String)| {
        stored.content.part(key).map(str::trim) == Some(value.trim())
    };
    match values.as_slice() {
        [] => Some(t!("Paste the new value, or have one made.")),
        values if values.iter().all(is_same) => Some(same),
        _ => None,
    }
}

/// A walk through the rotation of an item, which is revealed for it.
#[component]
pub(super) fn RotateItem(
    /// The item.
    item: ItemId,
) -> impl IntoView {
    let worker = use_worker();
    let open_form = use_open_form();
    let place = use_place();
    let go = use_go();
    let kept = open_form.take_start(Some(item)).map(|start| start.draft);
    let kept = StoredValue::new(kept);
    let stored = RwSignal::new(None::<ItemDraft>);
    let problem = RwSignal::new(None::<String>);
    let reveal = move || {
        problem.set(None);
        spawn_local(async move {
            match worker.call(Command::Reveal(item)).await {
                Ok(Reply::Item(item)) if item.summary.trashed_at_ms.is_some() => {
                    let binned = t!("It is in the trash. Restore it first.").to_owned();
                    let _ = problem.try_set(Some(binned));
                }
                Ok(Reply::Item(item)) => drop(stored.try_set(Some(ItemDraft::of(&item)))),
                Ok(_) => {}
                Err(failure) => drop(problem.try_set(Some(failure.to_string()))),
            }
        });
    };
    reveal();
    // What was half-done stays the lock's to keep while the item is on its way.
    open_form.set_dirty(kept.get_value());
    let back = move |()| {
        go.instead(&Place {
            mode: Mode::View,
            ..place.get_untracked()
        });
    };
    view! { class="v",
        {move || match (stored.get(), problem.get()) {
            (Some(stored), _) => {
                let kept = kept.try_update_value(Option::take).flatten();
                view! { class="v", <Walkthrough stored=stored kept=kept /> }.into_any()
            }
            (None, Some(detail)) => {
                view! { class="v",
                    <ErrorState title=t!("The rotation cannot begin") detail=detail>
                        <Button on_press=move |()| reveal()>{t!("Try again")}</Button>
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

#[component]
fn Walkthrough(stored: ItemDraft, kept: Option<ItemDraft>) -> impl IntoView {
    let restored = kept.is_some();
    let start = kept.unwrap_or_else(|| begin(&stored));
    let form = FormModel::of(&start);
    let base = StoredValue::new((!restored).then_some(start));
    let stored = StoredValue::new(stored);
    let conflict = RwSignal::new(None::<Conflict>);
    let (saving, finished) = (RwSignal::new(false), StoredValue::new(false));
    let failure = RwSignal::new(None::<String>);
    let saved = RwSignal::new(None::<ItemSummary>);
    let keep = KeepDraft::follow(form, base, finished);
    let making = Making::provide();
    let open_form = use_open_form();
    let on_saved = Callback::new(move |summary| {
        open_form.set_dirty(None);
        saved.set(Some(summary));
        focus_title();
    });
    let write = use_save(form, saving, failure, conflict, finished, Some(on_saved));
    let cancel = use_cancel(keep, finished);
    let save = Callback::new(move |()| {
        // A part that got no new value keeps the one that it has.
        stored.with_value(|stored| {
            for part in new_parts(stored.content.kind()) {
                let now = form.part(part.key);
                if now.with_untracked(|value| value.trim().is_empty()) {
                    now.set(stored.content.part(part.key).unwrap_or_default().to_owned());
                }
            }
        });
        write(());
    });
    focus_title();
    let tried = RwSignal::new(false);
    let step = Memo::new(move |_| {
        let walk = form.walk.get();
        walk.map_or(0, |walk| usize::from(walk.step).min(STEPS.len() - 1))
    });
    let to = move |step: usize| {
        form.walk.update(|walk| {
            walk.get_or_insert_default().step = u8::try_from(step).unwrap_or_default();
        });
        focus_title();
    };
    let fault_now = Signal::derive(move || stored.with_value(|stored| fault(form, stored)));
    let next = Callback::new(move |()| {
        let now = step.get_untracked();
        if now >= 1 && fault_now.get_untracked().is_some() {
            tried.set(true);
            to(1);
        } else if now + 1 < STEPS.len() {
            to(now + 1);
        } else {
            save.run(());
        }
    });
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        next.run(());
    };
    let leave = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" && !event.default_prevented() {
            event.prevent_default();
            event.stop_propagation();
            cancel(());
        }
    };
    let wrong = move || {
        let about = form.error.get();
        let about = about.map(|error| {
            t!(
                "{what} {rule}",
                what = subject(&error.field, is_of_several(&error.rule)),
                rule = known(&error.rule)
            )
        });
        failure.get().or(about)
    };
    let page = stored.with_value(make_page);
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
                            save=save
                        />
                    }
                })
        }}
        {move || saved.get().map(|item| view! { class="v", <Rotated item=item /> })}
        <form
            class="form walk"
            class:is-hidden=move || conflict.with(Option::is_some) || saved.with(Option::is_some)
            method="post"
            novalidate
            on:submit=submit
            on:keydown=leave
        >
            <header class="bar">
                <h2
                    class="bar-title"
                    id=move || saved.with(Option::is_none).then_some("detail-title")
                    tabindex="-1"
                >
                    {move || title_of(step.get())}
                </h2>
                <span class="gap"></span>
                {move || {
                    saved
                        .with(Option::is_none)
                        .then(|| {
                            view! { class="v",
                                <Button id="form-cancel" on_press=cancel>{t!("Cancel")}</Button>
                            }
                        })
                }}
            </header>
            <div class="doc">
                <ol class="walk-steps" aria-label=t!("Steps")>
                    {STEPS
                        .into_iter()
                        .enumerate()
                        .map(|(at, words)| {
                            view! { class="v",
                                <li
                                    class:is-done=move || at < step.get()
                                    aria-current=move || (at == step.get()).then_some("step")
                                >
                                    {crate::language::text(words)}
                                </li>
                            }
                        })
                        .collect_view()}
                </ol>
                {move || {
                    wrong()
                        .map(|words| {
                            view! { class="v",
                                <Banner tone=BannerTone::Bad icon=Icon::Warning>
                                    {words}
                                </Banner>
                            }
                        })
                }}
                <p class="lead">
                    <bdi>{form.name.get_untracked()}</bdi>
                </p>
                {move || match step.get() {
                    0 => view! { class="v", <MakeStep page=page.clone() /> }.into_any(),
                    1 => {
                        let fault = Signal::derive(move || {
                            fault_now.get().filter(|_| tried.get()).map(str::to_owned)
                        });
                        view! { class="v", <ValueStep form=form fault=fault /> }.into_any()
                    }
                    2 => view! { class="v", <PlacesStep form=form /> }.into_any(),
                    _ => view! { class="v", <LastStep form=form /> }.into_any(),
                }}
                <footer class="page-foot">
                    {move || {
                        let now = step.get();
                        (now > 0)
                            .then(|| {
                                view! { class="v",
                                    <Button on_press=move |()| to(now - 1)>{t!("Back")}</Button>
                                }
                            })
                    }}
                    <Button look=Look::Go submit=true busy=saving>
                        {move || match (saving.get(), step.get() + 1 == STEPS.len()) {
                            (true, _) => t!("Saving…"),
                            (false, true) => t!("Save the new value"),
                            (false, false) => t!("Continue"),
                        }}
                    </Button>
                </footer>
            </div>
        </form>
        <GeneratorDialog making=making />
    }
}

/// Who makes the new value and where, as far as is known.
fn make_page(stored: &ItemDraft) -> Option<(String, String)> {
    let known = stored.provider.as_deref().and_then(provider);
    let of_provider = known.and_then(|known| Some((known.name.clone(), known.keys.clone()?)));
    let own = || {
        let url = stored.content.part("url").map(str::trim)?;
        let host = url
            .strip_prefix("https://")?
            .split(['/', '?', '#'])
            .next()?;
        (!host.is_empty()).then(|| (host.to_owned(), url.to_owned()))
    };
    of_provider.or_else(own)
}

/// What a rule is about, as its sentence begins; `several` when it speaks of all of them.
fn subject(field: &str, several: bool) -> String {
    match field {
        "value" => t!("Value").to_owned(),
        "password" => t!("Password").to_owned(),
        "variables" if several => t!("Variables").to_owned(),
        "variables" => tc!("all of them as one", "Variables").to_owned(),
        "places" if several => t!("Places").to_owned(),
        "places" => tc!("one of them", "Places").to_owned(),
        field => capitalised(field),
    }
}

/// Moves the focus to the heading of what is shown next.
fn focus_title() {
    super::page::focus_detail();
}

#[cfg(test)]
mod tests {
    use keyarc_vault::{Content, Rotation};

    use super::*;

    fn login(password: &str) -> ItemDraft {
        ItemDraft {
            rotation: Rotation {
                rotated_on: None,
                every_days: Some(30),
            },
            ..ItemDraft::new(
                "Shop",
                Content::Login {
                    username: "ann".into(),
                    password: password.into(),
                    url: "https://shop.example/login?x".into(),
                },
            )
        }
    }

    #[test]
    fn a_walk_begins_without_the_old_value_and_with_all_else() {
        let draft = begin(&login("old"));
        assert_eq!(draft.content.part("password"), Some(""));
        assert_eq!(draft.content.part("username"), Some("ann"));
        assert_eq!(draft.rotation.every_days, Some(30));
        assert_eq!(draft.walk, Some(Walk::default()));
    }

    #[test]
    fn the_old_value_and_none_are_no_new_value() {
        let owner = Owner::new();
        owner.set();
        let stored = login("old");
        let form = FormModel::of(&begin(&stored));
        let said = |value: &str| {
            form.part("password").set(value.to_owned());
            untrack(|| fault(form, &stored))
        };
        assert!(said(" ").is_some_and(|words| words.starts_with("Paste")));
        assert!(said("old ").is_some_and(|words| words.contains("already")));
        assert_eq!(said("new"), None);
    }

    #[test]
    fn the_new_value_is_made_where_the_provider_or_the_item_says() {
        let page = |draft: &ItemDraft| make_page(draft).map(|(who, _)| who);
        assert_eq!(page(&login("x")).as_deref(), Some("shop.example"));
        let openai = ItemDraft {
            provider: Some("openai".into()),
            ..login("x")
        };
        assert_eq!(page(&openai).as_deref(), Some("OpenAI"));
        let script = ItemDraft::new(
            "x",
            Content::Login {
                username: String::new(),
                password: String::new(),
                url: "javascript:alert(1)".into(),
            },
        );
        assert_eq!(page(&script), None);
    }

    #[test]
    fn everything_but_notes_has_something_new() {
        for kind in Kind::ALL {
            let has_new = kind == Kind::EnvironmentSet || new_parts(kind).next().is_some();
            assert!(has_new || !can_rotate(kind), "{kind:?}");
        }
        assert!(!can_rotate(Kind::Note));
    }
}
