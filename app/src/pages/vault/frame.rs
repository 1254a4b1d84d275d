use keyarc_client::Trust;
use keyarc_wire::ItemId;
use leptos::{ev, prelude::*};
use leptos_router::hooks::use_location;
use wasm_bindgen::JsCast;

use super::{
    actions::use_actions,
    arranging::provide_arranging,
    blocked::{Blocked, TrustBanner},
    nav::{Nav, TabBar},
    reminder::DueBanner,
    shortcuts::{Press, Shortcut, shortcut},
    tools_part::{PaletteDialog, Piece, ToolsPart, fetch_tools_soon},
};
use crate::{
    pages::account::path_after,
    state::{ConnectionState, VaultPhase, use_connection, use_go, use_session},
    ui::{Banner, BannerTone, Icon, SkeletonRows, drop_chooser},
};

/// Which page of the app is shown inside the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// The list and the item.
    Vault,
    /// The vault at a glance.
    Dashboard,
    /// Import.
    Import,
    /// Export.
    Export,
    /// The vault as it was.
    Moment,
    /// Tests of keys.
    Checks,
    /// What is due.
    Reminders,
    /// Settings.
    Settings,
}

/// What can be opened over every page.
#[derive(Clone, Copy)]
pub struct Panels {
    /// The palette.
    pub palette: RwSignal<bool>,
    /// The list of keys.
    pub help: RwSignal<bool>,
    /// The navigation, on a phone.
    pub nav: RwSignal<bool>,
    /// An item that is to be put on paper, until its view takes that up.
    pub(super) printing: RwSignal<Option<ItemId>>,
    /// Does what a key of the list does, while the list is shown.
    pub(super) keys: StoredValue<Option<Callback<Shortcut, bool>>>,
}

/// See [`Panels`].
pub fn use_panels() -> Panels {
    expect_context()
}

/// The app around a page: navigation, banners, palette, and the guard that sends everybody to
/// the log-in page unless the vault is open.
#[component]
pub fn VaultFrame(
    /// The page shown.
    section: Section,
    /// The page. Built when the vault is open, and gone when it is not.
    children: ChildrenFn,
) -> impl IntoView {
    let session = use_session();
    let go = use_go();
    let location = use_location();
    let panels = Panels {
        palette: RwSignal::new(false),
        help: RwSignal::new(false),
        nav: RwSignal::new(false),
        printing: RwSignal::new(None),
        keys: StoredValue::new(None),
    };
    provide_context(panels);
    provide_arranging();
    let open = Memo::new(move |_| session.phase() == VaultPhase::Unlocked);
    let blocked = Memo::new(move |_| session.trust() == Trust::Broken);
    Effect::new(move |_| {
        if matches!(session.phase(), VaultPhase::SignedOut | VaultPhase::Locked) {
            let path = location.pathname.get_untracked();
            let query = location.search.get_untracked();
            let query = query.trim_start_matches('?');
            let back = if query.is_empty() {
                path
            } else {
                format!("{path}?{query}")
            };
            go.path_instead(&path_after(&back));
        }
    });
    follow_keys(panels);
    fetch_tools_soon();
    Effect::new(move |_| {
        if !open.get() {
            drop_chooser();
        }
    });
    keep_while_changes_wait();
    let children = StoredValue::new(children);
    view! { class="v",
        <a class="skip" href="#main">
            {t!("Skip to content")}
        </a>
        <div class="app" class:nav-open=move || panels.nav.get()>
            <Nav section=section open=open />
            <div class="stage">
                <Banners />
                <Show when=move || open.get() fallback=|| view! { class="v", <Waiting /> }>
                    {move || {
                        if blocked.get() {
                            view! { class="v", <Blocked /> }.into_any()
                        } else {
                            children.with_value(|children| children()).into_any()
                        }
                    }}
                </Show>
            </div>
            <TabBar section=section />
        </div>
        <Show when=move || open.get()>
            <PaletteDialog />
            <ToolsPart piece=Piece::Dialogs />
            <ToolsPart piece=Piece::Help />
        </Show>
    }
}

/// Closing the tab while changes wait for the server would lose them: the browser asks first.
fn keep_while_changes_wait() {
    let connection = use_connection();
    Effect::new(move |_| {
        let guard = window_event_listener(ev::beforeunload, move |event| {
            let state = connection.get_untracked();
            if matches!(state, ConnectionState::Offline { pending } if pending > 0) {
                event.prevent_default();
            }
        });
        on_cleanup(move || guard.remove());
    });
}

/// What the server renders, and the browser until it knows whether the vault is open.
#[component]
fn Waiting() -> impl IntoView {
    view! { class="v",
        <main class="panes" id="main" aria-busy="true">
            <h1 class="sr-only">"KeyArc"</h1>
            <div class="list">
                <div class="bar"></div>
                <SkeletonRows count=10 />
            </div>
            <div class="detail"></div>
        </main>
    }
}

/// What needs attention whatever is open.
#[component]
fn Banners() -> impl IntoView {
    let session = use_session();
    let connection = use_connection();
    view! { class="v",
        <section class="banners" aria-label=t!("Notices")>
            <TrustBanner />
            {move || match connection.get() {
                ConnectionState::Online => None,
                state @ ConnectionState::Offline { .. } => {
                    let words = match state {
                        ConnectionState::Offline { pending } if pending > 0 => {
                            tn!(
                                pending,
                                "The server does not answer. {count} change waits in this tab, sealed, and is sent when it does. Keep it open and unlocked until then.",
                                "The server does not answer. {count} changes wait in this tab, sealed, and are sent when it does. Keep it open and unlocked until then.",
                            )
                        }
                        _ => {
                            t!("The server does not answer. What is open stays usable.").to_owned()
                        }
                    };
                    Some(
                        view! { class="v",
                            <Banner tone=BannerTone::Warn icon=Icon::CloudOff>
                                {words}
                            </Banner>
                        },
                    )
                }
            }}
            {move || {
                let unreadable = session.unlocked().map_or(0, |open| open.unreadable);
                (unreadable > 0)
                    .then(|| {
                        view! { class="v",
                            <Banner tone=BannerTone::Bad icon=Icon::Warning>
                                {tn!(
                                    unreadable,
                                    "{count} item could not be opened. They are kept as they are; the rest is complete.",
                                    "{count} items could not be opened. They are kept as they are; the rest is complete.",
                                )}
                            </Banner>
                        }
                    })
            }}
            <DueBanner />
            <KeyBanners />
            {move || {
                let notices = session.unlocked().is_some_and(|open| !open.notices.is_empty());
                notices
                    .then(|| {
                        view! { class="v",
                            <Banner
                                tone=BannerTone::Warn
                                icon=Icon::Person
                                on_dismiss=move |()| session.forget_notices()
                            >
                                {t!("Somebody made another vault with your e-mail address. Yours is not affected; if it was not you, nothing needs to be done.")}
                            </Banner>
                        }
                    })
            }}
        </section>
    }
}

/// What there is to know about keys: a change of them that was not finished, or, once in a long
/// while, the question whether the recovery kit is still there.
#[component]
fn KeyBanners() -> impl IntoView {
    let session = use_session();
    let is_begun = move || {
        session
            .unlocked()
            .is_some_and(|open| open.rekey_begun_at_ms.is_some())
    };
    let ask = move || session.unlocked().is_some_and(|open| open.ask_for_kit);
    view! { class="v",
        {move || {
            if is_begun() {
                Some(
                    view! { class="v",
                        <Banner
                            tone=BannerTone::Warn
                            icon=Icon::Warning
                            on_dismiss=move |()| session.drop_rekey()
                        >
                            {t!("A change of all keys was begun and not finished. Nothing was changed: your password and your recovery kit are those of before. ")}
                            <a href="/settings#compromised">{t!("Begin again")}</a>
                        </Banner>
                    }
                        .into_any(),
                )
            } else if ask() {
                Some(
                    view! { class="v",
                        <Banner icon=Icon::Lock on_dismiss=move |()| session.put_recovery_off()>
                            {t!("Is your recovery kit still where you put it? ")}
                            <a href="/settings#recovery">{t!("Check it")}</a>
                        </Banner>
                    }
                        .into_any(),
                )
            } else {
                None
            }
        }}
    }
}

/// Keys that work on every page.
fn follow_keys(panels: Panels) {
    let actions = use_actions();
    let session = use_session();
    let go = use_go();
    let listener = StoredValue::new(None);
    Effect::new(move |_| {
        let handle = window_event_listener(ev::keydown, move |event| {
            if session.phase_untracked() != VaultPhase::Unlocked {
                return;
            }
            match pressed(&event) {
                Some(Shortcut::Palette) => panels.palette.set(true),
                Some(Shortcut::Help) => panels.help.set(true),
                Some(Shortcut::New) => actions.new_item(),
                Some(Shortcut::Dashboard) => go.path("/vault/dashboard"),
                Some(Shortcut::Vault) => go.path("/vault"),
                Some(Shortcut::Back) if panels.nav.get_untracked() => panels.nav.set(false),
                _ => return,
            }
            event.prevent_default();
        });
        listener.set_value(Some(handle));
    });
    on_cleanup(move || {
        if let Some(Some(handle)) = listener.try_update_value(Option::take) {
            handle.remove();
        }
    });
}

/// The shortcut of a key press; none while a dialog is open, which has keys of its own.
pub(super) fn pressed(event: &ev::KeyboardEvent) -> Option<Shortcut> {
    if event.default_prevented() || event.is_composing() {
        return None;
    }
    if document()
        .query_selector("dialog[open]")
        .ok()
        .flatten()
        .is_some()
    {
        return None;
    }
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let is = |selector: &str| {
        target
            .as_ref()
            .is_some_and(|target| target.matches(selector).unwrap_or(false))
    };
    shortcut(Press {
        key: &event.key(),
        command: event.ctrl_key() || event.meta_key(),
        shift: event.shift_key(),
        alt: event.alt_key(),
        typing: is("input:not([type=checkbox]):not([type=radio]), textarea, select, [role=menu] *"),
        on_control: is("button, a, summary, input"),
    })
}
