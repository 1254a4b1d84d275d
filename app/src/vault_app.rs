//! The root of the vault app. It runs in the browser alone.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    components::{Route, Router, Routes},
    path,
};

use crate::{
    pages::{
        ChecksPart, DashboardPart, ExportPart, ImportPart, MomentPart, NotFound, RecoverPart,
        RemindersPart, SettingsPart, SignUpPart, account::LogInPage, design::DesignPage,
        vault::VaultPage,
    },
    state::{provide_place, provide_state},
    ui::ToastStack,
    worker::provide_worker,
};

/// Whether the document was served in development.
pub fn is_development() -> bool {
    document()
        .document_element()
        .is_some_and(|root| root.has_attribute("data-development"))
}

/// The vault app.
#[component]
pub fn VaultApp() -> impl IntoView {
    provide_meta_context();
    provide_worker();
    provide_state();
    view! { class="v",
        <Title text="KeyArc" />
        <Router>
            <Pages />
        </Router>
        <ToastStack />
    }
}

#[component]
fn Pages() -> impl IntoView {
    provide_place();
    view! { class="v",
        <Routes fallback=|| view! { class="v", <NotFound /> }>
            <Route path=path!("/sign-up") view=SignUpPart />
            <Route path=path!("/log-in") view=LogInPage />
            <Route path=path!("/recover") view=RecoverPart />
            <Route path=path!("/vault") view=VaultPage />
            <Route path=path!("/vault/dashboard") view=DashboardPart />
            <Route path=path!("/vault/import") view=ImportPart />
            <Route path=path!("/vault/export") view=ExportPart />
            <Route path=path!("/vault/moment") view=MomentPart />
            <Route path=path!("/vault/checks") view=ChecksPart />
            <Route path=path!("/vault/reminders") view=RemindersPart />
            <Route path=path!("/settings") view=SettingsPart />
            <Route path=path!("/design") view=DesignPage />
        </Routes>
    }
}
