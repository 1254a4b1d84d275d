use leptos::prelude::*;

use super::{
    arranging::{focus_list, use_arranging},
    verbs::Verb,
};
use crate::{
    state::{Progress, use_selection, use_session},
    ui::{Icon, IconButton, Menu, MenuItem, once_pictured},
    words::number,
    worker::{Stage, Target},
};

/// The bar of the selection, while there is one.
#[component]
pub(super) fn Bar() -> impl IntoView {
    let selection = use_selection();
    let shown = RwSignal::new(false);
    // The rows say first that they are selected; the bar is built while that is looked at.
    Effect::new(move |_| {
        if selection.is_on() {
            once_pictured(move || {
                let _ = shown.try_set(untrack(|| selection.is_on()));
            });
        } else {
            shown.set(false);
        }
    });
    view! { class="v",
        <Show when=move || shown.get()>
            <Tools />
        </Show>
    }
}

/// What can be done with the selected items. The actions are those of [`Verb::ALL`].
#[component]
fn Tools() -> impl IntoView {
    let selection = use_selection();
    let arranging = use_arranging();
    let session = use_session();
    let none = Signal::derive(move || selection.count() == 0 || arranging.busy.get());
    let in_trash = Memo::new(move |_| arranging.in_trash());
    let words = move || {
        if arranging.busy.get() {
            return match session.progress() {
                Some(Progress {
                    stage: Stage::Sealing,
                    percent,
                }) => t!("Sealing… {percent} %", percent),
                _ => t!("Sending…").to_owned(),
            };
        }
        match (selection.count(), selection.hidden()) {
            (0, _) => t!("Select items").to_owned(),
            (count, 0) => tn!(count, "{count} selected", "{count} selected"),
            (count, hidden) => tn!(
                count,
                "{count} selected, {hidden} not shown",
                "{count} selected, {hidden} not shown",
                hidden = number(hidden),
            ),
        }
    };
    let run = move |verb: Verb| {
        if !none.get_untracked() {
            arranging.run(verb, Target::Selection);
        }
    };
    let more = Signal::derive(move || {
        let everything = MenuItem {
            icon: Some(Icon::List),
            label: t!("Select everything in the list").to_owned(),
            checked: None,
            danger: false,
            run: Callback::new(move |()| selection.all()),
        };
        let verbs = Verb::ALL
            .into_iter()
            .filter(|verb| verb.is_for(in_trash.get()) && !verb.is_near())
            .map(|verb| MenuItem {
                icon: Some(verb.icon()),
                label: verb.words().to_owned(),
                checked: None,
                danger: false,
                run: Callback::new(move |()| run(verb)),
            });
        verbs.chain([everything]).collect::<Vec<_>>()
    });
    view! { class="v",
        <div class="picked" role="toolbar" aria-label=t!("Selected items")>
            <IconButton
                icon=Icon::Close
                label=t!("Select nothing")
                key="Escape"
                on_press=move |()| {
                    selection.clear();
                    focus_list();
                }
            />
            <span class="picked-words">{words}</span>
            <span class="gap"></span>
            {move || {
                Verb::ALL
                    .into_iter()
                    .filter(|verb| verb.is_for(in_trash.get()) && verb.is_near())
                    .map(|verb| {
                        view! { class="v",
                            <IconButton
                                icon=verb.icon()
                                label=verb.words()
                                disabled=none
                                on_press=move |()| run(verb)
                            />
                        }
                    })
                    .collect_view()
            }}
            <Menu id="picked-more" label=t!("More actions") icon=Icon::More items=more />
        </div>
    }
}

/// Says how many are selected, to those who do not see it. Always there, so that it is heard.
#[component]
pub(super) fn SelectionTold() -> impl IntoView {
    let selection = use_selection();
    let count = Memo::new(move |_| selection.count());
    let words = RwSignal::new(String::new());
    Effect::new(move |before: Option<u32>| {
        let now = count.get();
        match (before.unwrap_or(0), now) {
            (0, 0) => {}
            (_, 0) => words.set(t!("Nothing selected").to_owned()),
            (_, now) => words.set(tn!(now, "{count} item selected", "{count} items selected")),
        }
        now
    });
    view! { class="v",
        <p class="sr-only" role="status">
            {move || words.get()}
        </p>
    }
}
