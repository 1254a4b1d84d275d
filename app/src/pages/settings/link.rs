use leptos::{ev, prelude::*, task::spawn_local};

use crate::{
    pages::{account::DIFFER, account::FormError, link_words::LinkWords},
    state::{use_scanned, use_toasts},
    ui::{Button, Look, TextInput},
    worker::{Command, Reply, use_worker},
};

/// Gives the setup code to a new device, once a person has compared the words on both.
#[component]
pub(super) fn LinkDevice() -> impl IntoView {
    let worker = use_worker();
    let toasts = use_toasts();
    let code = RwSignal::new(use_scanned().take().unwrap_or_default());
    let words = RwSignal::new(None::<Vec<String>>);
    let busy = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    let failure = RwSignal::new(None::<String>);
    let join = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        error.set(None);
        failure.set(None);
        if code.with_untracked(|code| code.trim().is_empty()) {
            error.set(Some(
                t!("Type the code that the new device shows.").to_owned(),
            ));
            return;
        }
        busy.set(true);
        let command = Command::JoinLink {
            code: code.get_untracked(),
        };
        spawn_local(async move {
            match worker.call(command).await {
                Ok(Reply::LinkWords(now)) => drop(words.try_set(Some(now))),
                Ok(_) => {}
                Err(reason) => drop(error.try_set(Some(reason.to_string()))),
            }
            let _ = busy.try_set(false);
        });
    };
    let finish = move |same: bool| {
        busy.set(true);
        spawn_local(async move {
            let finished = worker.call(Command::FinishLink { same }).await;
            let _ = words.try_set(None);
            let _ = code.try_set(String::new());
            match finished {
                Ok(_) if same => {
                    toasts.say(t!(
                        "The new device has the setup code. It asks for the master password next."
                    ));
                }
                _ if !same => drop(failure.try_set(Some(crate::language::text(DIFFER).to_owned()))),
                Ok(_) => {}
                Err(reason) => drop(failure.try_set(Some(reason.to_string()))),
            }
            let _ = busy.try_set(false);
        });
    };
    view! { class="v",
        <section class="settings-part" aria-labelledby="link-title">
            <h2 id="link-title">{t!("Link a new device")}</h2>
            {move || match words.get() {
                Some(list) => {
                    view! { class="v",
                        <p>{t!("Are these words on the new device, in this order?")}</p>
                        <LinkWords words=list />
                        <div class="button-row">
                            <Button look=Look::Go busy=busy on_press=move |()| finish(true)>
                                {t!("They are the same")}
                            </Button>
                            <Button look=Look::Danger busy=busy on_press=move |()| finish(false)>
                                {t!("They differ")}
                            </Button>
                        </div>
                    }
                        .into_any()
                }
                None => {
                    view! { class="v",
                        <p class="quiet">
                            {t!("Choose ")} <i>{t!("Link with another device")}</i>
                            {t!(" at log-in there, and type the code that it shows. It gets the setup code; the master password is still asked for.")}
                        </p>
                        <form class="code-form" method="post" novalidate on:submit=join>
                            <TextInput
                                id="link-code"
                                label=t!("Code of the new device")
                                value=code
                                mono=true
                                placeholder="XXXX-XXXX"
                                error=error
                            />
                            <FormError error=failure />
                            <Button submit=true busy=busy>
                                {move || if busy.get() { t!("Looking…") } else { t!("Link") }}
                            </Button>
                        </form>
                    }
                        .into_any()
                }
            }}
        </section>
    }
}
