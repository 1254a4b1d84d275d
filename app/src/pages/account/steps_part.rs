//! What some log-ins need beside the password, whose code comes when it is needed.

use leptos::{prelude::*, wasm_split::SplitLoaderError};

use super::{link::LinkDevice, second_factor::SecondFactor};
use crate::{pages::part::Code, ui::SkeletonLines};

/// A step of a log-in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// The password was right; a second factor opens the vault.
    SecondFactor,
    /// The setup code comes from another device.
    Link {
        /// It is here.
        on_linked: Callback<()>,
        /// Given up.
        on_cancel: Callback<()>,
    },
}

/// What builds it.
type Build = fn(Step) -> AnyView;

static STEPS: Code<Build> = Code::of(|| Box::pin(log_in_steps()));

fn build(step: Step) -> AnyView {
    match step {
        Step::SecondFactor => view! { class="v", <SecondFactor /> }.into_any(),
        Step::Link {
            on_linked,
            on_cancel,
        } => view! { class="v", <LinkDevice on_linked=on_linked on_cancel=on_cancel /> }.into_any(),
    }
}

#[cfg(feature = "split")]
#[leptos::wasm_split::wasm_split(log_in_steps, wasm_split_path = ::leptos::wasm_split, fallible)]
fn log_in_steps() -> Result<Build, SplitLoaderError> {
    Ok(build)
}

#[cfg(not(feature = "split"))]
#[expect(clippy::unused_async, reason = "as where it has to be fetched")]
async fn log_in_steps() -> Result<Build, SplitLoaderError> {
    Ok(build)
}

/// See [`Step`], once its code is there.
#[component]
pub(super) fn StepPart(
    /// Which of them.
    step: Step,
) -> impl IntoView {
    let waiting = || {
        view! { class="v",
            <div class="card-wait" aria-busy="true">
                <SkeletonLines count=5 />
            </div>
        }
        .into_any()
    };
    STEPS.show(t!("This step did not arrive"), waiting, move |build| {
        build(step)
    })
}
