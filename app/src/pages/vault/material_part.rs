//! What a certificate or an SSH key is, whose code comes when the first of them is opened.

use keyarc_vault::ItemSummary;
use leptos::{prelude::*, wasm_split::SplitLoaderError};

use super::item_material::ItemMaterial;
use crate::{pages::part::Code, ui::SkeletonLines};

/// What builds it.
type Build = fn(ItemSummary) -> AnyView;

static MATERIAL: Code<Build> = Code::of(|| Box::pin(item_material()));

fn build(summary: ItemSummary) -> AnyView {
    view! { class="v", <ItemMaterial summary=summary /> }.into_any()
}

#[cfg(feature = "split")]
#[leptos::wasm_split::wasm_split(
    item_material,
    wasm_split_path = ::leptos::wasm_split,
    fallible
)]
fn item_material() -> Result<Build, SplitLoaderError> {
    Ok(build)
}

#[cfg(not(feature = "split"))]
#[expect(clippy::unused_async, reason = "as where it has to be fetched")]
async fn item_material() -> Result<Build, SplitLoaderError> {
    Ok(build)
}

/// See [`ItemMaterial`], once its code is there.
#[component]
pub(super) fn MaterialPart(
    /// The item.
    summary: ItemSummary,
) -> impl IntoView {
    let waiting = || {
        view! { class="v",
            <div aria-busy="true">
                <SkeletonLines count=4 />
            </div>
        }
        .into_any()
    };
    MATERIAL.show(t!("The facts did not arrive"), waiting, move |build| {
        build(summary.clone())
    })
}
