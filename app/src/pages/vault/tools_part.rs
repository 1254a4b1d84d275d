//! What opens over the vault: the palette, the list of keys, and what arranges several items. The
//! code comes when the vault is open: most visits copy one secret and go.

use std::time::Duration;

use leptos::{html, prelude::*, wasm_split::SplitLoaderError};

use super::{
    arrange::Bar, arrange_dialogs::ArrangeDialogs, arranging::use_arranging, frame::use_panels,
    help::HelpDialog, palette::Palette,
};
use crate::{
    pages::part::{Code, NOT_COME},
    state::use_selection,
    ui::{Banner, BannerTone, Button, Dialog, Icon, IconView, focus_on_mount},
};

/// How long after the vault was opened the code is fetched: after the item's.
const FETCH_AFTER: Duration = Duration::from_millis(800);

/// What of it is shown. The dialogs stand outside of the list, which a phone hides behind an item.
#[derive(Debug, Clone, Copy)]
pub(super) enum Piece {
    /// The bar below the list.
    Bar,
    /// The dialogs that ask how items are arranged.
    Dialogs,
    /// What is in the palette's window, with what is typed there.
    Palette(RwSignal<String>),
    /// The list of keys.
    Help,
}

/// What builds it.
type Build = fn(Piece) -> AnyView;

static TOOLS: Code<Build> = Code::of(|| Box::pin(vault_tools()));

fn build(piece: Piece) -> AnyView {
    match piece {
        Piece::Bar => view! { class="v", <Bar /> }.into_any(),
        Piece::Dialogs => view! { class="v", <ArrangeDialogs /> }.into_any(),
        Piece::Palette(text) => {
            view! { class="v", <Palette open=use_panels().palette text=text /> }.into_any()
        }
        Piece::Help => view! { class="v", <HelpDialog open=use_panels().help /> }.into_any(),
    }
}

#[cfg(feature = "split")]
#[leptos::wasm_split::wasm_split(vault_tools, wasm_split_path = ::leptos::wasm_split, fallible)]
fn vault_tools() -> Result<Build, SplitLoaderError> {
    Ok(build)
}

#[cfg(not(feature = "split"))]
#[expect(clippy::unused_async, reason = "as where it has to be fetched")]
async fn vault_tools() -> Result<Build, SplitLoaderError> {
    Ok(build)
}

/// Fetches the code, so that it is there even when the server is gone by then.
pub(super) fn fetch_tools_soon() {
    TOOLS.fetch_after(FETCH_AFTER);
}

/// A piece of it, from when it is first needed.
#[component]
pub(super) fn ToolsPart(
    /// Which one.
    piece: Piece,
) -> impl IntoView {
    let selection = use_selection();
    let asking = use_arranging().asking;
    let panels = use_panels();
    // Once built it stays: a dialog gives the focus back when it closes, not when it is gone.
    let wanted = Memo::new(move |before| {
        before == Some(&true)
            || match piece {
                Piece::Bar => selection.is_on(),
                Piece::Dialogs => asking.with(Option::is_some),
                Piece::Palette(_) => panels.palette.get(),
                Piece::Help => panels.help.get(),
            }
    });
    // Who opens the palette types on; what is typed before its code is here is not lost.
    let waiting = move || match piece {
        Piece::Palette(text) => view! { class="v", <PaletteInput text=text /> }.into_any(),
        _ => ().into_any(),
    };
    move || {
        let arriving = || TOOLS.show_or(failed, waiting, move |build| build(piece));
        wanted.get().then(arriving)
    }
}

fn failed(again: Callback<()>) -> AnyView {
    view! { class="v",
        <Banner tone=BannerTone::Bad icon=Icon::Warning>
            {crate::language::text(NOT_COME)}
            " "
            <Button on_press=again>{t!("Try again")}</Button>
        </Banner>
    }
    .into_any()
}

/// The palette's window, which is there at once.
#[component]
pub(super) fn PaletteDialog() -> impl IntoView {
    let panels = use_panels();
    view! { class="v",
        <Dialog open=panels.palette title=t!("Find anything") bare=true class="palette">
            {
                let text = RwSignal::new(String::new());
                view! { class="v", <ToolsPart piece=Piece::Palette(text) /> }
            }
        </Dialog>
    }
}

/// Where the palette is typed in, until its code is here.
#[component]
fn PaletteInput(text: RwSignal<String>) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    focus_on_mount(input);
    view! { class="v",
        <div class="palette-input" aria-busy="true">
            <IconView icon=Icon::Search />
            <input
                r#type="text"
                aria-label=t!("Find anything")
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                prop:value=move || text.get()
                node_ref=input
                on:input=move |event| text.set(event_target_value(&event))
            />
        </div>
    }
}
