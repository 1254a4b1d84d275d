//! What a certificate or an SSH key is, whose code comes when the first of them is opened.

use keyarc_vault::ItemSummary;
use leptos::{prelude::*, wasm_split::SplitLoaderError};

use super::item_material::ItemMaterial;
use crate::{
    pages::part::{Fetched, NOT_COME},
    ui::{Button, ErrorState, SkeletonLines},
};

/// What builds it.
type Build = fn(ItemSummary) -> AnyView;

#[cfg(feature = "split")]
#[leptos::wasm_split::wasm_split(
    item_material,
    wasm_split_path = ::leptos::wasm_split,
    fallible
)]
fn item_material() -> Result<Build, SplitLoaderError> {
    Ok(|summary| view! { class="v", <ItemMaterial summary=summary /> }.into_any())
}

#[cfg(not(feature = "split"))]
#[expect(clippy::unused_async, reason = "as where it has to be fetched")]
async fn item_material() -> Result<Build, SplitLoaderError> {
    Ok(|summary| view! { class="v", <ItemMaterial summary=summary /> }.into_any())
}

/// See [`ItemMaterial`], once its code is there.
#[component]
pub(super) fn MaterialPart(
    /// The item.
    summary: ItemSummary,
) -> impl IntoView {
    let fetched = Fetched::<Build>::begin(|| Box::pin(item_material()));
    move || match fetched.code.get() {
        Some(Ok(build)) => build(summary.clone()),
        Some(Err(())) => view! { class="v",
            <ErrorState title="The facts did not arrive" detail=NOT_COME>
                <Button on_press=move |()| fetched.again()>"Try again"</Button>
            </ErrorState>
        }
        .into_any(),
        None => view! { class="v",
            <div aria-busy="true">
                <SkeletonLines count=4 />
            </div>
        }
        .into_any(),
    }
}
