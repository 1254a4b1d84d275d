//! What is shown while several items are arranged, whose code comes when the vault is open: most
//! visits copy one secret and go.

use std::{sync::OnceLock, time::Duration};

use leptos::{prelude::*, task::spawn_local, wasm_split::SplitLoaderError};

use super::{arrange::Bar, arrange_dialogs::ArrangeDialogs, arranging::use_arranging};
use crate::{
    pages::part::{Fetched, NOT_COME},
    state::use_selection,
    ui::{Banner, BannerTone, Button, Icon},
};

/// How long after the vault was opened the code is fetched: after the form's.
const FETCH_AFTER: Duration = Duration::from_millis(1_500);

/// What of it is shown. The dialogs stand outside of the list, which a phone hides behind an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// The bar below the list.
    Bar,
    /// The dialogs.
    Dialogs,
}

/// What builds it.
type Build = fn(Piece) -> AnyView;

/// Once its code is there.
static BUILD: OnceLock<Build> = OnceLock::new();

fn build(piece: Piece) -> AnyView {
    match piece {
        Piece::Bar => view! { class="v", <Bar /> }.into_any(),
        Piece::Dialogs => view! { class="v", <ArrangeDialogs /> }.into_any(),
    }
}

#[cfg(feature = "split")]
#[leptos::wasm_split::wasm_split(arrange_tools, wasm_split_path = ::leptos::wasm_split, fallible)]
fn arrange_tools() -> Result<Build, SplitLoaderError> {
    Ok(build)
}

#[cfg(not(feature = "split"))]
#[expect(clippy::unused_async, reason = "as where it has to be fetched")]
async fn arrange_tools() -> Result<Build, SplitLoaderError> {
    Ok(build)
}

async fn fetch() -> Result<Build, SplitLoaderError> {
    let build = arrange_tools().await?;
    Ok(*BUILD.get_or_init(|| build))
}

/// Fetches the code, so that it is there even when the server is gone by then.
pub(super) fn fetch_arrange_soon() {
    let soon = || {
        spawn_local(async {
            // Selecting something tries again, and says what is wrong.
            let _ = fetch().await;
        });
    };
    if let Ok(handle) = set_timeout_with_handle(soon, FETCH_AFTER) {
        on_cleanup(move || handle.clear());
    }
}

/// The bar of the selection or the dialogs, from when they are first needed.
#[component]
pub(super) fn ArrangePart(
    /// Which of the two.
    piece: Piece,
) -> impl IntoView {
    let selection = use_selection();
    let asking = use_arranging().asking;
    // Once built it stays: a dialog gives the focus back when it closes, not when it is gone.
    let wanted = Memo::new(move |before| {
        before == Some(&true)
            || match piece {
                Piece::Bar => selection.is_on(),
                Piece::Dialogs => asking.with(Option::is_some),
            }
    });
    move || {
        wanted
            .get()
            .then(|| view! { class="v", <Arriving piece=piece /> })
    }
}

#[component]
fn Arriving(piece: Piece) -> impl IntoView {
    if let Some(build) = BUILD.get() {
        return build(piece);
    }
    let fetched = Fetched::begin(|| Box::pin(fetch()));
    let tools = move || match fetched.code.get() {
        Some(Ok(build)) => build(piece),
        Some(Err(())) => view! { class="v",
            <Banner tone=BannerTone::Bad icon=Icon::Warning>
                {NOT_COME}
                " "
                <Button on_press=move |()| fetched.again()>"Try again"</Button>
            </Banner>
        }
        .into_any(),
        None => ().into_any(),
    };
    tools.into_any()
}
