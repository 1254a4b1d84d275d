//! The files of an item, whose code comes when the first item is opened.

use std::time::Duration;

use keyarc_vault::ItemSummary;
use leptos::{prelude::*, wasm_split::SplitLoaderError};

use super::files::Files;
use crate::{pages::part::Code, ui::SkeletonLines};

/// What builds them.
type Build = fn(ItemSummary) -> AnyView;

static FILES: Code<Build> = Code::of(|| Box::pin(item_files()));

fn build(summary: ItemSummary) -> AnyView {
    view! { class="v", <Files summary=summary /> }.into_any()
}

#[cfg(feature = "split")]
#[leptos::wasm_split::wasm_split(item_files, wasm_split_path = ::leptos::wasm_split, fallible)]
fn item_files() -> Result<Build, SplitLoaderError> {
    Ok(build)
}

#[cfg(not(feature = "split"))]
#[expect(clippy::unused_async, reason = "as where it has to be fetched")]
async fn item_files() -> Result<Build, SplitLoaderError> {
    Ok(build)
}

/// How long after the vault was opened the code is fetched: after what most need first.
const FETCH_AFTER: Duration = Duration::from_secs(3);

/// Fetches the code, so that an item shows its files even when the server is gone by then.
pub(super) fn fetch_files_soon() {
    FILES.fetch_after(FETCH_AFTER);
}

/// See [`Files`], once its code is there.
#[component]
pub(super) fn FilesPart(
    /// The item.
    summary: ItemSummary,
) -> impl IntoView {
    let waiting = || {
        view! { class="v",
            <div aria-busy="true">
                <SkeletonLines count=2 />
            </div>
        }
        .into_any()
    };
    FILES.show(t!("The files did not arrive"), waiting, move |build| {
        build(summary.clone())
    })
}
