//! What an item says of its tests, and the button that makes one. What comes after the button is
//! a part of its own, which is fetched when it is first pressed.

use keyarc_vault::{ItemSummary, Kind};
use leptos::{prelude::*, wasm_split::SplitLoaderError};

use super::{
    check_words::{outcome_tone, outcome_word},
    checks::CheckPanel,
};
use crate::{
    pages::part::Code,
    ui::{Badge, Button, Icon, SkeletonLines},
    words::today,
    worker::{CheckFound, CheckReady},
};

/// How far the test of an open item is. It outlasts the item's being shown anew, which what was
/// found brings about.
#[derive(Clone, Copy)]
pub(super) struct Tests {
    /// Counts up with each wish for a test.
    pub(super) wished: RwSignal<u32>,
    /// The wishes that were taken up.
    pub(super) taken: StoredValue<u32>,
    pub(super) step: RwSignal<Step>,
    /// What was found is being written with the item.
    pub(super) keeping: RwSignal<bool>,
    /// The dialog that says how the item is tested.
    pub(super) editing: RwSignal<bool>,
}

/// Where a test is.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Step {
    /// None was wished for.
    #[default]
    Idle,
    /// Looking how it would be made.
    Looking,
    /// A person is asked.
    Asking(Box<CheckReady>),
    /// Browsers may not ask.
    NotByBrowsers(Box<CheckReady>),
    /// On its way to a host.
    Running(String),
    /// It is over.
    Found(Box<CheckFound>),
    /// It could not be made, and why.
    Failed(String),
}

impl Tests {
    pub(super) fn new() -> Self {
        Self {
            wished: RwSignal::new(0),
            taken: StoredValue::new(0),
            step: RwSignal::new(Step::Idle),
            keeping: RwSignal::new(false),
            editing: RwSignal::new(false),
        }
    }

    fn is_busy(self) -> bool {
        self.step
            .with(|step| matches!(step, Step::Looking | Step::Running(_)))
    }
}

/// What builds the panel.
type Build = fn(ItemSummary, Tests) -> AnyView;

static PANEL: Code<Build> = Code::of(|| Box::pin(check_panel()));

fn build(summary: ItemSummary, tests: Tests) -> AnyView {
    view! { class="v", <CheckPanel summary=summary tests=tests /> }.into_any()
}

#[cfg(feature = "split")]
#[leptos::wasm_split::wasm_split(check_panel, wasm_split_path = ::leptos::wasm_split, fallible)]
fn check_panel() -> Result<Build, SplitLoaderError> {
    Ok(build)
}

#[cfg(not(feature = "split"))]
#[expect(clippy::unused_async, reason = "as where it has to be fetched")]
async fn check_panel() -> Result<Build, SplitLoaderError> {
    Ok(build)
}

/// Whether an item of a kind has one key that can be tested.
pub(super) fn is_testable(kind: Kind) -> bool {
    matches!(kind, Kind::ApiKey | Kind::Login)
}

/// The newest result, and the button for another.
#[component]
pub(super) fn CheckSection(summary: ItemSummary, tests: Tests) -> impl IntoView {
    let last = summary.checks.first().copied().map(|last| {
        let days = today().0.saturating_sub(last.day.0);
        let when = match days {
            ..=0 => t!("Tested today").to_owned(),
            1 => t!("Tested yesterday").to_owned(),
            days => tn!(
                days.unsigned_abs(),
                "Tested {count} day ago",
                "Tested {count} days ago",
            ),
        };
        view! { class="v",
            <Badge tone=outcome_tone(last.outcome)>{outcome_word(last.outcome)}</Badge>
            <span class="quiet">{when}</span>
        }
    });
    let untested = last.is_none();
    let stored = StoredValue::new(summary);
    let wanted = Memo::new(move |_| tests.wished.get() > 0 || tests.editing.get());
    let busy = Signal::derive(move || tests.is_busy());
    view! { class="v",
        <section class="check" aria-label=t!("Test")>
            <div class="check-line">
                {last}
                {untested.then(|| view! { class="v", <span class="quiet">{t!("Never tested")}</span> })}
                <span class="gap"></span>
                // Changed meanwhile, it would be changed in a version that is not the newest.
                <Button
                    disabled=Signal::derive(move || tests.keeping.get())
                    on_press=move |()| tests.editing.set(true)
                >
                    {t!("Change the test")}
                </Button>
                <Button
                    icon=Icon::Check
                    key="T"
                    id="check"
                    busy=busy
                    on_press=move |()| tests.wished.update(|wished| *wished += 1)
                >
                    {tc!("verb", "Test")}
                </Button>
            </div>
            {move || {
                wanted
                    .get()
                    .then(|| {
                        let summary = stored.get_value();
                        view! { class="v", <PanelPart summary=summary tests=tests /> }
                    })
            }}
        </section>
    }
}

/// The rest of it, once its code is there.
#[component]
fn PanelPart(summary: ItemSummary, tests: Tests) -> impl IntoView {
    let waiting = || view! { class="v", <SkeletonLines count=2 /> }.into_any();
    PANEL.show(t!("The test did not arrive"), waiting, move |build| {
        build(summary.clone(), tests)
    })
}
