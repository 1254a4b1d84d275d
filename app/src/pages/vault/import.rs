use keyarc_vault::{ImportPlan, ImportPreview, ImportStatus};
use leptos::{ev, html, prelude::*, task::spawn_local};
use leptos_meta::Title;
use wasm_bindgen_futures::JsFuture;

use super::{
    frame::{Section, VaultFrame},
    import_table::ImportTable,
    onboarding::pasted_text,
};
use crate::{
    pages::account::UnlockProgress,
    state::{Place, use_go, use_session, use_toasts},
    ui::{Banner, BannerTone, Button, Checkbox, Field, Icon, Look, TextArea, TextInput},
    words::counted,
    worker::{Command, Reply, use_worker},
};

/// A paste larger than this goes to the preview without being laid out in the field.
const SHOW_AT_MOST: usize = 200_000;
/// Files larger than this are not even read; the worker's own limit is lower.
const READ_AT_MOST: f64 = 64.0 * 1024.0 * 1024.0;

/// Brings the variables of a `.env` file in: paste or choose, look, choose, confirm.
#[component]
pub fn ImportPage() -> impl IntoView {
    view! { class="v",
        <Title text="Import · KeyArc" />
        <VaultFrame section=Section::Import>
            <Import />
        </VaultFrame>
    }
}

#[component]
fn Import() -> impl IntoView {
    let worker = use_worker();
    let preview = RwSignal::new(None::<ImportPreview>);
    let problem = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let look = move |text: String, file_name: Option<String>| {
        if busy.get_untracked() {
            return;
        }
        problem.set(None);
        if text.trim().is_empty() {
            problem.set(Some("There is nothing to read yet.".to_owned()));
            return;
        }
        busy.set(true);
        spawn_local(async move {
            let reply = worker
                .call(Command::ImportPreview { text, file_name })
                .await;
            let _ = busy.try_set(false);
            match reply {
                Ok(Reply::Preview(found)) if found.rows.is_empty() && found.errors.is_empty() => {
                    let _ = problem.try_set(Some("No variable was found in it.".to_owned()));
                }
                Ok(Reply::Preview(found)) => drop(preview.try_set(Some(found))),
                Ok(_) => {}
                Err(failure) => drop(problem.try_set(Some(failure.to_string()))),
            }
        });
    };
    // Nothing of a preview stays in the worker when the page is left.
    on_cleanup(move || {
        spawn_local(async move {
            let _ = worker.call(Command::ImportCancel).await;
        });
    });
    view! { class="v",
        <main class="page" id="main">
            <div class="page-body page-wide">
                <h1>"Import"</h1>
                {move || {
                    problem
                        .get()
                        .map(|problem| {
                            view! { class="v",
                                <Banner tone=BannerTone::Bad icon=Icon::Warning>
                                    {problem}
                                </Banner>
                            }
                        })
                }}
                {move || match preview.get() {
                    None => {
                        view! { class="v",
                            <Source busy=busy problem=problem look=Callback::new(move |(t, n)| look(t, n)) />
                        }
                            .into_any()
                    }
                    Some(found) => {
                        view! { class="v", <Preview found=found preview=preview problem=problem /> }
                            .into_any()
                    }
                }}
            </div>
        </main>
    }
}

/// Where the text comes from.
#[component]
fn Source(
    busy: RwSignal<bool>,
    problem: RwSignal<Option<String>>,
    look: Callback<(String, Option<String>)>,
) -> impl IntoView {
    let text = RwSignal::new(String::new());
    let paste = Callback::new(move |event: ev::ClipboardEvent| {
        if let Some(pasted) = pasted_text(&event).filter(|text| text.len() > SHOW_AT_MOST) {
            event.prevent_default();
            look.run((pasted, None));
        }
    });
    let file = NodeRef::<html::Input>::new();
    let chosen = move |_| {
        let Some(input) = file.get_untracked() else {
            return;
        };
        let Some(chosen) = input.files().and_then(|files| files.get(0)) else {
            return;
        };
        if chosen.size() > READ_AT_MOST {
            problem.set(Some(
                "The file is larger than an import takes. Nothing was read.".into(),
            ));
            return;
        }
        let name = chosen.name();
        spawn_local(async move {
            match JsFuture::from(chosen.text()).await {
                Ok(content) => look.run((content.as_string().unwrap_or_default(), Some(name))),
                Err(_) => {
                    let unread = "The browser could not read the file.".to_owned();
                    let _ = problem.try_set(Some(unread));
                }
            }
            // The same file can be chosen again after it was corrected.
            input.set_value("");
        });
    };
    view! { class="v",
        <p class="lead">
            "It is read on this device. You see what was recognised before anything is written."
        </p>
        <form
            method="post"
            on:submit=move |event| {
                event.prevent_default();
                look.run((text.get_untracked(), None));
            }
        >
            <TextArea
                id="import-text"
                label="Paste a .env file"
                value=text
                rows=12
                mono=true
                placeholder="STRIPE_SECRET_KEY=sk_live_…"
                on_paste=paste
            />
            <Field id="import-file" label="Or choose a file">
                <input
                    class="input input-file"
                    id="import-file"
                    r#type="file"
                    accept=".env,.txt,text/plain"
                    node_ref=file
                    on:change=chosen
                />
            </Field>
            <Button look=Look::Go submit=true busy=busy>
                {move || if busy.get() { "Reading…" } else { "Preview" }}
            </Button>
        </form>
    }
}

/// What was read, and how it becomes items.
#[component]
fn Preview(
    found: ImportPreview,
    preview: RwSignal<Option<ImportPreview>>,
    problem: RwSignal<Option<String>>,
) -> impl IntoView {
    let worker = use_worker();
    let session = use_session();
    let toasts = use_toasts();
    let go = use_go();
    // One bit a row; duplicates are left out unless chosen.
    let start: Vec<bool> = found
        .rows
        .iter()
        .map(|row| row.status == ImportStatus::New)
        .collect();
    let duplicates = start.iter().filter(|new| !**new).count();
    let duplicates = u32::try_from(duplicates).unwrap_or(u32::MAX);
    let selected = RwSignal::new(start);
    let chosen = Memo::new(move |_| selected.with(|s| chosen_rows(s).count()));
    let chosen = Signal::derive(move || u32::try_from(chosen.get()).unwrap_or(u32::MAX));
    let folder = RwSignal::new(String::new());
    let environment = RwSignal::new(String::new());
    let as_set = RwSignal::new(false);
    let set_name = RwSignal::new(".env".to_owned());
    let busy = RwSignal::new(false);
    let indexes: StoredValue<Vec<u32>> =
        StoredValue::new(found.rows.iter().map(|row| row.index).collect());
    let cancel = move |()| {
        preview.set(None);
        spawn_local(async move {
            let _ = worker.call(Command::ImportCancel).await;
        });
    };
    let import = move |()| {
        if busy.get_untracked() || chosen.get_untracked() == 0 {
            return;
        }
        busy.set(true);
        problem.set(None);
        session.clear_progress();
        let environment = Some(environment.get_untracked().trim().to_lowercase());
        let plan = ImportPlan {
            rows: selected.with_untracked(|selected| {
                indexes.with_value(|all| {
                    chosen_rows(selected)
                        .filter_map(|at| all.get(at).copied())
                        .collect()
                })
            }),
            folder: folder.get_untracked().trim().trim_matches('/').to_owned(),
            environment: environment.filter(|name| !name.is_empty()),
            as_set: as_set
                .get_untracked()
                .then(|| set_name.get_untracked().trim().to_owned())
                .map(|name| {
                    if name.is_empty() {
                        ".env".to_owned()
                    } else {
                        name
                    }
                }),
        };
        spawn_local(async move {
            let reply = worker.call(Command::ImportConfirm(plan)).await;
            let _ = busy.try_set(false);
            session.clear_progress();
            match reply {
                Ok(Reply::Imported { added }) => {
                    toasts.say(format!("{} imported.", counted(added, "item")));
                    go.to(&Place::default());
                }
                Ok(_) => {}
                Err(failure) => drop(problem.try_set(Some(failure.to_string()))),
            }
        });
    };
    let verb = move || match (busy.get(), as_set.get(), chosen.get()) {
        (true, ..) => "Importing…".to_owned(),
        (_, true, count) => format!("Import {} as 1 item", counted(count, "variable")),
        (_, false, count) => format!("Import {}", counted(count, "item")),
    };
    let rows = u32::try_from(found.rows.len()).unwrap_or(u32::MAX);
    let errors = u32::try_from(found.errors.len()).unwrap_or(u32::MAX);
    view! { class="v",
        <p class="lead" aria-live="polite">
            {summary_words(rows, duplicates, errors)}
        </p>
        <LineErrors errors=found.errors.clone() />
        <ImportTable rows=found.rows selected=selected />
        <div class="import-options">
            <div class="field-pair">
                <TextInput id="import-folder" label="Folder" value=folder placeholder="Checkout" />
                <TextInput
                    id="import-environment"
                    label="Environment"
                    value=environment
                    placeholder="production"
                    hint=Some("For those that do not name one themselves.".to_owned())
                />
            </div>
            <Checkbox id="import-set" checked=as_set>
                "Keep them together as one environment set"
            </Checkbox>
            <Show when=move || as_set.get()>
                <TextInput id="import-set-name" label="Name of the set" value=set_name />
            </Show>
        </div>
        <footer class="page-foot">
            <Button
                look=Look::Go
                busy=busy
                disabled=Signal::derive(move || chosen.get() == 0)
                on_press=import
            >
                {verb}
            </Button>
            <Button on_press=cancel>"Back"</Button>
            <UnlockProgress />
        </footer>
    }
}

/// Lines that could not be read; the rest can be imported.
#[component]
fn LineErrors(errors: Vec<keyarc_vault::ImportLineError>) -> impl IntoView {
    /// More than this nobody reads.
    const SHOWN: usize = 50;
    let more = u32::try_from(errors.len().saturating_sub(SHOWN)).unwrap_or(u32::MAX);
    (!errors.is_empty()).then(|| {
        view! { class="v",
            <div class="line-errors" role="group" aria-label="Lines that could not be read">
                <ul>
                    {errors
                        .into_iter()
                        .take(SHOWN)
                        .map(|error| {
                            view! { class="v",
                                <li>
                                    <b>{format!("Line {}", error.line)}</b>
                                    " "
                                    {error.reason}
                                </li>
                            }
                        })
                        .collect_view()}
                </ul>
                {(more > 0).then(|| format!("And {}.", counted(more, "more line")))}
            </div>
        }
    })
}

fn chosen_rows(selected: &[bool]) -> impl Iterator<Item = usize> {
    selected
        .iter()
        .enumerate()
        .filter(|(_, on)| **on)
        .map(|(at, _)| at)
}

fn summary_words(rows: u32, duplicates: u32, errors: u32) -> String {
    let mut words = format!("{} found", counted(rows, "variable"));
    if duplicates > 0 {
        words.push_str(&format!(
            ", {} already in the vault",
            crate::words::number(duplicates)
        ));
    }
    if errors > 0 {
        words.push_str(&format!(", {} could not be read", counted(errors, "line")));
    }
    words.push('.');
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_names_only_what_there_is() {
        assert_eq!(summary_words(100, 0, 0), "100 variables found.");
        assert_eq!(
            summary_words(1, 1, 2),
            "1 variable found, 1 already in the vault, 2 lines could not be read."
        );
    }

    #[test]
    fn chosen_rows_are_positions() {
        assert_eq!(
            chosen_rows(&[true, false, true]).collect::<Vec<_>>(),
            [0, 2]
        );
    }
}
