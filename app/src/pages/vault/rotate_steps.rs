//! What each step of a rotation shows.

use std::time::Duration;

use keyarc_vault::{Content, ItemSummary, Kind, Scope, Sort};
use leptos::{prelude::*, task::spawn_local};

use super::{
    actions::main_part,
    form_fields::{Recognised, ValueInput, VariablesInput, use_paste_limit, use_recognition},
    form_model::FormModel,
    form_rotation::DayInput,
    rotate::{can_rotate, new_parts},
    variables::write_variables,
};
use crate::{
    state::{Debounce, Place, use_clipboard, use_go, use_place},
    ui::{Banner, BannerTone, Button, Icon, IconView, Look, TextInput},
    words::shortened,
    worker::{Command, Failure, HealthCommand, HealthReply, Reply, use_worker},
};

/// Where the new value is made.
#[component]
pub(super) fn MakeStep(
    /// Who makes it, and the page where.
    page: Option<(String, String)>,
) -> impl IntoView {
    let (before, after) = t!(
        "Make the new value at {who}. Leave the old one working until the new one is everywhere."
    )
    .split_once("{who}")
    .unwrap_or_default();
    view! { class="v",
        {match page {
            Some((who, address)) => {
                view! { class="v",
                    <p>
                        {before} <b>{who}</b> {after}
                    </p>
                    <p>
                        <a class="btn" href=address.clone() target="_blank" rel="noreferrer noopener">
                            {t!("Open its page in a new tab")}
                        </a>
                    </p>
                    <p class="quiet is-breaking" translate="no">{address}</p>
                }
                    .into_any()
            }
            None => {
                view! { class="v",
                    <p>
                        {t!("Make the new value where the old one came from, or have one made in the next step. Leave the old one working until the new one is everywhere.")}
                    </p>
                }
                    .into_any()
            }
        }}
    }
}

/// The new value.
#[component]
pub(super) fn ValueStep(
    form: FormModel,
    /// What is wrong with it, once somebody tried to go on.
    fault: Signal<Option<String>>,
) -> impl IntoView {
    let recognise = use_recognition(form);
    let others = use_others(form);
    let limit = use_paste_limit();
    let kind = form.kind.get_untracked();
    let main = main_part(kind).map(|part| part.key);
    let inputs = new_parts(kind).map(|part| {
        let is_main = main == Some(part.key);
        let on_input = Callback::new(move |()| {
            if part.key == "value" {
                recognise.run(());
            }
            others.ask.run(());
        });
        let own = form.error_of(part.key);
        let error = Signal::derive(move || own.get().or_else(|| fault.get().filter(|_| is_main)));
        view! { class="v",
            <ValueInput
                id=format!("rotate-{}", part.key)
                label=new_words(part.key).to_owned()
                field_type=part.field_type
                value=form.part(part.key)
                error=error
                on_input=on_input
                on_paste=limit
            />
            {(part.key == "value").then(|| view! { class="v", <Recognised form=form /> })}
        }
    });
    let fields = match kind {
        Kind::EnvironmentSet => view! { class="v",
            <VariablesInput form=form on_paste=limit />
            {move || {
                fault
                    .get()
                    .map(|words| view! { class="v", <p class="field-error" role="alert">{words}</p> })
            }}
        }
        .into_any(),
        _ => inputs.collect_view().into_any(),
    };
    view! { class="v",
        {fields}
        <div aria-live="polite">
            {move || {
                let count = others.count.get();
                (count > 0)
                    .then(|| {
                        view! { class="v",
                            <Banner tone=BannerTone::Warn icon=Icon::Warning>
                                {tn!(
                                    count,
                                    "{count} other item has this value already. A value of its own can be rotated alone.",
                                    "{count} other items have this value already. A value of its own can be rotated alone."
                                )}
                            </Banner>
                        }
                    })
            }}
        </div>
    }
}

/// The label of a part that gets a new value.
fn new_words(key: &str) -> &'static str {
    match key {
        "value" => t!("New secret"),
        "password" => t!("New password"),
        "totp" => t!("New setup key"),
        "chain" => t!("New certificates"),
        "certificate_key" | "ssh_private_key" => t!("New private key"),
        "ssh_public_key" => t!("New public key"),
        _ => t!("New value"),
    }
}

/// How many other items have the value that is being entered.
#[derive(Clone, Copy)]
struct Others {
    count: RwSignal<u32>,
    ask: Callback<()>,
}

fn use_others(form: FormModel) -> Others {
    let worker = use_worker();
    let count = RwSignal::new(0_u32);
    let soon = Debounce::new(Duration::from_millis(250));
    on_cleanup(move || soon.cancel());
    let value = move || {
        let part = main_part(form.kind.get_untracked())?;
        form.part(part.key).try_get_untracked()
    };
    let ask = Callback::new(move |()| {
        soon.call(move || {
            let (Some(asked), Some(except)) = (value(), form.id) else {
                return;
            };
            let command = Command::Health(HealthCommand::Others {
                value: asked.trim().to_owned(),
                except,
            });
            spawn_local(async move {
                let reply = worker.call(command).await;
                // A later value has its own answer.
                if value().as_ref() == Some(&asked)
                    && let Ok(Reply::Health(reply)) = reply
                    && let HealthReply::Others(found) = *reply
                {
                    let _ = count.try_set(found);
                }
            });
        });
    });
    Others { count, ask }
}

/// The places that get the new value, one by one.
#[component]
pub(super) fn PlacesStep(form: FormModel) -> impl IntoView {
    let clipboard = use_clipboard();
    let adding = RwSignal::new(String::new());
    let places = Memo::new(move |_| {
        let text = form.places.get();
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(str::to_owned).collect::<Vec<_>>()
    });
    let copy = move |()| {
        let value = new_value(form);
        clipboard.copy(t!("The new value").to_owned(), async move {
            value.ok_or(Failure::NotFound)
        });
    };
    let add = move |()| {
        let place = adding.get_untracked().trim().to_owned();
        if place.is_empty() {
            return;
        }
        form.places.update(|text| {
            if !(text.is_empty() || text.ends_with('\n')) {
                text.push('\n');
            }
            text.push_str(&place);
        });
        adding.set(String::new());
    };
    let left = move || {
        let done = form.walk.get().unwrap_or_default().done;
        let left = places.with(|places| places.iter().filter(|one| !done.contains(one)).count());
        u32::try_from(left).unwrap_or(u32::MAX)
    };
    view! { class="v",
        <p>{t!("Put the new value into each place, and tick what has it.")}</p>
        <div class="button-row">
            <Button icon=Icon::Copy on_press=copy>
                {t!("Copy the new value")}
            </Button>
        </div>
        <ul class="walk-places">
            <For
                each=move || places.get().into_iter().enumerate()
                key=|(at, place)| (*at, place.clone())
                let:entry
            >
                <PlaceLine form=form at=entry.0 place=entry.1 />
            </For>
        </ul>
        <p class="quiet" role="status">
            {move || match (places.with(Vec::is_empty), left()) {
                (true, _) => {
                    t!("No place is noted yet. Those that you add are there at the next rotation.")
                        .to_owned()
                }
                (false, 0) => t!("Every place has the new value.").to_owned(),
                (false, left) => tn!(left, "{count} place left.", "{count} places left."),
            }}
        </p>
        <div class="walk-add">
            <TextInput
                id="rotate-place"
                label=t!("Another place")
                value=adding
                placeholder=t!("CI of the shop")
                error=form.error_of("places")
            />
            <Button icon=Icon::Plus on_press=add>
                {t!("Add")}
            </Button>
        </div>
    }
}

/// The value that goes to the places.
fn new_value(form: FormModel) -> Option<String> {
    let draft = untrack(|| form.to_draft()).ok()?;
    match &draft.content {
        Content::EnvironmentSet { variables } => Some(write_variables(variables)),
        content => {
            let part = main_part(content.kind())?;
            content.part(part.key).map(str::to_owned)
        }
    }
}

#[component]
fn PlaceLine(form: FormModel, at: usize, place: String) -> impl IntoView {
    let id = format!("rotate-place-{at}");
    let name = StoredValue::new(place.clone());
    let ticked = move || {
        form.walk.with(|walk| {
            let done = walk.as_ref().map(|walk| &walk.done);
            done.is_some_and(|done| name.with_value(|name| done.contains(name)))
        })
    };
    let tick = move |on: bool| {
        form.walk.update(|walk| {
            let done = &mut walk.get_or_insert_default().done;
            let name = name.get_value();
            done.retain(|other| *other != name);
            if on {
                done.push(name);
            }
        });
    };
    view! { class="v",
        <li>
            <label class="check" for=id.clone()>
                <input
                    id=id.clone()
                    r#type="checkbox"
                    prop:checked=ticked
                    on:change=move |event| tick(event_target_checked(&event))
                />
                <span>
                    <bdi>{place}</bdi>
                </span>
            </label>
        </li>
    }
}

/// What is saved with the new value.
#[component]
pub(super) fn LastStep(form: FormModel) -> impl IntoView {
    let every = form.every.get_untracked();
    let plan = every.trim().parse::<u32>().ok();
    let plan = plan.map(|days| {
        tn!(
            days,
            " The next rotation is due in {count} day.",
            " The next rotation is due in {count} days."
        )
    });
    view! { class="v",
        <p>
            {t!("The new value takes the place of the old one in one write, and today is noted as the day of the rotation. The old value stays in the item's history.")}
            {plan}
            {t!(" Revoke the old value at whoever issued it once every place has the new one.")}
        </p>
        <DayInput
            id="rotate-expires"
            label=t!("Expires")
            value=form.expires
            error=form.error_of("expires_on")
            hint=t!("The day of the old value, unless you change it. Empty if the new one does not expire.")
        />
    }
}

/// It is done, and what is due next.
#[component]
pub(super) fn Rotated(
    /// The item as it is now.
    item: ItemSummary,
) -> impl IntoView {
    let worker = use_worker();
    let place = use_place();
    let go = use_go();
    let next = RwSignal::new(None::<ItemSummary>);
    let id = item.id;
    spawn_local(async move {
        let mut query = Place {
            scope: Scope::Expiring,
            sort: Sort::Expiry,
            ..Place::default()
        }
        .list_query();
        query.limit = 20;
        if let Ok(Reply::List(view)) = worker.call(Command::List(query)).await {
            let other = |row: &ItemSummary| row.id != id && can_rotate(row.kind);
            let _ = next.try_set(view.rows.into_iter().find(other));
        }
    });
    let back = move |()| go.instead(&place.get_untracked().with_item(id));
    view! { class="v",
        <section class="rotated">
            <div class="state">
                <div class="state-icon">
                    <IconView icon=Icon::Check />
                </div>
                <h2 id="detail-title" tabindex="-1">
                    {t!("{name} rotated", name = shortened(&item.name))}
                </h2>
                <p>{t!("The new value is saved, and the old one is in the item's history. Revoke it at whoever issued it once nothing uses it any more.")}</p>
                <div class="button-row">
                    {move || {
                        next.get()
                            .map(|next| {
                                let to = next.id;
                                view! { class="v",
                                    <Button
                                        look=Look::Go
                                        icon=Icon::Arrow
                                        on_press=move |()| go
                                            .instead(&place.get_untracked().with_rotation(to))
                                    >
                                        {t!("Next: {name}", name = shortened(&next.name))}
                                    </Button>
                                }
                            })
                    }}
                    <Button id="form-cancel" on_press=back>
                        {t!("Back to the item")}
                    </Button>
                </div>
            </div>
        </section>
    }
}
