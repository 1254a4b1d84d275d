//! Pages whose code comes when they are first shown. Most visits open the vault and nothing
//! else; what they do not show they need not fetch.

use std::{future::Future, pin::Pin, sync::OnceLock, time::Duration};

use leptos::{prelude::*, task::spawn_local, wasm_split::SplitLoaderError};
use leptos_meta::Title;

use super::{
    account::{RecoverPage, SignUpPage},
    settings::SettingsPage,
    vault::{ChecksPage, DashboardPage, ExportPage, ImportPage, MomentPage, RemindersPage},
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
            static PAGE: Code<Build> = Code::of(|| Box::pin($name()));
            PAGE.show_or(not_loaded, waiting, |build| build())
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
    /// Export.
    ExportPart,
    export,
    ExportPage
);
part!(
    /// The vault as it was.
    MomentPart,
    moment,
    MomentPage
);
part!(
    /// The vault at a glance.
    DashboardPart,
    dashboard,
    DashboardPage
);
part!(
    /// What is due.
    RemindersPart,
    reminders,
    RemindersPage
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

/// Code that is a part of its own and, once it has come, stays.
pub(super) struct Code<B: 'static> {
    fetch: fn() -> Coming<B>,
    here: OnceLock<B>,
}

impl<B: Copy + Send + Sync + 'static> Code<B> {
    /// Code that `fetch` brings.
    pub(super) const fn of(fetch: fn() -> Coming<B>) -> Self {
        Self {
            fetch,
            here: OnceLock::new(),
        }
    }

    async fn come(&'static self) -> Result<B, SplitLoaderError> {
        if let Some(code) = self.here.get() {
            return Ok(*code);
        }
        let code = (self.fetch)().await?;
        Ok(*self.here.get_or_init(|| code))
    }

    /// Fetches it after a while, so that it is there even when the server is gone by then.
    pub(super) fn fetch_after(&'static self, after: Duration) {
        let fetch = move || {
            spawn_local(async move {
                // Whoever needs it tries again, and says what is wrong.
                let _ = self.come().await;
            });
        };
        if let Ok(handle) = set_timeout_with_handle(fetch, after) {
            on_cleanup(move || handle.clear());
        }
    }

    /// What `build` makes of it, at once where it is here; until then `waiting`, and what is
    /// wrong under `title` if it does not come, which can be tried again: nothing of the vault
    /// depends on it.
    pub(super) fn show(
        &'static self,
        title: &'static str,
        waiting: impl Fn() -> AnyView + Send + 'static,
        build: impl Fn(B) -> AnyView + Send + 'static,
    ) -> AnyView {
        let failed = move |again: Callback<()>| {
            view! { class="v",
                <ErrorState title=title detail=crate::language::text(NOT_COME)>
                    <Button on_press=again>{t!("Try again")}</Button>
                </ErrorState>
            }
            .into_any()
        };
        self.show_or(failed, waiting, build)
    }

    /// As [`Self::show`], with what is shown when it did not come.
    pub(super) fn show_or(
        &'static self,
        failed: impl Fn(Callback<()>) -> AnyView + Send + 'static,
        waiting: impl Fn() -> AnyView + Send + 'static,
        build: impl Fn(B) -> AnyView + Send + 'static,
    ) -> AnyView {
        if let Some(code) = self.here.get() {
            return build(*code);
        }
        // `None` while it is on its way.
        let code = RwSignal::new(None::<Result<B, ()>>);
        let again = move || {
            code.set(None);
            spawn_local(async move {
                let come = self.come().await.map_err(drop);
                // Somebody may have gone elsewhere meanwhile.
                let _ = code.try_set(Some(come));
            });
        };
        again();
        let again = Callback::new(move |()| again());
        let shown = move || match code.get() {
            Some(Ok(code)) => build(code),
            Some(Err(())) => failed(again),
            None => waiting(),
        };
        shown.into_any()
    }
}

/// What is said when code did not come.
pub(super) const NOT_COME: &str = mark!(
    "The server did not send its code, or sent other code than this version's. Nothing was changed. Try again; if it goes on, reload: the server may have been updated."
);

/// A page whose code did not come.
fn not_loaded(again: Callback<()>) -> AnyView {
    view! { class="v",
        <Title text=t!("Not loaded · KeyArc") />
        <main class="lone" id="main">
            <ErrorState title=t!("This page did not arrive") detail=crate::language::text(NOT_COME)>
                <Button on_press=again>{t!("Try again")}</Button>
            </ErrorState>
        </main>
    }
    .into_any()
}

/// A page whose code is on its way.
fn waiting() -> AnyView {
    view! { class="v", <SkeletonRows count=6 /> }.into_any()
}
