//! Pages whose code comes when they are first shown. Most visits open the vault and nothing
//! else; what they do not show they need not fetch.

use std::{future::Future, pin::Pin};

use leptos::{prelude::*, wasm_split::SplitLoaderError};
use leptos_meta::Title;

use super::{
    account::{RecoverPage, SignUpPage},
    settings::SettingsPage,
    vault::ImportPage,
};
use crate::ui::{Button, ErrorState, SkeletonRows};

/// A page on its way.
type Coming = Pin<Box<dyn Future<Output = Result<AnyView, SplitLoaderError>> + Send>>;

/// Makes a component of a page, in a part of the WebAssembly of its own where the build splits
/// it. Where it does not, as in tests, the code is there already.
macro_rules! part {
    ($(#[$doc:meta])* $part:ident, $name:ident, $page:ident) => {
        $(#[$doc])*
        #[component]
        pub fn $part() -> impl IntoView {
            #[cfg(feature = "split")]
            #[leptos::wasm_split::wasm_split(
                $name,
                wasm_split_path = ::leptos::wasm_split,
                fallible
            )]
            fn $name() -> Result<AnyView, SplitLoaderError> {
                Ok(view! { class="v", <$page /> }.into_any())
            }
            #[cfg(not(feature = "split"))]
            async fn $name() -> Result<AnyView, SplitLoaderError> {
                Ok(view! { class="v", <$page /> }.into_any())
            }
            view! { class="v", <Part fetch=|| Box::pin($name()) /> }
        }
    };
}

part!(
    /// Settings.
    SettingsPart,
    settings,
    SettingsPage
);
part!(
    /// Import.
    ImportPart,
    import,
    ImportPage
);
part!(
    /// Sign-up.
    SignUpPart,
    sign_up,
    SignUpPage
);
part!(
    /// Recovery.
    RecoverPart,
    recover,
    RecoverPage
);

/// Shows a page once its code is there. A failure is told and can be tried again: nothing of the
/// vault depends on it.
#[component]
fn Part(
    /// Fetches the code, or finds it fetched, and builds the page.
    fetch: fn() -> Coming,
) -> impl IntoView {
    let tries = RwSignal::new(0_u32);
    let page = move || {
        tries.track();
        Suspend::new(async move {
            match fetch().await {
                Ok(page) => page,
                Err(_) => view! { class="v",
                    <Title text="Not loaded · KeyArc" />
                    <main class="lone" id="main">
                        <ErrorState
                            title="This page did not arrive"
                            detail="The server did not send its code, or sent other code than this version's. Nothing was changed. Try again; if it goes on, reload: the server may have been updated."
                        >
                            <Button on_press=move |()| {
                                tries.update(|tries| *tries += 1)
                            }>"Try again"</Button>
                        </ErrorState>
                    </main>
                }
                .into_any(),
            }
        })
    };
    view! { class="v",
        <Suspense fallback=|| {
            view! { class="v", <SkeletonRows count=6 /> }
        }>{page}</Suspense>
    }
}
