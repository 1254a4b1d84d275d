//! What the right pane shows of an item: the item, its form, the walk through its rotation. The
//! code comes when the vault is open: without it the list is there sooner.

use std::time::Duration;

use keyarc_vault::ItemSummary;
use keyarc_wire::ItemId;
use leptos::{prelude::*, wasm_split::SplitLoaderError};

use super::{actions::use_actions, form::ItemForm, item_view::ItemView, rotate::RotateItem};
use crate::{pages::part::Code, ui::SkeletonLines};

/// How long after the vault was opened the code is fetched: before most need it, and after what
/// everybody waits for. Whoever opens an item sooner does not wait for it.
const FETCH_AFTER: Duration = Duration::from_millis(500);

/// What is shown of an item.
#[derive(Clone, Copy)]
pub(super) enum Pane {
    /// The item, as the list knows it.
    View(Signal<Option<ItemSummary>>),
    /// The form of a new item, or of one that is edited.
    Form(Option<ItemId>),
    /// The walk through a rotation of it.
    Rotate(ItemId),
}

/// What builds it.
type Build = fn(Pane) -> AnyView;

static ITEM: Code<Build> = Code::of(|| Box::pin(item_pane()));

fn build(pane: Pane) -> AnyView {
    match pane {
        Pane::View(summary) => {
            view! { class="v", <ItemView summary=summary actions=use_actions() /> }.into_any()
        }
        Pane::Form(item) => view! { class="v", <ItemForm item=item /> }.into_any(),
        Pane::Rotate(item) => view! { class="v", <RotateItem item=item /> }.into_any(),
    }
}

#[cfg(feature = "split")]
#[leptos::wasm_split::wasm_split(item_pane, wasm_split_path = ::leptos::wasm_split, fallible)]
fn item_pane() -> Result<Build, SplitLoaderError> {
    Ok(build)
}

#[cfg(not(feature = "split"))]
#[expect(clippy::unused_async, reason = "as where it has to be fetched")]
async fn item_pane() -> Result<Build, SplitLoaderError> {
    Ok(build)
}

/// Fetches the code, so that an item opens even when the server is gone by then.
pub(super) fn fetch_item_soon() {
    ITEM.fetch_after(FETCH_AFTER);
}

/// See [`Pane`], once its code is there.
#[component]
pub(super) fn ItemPart(
    /// Which of them.
    pane: Pane,
) -> impl IntoView {
    let waiting = || {
        view! { class="v",
            <div class="doc" aria-busy="true">
                <SkeletonLines count=8 />
            </div>
        }
        .into_any()
    };
    ITEM.show(t!("The item did not arrive"), waiting, move |build| {
        build(pane)
    })
}
