use keyarc_vault::{Kind, Sort};
use leptos::prelude::*;

use crate::{
    state::{Place, use_go, use_place},
    ui::{Menu, MenuItem},
    words,
};

/// Narrows the list to one kind.
#[component]
pub(super) fn Chips() -> impl IntoView {
    let place = use_place();
    let go = use_go();
    let chip = move |kind: Option<Kind>, words: &'static str| {
        let on = move || place.with(|place| place.kind == kind);
        view! { class="v",
            <button
                class="chip"
                r#type="button"
                aria-pressed=move || if on() { "true" } else { "false" }
                on:click=move |_| go.to(&Place { kind, ..place.get_untracked() })
            >
                {words}
            </button>
        }
    };
    view! { class="v",
        <div class="chips" role="group" aria-label="Show kinds">
            {chip(None, "All kinds")}
            {Kind::ALL.into_iter().map(|kind| chip(Some(kind), words::kinds(kind))).collect_view()}
        </div>
    }
}

/// The list's order.
#[component]
pub(super) fn SortMenu() -> impl IntoView {
    let place = use_place();
    let go = use_go();
    let label = Signal::derive(move || sort_words(place.with(|place| place.sort)).to_owned());
    let item = move |sort: Sort| MenuItem {
        icon: None,
        label: sort_words(sort).to_owned(),
        checked: Some(Signal::derive(move || {
            place.with(|place| place.sort == sort)
        })),
        danger: false,
        run: Callback::new(move |()| {
            go.instead(&Place {
                sort,
                ..place.get_untracked()
            })
        }),
    };
    let items = Signal::derive(move || {
        [Sort::Updated, Sort::Name, Sort::Expiry]
            .into_iter()
            .map(item)
            .collect::<Vec<_>>()
    });
    view! { class="v", <Menu id="sort" label=label items=items /> }
}

fn sort_words(sort: Sort) -> &'static str {
    match sort {
        Sort::Updated => "Recently changed",
        Sort::Name => "By name",
        Sort::Expiry => "By due date",
    }
}
