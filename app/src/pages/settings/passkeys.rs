use keyarc_wire::{FreshProof, PasskeyInfo, RecoveryCodes};
use leptos::{ev, html, prelude::*, task::spawn_local};

use super::{
    ask_password::{AskPassword, password_words},
    rename::Rename,
};
use crate::{
    rpc::{remove_passkey, rename_passkey},
    state::{has_passkeys, make_passkey, own_host, use_toasts},
    ui::{Badge, BadgeTone, Button, Dialog, Look, PasswordField, TextInput, focus_on_mount},
    words::{ago_now, device_name},
    worker::{Command, Reply, use_worker},
};

/// The account's passkeys: adding, naming and removing them.
#[component]
pub(super) fn Passkeys(
    /// Oldest first.
    passkeys: Vec<PasskeyInfo>,
    /// The list has changed.
    #[prop(into)]
    on_changed: Callback<()>,
    /// Recovery codes came with the first, to be shown once.
    #[prop(into)]
    on_codes: Callback<RecoveryCodes>,
) -> impl IntoView {
    let toasts = use_toasts();
    let worker = use_worker();
    let adding = RwSignal::new(false);
    let removing = RwSignal::new(false);
    let renaming = RwSignal::new(false);
    let chosen = RwSignal::new(None::<PasskeyInfo>);
    let any = !passkeys.is_empty();
    let name =
        move || chosen.with(|one| one.as_ref().map(|one| one.name.clone()).unwrap_or_default());
    let remove = move |fresh: FreshProof| {
        let Some(passkey) = chosen.get_untracked() else {
            return;
        };
        spawn_local(async move {
            let id = passkey.credential_id;
            match remove_passkey(id.clone(), fresh).await {
                Ok(()) => {
                    // Without a worker the vault is locked, and the next unlocking sees to it.
                    let _ = worker.call(Command::PasskeyRemoved(id)).await;
                    toasts.say(t!("The passkey {name} was removed.", name = passkey.name));
                    let _ = on_changed.try_run(());
                }
                Err(error) => toasts.fail(error.to_string()),
            }
        });
    };
    let rename = move |name: String| {
        let id = chosen.with_untracked(|one| one.as_ref().map(|one| one.credential_id.clone()));
        let Some(id) = id else { return };
        spawn_local(async move {
            match rename_passkey(id, name).await {
                Ok(()) => drop(on_changed.try_run(())),
                Err(error) => toasts.fail(error.to_string()),
            }
        });
    };
    let open = move |dialog: RwSignal<bool>, passkey: PasskeyInfo| {
        chosen.set(Some(passkey));
        dialog.set(true);
    };
    let row = move |passkey: PasskeyInfo| {
        let facts = facts(&passkey);
        let unlocks = passkey.unlocks;
        let (to_rename, to_remove) = (passkey.clone(), passkey.clone());
        view! { class="v",
            <li>
                <div>
                    <b>
                        <bdi>{passkey.name}</bdi>
                    </b>
                    <small>{facts}</small>
                </div>
                <Badge tone=if unlocks { BadgeTone::Ok } else { BadgeTone::Mute }>
                    {if unlocks { t!("unlocks") } else { t!("second factor only") }}
                </Badge>
                <div class="button-row">
                    <Button on_press=move |()| open(renaming, to_rename.clone())>{t!("Rename")}</Button>
                    <Button on_press=move |()| open(removing, to_remove.clone())>{t!("Remove")}</Button>
                </div>
            </li>
        }
    };
    view! { class="v",
        <h3>{t!("Passkeys")}</h3>
        <p class="quiet">
            {t!("A passkey of this device, your phone or a security key, asked for after the password. One that can also give a key opens the vault by itself on devices that know the account; your password goes on working.")}
        </p>
        {any
            .then(|| {
                view! { class="v",
                    <ul class="sessions device-list passkeys" aria-label=t!("Passkeys")>
                        {passkeys.into_iter().map(row).collect_view()}
                    </ul>
                }
            })}
        {if has_passkeys() {
            view! { class="v", <Button on_press=move |()| adding.set(true)>{t!("Add a passkey")}</Button> }
                .into_any()
        } else {
            view! { class="v",
                <p class="quiet">
                    {t!("This browser has no passkeys here. They need a name in the address and not a number, and HTTPS or this very machine.")}
                </p>
            }
                .into_any()
        }}
        <Dialog open=adding title=t!("Add a passkey") class="dialog-narrow">
            <Add open=adding on_changed=on_changed on_codes=on_codes />
        </Dialog>
        <Rename
            open=renaming
            title=t!("Rename the passkey")
            name=Signal::derive(name)
            on_name=rename
        />
        <AskPassword
            open=removing
            title=Signal::derive(move || t!("Remove {name}?", name = name()))
            detail=t!("It opens nothing from then on. Without a passkey and an app, log-ins take the password alone and the recovery codes are worth nothing.")
            verb=t!("Remove")
            look=Look::Danger
            on_proof=remove
        />
    }
}

/// When it was added and used, and where it belongs if that is not here.
fn facts(passkey: &PasskeyInfo) -> String {
    let added = ago_now(passkey.created_at_ms);
    let host = &passkey.host;
    let is_here = own_host().as_ref() == Some(host);
    match (passkey.last_used_at_ms.map(ago_now), is_here) {
        (Some(used), true) => t!("Added {added}, last used {used}", added, used),
        (Some(used), false) => {
            t!(
                "Added {added}, last used {used}, for {host}",
                added,
                used,
                host
            )
        }
        (None, true) => t!("Added {added}, not used yet", added),
        (None, false) => t!("Added {added}, not used yet, for {host}", added, host),
    }
}

#[component]
fn Add(
    open: RwSignal<bool>,
    on_changed: Callback<()>,
    on_codes: Callback<RecoveryCodes>,
) -> impl IntoView {
    let worker = use_worker();
    let toasts = use_toasts();
    let agent = window().navigator().user_agent().unwrap_or_default();
    let name = RwSignal::new(device_name(&agent));
    let password = RwSignal::new(String::new());
    let name_error = RwSignal::new(None::<String>);
    let error = RwSignal::new(None::<String>);
    let failure = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let input = NodeRef::<html::Input>::new();
    focus_on_mount(input);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        name_error.set(None);
        error.set(None);
        failure.set(None);
        if name.with_untracked(|name| name.trim().is_empty()) {
            name_error.set(Some(t!("Give it a name.").to_owned()));
            return;
        }
        if password.with_untracked(String::is_empty) {
            error.set(Some(t!("Type your master password.").to_owned()));
            return;
        }
        busy.set(true);
        // Asking for finger or face takes as long as it takes; the dialog may be gone by then.
        let name = name.get_untracked();
        spawn_local(async move {
            let command = Command::BeginPasskey {
                password: password.get_untracked(),
            };
            let wish = match worker.call(command).await {
                Ok(Reply::PasskeyWish(wish)) => Ok(wish),
                Ok(_) => Err(None),
                Err(reason) => Err(Some(password_words(&reason))),
            };
            let wish = match wish {
                Ok(wish) => wish,
                Err(words) => {
                    let _ = error.try_set(words);
                    let _ = busy.try_set(false);
                    return;
                }
            };
            let made = match make_passkey(&wish).await {
                Ok(made) => made,
                Err(trouble) => {
                    let _ = failure.try_set(Some(trouble.to_string()));
                    let _ = busy.try_set(false);
                    return;
                }
            };
            let command = Command::AddPasskey {
                token: wish.token,
                name,
                attestation: made.attestation,
                prf: made.prf,
            };
            match worker.call(command).await {
                Ok(Reply::PasskeyAdded { unlocks, codes }) => {
                    toasts.say(if unlocks {
                        t!("The passkey was added. It opens the vault on devices that know the account.")
                    } else {
                        t!("The passkey was added as a second factor only: this authenticator or browser does not give the key that opening the vault takes.")
                    });
                    let _ = open.try_set(false);
                    let shown = match codes {
                        Some(codes) => on_codes.try_run(codes),
                        None => on_changed.try_run(()).or(Some(())),
                    };
                    if shown.is_none() {
                        toasts.fail(t!(
                            "The recovery codes could not be shown. Make new ones in the settings."
                        ));
                    }
                }
                Ok(_) => {}
                Err(reason) => drop(failure.try_set(Some(reason.to_string()))),
            }
            let _ = busy.try_set(false);
        });
    };
    view! { class="v",
        <p class="dialog-text">
            {t!("The browser then asks where to keep it, and for your PIN, finger or face.")}
        </p>
        <form method="post" novalidate on:submit=submit>
            <TextInput id="passkey-name" label=t!("Name") value=name error=name_error />
            <PasswordField
                id="present-password"
                label=t!("Master password")
                autocomplete="current-password"
                value=password
                error=error
                node_ref=input
            />
            <crate::pages::account::FormError error=failure />
            <footer class="dialog-foot">
                <Button on_press=move |()| open.set(false)>{t!("Cancel")}</Button>
                <Button look=Look::Go submit=true busy=busy>
                    {t!("Add")}
                </Button>
            </footer>
        </form>
    }
}
