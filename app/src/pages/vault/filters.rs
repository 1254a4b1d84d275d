use keyarc_vault::{Kind, Sort};
use leptos::prelude::*;

use crate::{
    state::{Place, use_go, use_place},
    ui::{Menu, MenuItem},
    words,
};

/// Narrows the list to one kind.
#[component]
pub(super) fn KindMenu() -> impl IntoView {
    let place = use_place();
    let go = use_go();
    let label = Signal::derive(move || kind_words(place.with(|place| place.kind)).to_owned());
    let item = move |kind: Option<Kind>| MenuItem {
        icon: None,
        label: kind_words(kind).to_owned(),
        checked: Some(Signal::derive(move || {
            place.with(|place| place.kind == kind)
        })),
        danger: false,
        run: Callback::new(move |()| {
            go.to(&Place {
                kind,
                ..place.get_untracked()
            })
        }),
    };
    let items = Signal::derive(move || {
        std::iter::once(None)
            .chain(Kind::ALL.into_iter().map(Some))
            .map(item)
            .collect::<Vec<_>>()
    });
    view! { class="v", <Menu id="kind" label=label items=items /> }
}

/// What the list is narrowed to.
pub(super) fn kind_words(kind: Option<Kind>) -> &'static str {
    kind.map_or(t!("All kinds"), words::kinds)
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

pub(super) fn sort_words(sort: Sort) -> &'static str {
    match sort {
        Sort::Updated => t!("Recently changed"),
        Sort::Name => t!("By name"),
        Sort::Expiry => t!("By due date"),
    }
}
