//! The form, whose code comes when the vault is open: without it the list is there sooner.

use std::{sync::OnceLock, time::Duration};

use keyarc_wire::ItemId;
use leptos::{prelude::*, task::spawn_local, wasm_split::SplitLoaderError};

use super::{form::ItemForm, rotate::RotateItem};
use crate::{
    pages::part::{Fetched, NOT_COME},
    ui::{Button, ErrorState, SkeletonLines},
};

/// How long after the vault was opened the form's code is fetched: before anybody needs it, and
/// after what everybody waits for.
const FETCH_AFTER: Duration = Duration::from_secs(1);

/// What builds the form.
type Build = fn(Option<ItemId>, bool) -> AnyView;

/// Once its code is there.
static BUILD: OnceLock<Build> = OnceLock::new();

#[cfg(feature = "split")]
#[leptos::wasm_split::wasm_split(item_form, wasm_split_path = ::leptos::wasm_split, fallible)]
fn item_form() -> Result<Build, SplitLoaderError> {
    Ok(build)
}

#[cfg(not(feature = "split"))]
#[expect(clippy::unused_async, reason = "as where it has to be fetched")]
async fn item_form() -> Result<Build, SplitLoaderError> {
    Ok(build)
}

fn build(item: Option<ItemId>, rotate: bool) -> AnyView {
    match item {
        Some(item) if rotate => view! { class="v", <RotateItem item=item /> }.into_any(),
        item => view! { class="v", <ItemForm item=item /> }.into_any(),
    }
}

async fn fetch() -> Result<Build, SplitLoaderError> {
    let build = item_form().await?;
    Ok(*BUILD.get_or_init(|| build))
}

/// Fetches the form's code, so that a form opens even when the server is gone by then.
pub(super) fn fetch_form_soon() {
    let soon = || {
        spawn_local(async {
            // Opening a form tries again, and says what is wrong.
            let _ = fetch().await;
        });
    };
    if let Ok(handle) = set_timeout_with_handle(soon, FETCH_AFTER) {
        on_cleanup(move || handle.clear());
    }
}

/// The form for a new item or an edited one, once its code is there.
#[component]
pub(super) fn FormPart(
    /// The item edited; `None` for a new one.
    item: Option<ItemId>,
    /// Walks through a rotation of the item instead.
    #[prop(optional)]
    rotate: bool,
) -> impl IntoView {
    if let Some(build) = BUILD.get() {
        return build(item, rotate);
    }
    let fetched = Fetched::begin(|| Box::pin(fetch()));
    let form = move || match fetched.code.get() {
        Some(Ok(build)) => build(item, rotate),
        Some(Err(())) => view! { class="v",
            <ErrorState title="The form did not arrive" detail=NOT_COME>
                <Button on_press=move |()| fetched.again()>"Try again"</Button>
            </ErrorState>
        }
        .into_any(),
        None => view! { class="v",
            <div class="doc" aria-busy="true">
                <SkeletonLines count=8 />
            </div>
        }
        .into_any(),
    };
    form.into_any()
}
