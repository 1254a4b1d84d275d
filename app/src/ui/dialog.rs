use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;

use super::{Button, Icon, IconButton, Look};

/// A modal window. The browser's own `<dialog>` keeps focus inside, makes the rest inert, and
/// gives focus back to where it was.
#[component]
pub fn Dialog(
    /// Whether it is open. Esc and a click beside it close it.
    open: RwSignal<bool>,
    /// Its name, shown as a heading unless `bare`.
    #[prop(into)]
    title: Signal<String>,
    /// Without heading, close button and padding; for content that brings its own.
    #[prop(optional)]
    bare: bool,
    /// More classes.
    #[prop(optional)]
    class: &'static str,
    /// Built anew each time it opens, so that nothing stays in it.
    children: ChildrenFn,
) -> impl IntoView {
    let element = NodeRef::<html::Dialog>::new();
    let children = StoredValue::new(children);
    Effect::new(move |_| {
        let Some(dialog) = element.get() else { return };
        match (open.get(), dialog.open()) {
            (true, false) => {
                // It fails only for a dialog that is open already or not in the document.
                drop(dialog.show_modal());
                // What is in it may be built only after this, and with it what focus begins on.
                request_animation_frame(move || focus_first(&dialog));
            }
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    let click = move |event: ev::MouseEvent| {
        let on_backdrop = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::HtmlDialogElement>().ok())
            .is_some();
        if on_backdrop {
            open.set(false);
        }
    };
    view! { class="v",
        <dialog
            class=format!("dialog {class}")
            aria-label=move || title.get()
            node_ref=element
            on:close=move |_| open.set(false)
            on:mousedown=click
        >
            <Show when=move || open.get()>
                <div class="dialog-body" class:is-bare=bare>
                    {(!bare)
                        .then(|| {
                            view! { class="v",
                                <header class="dialog-head">
                                    <h2>{move || title.get()}</h2>
                                    <IconButton
                                        icon=Icon::Close
                                        label=t!("Close")
                                        on_press=move |()| open.set(false)
                                    />
                                </header>
                            }
                        })}
                    {children.with_value(|children| children())}
                </div>
            </Show>
        </dialog>
    }
}

/// Moves focus to what asks for it, unless it is there by itself.
fn focus_first(dialog: &web_sys::HtmlDialogElement) {
    let Ok(Some(first)) = dialog.query_selector("[autofocus]") else {
        return;
    };
    if let Ok(first) = first.dyn_into::<web_sys::HtmlElement>() {
        let _ = first.focus();
    }
}

/// Asks once before something is lost, and says what.
#[component]
pub fn Confirm(
    /// Whether it is open.
    open: RwSignal<bool>,
    /// The question.
    #[prop(into)]
    title: Signal<String>,
    /// What is lost, by name.
    #[prop(into)]
    detail: Signal<String>,
    /// The verb on the button.
    verb: &'static str,
    /// Confirmed.
    #[prop(into)]
    on_confirm: Callback<()>,
) -> impl IntoView {
    view! { class="v",
        <Dialog open=open title=title class="dialog-narrow">
            <p class="dialog-text">{move || detail.get()}</p>
            <footer class="dialog-foot">
                // Focus begins on what loses nothing.
                <Button autofocus=true on_press=move |()| open.set(false)>
                    {t!("Cancel")}
                </Button>
                <Button
                    look=Look::Danger
                    on_press=move |()| {
                        open.set(false);
                        on_confirm.run(());
                    }
                >
                    {verb}
                </Button>
            </footer>
        </Dialog>
    }
}
