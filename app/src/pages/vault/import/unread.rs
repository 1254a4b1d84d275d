use keyarc_vault::{FilePassword, ImportWish, import::Format};
use leptos::{html, prelude::*};

use super::work::use_import;
use crate::{
    ui::{Banner, BannerTone, Button, Icon, Look, Select, TextInput, focus_on_mount},
    worker::Unread,
};

/// A file of which nothing could be read: why, and what can be done about it.
#[component]
pub(super) fn NotRead(format: Format, why: Unread) -> impl IntoView {
    let work = use_import();
    let body = match why {
        Unread::Other(reason) => view! { class="v",
            <Banner tone=BannerTone::Bad icon=Icon::Warning>
                {format!("The file {reason}. Nothing was changed.")}
            </Banner>
        }
        .into_any(),
        Unread::PasswordNeeded => {
            view! { class="v", <Password format=format wrong=false /> }.into_any()
        }
        Unread::WrongPassword => {
            view! { class="v", <Password format=format wrong=true /> }.into_any()
        }
    };
    view! { class="v",
        <p class="lead">{move || work.words_of_file("This is about")}</p>
        {body}
        <FormatSelect format=format />
        <footer class="page-foot">
            <Button on_press=move |()| work.back()>"Back"</Button>
        </footer>
    }
}

/// What a file is taken for; a person may know better.
#[component]
pub(super) fn FormatSelect(format: Format) -> impl IntoView {
    let work = use_import();
    let options: Vec<_> = Format::ALL
        .iter()
        .map(|format| (format.id().to_owned(), format.name().to_owned()))
        .collect();
    let change = move |id: String| {
        let chosen = Format::ALL.into_iter().find(|format| format.id() == id);
        work.read(ImportWish {
            format: chosen,
            ..ImportWish::default()
        });
    };
    view! { class="v",
        <div class="import-format">
            <Select
                id="import-format"
                label="Read as"
                value=Signal::stored(format.id().to_owned())
                options=Signal::stored(options)
                on_change=change
            />
        </div>
    }
}

#[component]
fn Password(format: Format, wrong: bool) -> impl IntoView {
    let work = use_import();
    let password = RwSignal::new(String::new());
    let missing = RwSignal::new(false);
    let input = NodeRef::<html::Input>::new();
    focus_on_mount(input);
    let error = Signal::derive(move || {
        if missing.get() {
            return Some("Enter the password of the file.".to_owned());
        }
        let words = "This password does not open the file, or the file was changed.";
        wrong.then(|| words.to_owned())
    });
    let open = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let typed = password.get_untracked();
        missing.set(typed.is_empty());
        if !typed.is_empty() {
            password.set(String::new());
            work.read(ImportWish {
                format: Some(format),
                password: Some(FilePassword(typed)),
                table: None,
            });
        }
    };
    view! { class="v",
        <form class="import-password" method="post" on:submit=open>
            <TextInput
                id="import-password"
                label="Password of the file"
                kind="password"
                value=password
                error=error
                hint=Some("It was chosen when the file was exported. It stays on this device.".to_owned())
                node_ref=input
            />
            <Button look=Look::Go submit=true>
                "Open"
            </Button>
        </form>
    }
}
