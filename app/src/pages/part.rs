//! Pages whose code comes when they are first shown. Most visits open the vault and nothing
//! else; what they do not show they need not fetch.

use std::{future::Future, pin::Pin};

use leptos::{prelude::*, task::spawn_local, wasm_split::SplitLoaderError};
use leptos_meta::Title;

use super::{
    account::{RecoverPage, SignUpPage},
    settings::SettingsPage,
    vault::{ChecksPage, DashboardPage, ImportPage},
};
use crate::ui::{Button, ErrorState, SkeletonRows};

/// What builds a page.
type Build = fn() -> AnyView;

/// Something whose code is on its way.
pub(super) type Coming<B> = Pin<Box<dyn Future<Output = Result<B, SplitLoaderError>> + Send>>;

/// Makes a component of a page, in a part of the WebAssembly of its own where the build splits
/// it. Where it does not, as in tests, the code is there already.
///
/// What crosses the border is a function that builds the page, not the page: it is built where
/// it is shown, so that it ends with what shows it.
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
            fn $name() -> Result<Build, SplitLoaderError> {
                Ok(|| view! { class="v", <$page /> }.into_any())
            }
            #[cfg(not(feature = "split"))]
            async fn $name() -> Result<Build, SplitLoaderError> {
                Ok(|| view! { class="v", <$page /> }.into_any())
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
    /// The vault at a glance.
    DashboardPart,
    dashboard,
    DashboardPage
);
part!(
    /// Tests of all keys.
    ChecksPart,
    checks,
    ChecksPage
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

/// Code that is on its way, has come, or did not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fetched<B: Copy + Send + Sync + 'static> {
    fetch: fn() -> Coming<B>,
    /// `None` while it is on its way.
    pub(super) code: RwSignal<Option<Result<B, ()>>>,
}

impl<B: Copy + Send + Sync + 'static> Fetched<B> {
    /// Begins to fetch it, or finds it fetched.
    pub(super) fn begin(fetch: fn() -> Coming<B>) -> Self {
        let fetched = Self {
            fetch,
            code: RwSignal::new(None),
        };
        fetched.again();
        fetched
    }

    /// Tries once more.
    pub(super) fn again(self) {
        self.code.set(None);
        let coming = (self.fetch)();
        spawn_local(async move {
            let code = coming.await.map_err(drop);
            // Somebody may have gone elsewhere meanwhile.
            let _ = self.code.try_set(Some(code));
        });
    }
}

/// What is said when code did not come.
pub(super) const NOT_COME: &str = "The server did not send its code, or sent other code than this version's. Nothing was changed. Try again; if it goes on, reload: the server may have been updated.";

/// Shows a page once its code is there. A failure is told and can be tried again: nothing of the
/// vault depends on it.
#[component]
fn Part(
    /// Fetches what builds the page, or finds it fetched.
    fetch: fn() -> Coming<Build>,
) -> impl IntoView {
    let fetched = Fetched::begin(fetch);
    move || match fetched.code.get() {
        Some(Ok(build)) => build(),
        Some(Err(())) => view! { class="v",
            <Title text="Not loaded · KeyArc" />
            <main class="lone" id="main">
                <ErrorState title="This page did not arrive" detail=NOT_COME>
                    <Button on_press=move |()| fetched.again()>"Try again"</Button>
                </ErrorState>
            </main>
        }
        .into_any(),
        None => view! { class="v", <SkeletonRows count=6 /> }.into_any(),
    }
}
