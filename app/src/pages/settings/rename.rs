use leptos::{ev, html, prelude::*};

use crate::ui::{Button, Dialog, Look, TextInput, focus_on_mount};

/// Asks for another name.
#[component]
pub(super) fn Rename(
    /// Whether it is open.
    open: RwSignal<bool>,
    /// What gets the name.
    title: &'static str,
    /// The name that it has.
    name: Signal<String>,
    /// The name that it is to have: not empty.
    #[prop(into)]
    on_name: Callback<String>,
) -> impl IntoView {
    view! { class="v",
        <Dialog open=open title=title class="dialog-narrow">
            <NameForm open=open name=name on_name=on_name />
        </Dialog>
    }
}

#[component]
fn NameForm(
    open: RwSignal<bool>,
    name: Signal<String>,
    on_name: Callback<String>,
) -> impl IntoView {
    let name = RwSignal::new(name.get_untracked());
    let error = RwSignal::new(None::<String>);
    let input = NodeRef::<html::Input>::new();
    focus_on_mount(input);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let typed = name.with_untracked(|name| name.trim().to_owned());
        if typed.is_empty() {
            error.set(Some(t!("Give it a name.").to_owned()));
            return;
        }
        open.set(false);
        on_name.run(typed);
    };
    view! { class="v",
        <form method="post" novalidate on:submit=submit>
            <TextInput id="new-name" label=t!("Name") value=name error=error node_ref=input />
            <footer class="dialog-foot">
                <Button on_press=move |()| open.set(false)>{t!("Cancel")}</Button>
                <Button look=Look::Go submit=true>{t!("Rename")}</Button>
            </footer>
        </form>
    }
}
