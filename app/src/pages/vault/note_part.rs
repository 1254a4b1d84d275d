//! Notes with markup, whose code comes when the first of them is shown. Until then, and where it
//! does not come, a note stands as it was written.

use leptos::{prelude::*, wasm_split::SplitLoaderError};

use super::note::Note;
use crate::pages::part::Code;

/// What builds it.
type Build = fn(String) -> AnyView;

static NOTE: Code<Build> = Code::of(|| Box::pin(item_note()));

fn build(text: String) -> AnyView {
    view! { class="v", <Note text=text /> }.into_any()
}

#[cfg(feature = "split")]
#[leptos::wasm_split::wasm_split(item_note, wasm_split_path = ::leptos::wasm_split, fallible)]
fn item_note() -> Result<Build, SplitLoaderError> {
    Ok(build)
}

#[cfg(not(feature = "split"))]
#[expect(clippy::unused_async, reason = "as where it has to be fetched")]
async fn item_note() -> Result<Build, SplitLoaderError> {
    Ok(build)
}

/// See [`Note`], once its code is there.
#[component]
pub(super) fn NotePart(
    /// The note.
    text: String,
) -> impl IntoView {
    let plain = {
        let text = text.clone();
        move || view! { class="v", <span class="notes">{text.clone()}</span> }.into_any()
    };
    let failed = plain.clone();
    NOTE.show_or(move |_| failed(), plain, move |build| build(text.clone()))
}
