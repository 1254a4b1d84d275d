use keyarc_vault::{FileKey, FilePassword, ImportWish, import::Format};
use leptos::{html, prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

use super::work::use_import;
use crate::{
    language::known,
    ui::{Banner, BannerTone, Button, Field, Icon, Look, Select, TextInput, focus_on_mount},
    worker::Unread,
};

/// Largest key file in bytes; the reader has the same limit.
const KEY_FILE_MAX: f64 = 1_048_576.0;

/// A file of which nothing could be read: why, and what can be done about it.
#[component]
pub(super) fn NotRead(format: Format, why: Unread) -> impl IntoView {
    let work = use_import();
    let body = match why {
        Unread::Other(reason) => view! { class="v",
            <Banner tone=BannerTone::Bad icon=Icon::Warning>
                {reason_words(&reason)}
            </Banner>
        }
        .into_any(),
        Unread::PasswordNeeded => {
            view! { class="v", <Password format=format wrong=false code=false /> }.into_any()
        }
        Unread::WrongPassword => {
            view! { class="v", <Password format=format wrong=true code=false /> }.into_any()
        }
        Unread::CodeNeeded => {
            view! { class="v", <Password format=format wrong=false code=true /> }.into_any()
        }
        Unread::WrongCode => {
            view! { class="v", <Password format=format wrong=true code=true /> }.into_any()
        }
    };
    view! { class="v",
        <p class="lead">{move || work.about_words()}</p>
        {body}
        // An archive says itself what it is.
        {(format != Format::Archive).then(|| view! { class="v", <FormatSelect format=format /> })}
        <footer class="page-foot">
            <Button on_press=move |()| work.back()>{t!("Back")}</Button>
        </footer>
    }
}

/// Why nothing of it could be read.
fn reason_words(reason: &str) -> String {
    match reason.strip_prefix("cannot be read: ") {
        Some(why) => t!(
            "The file cannot be read: {why}. Nothing was changed.",
            why = known(why)
        ),
        None => t!(
            "The file {reason}. Nothing was changed.",
            reason = known(reason)
        ),
    }
}

/// What a file is taken for; a person may know better.
#[component]
pub(super) fn FormatSelect(format: Format) -> impl IntoView {
    let work = use_import();
    let options: Vec<_> = Format::ALL
        .iter()
        .map(|format| (format.id().to_owned(), format_words(*format).to_owned()))
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
                label=t!("Read as")
                value=Signal::stored(format.id().to_owned())
                options=Signal::stored(options)
                on_change=change
            />
        </div>
    }
}

/// A format, for people. What is a name alone stays one.
fn format_words(format: Format) -> &'static str {
    match format {
        Format::KeePass => t!("KeePass, KeePassXC (database)"),
        Format::Pem => t!("PEM (certificates and keys)"),
        Format::BitwardenJson => t!("Bitwarden (JSON, also encrypted)"),
        Format::Aws => t!("AWS credentials and config"),
        Format::Csv => t!("CSV or another table"),
        Format::Archive => t!("KeyArc (archive)"),
        format => format.name(),
    }
}

/// What opens a protected file. KeePass's may need a file of its own, beside or instead of the
/// password.
#[component]
fn Password(
    format: Format,
    /// What was tried does not open it.
    wrong: bool,
    /// It is an archive for a setup code.
    code: bool,
) -> impl IntoView {
    let work = use_import();
    let password = RwSignal::new(String::new());
    let missing = RwSignal::new(false);
    let key_problem = RwSignal::new(None::<String>);
    let input = NodeRef::<html::Input>::new();
    let key_file = NodeRef::<html::Input>::new();
    focus_on_mount(input);
    let takes_key_file = format == Format::KeePass;
    let (label, none, hint) = match code {
        true => (
            t!("Setup code"),
            t!("Enter the setup code."),
            t!(
                "That of the account which made the archive, as its recovery kit has it. It stays on this device."
            ),
        ),
        false => (
            t!("Password of the file"),
            t!("Enter the password of the file."),
            t!("It was chosen when the file was exported. It stays on this device."),
        ),
    };
    let error = Signal::derive(move || {
        if missing.get() {
            return Some(none.to_owned());
        }
        let words = match (takes_key_file, code) {
            (true, _) => t!("This password and key file do not open the file, or it was changed."),
            (_, true) => t!("This setup code does not open the file, or the file was changed."),
            (_, false) => t!("This password does not open the file, or the file was changed."),
        };
        wrong.then(|| words.to_owned())
    });
    let open = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let typed = password.get_untracked();
        let chosen = key_file.get_untracked().and_then(|input| input.files());
        let chosen = chosen.and_then(|files| files.get(0));
        missing.set(typed.is_empty() && chosen.is_none());
        key_problem.set(None);
        if missing.get_untracked() {
            return;
        }
        spawn_local(async move {
            let key = match chosen {
                None => None,
                Some(file) => match whole(&file).await {
                    Ok(key) => Some(key),
                    Err(problem) => return key_problem.set(Some(problem.to_owned())),
                },
            };
            password.set(String::new());
            work.read(ImportWish {
                format: Some(format),
                password: Some(FilePassword(typed)),
                key_file: key,
                table: None,
            });
        });
    };
    view! { class="v",
        <form class="import-password" method="post" on:submit=open>
            <TextInput
                id="import-password"
                label=label
                kind="password"
                value=password
                error=error
                hint=Some(hint.to_owned())
                node_ref=input
            />
            {takes_key_file
                .then(|| {
                    view! { class="v",
                        <Field
                            id="import-key-file"
                            label=t!("Key file")
                            hint=Some(t!("Only when the database has one. It stays on this device too.").to_owned())
                            error=key_problem
                        >
                            <input
                                class="input input-file"
                                id="import-key-file"
                                r#type="file"
                                aria-describedby="import-key-file-hint"
                                node_ref=key_file
                            />
                        </Field>
                    }
                })}
            <Button look=Look::Go submit=true>
                {t!("Open")}
            </Button>
        </form>
    }
}

/// The bytes of a key file, or what is wrong with it.
async fn whole(file: &web_sys::File) -> Result<FileKey, &'static str> {
    if file.size() > KEY_FILE_MAX {
        return Err(t!(
            "This is larger than a key file is. Choose the key file, not the database."
        ));
    }
    let unread = t!("The key file could not be read. Choose it again.");
    let buffer = JsFuture::from(file.array_buffer()).await;
    let array = js_sys::Uint8Array::new(buffer.map_err(|_| unread)?.unchecked_ref());
    let bytes = array.to_vec();
    array.fill(0, 0, array.length());
    Ok(FileKey(bytes))
}
