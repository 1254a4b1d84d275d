//! The history of an item, whose code comes when it is first asked for.

use keyarc_wire::ItemId;
use leptos::{prelude::*, wasm_split::SplitLoaderError};

use super::history::History;
use crate::{pages::part::Code, ui::SkeletonLines};

/// What builds the view.
type Build = fn(ItemId) -> AnyView;

static HISTORY: Code<Build> = Code::of(|| Box::pin(item_history()));

fn build(item: ItemId) -> AnyView {
    view! { class="v", <History item=item /> }.into_any()
}

#[cfg(feature = "split")]
#[leptos::wasm_split::wasm_split(item_history, wasm_split_path = ::leptos::wasm_split, fallible)]
fn item_history() -> Result<Build, SplitLoaderError> {
    Ok(build)
}

#[cfg(not(feature = "split"))]
#[expect(clippy::unused_async, reason = "as where it has to be fetched")]
async fn item_history() -> Result<Build, SplitLoaderError> {
    Ok(build)
}

/// What an item was, once the code for it is there.
#[component]
pub(super) fn HistoryPart(
    /// The item.
    item: ItemId,
) -> impl IntoView {
    let waiting = || {
        view! { class="v",
            <div class="doc" aria-busy="true">
                <SkeletonLines count=6 />
            </div>
        }
        .into_any()
    };
    HISTORY.show(t!("The history did not arrive"), waiting, move |build| {
        build(item)
    })
}
