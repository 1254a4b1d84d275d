//! The history of an item, whose code comes when it is first asked for.

use keyarc_wire::ItemId;
use leptos::{prelude::*, wasm_split::SplitLoaderError};

use super::history::History;
use crate::{
    pages::part::{Fetched, NOT_COME},
    ui::{Button, ErrorState, SkeletonLines},
};

/// What builds the view.
type Build = fn(ItemId) -> AnyView;

#[cfg(feature = "split")]
#[leptos::wasm_split::wasm_split(item_history, wasm_split_path = ::leptos::wasm_split, fallible)]
fn item_history() -> Result<Build, SplitLoaderError> {
    Ok(|item| view! { class="v", <History item=item /> }.into_any())
}

#[cfg(not(feature = "split"))]
#[expect(clippy::unused_async, reason = "as where it has to be fetched")]
async fn item_history() -> Result<Build, SplitLoaderError> {
    Ok(|item| view! { class="v", <History item=item /> }.into_any())
}

/// What an item was, once the code for it is there.
#[component]
pub(super) fn HistoryPart(
    /// The item.
    item: ItemId,
) -> impl IntoView {
    let fetched = Fetched::begin(|| Box::pin(item_history()));
    move || match fetched.code.get() {
        Some(Ok(build)) => build(item),
        Some(Err(())) => view! { class="v",
            <ErrorState title="The history did not arrive" detail=NOT_COME>
                <Button on_press=move |()| fetched.again()>"Try again"</Button>
            </ErrorState>
        }
        .into_any(),
        None => view! { class="v",
            <div class="doc" aria-busy="true">
                <SkeletonLines count=6 />
            </div>
        }
        .into_any(),
    }
}
