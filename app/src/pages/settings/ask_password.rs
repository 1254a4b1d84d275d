use keyarc_wire::FreshProof;
use leptos::{ev, html, prelude::*, task::spawn_local};

use crate::{
    ui::{Button, Dialog, Look, PasswordField, focus_on_mount},
    worker::{Command, Failure, Reply, use_worker},
};

/// Asks for the password before something that a session alone must not do: whoever comes upon an
/// unlocked screen does not know it.
#[component]
pub(super) fn AskPassword(
    /// Whether it is open.
    open: RwSignal<bool>,
    /// The question.
    #[prop(into)]
    title: Signal<String>,
    /// What happens then.
    #[prop(into)]
    detail: Signal<String>,
    /// The verb on the button.
    verb: &'static str,
    /// How the button looks.
    look: Look,
    /// The password was right. The proof serves for one request.
    #[prop(into)]
    on_proof: Callback<FreshProof>,
) -> impl IntoView {
    view! { class="v",
        <Dialog open=open title=title class="dialog-narrow">
            <PasswordForm open=open detail=detail verb=verb look=look on_proof=on_proof />
        </Dialog>
    }
}

#[component]
fn PasswordForm(
    open: RwSignal<bool>,
    detail: Signal<String>,
    verb: &'static str,
    look: Look,
    on_proof: Callback<FreshProof>,
) -> impl IntoView {
    let worker = use_worker();
    let password = RwSignal::new(String::new());
    let error = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let input = NodeRef::<html::Input>::new();
    focus_on_mount(input);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        error.set(None);
        if password.with_untracked(String::is_empty) {
            error.set(Some(t!("Type your master password.").to_owned()));
            return;
        }
        busy.set(true);
        let command = Command::ProvePassword {
            password: password.get_untracked(),
        };
        spawn_local(async move {
            match worker.call(command).await {
                Ok(Reply::Proof(fresh)) => {
                    // What was asked for is not done once the page is left.
                    let _ = open.try_set(false);
                    let _ = on_proof.try_run(fresh);
                }
                Ok(_) => {}
                Err(reason) => drop(error.try_set(Some(password_words(&reason)))),
            }
            let _ = busy.try_set(false);
        });
    };
    view! { class="v",
        <p class="dialog-text">{move || detail.get()}</p>
        <form method="post" novalidate on:submit=submit>
            <PasswordField
                id="present-password"
                label=t!("Master password")
                autocomplete="current-password"
                value=password
                error=error
                node_ref=input
            />
            <footer class="dialog-foot">
                <Button on_press=move |()| open.set(false)>{t!("Cancel")}</Button>
                <Button look=look submit=true busy=busy>
                    {verb}
                </Button>
            </footer>
        </form>
    }
}

/// A failure beside a field for the password of an open vault.
pub(super) fn password_words(reason: &Failure) -> String {
    match reason {
        Failure::WrongPassword => t!("This is not your master password.").to_owned(),
        other => other.to_string(),
    }
}
