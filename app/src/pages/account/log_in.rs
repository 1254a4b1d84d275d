use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{
    frame::AccountFrame,
    new_device::NewDevice,
    next::next_path,
    steps_part::{Step, StepPart},
    unlock::Unlock,
};
use crate::{
    state::{VaultPhase, use_go, use_session},
    ui::{Banner, BannerTone, Icon, SkeletonLines},
};

/// Unlocks on a device that knows the account, logs in on one that does not.
#[component]
pub fn LogInPage() -> impl IntoView {
    let session = use_session();
    let go = use_go();
    let query = use_query_map();
    let view = Memo::new(move |_| {
        let known = session.device().is_some();
        View::of(session.phase(), known, session.awaits_code())
    });
    Effect::new(move |_| {
        if session.phase() == VaultPhase::Unlocked {
            let next = query.with_untracked(|query| query.get("next"));
            go.path_instead(&next_path(next.as_deref()));
        }
    });
    // While keys are derived the form that asked for it stays.
    let shown = Memo::new(move |before: Option<&View>| match view.get() {
        View::Same => before.copied().unwrap_or(View::Waiting),
        other => other,
    });
    view! { class="v",
        <Title text=t!("Log in · KeyArc") />
        <AccountFrame below=view! { class="v",
            <p>{t!("No vault yet? ")} <a href="/sign-up">{t!("Create one")}</a></p>
        }
            .into_any()>
            {move || {
                session
                    .trouble()
                    .map(|trouble| {
                        view! { class="v",
                            <Banner tone=BannerTone::Bad icon=Icon::Warning>
                                {trouble}
                            </Banner>
                        }
                    })
            }}
            {move || match shown.get() {
                View::Waiting | View::Same => {
                    view! { class="v",
                        <div class="card-wait" aria-busy="true">
                            <h1 class="sr-only">{t!("Log in")}</h1>
                            <SkeletonLines count=5 />
                        </div>
                    }
                        .into_any()
                }
                View::Unlock => view! { class="v", <Unlock /> }.into_any(),
                View::NewDevice => view! { class="v", <NewDevice /> }.into_any(),
                View::SecondFactor => {
                    view! { class="v", <StepPart step=Step::SecondFactor /> }.into_any()
                }
            }}
        </AccountFrame>
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    Waiting,
    Unlock,
    NewDevice,
    SecondFactor,
    Same,
}

impl View {
    fn of(phase: VaultPhase, known: bool, awaits_code: bool) -> Self {
        match phase {
            VaultPhase::Unknown => Self::Waiting,
            VaultPhase::Locked | VaultPhase::SignedOut if awaits_code => Self::SecondFactor,
            VaultPhase::Locked if known => Self::Unlock,
            VaultPhase::Locked | VaultPhase::SignedOut => Self::NewDevice,
            VaultPhase::Unlocking | VaultPhase::Unlocked => Self::Same,
        }
    }
}
