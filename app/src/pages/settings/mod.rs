//! Settings of this device and this account.

mod ask_password;
mod compromised;
mod link;
mod new_kit;
mod passkeys;
mod password;
mod recovery;
mod reminders;
mod rename;
mod second_factor;
mod sessions;
mod tokens;

use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;

use self::{
    compromised::Compromised, link::LinkDevice, password::Password, recovery::Recovery,
    reminders::Reminders, second_factor::SecondFactor, sessions::Sessions, tokens::Tokens,
};
use crate::{
    code,
    pages::vault::{Section, VaultFrame},
    state::{
        IDLE_CHOICES, idle_label, keep_language, languages, spoken_language, use_idle, use_session,
        use_theme,
    },
    theme::Theme,
    ui::{Button, Confirm, Look, Segmented, Select},
};

/// Theme, language, lock, device, password, second factor, sessions, a new device, machine tokens, recovery, new keys, about.
#[component]
pub fn SettingsPage() -> impl IntoView {
    // How often sessions have ended by what was done here.
    let ended = RwSignal::new(0_u32);
    view! { class="v",
        <Title text=t!("Settings · KeyArc") />
        <VaultFrame section=Section::Settings>
            <main class="page" id="main">
                <div class="page-body">
                    <h1>{t!("Settings")}</h1>
                    <Appearance />
                    <Locking />
                    <Device />
                    <Reminders />
                    <Password on_changed=move |()| ended.update(|ended| *ended += 1) />
                    <SecondFactor ended=ended />
                    <Sessions ended=ended />
                    <LinkDevice />
                    <Tokens />
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
            <h2>{t!("Appearance")}</h2>
            <Segmented
                name="theme"
                label=t!("Theme")
                options=options
                value=Signal::derive(move || value(theme.get()))
                on_change=move |chosen: String| theme.set(Theme::from_attribute(Some(&chosen)))
            />
            <Language />
        </section>
    }
}

/// Which language the page is in, where there is a choice.
#[component]
fn Language() -> impl IntoView {
    let session = use_session();
    let options = languages();
    (options.len() > 1).then(|| {
        view! { class="v",
            <Select
                id="language"
                label=t!("Language")
                value=spoken_language()
                options=options
                hint=Some(
                    t!("The page is loaded anew for it, and the vault is locked.").to_owned(),
                )
                on_change=move |tag: String| {
                    keep_language(&tag);
                    session.reload();
                }
            />
        }
    })
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
            <h2>{tc!("section", "Lock")}</h2>
            <Select
                id="idle"
                label=t!("Lock after")
                value=Signal::derive(move || idle.minutes().to_string())
                options=options
                hint=Some(
                    t!("Without a touch of mouse or keyboard. Locking wipes the keys from memory, in every tab, and keeps a half-written form sealed.")
                        .to_owned(),
                )
                on_change=move |value: String| {
                    if let Ok(minutes) = value.parse() {
                        idle.set_minutes(minutes);
                    }
                }
            />
            <Button on_press=move |()| session.lock()>{t!("Lock now")}</Button>
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
            <h2>{t!("This device")}</h2>
            <p>
                {t!("Unlocked as ")} <b translate="no">{label}</b> "."
            </p>
            <p class="quiet">
                {t!("Logging out ends the session at the server; the device still knows the account and asks for the password alone.")}
            </p>
            <div class="button-row">
                <Button busy=busy on_press=move |()| leave(false)>
                    {t!("Log out")}
                </Button>
                <Button look=Look::Danger busy=busy on_press=move |()| forgetting.set(true)>
                    {t!("Forget this device")}
                </Button>
            </div>
            <Confirm
                open=forgetting
                title=t!("Forget this device?")
                detail=t!("The setup code and an unsaved form kept here are lost. To open the vault here again you need the setup code from your recovery kit and the master password. Your items are not affected.")
                verb=t!("Forget")
                on_confirm=move |()| leave(true)
            />
        </section>
    }
}

#[component]
fn About() -> impl IntoView {
    view! { class="v",
        <section class="settings-part">
            <h2>{t!("About")}</h2>
            <dl class="facts">
                <dt>"KeyArc"</dt>
                <dd>{t!("Version {number}", number = env!("CARGO_PKG_VERSION"))}</dd>
                {code::hash()
                    .map(|hash| {
                        view! { class="v",
                            <dt>{t!("Its code")}</dt>
                            <dd>
                                <code class="code-hash" translate="no">{hash}</code>
                                <p class="quiet">
                                    {t!("SHA-256 of the WebAssembly that runs here, as your browser checked it. The signed manifest of this version names the same.")}
                                </p>
                            </dd>
                        }
                    })}
                <dt>{t!("How it is sealed")}</dt>
                <dd>
                    <a href="/security" rel="external">
                        {t!("What the server sees, and what is not promised")}
                    </a>
                </dd>
                <dt>{t!("Licence")}</dt>
                <dd>{t!("MIT or Apache-2.0")}</dd>
            </dl>
        </section>
    }
}
