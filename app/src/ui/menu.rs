use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::{Icon, IconView};

/// One action of a [`Menu`].
#[derive(Clone)]
pub struct MenuItem {
    /// Before the words.
    pub icon: Option<Icon>,
    /// A verb.
    pub label: String,
    /// Ticked, for a choice among several.
    pub checked: Option<Signal<bool>>,
    /// Something is lost by it.
    pub danger: bool,
    /// Chosen.
    pub run: Callback<()>,
}

/// A button that opens a few actions. Arrows move, Esc closes, focus goes back to the button.
#[component]
pub fn Menu(
    /// Unique in the page.
    #[prop(into)]
    id: String,
    /// The button's name.
    #[prop(into)]
    label: Signal<String>,
    /// Shown on the button instead of its name.
    #[prop(optional, into)]
    icon: Option<Icon>,
    /// The actions.
    #[prop(into)]
    items: Signal<Vec<MenuItem>>,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let button = NodeRef::<html::Button>::new();
    let list = NodeRef::<html::Div>::new();
    let close = move || {
        open.set(false);
        if let Some(button) = button.get_untracked() {
            let _ = button.focus();
        }
    };
    Effect::new(move |_| {
        if open.get() {
            // Children are in the document when effects run.
            if let Some(list) = list.get() {
                focus_item(&list, Move::First);
            }
        }
    });
    let keydown = move |event: ev::KeyboardEvent| {
        let Some(list) = list.get_untracked() else {
            return;
        };
        match event.key().as_str() {
            "ArrowDown" => focus_item(&list, Move::Next),
            "ArrowUp" => focus_item(&list, Move::Previous),
            "Home" => focus_item(&list, Move::First),
            "End" => focus_item(&list, Move::Last),
            "Escape" => close(),
            "Tab" => {
                open.set(false);
                return;
            }
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let focusout = move |event: ev::FocusEvent| {
        let to = event
            .related_target()
            .and_then(|to| to.dyn_into::<web_sys::Node>().ok());
        let inside = list
            .get_untracked()
            .is_some_and(|list| list.contains(to.as_ref()));
        let on_button = to.is_some()
            && button
                .get_untracked()
                .is_some_and(|button| button.contains(to.as_ref()));
        if !inside && !on_button {
            open.set(false);
        }
    };
    view! { class="v",
        <div class="menu">
            <button
                class=if icon.is_some() { "btn btn-bare btn-icon" } else { "btn btn-bare" }
                r#type="button"
                aria-haspopup="menu"
                aria-expanded=move || if open.get() { "true" } else { "false" }
                aria-controls=id.clone()
                aria-label=move || icon.is_some().then(|| label.get())
                title=move || icon.is_some().then(|| label.get())
                node_ref=button
                on:click=move |_| open.update(|open| *open = !*open)
            >
                {match icon {
                    Some(icon) => view! { class="v", <IconView icon=icon /> }.into_any(),
                    None => {
                        view! { class="v",
                            <span class="btn-word">{move || label.get()}</span>
                            <IconView icon=Icon::Chevron />
                        }
                            .into_any()
                    }
                }}
            </button>
            <div
                class="menu-list"
                class:is-open=move || open.get()
                id=id
                role="menu"
                aria-label=move || label.get()
                node_ref=list
                on:keydown=keydown
                on:focusout=focusout
            >
                {move || {
                    open.get()
                        .then(|| {
                            items
                                .get()
                                .into_iter()
                                .map(|item| view! { class="v", <MenuRow item=item close=close /> })
                                .collect_view()
                        })
                }}
            </div>
        </div>
    }
}

#[component]
fn MenuRow<C: Fn() + Copy + Send + 'static>(item: MenuItem, close: C) -> impl IntoView {
    let MenuItem {
        icon,
        label,
        checked,
        danger,
        run,
    } = item;
    let role = if checked.is_some() {
        "menuitemradio"
    } else {
        "menuitem"
    };
    view! { class="v",
        <button
            class="menu-item"
            class:is-danger=danger
            r#type="button"
            role=role
            tabindex="-1"
            aria-checked=move || checked.map(|on| if on.get() { "true" } else { "false" })
            on:click=move |_| {
                close();
                run.run(());
            }
        >
            {icon.map(|icon| view! { class="v", <IconView icon=icon /> })}
            <span>{label}</span>
            {move || {
                checked
                    .is_some_and(|on| on.get())
                    .then(|| view! { class="v", <IconView icon=Icon::Check /> })
            }}
        </button>
    }
}

#[derive(Clone, Copy)]
enum Move {
    First,
    Last,
    Next,
    Previous,
}

fn focus_item(list: &HtmlElement, how: Move) {
    let Ok(items) = list.query_selector_all("[role^=menuitem]") else {
        return;
    };
    let count = items.length();
    let active = document().active_element();
    let now = (0..count).find(|i| {
        items
            .item(*i)
            .and_then(|node| node.dyn_into::<web_sys::Element>().ok())
            == active
    });
    let Some(next) = next_item(how, now, count) else {
        return;
    };
    if let Some(item) = items
        .item(next)
        .and_then(|node| node.dyn_into::<HtmlElement>().ok())
    {
        let _ = item.focus();
    }
}

fn next_item(how: Move, now: Option<u32>, count: u32) -> Option<u32> {
    let last = count.checked_sub(1)?;
    Some(match (how, now) {
        (Move::First, _) | (Move::Next, None) => 0,
        (Move::Last, _) | (Move::Previous, None | Some(0)) => last,
        (Move::Next, Some(now)) if now >= last => 0,
        (Move::Next, Some(now)) => now + 1,
        (Move::Previous, Some(now)) => now - 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_go_round() {
        assert_eq!(next_item(Move::Next, Some(2), 3), Some(0));
        assert_eq!(next_item(Move::Previous, Some(0), 3), Some(2));
        assert_eq!(next_item(Move::Next, None, 3), Some(0));
        assert_eq!(next_item(Move::First, None, 0), None);
    }
}
