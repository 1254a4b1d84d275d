use keyarc_wire::{FreshProof, RecoveryCodes, SecondFactorStatus, TotpEnrolment};
use leptos::{ev, html, prelude::*, task::spawn_local};

use super::{ask_password::AskPassword, passkeys::Passkeys};
use crate::{
    rpc::{
        RpcError, begin_second_factor, confirm_second_factor, renew_recovery_codes,
        second_factor_status, turn_off_second_factor,
    },
    state::{use_clipboard, use_toasts},
    ui::{
        Banner, BannerTone, Button, Dialog, Icon, Look, QrView, SkeletonLines, TextInput,
        focus_on_mount,
    },
    words::{ago_now, capitalised},
};

/// Where the part stands.
#[derive(Clone)]
enum Stand {
    Loading,
    Problem(String),
    Is(SecondFactorStatus),
    Enrolling(TotpEnrolment),
    /// Recovery codes, which are shown once.
    Codes(RecoveryCodes),
}

/// What a code is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    NewCodes,
    TurnOff,
}

/// The second factor: turning it on and off, and its recovery codes.
#[component]
pub(super) fn SecondFactor(
    /// Changes when keys have: no passkey unlocks with new ones.
    #[prop(into)]
    ended: Signal<u32>,
) -> impl IntoView {
    let stand = RwSignal::new(Stand::Loading);
    let load = move || {
        spawn_local(async move {
            let now = match second_factor_status().await {
                Ok(status) => Stand::Is(status),
                Err(error) => Stand::Problem(error.to_string()),
            };
            let _ = stand.try_set(now);
        });
    };
    Effect::new(move |_| {
        ended.track();
        // Codes that are shown once stay until they are saved.
        let shown =
            stand.with_untracked(|stand| matches!(stand, Stand::Enrolling(_) | Stand::Codes(_)));
        if !shown {
            load();
        }
    });
    let again = move |()| {
        stand.set(Stand::Loading);
        load();
    };
    view! { class="v",
        <section class="settings-part" aria-labelledby="second-factor-title">
            <h2 id="second-factor-title">{t!("Second factor")}</h2>
            {move || match stand.get() {
                Stand::Loading => view! { class="v", <SkeletonLines count=2 /> }.into_any(),
                Stand::Problem(problem) => {
                    view! { class="v",
                        <p class="quiet">{capitalised(&problem)}</p>
                        <Button on_press=again>{t!("Try again")}</Button>
                    }
                        .into_any()
                }
                Stand::Is(status) => {
                    let on_codes = move |codes| drop(stand.try_set(Stand::Codes(codes)));
                    view! { class="v",
                        <h3>{t!("Authenticator app")}</h3>
                        {if status.totp {
                            view! { class="v", <On stand=stand on_changed=Callback::new(again) /> }
                                .into_any()
                        } else {
                            view! { class="v", <Off stand=stand /> }.into_any()
                        }}
                        <Passkeys passkeys=status.passkeys on_changed=again on_codes=on_codes />
                        {status
                            .since_ms
                            .map(|since_ms| {
                                view! { class="v",
                                    <CodesLeft
                                        stand=stand
                                        since_ms=since_ms
                                        left=status.recovery_codes_left
                                        on_changed=Callback::new(again)
                                    />
                                }
                            })}
                    }
                        .into_any()
                }
                Stand::Enrolling(enrolment) => {
                    view! { class="v",
                        <Enrol stand=stand enrolment=enrolment on_cancel=Callback::new(again) />
                    }
                        .into_any()
                }
                Stand::Codes(codes) => {
                    view! { class="v", <Codes codes=codes on_done=Callback::new(again) /> }.into_any()
                }
            }}
        </section>
    }
}

#[component]
fn Off(stand: RwSignal<Stand>) -> impl IntoView {
    let toasts = use_toasts();
    let asking = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let begin = move |fresh: FreshProof| {
        busy.set(true);
        spawn_local(async move {
            match begin_second_factor(fresh).await {
                Ok(enrolment) => drop(stand.try_set(Stand::Enrolling(enrolment))),
                Err(error) => toasts.fail(error.to_string()),
            }
            let _ = busy.try_set(false);
        });
    };
    view! { class="v",
        <p class="quiet">
            {t!("A code of an authenticator app, asked for at every log-in after the password. It keeps out whoever has your password and setup code. It does not protect from the server, which has to know the app's secret to check it.")}
        </p>
        <Button busy=busy on_press=move |()| asking.set(true)>
            {t!("Set up an authenticator app")}
        </Button>
        <AskPassword
            open=asking
            title=t!("Set up an authenticator app")
            detail=t!("From then on log-ins ask for a code of the app. The master password shows that it is you who wants that.")
            verb=t!("Continue")
            look=Look::Go
            on_proof=begin
        />
    }
}

#[component]
fn Enrol(
    stand: RwSignal<Stand>,
    enrolment: TotpEnrolment,
    on_cancel: Callback<()>,
) -> impl IntoView {
    let clipboard = use_clipboard();
    let toasts = use_toasts();
    let code = RwSignal::new(String::new());
    let error = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let input = NodeRef::<html::Input>::new();
    focus_on_mount(input);
    let TotpEnrolment {
        secret,
        uri,
        qr,
        sealed_secret,
    } = enrolment;
    let to_copy = StoredValue::new(secret.clone());
    let copy = move |()| {
        let secret = to_copy.get_value();
        clipboard.copy(t!("Secret").to_owned(), async move { Ok(secret) });
    };
    // A link would put the secret into an address.
    let uri = StoredValue::new(uri);
    let copy_uri = move |()| {
        let uri = uri.get_value();
        clipboard.copy(t!("Address").to_owned(), async move { Ok(uri) });
    };
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        error.set(None);
        if code.with_untracked(|code| code.trim().is_empty()) {
            error.set(Some(t!("Type the code that the app shows.").to_owned()));
            return;
        }
        busy.set(true);
        let sealed_secret = sealed_secret.clone();
        spawn_local(async move {
            match confirm_second_factor(sealed_secret, code.get_untracked()).await {
                Ok(codes) => {
                    toasts.say(t!("The second factor is on."));
                    let _ = stand.try_set(Stand::Codes(codes));
                }
                Err(reason) => {
                    let _ = error.try_set(Some(reason.to_string()));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    view! { class="v",
        <p>{t!("Scan this with the app, or type the secret into it. Then type the code that it shows.")}</p>
        <QrView qr=qr label=t!("QR code of the secret") />
        <p class="totp-secret">
            <code data-testid="totp-secret" translate="no">
                {groups(&secret)}
            </code>
        </p>
        <div class="button-row">
            <Button icon=Icon::Copy on_press=copy>
                {t!("Copy secret")}
            </Button>
            <Button icon=Icon::Copy on_press=copy_uri>
                {t!("Copy otpauth address")}
            </Button>
        </div>
        <form class="code-form" method="post" novalidate on:submit=submit>
            <TextInput
                id="first-code"
                label=t!("Six-digit code")
                value=code
                mono=true
                autocomplete="one-time-code"
                inputmode="numeric"
                error=error
                node_ref=input
            />
            <div class="button-row">
                <Button look=Look::Go submit=true busy=busy>
                    {t!("Turn on")}
                </Button>
                <Button on_press=on_cancel>{t!("Cancel")}</Button>
            </div>
        </form>
    }
}

#[component]
fn Codes(codes: RecoveryCodes, on_done: Callback<()>) -> impl IntoView {
    let clipboard = use_clipboard();
    let toasts = use_toasts();
    let text = StoredValue::new(codes.codes.join("\n"));
    let copy = move |()| {
        let text = text.get_value();
        clipboard.copy(t!("Recovery codes").to_owned(), async move { Ok(text) });
    };
    let print = move |()| {
        if window().print().is_err() {
            toasts.fail(t!("The browser did not print. Copy the codes instead."));
        }
    };
    view! { class="v",
        <p>
            {t!("If the app or the passkey is lost, each of these recovery codes opens the vault once, with the password. They are not shown again: keep them where the app and the passkey are not.")}
        </p>
        <ol class="recovery-codes" data-testid="recovery-codes" translate="no">
            {codes
                .codes
                .into_iter()
                .map(|code| {
                    view! { class="v",
                        <li>
                            <code>{code}</code>
                        </li>
                    }
                })
                .collect_view()}
        </ol>
        <div class="button-row">
            <Button icon=Icon::Copy on_press=copy>
                {t!("Copy")}
            </Button>
            <Button icon=Icon::Print on_press=print>
                {t!("Print")}
            </Button>
            <Button look=Look::Go on_press=on_done>
                {t!("I have saved them")}
            </Button>
        </div>
    }
}

#[component]
fn On(stand: RwSignal<Stand>, on_changed: Callback<()>) -> impl IntoView {
    let wish = RwSignal::new(Wish::TurnOff);
    let open = RwSignal::new(false);
    view! { class="v",
        <p>{t!("On: log-ins ask for a code of your authenticator app.")}</p>
        <Button look=Look::Danger on_press=move |()| open.set(true)>
            {t!("Turn off")}
        </Button>
        <Dialog open=open title=t!("Turn off the authenticator app?") class="dialog-narrow">
            <AskForCode stand=stand wish=wish open=open on_changed=on_changed />
        </Dialog>
    }
}

#[component]
fn CodesLeft(
    stand: RwSignal<Stand>,
    since_ms: u64,
    left: u32,
    on_changed: Callback<()>,
) -> impl IntoView {
    let wish = RwSignal::new(Wish::NewCodes);
    let open = RwSignal::new(false);
    view! { class="v",
        <h3>{t!("Recovery codes")}</h3>
        <p>
            {tn!(
                left,
                "For when app and passkeys are lost. {count} recovery code left. The second factor was set up {when}.",
                "For when app and passkeys are lost. {count} recovery codes left. The second factor was set up {when}.",
                when = ago_now(since_ms),
            )}
        </p>
        {(left < 3)
            .then(|| {
                view! { class="v",
                    <Banner tone=BannerTone::Warn icon=Icon::Warning>
                        {t!("Make new recovery codes before you need one.")}
                    </Banner>
                }
            })}
        <Button on_press=move |()| open.set(true)>{t!("New recovery codes")}</Button>
        <Dialog open=open title=t!("New recovery codes") class="dialog-narrow">
            <AskForCode stand=stand wish=wish open=open on_changed=on_changed />
        </Dialog>
    }
}

/// Both wishes take a code: a session that somebody else got hold of does not suffice.
#[component]
fn AskForCode(
    stand: RwSignal<Stand>,
    wish: RwSignal<Wish>,
    open: RwSignal<bool>,
    on_changed: Callback<()>,
) -> impl IntoView {
    let toasts = use_toasts();
    let code = RwSignal::new(String::new());
    let error = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let input = NodeRef::<html::Input>::new();
    focus_on_mount(input);
    let done = move |outcome: Result<Option<RecoveryCodes>, RpcError>| match outcome {
        Ok(Some(codes)) => {
            open.set(false);
            let _ = stand.try_set(Stand::Codes(codes));
        }
        Ok(None) => {
            open.set(false);
            toasts.say(t!("The authenticator app is off."));
            on_changed.run(());
        }
        Err(reason) => {
            let _ = error.try_set(Some(reason.to_string()));
        }
    };
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        error.set(None);
        if code.with_untracked(|code| code.trim().is_empty()) {
            error.set(Some(t!("Type a code.").to_owned()));
            return;
        }
        busy.set(true);
        let typed = code.get_untracked();
        spawn_local(async move {
            let outcome = match wish.get_untracked() {
                Wish::NewCodes => renew_recovery_codes(typed).await.map(Some),
                Wish::TurnOff => turn_off_second_factor(typed).await.map(|()| None),
            };
            let _ = busy.try_set(false);
            done(outcome);
        });
    };
    let text = move || match wish.get() {
        Wish::NewCodes => t!("Those before are worth nothing from then on."),
        Wish::TurnOff => {
            t!(
                "Without a passkey, whoever has your password and setup code can then log in, and the recovery codes are worth nothing."
            )
        }
    };
    view! { class="v",
        <p class="dialog-text">{text}</p>
        <form method="post" novalidate on:submit=submit>
            <TextInput
                id="present-code"
                label=t!("Code of the app, or a recovery code")
                value=code
                mono=true
                autocomplete="one-time-code"
                error=error
                node_ref=input
            />
            <footer class="dialog-foot">
                <Button on_press=move |()| open.set(false)>{t!("Cancel")}</Button>
                {move || match wish.get() {
                    Wish::NewCodes => {
                        view! { class="v",
                            <Button look=Look::Go submit=true busy=busy>
                                {t!("Make new codes")}
                            </Button>
                        }
                    }
                    Wish::TurnOff => {
                        view! { class="v",
                            <Button look=Look::Danger submit=true busy=busy>
                                {t!("Turn off")}
                            </Button>
                        }
                    }
                }}
            </footer>
        </form>
    }
}

/// In groups of four, as people type.
fn groups(secret: &str) -> String {
    let mut out = String::with_capacity(secret.len() + secret.len() / 4);
    for (at, char) in secret.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            out.push(' ');
        }
        out.push(char);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_in_groups() {
        assert_eq!(groups("ABCDEFGHIJ"), "ABCD EFGH IJ");
    }
}
