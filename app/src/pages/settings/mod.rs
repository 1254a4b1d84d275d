//! Settings of this device and this account.

mod ask_password;
mod compromised;
mod link;
mod new_kit;
mod passkeys;
mod password;
mod recovery;
mod rename;
mod second_factor;
mod sessions;

use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;

use self::{
    compromised::Compromised, link::LinkDevice, password::Password, recovery::Recovery,
    second_factor::SecondFactor, sessions::Sessions,
};
use crate::{
    code,
    pages::vault::{Section, VaultFrame},
    state::{IDLE_CHOICES, idle_label, use_idle, use_session, use_theme},
    theme::Theme,
    ui::{Button, Confirm, Look, Segmented, Select},
};

/// Theme, lock, device, password, second factor, sessions, a new device, recovery, new keys, about.
#[component]
pub fn SettingsPage() -> impl IntoView {
    // How often sessions have ended by what was done here.
    let ended = RwSignal::new(0_u32);
    view! { class="v",
        <Title text="Settings · KeyArc" />
        <VaultFrame section=Section::Settings>
            <main class="page" id="main">
                <div class="page-body">
                    <h1>"Settings"</h1>
                    <Appearance />
                    <Locking />
                    <Device />
                    <Password on_changed=move |()| ended.update(|ended| *ended += 1) />
                    <SecondFactor ended=ended />
                    <Sessions ended=ended />
                    <LinkDevice />
                    <Recovery ended=ended />
                    <Compromised on_changed=move |()| ended.update(|ended| *ended += 1) />
                    <About />
                </div>
            </main>
        </VaultFrame>
    }
}

#[component]
fn Appearance() -> impl IntoView {
    let theme = use_theme();
    let value = |theme: Theme| theme.attribute().unwrap_or("system").to_owned();
    let options = Theme::ALL
        .into_iter()
        .map(|t| (value(t), t.label().to_owned()))
        .collect();
    view! { class="v",
        <section class="settings-part">
            <h2>"Appearance"</h2>
            <Segmented
                name="theme"
                label="Theme"
                options=options
                value=Signal::derive(move || value(theme.get()))
                on_change=move |chosen: String| theme.set(Theme::from_attribute(Some(&chosen)))
            />
        </section>
    }
}

#[component]
fn Locking() -> impl IntoView {
    let idle = use_idle();
    let session = use_session();
    let options: Vec<(String, String)> = IDLE_CHOICES
        .into_iter()
        .map(|minutes| (minutes.to_string(), idle_label(minutes)))
        .collect();
    view! { class="v",
        <section class="settings-part">
            <h2>"Lock"</h2>
            <Select
                id="idle"
                label="Lock after"
                value=Signal::derive(move || idle.minutes().to_string())
                options=options
                hint=Some(
                    "Without a touch of mouse or keyboard. Locking wipes the keys from memory, in every tab, and keeps a half-written form sealed."
                        .to_owned(),
                )
                on_change=move |value: String| {
                    if let Ok(minutes) = value.parse() {
                        idle.set_minutes(minutes);
                    }
                }
            />
            <Button on_press=move |()| session.lock()>"Lock now"</Button>
        </section>
    }
}

#[component]
fn Device() -> impl IntoView {
    let session = use_session();
    let forgetting = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let leave = move |forget: bool| {
        busy.set(true);
        spawn_local(async move {
            session.log_out(forget).await;
            let _ = busy.try_set(false);
        });
    };
    let label = move || {
        session
            .unlocked()
            .map(|open| open.label)
            .unwrap_or_default()
    };
    view! { class="v",
        <section class="settings-part">
            <h2>"This device"</h2>
            <p>
                "Unlocked as " <b translate="no">{label}</b> "."
            </p>
            <p class="quiet">
                "Logging out ends the session at the server; the device still knows the account and asks for the password alone."
            </p>
            <div class="button-row">
                <Button busy=busy on_press=move |()| leave(false)>
                    "Log out"
                </Button>
                <Button look=Look::Danger busy=busy on_press=move |()| forgetting.set(true)>
                    "Forget this device"
                </Button>
            </div>
            <Confirm
                open=forgetting
                title="Forget this device?"
                detail="The setup code and an unsaved form kept here are lost. To open the vault here again you need the setup code from your recovery kit and the master password. Your items are not affected."
                verb="Forget"
                on_confirm=move |()| leave(true)
            />
        </section>
    }
}

#[component]
fn About() -> impl IntoView {
    view! { class="v",
        <section class="settings-part">
            <h2>"About"</h2>
            <dl class="facts">
                <dt>"KeyArc"</dt>
                <dd>"Version " {env!("CARGO_PKG_VERSION")}</dd>
                {code::hash()
                    .map(|hash| {
                        view! { class="v",
                            <dt>"Its code"</dt>
                            <dd>
                                <code class="code-hash" translate="no">{hash}</code>
                                <p class="quiet">
                                    "SHA-256 of the WebAssembly that runs here, as your browser checked it. The signed manifest of this version names the same."
                                </p>
                            </dd>
                        }
                    })}
                <dt>"How it is sealed"</dt>
                <dd>
                    <a href="/security" rel="external">
                        "What the server sees, and what is not promised"
                    </a>
                </dd>
                <dt>"Licence"</dt>
                <dd>"MIT or Apache-2.0"</dd>
            </dl>
        </section>
    }
}
