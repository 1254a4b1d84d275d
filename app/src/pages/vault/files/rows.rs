//! One line for each file: attached, on its way, or cut off on its way.

use keyarc_vault::FileRow;
use keyarc_wire::ItemId;
use leptos::{ev, html, prelude::*, task::spawn_local};

use super::{
    download::Download,
    uploads::{Sender, ask},
    words::{another_file, sort_of},
};
use crate::{
    language::known,
    state::{ConnectionState, Upload, use_connection, use_toasts, use_uploads},
    ui::{
        Button, Dialog, Icon, IconButton, IconView, Look, TextInput, choose_files, focus_on_mount,
    },
    words::size,
    worker::{AttachmentCommand, AttachmentReply, CutOffUpload, Failure, use_worker},
};

/// The files that an item has.
#[component]
pub(super) fn FileRows(
    /// The item.
    item: ItemId,
    /// Its files.
    files: StoredValue<Vec<FileRow>>,
    /// It is not in the trash.
    is_live: bool,
) -> impl IntoView {
    let rows = files.get_value();
    if rows.is_empty() {
        return ().into_any();
    }
    let row = move |file: FileRow| {
        view! { class="v", <AttachedRow item=item file=file is_live=is_live /> }
    };
    view! { class="v",
        <ul class="files-list" aria-label=t!("Attached files")>
            {rows.into_iter().map(row).collect_view()}
        </ul>
    }
    .into_any()
}

/// A file that is attached.
#[component]
fn AttachedRow(item: ItemId, file: FileRow, is_live: bool) -> impl IntoView {
    let (worker, toasts) = (use_worker(), use_toasts());
    let download = Download::new();
    let renaming = RwSignal::new(false);
    let name = file.name.clone();
    let facts = facts(&file.name, file.size);
    let total = file.size;
    let file = StoredValue::new(file);
    let fetch = move |()| download.begin(worker, toasts, item, file.get_value());
    let stop = move |()| file.with_value(|file| download.stop(worker, file));
    let remove = move |()| {
        let FileRow { id, name, .. } = file.get_value();
        spawn_local(async move {
            let command = AttachmentCommand::Remove { item, file: id };
            match ask(worker, command).await {
                Ok(_) => toasts.undoable(t!("“{name}” removed.", name), move || {
                    spawn_local(async move {
                        if let Err(failure) = ask(worker, AttachmentCommand::PutBack(id)).await {
                            toasts.failed(&failure);
                        }
                    });
                }),
                Err(Failure::NotFound) => toasts.say(t!("“{name}” is gone already.", name)),
                Err(failure) => toasts.failed(&failure),
            }
            focus_title();
        });
    };
    let named = move || file.with_value(|file| file.name.clone());
    view! { class="v",
        <li class="files-row">
            <IconView icon=Icon::Note />
            <span class="files-name">
                <bdi>{name}</bdi>
            </span>
            {move || match download.done() {
                Some(done) => {
                    view! { class="v",
                        <ProgressBar label=t!("Downloading {name}", name = named()) done=done total=total />
                        <Button on_press=stop>{t!("Cancel")}</Button>
                    }
                        .into_any()
                }
                None => {
                    let facts = facts.clone();
                    view! { class="v",
                        <span class="files-facts quiet">{facts}</span>
                        <span class="files-buttons">
                            <IconButton
                                icon=Icon::Download
                                label=t!("Download {name}", name = named())
                                on_press=fetch
                            />
                            {is_live
                                .then(|| {
                                    view! { class="v",
                                        <IconButton
                                            icon=Icon::Edit
                                            label=t!("Rename {name}", name = named())
                                            on_press=move |()| renaming.set(true)
                                        />
                                        <IconButton
                                            icon=Icon::Trash
                                            label=t!("Remove {name}", name = named())
                                            on_press=remove
                                        />
                                    }
                                })}
                        </span>
                    }
                        .into_any()
                }
            }}
            <Dialog open=renaming title=t!("Rename the file") class="dialog-narrow">
                <RenameForm item=item file=file open=renaming />
            </Dialog>
        </li>
    }
}

/// Asks for another name.
#[component]
fn RenameForm(item: ItemId, file: StoredValue<FileRow>, open: RwSignal<bool>) -> impl IntoView {
    let worker = use_worker();
    let value = RwSignal::new(file.with_value(|file| file.name.clone()));
    let error = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let input = NodeRef::<html::Input>::new();
    focus_on_mount(input);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let name = value.with_untracked(|name| name.trim().to_owned());
        if name.is_empty() {
            error.set(Some(t!("Give it a name.").to_owned()));
            return;
        }
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        let file = file.with_value(|file| file.id);
        spawn_local(async move {
            let renamed = ask(worker, AttachmentCommand::Rename { item, file, name }).await;
            let _ = busy.try_set(false);
            match renamed {
                Ok(_) => {
                    let _ = open.try_set(false);
                    focus_title();
                }
                Err(Failure::Draft(wrong)) => {
                    let words = t!("The name {rule}.", rule = known(&wrong.rule));
                    let _ = error.try_set(Some(words));
                }
                Err(failure) => drop(error.try_set(Some(failure.to_string()))),
            }
        });
    };
    view! { class="v",
        <form method="post" novalidate on:submit=submit>
            <TextInput id="file-name" label=t!("Name") value=value error=error node_ref=input />
            <footer class="dialog-foot">
                <Button on_press=move |()| open.set(false)>{t!("Cancel")}</Button>
                <Button look=Look::Go submit=true busy=busy>
                    {t!("Rename")}
                </Button>
            </footer>
        </form>
    }
}

/// Files on their way to an item.
#[component]
pub(super) fn UploadRows(
    /// The item.
    item: ItemId,
) -> impl IntoView {
    let uploads = use_uploads();
    let is_any = Memo::new(move |_| !uploads.to(item).is_empty());
    view! { class="v",
        <Show when=move || is_any.get()>
            <ul class="files-list" aria-label=t!("Files on their way")>
                <For
                    each=move || uploads.to(item)
                    key=|upload| upload.key
                    children=|upload| view! { class="v", <UploadRow upload=upload /> }
                />
            </ul>
        </Show>
    }
}

/// A file on its way.
#[component]
fn UploadRow(upload: Upload) -> impl IntoView {
    let sender = use_sender();
    let connection = use_connection();
    let Upload {
        name,
        size: total,
        done,
        problem,
        ..
    } = upload.clone();
    let upload = StoredValue::new(upload);
    let give_up = move |()| upload.with_value(|upload| sender.give_up(upload));
    let again = move |()| {
        // One that is over by now has nothing to try again.
        let _ = upload.with_value(|upload| upload.again.unbounded_send(()));
    };
    let (shown, named) = (name.clone(), name);
    let has_problem = {
        let problem = problem.clone();
        Memo::new(move |_| problem.with(Option::is_some))
    };
    let is_away = move || matches!(connection.get(), ConnectionState::Offline { .. });
    view! { class="v",
        <li class="files-row">
            <IconView icon=Icon::Note />
            <span class="files-name">
                <bdi>{move || shown.get()}</bdi>
            </span>
            {move || {
                let (done, named) = (done.clone(), named.clone());
                (!has_problem.get())
                    .then(|| {
                        view! { class="v",
                            {move || {
                                let label = t!("Uploading {name}", name = named.get());
                                view! { class="v",
                                    <ProgressBar label=label done=done.get() total=total />
                                }
                            }}
                        }
                    })
            }}
            {move || {
                has_problem
                    .get()
                    .then(|| view! { class="v", <Button on_press=again>{t!("Resume")}</Button> })
            }}
            <Button on_press=give_up>{t!("Cancel")}</Button>
            <p class="files-problem" role="alert">
                {move || problem.get()}
            </p>
            <p class="files-problem quiet" role="status">
                {move || {
                    (is_away() && !has_problem.get())
                        .then(|| t!("The server does not answer. It goes on by itself when it does."))
                }}
            </p>
        </li>
    }
}

/// Files that did not arrive before the page was left.
#[component]
pub(super) fn CutOffRows(
    /// The item.
    item: ItemId,
) -> impl IntoView {
    let (worker, uploads) = (use_worker(), use_uploads());
    let known = RwSignal::new(Vec::<CutOffUpload>::new());
    spawn_local(async move {
        // A device that keeps nothing has none.
        if let Ok(AttachmentReply::CutOff(found)) =
            ask(worker, AttachmentCommand::CutOff(item)).await
        {
            let _ = known.try_set(found);
        }
    });
    let waiting = Memo::new(move |_| {
        let known = known.get().into_iter();
        known.filter(|one| !uploads.has(one.id)).collect::<Vec<_>>()
    });
    view! { class="v",
        <Show when=move || waiting.with(|waiting| !waiting.is_empty())>
            <ul class="files-list" aria-label=t!("Uploads that were cut off")>
                <For
                    each=move || waiting.get()
                    key=|upload| upload.id
                    children=move |upload| {
                        view! { class="v", <CutOffRow item=item upload=upload known=known /> }
                    }
                />
            </ul>
        </Show>
    }
}

/// A file that did not arrive.
#[component]
fn CutOffRow(
    item: ItemId,
    upload: CutOffUpload,
    known: RwSignal<Vec<CutOffUpload>>,
) -> impl IntoView {
    let sender = use_sender();
    let worker = sender.worker;
    let CutOffUpload {
        id,
        name,
        size: total,
    } = upload;
    let problem = RwSignal::new(None::<String>);
    let again = t!("The same file again: {name}", name);
    let resume = move |()| {
        let chosen = move |files: &web_sys::FileList| match files.get(0) {
            Some(file) if file.size() != total as f64 => {
                let _ = problem.try_set(Some(another_file().to_owned()));
            }
            Some(file) => {
                sender.attach(item, file, Some(id));
                let _ = known.try_update(|all| all.retain(|one| one.id != id));
            }
            None => {}
        };
        if choose_files(false, &again, chosen).is_err() {
            let words = t!("This browser did not let a file be chosen.");
            problem.set(Some(words.to_owned()));
        }
    };
    let discard = move |()| {
        known.update(|all| all.retain(|one| one.id != id));
        spawn_local(async move {
            // Without an answer the server drops it after a day.
            let _ = ask(worker, AttachmentCommand::Discard(id)).await;
        });
        focus_title();
    };
    let facts = facts(&name, total);
    view! { class="v",
        <li class="files-row">
            <IconView icon=Icon::Warning />
            <span class="files-name">
                <bdi>{name.clone()}</bdi>
            </span>
            <span class="files-facts quiet">{facts}</span>
            <Button on_press=resume>{t!("Resume…")}</Button>
            <Button on_press=discard>{t!("Discard")}</Button>
            <p class="files-problem">
                {t!("The upload was cut off. Choose the same file again to go on where it was.")}
            </p>
            <p class="files-problem" role="alert">
                {move || problem.get()}
            </p>
        </li>
    }
}

/// How far something is.
#[component]
fn ProgressBar(label: String, done: u64, total: u64) -> impl IntoView {
    let words = t!("{done} of {total}", done = size(done), total = size(total));
    view! { class="v",
        <progress
            class="files-progress"
            aria-label=label
            value=done.to_string()
            max=total.max(1).to_string()
        ></progress>
        <span class="files-facts quiet">{words}</span>
    }
}

fn facts(name: &str, bytes: u64) -> String {
    match sort_of(name) {
        Some(sort) => format!("{sort} · {}", size(bytes)),
        None => size(bytes),
    }
}

/// What had the focus is gone.
fn focus_title() {
    request_animation_frame(|| {
        let title = document().get_element_by_id("files-title");
        let title = title
            .and_then(|title| wasm_bindgen::JsCast::dyn_into::<web_sys::HtmlElement>(title).ok());
        if let Some(title) = title {
            let _ = title.focus();
        }
    });
}

fn use_sender() -> Sender {
    Sender {
        worker: use_worker(),
        uploads: use_uploads(),
        toasts: use_toasts(),
    }
}
