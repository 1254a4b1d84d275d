use leptos::prelude::*;

use crate::{
    pages::account::KitView,
    state::use_toasts,
    ui::{Button, Checkbox, Dialog, Look},
    worker::RecoveryKit,
};

/// The new recovery kit, before the change that puts it in force.
#[component]
pub(super) fn NewKit(
    kit: RwSignal<Option<RecoveryKit>>,
    /// What is to be known before it is saved.
    note: &'static str,
    /// What happens then.
    verb: &'static str,
    /// Closed without it.
    #[prop(optional, into)]
    on_cancel: Option<Callback<()>>,
    #[prop(into)] on_saved: Callback<()>,
) -> impl IntoView {
    let toasts = use_toasts();
    let open = RwSignal::new(false);
    let saved = RwSignal::new(false);
    let tried = RwSignal::new(false);
    let error = Signal::derive(move || {
        (tried.get() && !saved.get())
            .then(|| t!("Save it first: without it no new device gets in.").to_owned())
    });
    Effect::new(move |_| {
        if kit.read().is_some() {
            saved.set(false);
            tried.set(false);
            open.set(true);
        }
    });
    // Closed in whatever way: only a kit that was taken is to be told of.
    Effect::new(move |before: Option<bool>| {
        let is_open = open.get();
        if before == Some(true) && !is_open && kit.write().take().is_some() {
            toasts.say(t!(
                "Nothing was changed. The recovery kit that you had stays the right one."
            ));
            if let Some(on_cancel) = on_cancel {
                on_cancel.run(());
            }
        }
        is_open
    });
    let go_on = move |()| {
        tried.set(true);
        if saved.get_untracked() {
            kit.set(None);
            open.set(false);
            on_saved.run(());
        }
    };
    view! { class="v",
        <Dialog open=open title=t!("Your new recovery kit") bare=true class="dialog-kit">
            <div class="dialog-kit-body">
                {move || {
                    kit.get_untracked().map(|kit| view! { class="v", <KitView kit=kit /> })
                }}
                <div class="kit-actions">
                    <p class="quiet">{note}</p>
                    <Checkbox id="new-kit-saved" checked=saved error=error>
                        {t!("I have saved my new recovery kit")}
                    </Checkbox>
                    <div class="button-row">
                        <Button look=Look::Go on_press=go_on>
                            {verb}
                        </Button>
                        <Button on_press=move |()| open.set(false)>{t!("Cancel")}</Button>
                    </div>
                </div>
            </div>
        </Dialog>
    }
}
