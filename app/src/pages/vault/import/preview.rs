use std::collections::BTreeMap;

use keyarc_vault::{
    Base, ImportLineError, ImportPlan, ImportPreview, ImportStatus, archive::ArchiveFacts,
};
use leptos::{prelude::*, task::spawn_local};

use super::{
    columns::Columns,
    table::ImportTable,
    unread::FormatSelect,
    work::{ImportWork, use_import},
};
use crate::{
    language::{filled, known},
    pages::account::UnlockProgress,
    ui::{Banner, BannerTone, Button, Checkbox, Icon, Look, TextInput, after_picture},
    words::{listed, moment, number, size},
    worker::{ImportCommand, ImportReply},
};

/// What could not be read is told this much at a time.
const ERRORS_AT_ONCE: u32 = 50;

/// Which rows are chosen: a rule, and the rows for which it is the other way round.
#[derive(Clone, Copy)]
pub(super) struct Selection {
    base: RwSignal<Base>,
    except: RwSignal<BTreeMap<u32, ImportStatus>>,
    new: u32,
    duplicates: u32,
}

impl Selection {
    fn of(found: &ImportPreview) -> Self {
        Self {
            base: RwSignal::new(Base::New),
            except: RwSignal::new(BTreeMap::new()),
            new: found.new,
            duplicates: found.duplicates,
        }
    }

    /// Whether a row is chosen.
    pub(super) fn has(self, index: u32, status: ImportStatus) -> bool {
        let is_excepted = self.except.with(|except| except.contains_key(&index));
        self.base.get().takes(status) != is_excepted
    }

    /// Chooses a row, or not.
    pub(super) fn set(self, index: u32, status: ImportStatus, on: bool) {
        let by_rule = self.base.with_untracked(|base| base.takes(status));
        self.except.update(|except| {
            if by_rule == on {
                except.remove(&index);
            } else {
                except.insert(index, status);
            }
        });
    }

    /// Chooses all rows, or none.
    pub(super) fn set_all(self, on: bool) {
        self.except.update(BTreeMap::clear);
        self.base.set(if on { Base::All } else { Base::None });
    }

    /// How many rows are chosen.
    pub(super) fn count(self) -> u32 {
        let base = self.base.get();
        let of = |status, count| if base.takes(status) { count } else { 0 };
        let by_rule =
            of(ImportStatus::New, self.new) + of(ImportStatus::Duplicate, self.duplicates);
        self.except.with(|except| {
            let taken_out = except
                .values()
                .filter(|status| base.takes(**status))
                .count() as u32;
            by_rule - taken_out + (except.len() as u32 - taken_out)
        })
    }

    /// How many there are to choose from.
    pub(super) fn total(self) -> u32 {
        self.new + self.duplicates
    }

    fn plan(self) -> ImportPlan {
        ImportPlan {
            base: self.base.get_untracked(),
            except: self
                .except
                .with_untracked(|except| except.keys().copied().collect()),
            ..ImportPlan::default()
        }
    }
}

/// What was read, and how it becomes items.
#[component]
pub(super) fn Preview(found: ImportPreview) -> impl IntoView {
    let work = use_import();
    let selection = Selection::of(&found);
    let writing = work.writing();
    let chosen = Memo::new(move |_| selection.count());
    let folder = RwSignal::new(String::new());
    let tags = RwSignal::new(String::new());
    let environment = RwSignal::new(String::new());
    let as_set = RwSignal::new(false);
    let with_earlier = RwSignal::new(true);
    let with_files = RwSignal::new(true);
    let set_name = RwSignal::new(".env".to_owned());
    let import = move |()| {
        if writing.get_untracked() || chosen.get_untracked() == 0 {
            return;
        }
        let environment = environment.get_untracked().trim().to_lowercase();
        let set_name = match set_name.get_untracked().trim() {
            "" => ".env".to_owned(),
            name => name.to_owned(),
        };
        work.confirm(ImportPlan {
            folder: folder.get_untracked().trim().trim_matches('/').to_owned(),
            tags: tags.with_untracked(|tags| tags_of(tags)),
            environment: Some(environment).filter(|name| !name.is_empty()),
            as_set: as_set.get_untracked().then_some(set_name),
            without_earlier: !with_earlier.get_untracked(),
            without_files: !with_files.get_untracked(),
            ..selection.plan()
        });
    };
    let verb = move || match (writing.get(), as_set.get(), chosen.get()) {
        (true, ..) => t!("Importing…").to_owned(),
        (_, true, count) => tn!(
            count,
            "Import {count} variable as 1 item",
            "Import {count} variables as 1 item"
        ),
        (_, false, count) => tn!(count, "Import {count} item", "Import {count} items"),
    };
    let lines = found.format.has_lines();
    let is_empty = selection.total() == 0;
    // The rows and what can be said of all of them: after what was found is told.
    let rest = after_picture();
    view! { class="v",
        <p class="lead" aria-live="polite">
            {summary_words(&found)}
        </p>
        {match found.archive {
            Some(facts) => {
                let comes = Comes::of(&found);
                view! { class="v", <Archive facts=facts comes=comes /> }.into_any()
            }
            None => view! { class="v", <FormatSelect format=found.format /> }.into_any(),
        }}
        {found.table.map(|table| view! { class="v", <Columns table=table /> })}
        <Broken count=found.broken lines=lines />
        <Show when=move || !is_empty && rest.get()>
            <ImportTable selection=selection lines=lines />
            <div class="import-options">
                <div class="field-pair">
                    <TextInput
                        id="import-folder"
                        label=t!("Folder")
                        value=folder
                        placeholder=t!("Checkout")
                        hint=Some(t!("Folders of the file come below it.").to_owned())
                    />
                    <TextInput
                        id="import-tags"
                        label=t!("Tags")
                        value=tags
                        placeholder=t!("imported, 2026")
                        hint=Some(t!("For all of them, between commas.").to_owned())
                    />
                </div>
                <TextInput
                    id="import-environment"
                    label=t!("Environment")
                    value=environment
                    placeholder="production"
                    hint=Some(t!("For those that do not name one themselves.").to_owned())
                />
                <Show when=move || { found.earlier > 0 }>
                    <Checkbox id="import-earlier" checked=with_earlier>
                        {t!("Restore what they were before as well")}
                    </Checkbox>
                </Show>
                <Show when=move || { found.files > 0 }>
                    <Checkbox id="import-files" checked=with_files>
                        {t!("Restore attached files as well")}
                    </Checkbox>
                </Show>
                <Show when=move || found.variables>
                    <Checkbox id="import-set" checked=as_set>
                        {t!("Keep them together as one environment set")}
                    </Checkbox>
                </Show>
                <Show when=move || as_set.get()>
                    <TextInput id="import-set-name" label=t!("Name of the set") value=set_name />
                </Show>
            </div>
        </Show>
        <footer class="page-foot">
            <Show when=move || !is_empty>
                <Button
                    look=Look::Go
                    busy=writing
                    disabled=Signal::derive(move || chosen.get() == 0)
                    on_press=import
                >
                    {verb}
                </Button>
            </Show>
            {move || match writing.get() {
                true => view! { class="v", <Cancel work=work /> }.into_any(),
                false => {
                    view! { class="v", <Button on_press=move |()| work.back()>{t!("Back")}</Button> }
                        .into_any()
                }
            }}
            <UnlockProgress />
        </footer>
    }
}

/// What comes along with the items of an archive.
#[derive(Clone, Copy)]
struct Comes {
    earlier: u32,
    files: u32,
    file_bytes: u64,
    files_missing: u32,
}

impl Comes {
    fn of(found: &ImportPreview) -> Self {
        Self {
            earlier: found.earlier,
            files: found.files,
            file_bytes: found.file_bytes,
            files_missing: found.files_missing,
        }
    }

    /// `3 files, 12 MB`.
    fn files_words(self) -> String {
        match self.files {
            0 => number(0_u32),
            files => tn!(
                files,
                "{count} file, {size}",
                "{count} files, {size}",
                size = size(self.file_bytes)
            ),
        }
    }
}

/// Which archive it is. Its key vouches for all of it.
#[component]
fn Archive(facts: ArchiveFacts, comes: Comes) -> impl IntoView {
    view! { class="v",
        <dl class="facts import-archive">
            <dt>{t!("Archive of")}</dt>
            <dd>{moment(facts.made_at_ms)}</dd>
            <dt>{t!("Version of the vault")}</dt>
            <dd>{facts.revision.to_string()}</dd>
            <dt>{t!("Items")}</dt>
            <dd>{number(facts.items)}</dd>
            <dt>{t!("Earlier versions that come along")}</dt>
            <dd>{number(comes.earlier)}</dd>
            <dt>{t!("Attached files that come along")}</dt>
            <dd>{comes.files_words()}</dd>
        </dl>
        {(comes.files_missing > 0)
            .then(|| {
                view! { class="v",
                    <Banner tone=BannerTone::Warn icon=Icon::Warning>
                        {tn!(
                            comes.files_missing,
                            "{count} attached file is not in this archive: the server did not have it when the archive was made. Its item comes without it.",
                            "{count} attached files are not in this archive: the server did not have them when the archive was made. Their items come without them."
                        )}
                    </Banner>
                }
            })}
        <p class="field-hint">
            {t!("Nothing is written before you confirm. What the vault has already is not added again. What was in the trash comes back into the trash, and its 30 days begin anew.")}
        </p>
    }
}

/// Stops what is being written.
#[component]
fn Cancel(work: ImportWork) -> impl IntoView {
    view! { class="v",
        <Button
            disabled=Signal::derive(move || work.stopping())
            on_press=move |()| work.stop()
        >
            {move || if work.stopping() { t!("Stopping…") } else { t!("Cancel") }}
        </Button>
    }
}

/// What could not be read; the rest can be imported.
#[component]
fn Broken(count: u32, lines: bool) -> impl IntoView {
    let work = use_import();
    let told = RwSignal::new(Vec::<ImportLineError>::new());
    let place = move |number: u32| match lines {
        true => t!("Line {number}", number),
        false => t!("Entry {number}", number),
    };
    let more = move || {
        spawn_local(async move {
            let offset = told.with_untracked(Vec::len) as u32;
            let asked = ImportCommand::Errors {
                offset,
                limit: ERRORS_AT_ONCE,
            };
            if let Ok(ImportReply::Errors(errors)) = work.ask(asked).await {
                let _ = told.try_update(|told| told.extend(errors));
            }
        });
    };
    if count > 0 {
        more();
    }
    let left = move || count.saturating_sub(told.with(Vec::len) as u32);
    (count > 0).then(|| {
        view! { class="v",
            <div class="line-errors" role="group" aria-label=t!("What could not be read") tabindex="0">
                <ul>
                    {move || {
                        told.get()
                            .into_iter()
                            .map(|error| {
                                view! { class="v",
                                    <li>
                                        <b>{place(error.line)}</b>
                                        " "
                                        {reason_words(&error.reason)}
                                    </li>
                                }
                            })
                            .collect_view()
                    }}
                </ul>
                <Show when=move || { left() > 0 && told.with(|told| !told.is_empty()) }>
                    <Button on_press=move |()| more()>
                        {move || {
                            t!("Show {count} more", count = number(left().min(ERRORS_AT_ONCE)))
                        }}
                    </Button>
                </Show>
            </div>
        }
    })
}

fn tags_of(text: &str) -> Vec<String> {
    let tags = text.split(',').map(str::trim);
    tags.filter(|tag| !tag.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Why an entry could not be read. What the vault refuses names a field and its rule.
fn reason_words(reason: &str) -> String {
    let Some(refused) = reason.strip_prefix("cannot be saved: ") else {
        return known(reason);
    };
    for (field, words) in REFUSED {
        let rule = refused.strip_prefix(field);
        if let Some(rule) = rule.and_then(|rest| rest.strip_prefix(' ')) {
            return filled(words, &[("rule", &known(rule))]);
        }
    }
    reason.to_owned()
}

/// Fields whose rules an entry can break, and how that is said.
const REFUSED: [(&str, &str); 15] = [
    ("its name", mark!("cannot be saved: its name {rule}")),
    ("its folder", mark!("cannot be saved: its folder {rule}")),
    ("its tags", mark!("cannot be saved: its tags {rule}")),
    (
        "its environment",
        mark!("cannot be saved: its environment {rule}"),
    ),
    ("its address", mark!("cannot be saved: its address {rule}")),
    (
        "its user name",
        mark!("cannot be saved: its user name {rule}"),
    ),
    (
        "its password",
        mark!("cannot be saved: its password {rule}"),
    ),
    (
        "its expiry date",
        mark!("cannot be saved: its expiry date {rule}"),
    ),
    (
        "its setup key",
        mark!("cannot be saved: its setup key {rule}"),
    ),
    ("its notes", mark!("cannot be saved: its notes {rule}")),
    (
        "its variables",
        mark!("cannot be saved: its variables {rule}"),
    ),
    ("its fields", mark!("cannot be saved: its fields {rule}")),
    ("its value", mark!("cannot be saved: its value {rule}")),
    ("its text", mark!("cannot be saved: its text {rule}")),
    ("a field", mark!("cannot be saved: a field {rule}")),
];

fn summary_words(found: &ImportPreview) -> String {
    let rows = found.new + found.duplicates;
    let mut words = vec![match (rows, found.variables) {
        (0, _) if found.broken == 0 => t!("Nothing was found in it").to_owned(),
        (rows, true) => tn!(rows, "{count} variable found", "{count} variables found"),
        (rows, false) => tn!(rows, "{count} item found", "{count} items found"),
    }];
    if found.duplicates > 0 {
        words.push(tn!(
            found.duplicates,
            "{count} already in the vault",
            "{count} already in the vault"
        ));
    }
    if found.broken > 0 {
        words.push(match found.format.has_lines() {
            true => tn!(
                found.broken,
                "{count} line could not be read",
                "{count} lines could not be read"
            ),
            false => tn!(
                found.broken,
                "{count} entry could not be read",
                "{count} entries could not be read"
            ),
        });
    }
    format!("{}.", listed(&words))
}

#[cfg(test)]
mod tests {
    use keyarc_vault::import::Format;

    use super::*;

    fn found(format: Format, new: u32, duplicates: u32, broken: u32) -> ImportPreview {
        ImportPreview {
            format,
            new,
            duplicates,
            broken,
            variables: format == Format::Dotenv,
            archive: None,
            earlier: 0,
            files: 0,
            file_bytes: 0,
            files_missing: 0,
            table: None,
        }
    }

    #[test]
    fn the_summary_names_only_what_there_is() {
        for (found, words) in [
            (found(Format::Dotenv, 100, 0, 0), "100 variables found."),
            (
                found(Format::Dotenv, 0, 1, 2),
                "1 variable found, 1 already in the vault, 2 lines could not be read.",
            ),
            (
                found(Format::Json, 3, 0, 2),
                "3 items found, 2 entries could not be read.",
            ),
            (found(Format::Csv, 0, 0, 0), "Nothing was found in it."),
        ] {
            assert_eq!(summary_words(&found), words);
        }
    }

    #[test]
    fn a_selection_counts_without_knowing_every_row() {
        let owner = Owner::new();
        owner.with(|| {
            use ImportStatus::{Duplicate, New};
            let selection = Selection::of(&found(Format::Csv, 10, 4, 0));
            assert_eq!((selection.count(), selection.total()), (10, 14));
            selection.set(3, New, false);
            selection.set(12, Duplicate, true);
            assert_eq!(selection.count(), 10);
            assert!(!selection.has(3, New) && selection.has(12, Duplicate));
            selection.set(3, New, true);
            assert_eq!(selection.count(), 11);
            assert_eq!(selection.plan().except, [12]);
            selection.set_all(true);
            selection.set(12, Duplicate, false);
            assert_eq!(selection.count(), 13);
            selection.set_all(false);
            assert_eq!(selection.count(), 0);
            selection.set(0, New, true);
            assert_eq!((selection.count(), selection.plan().base), (1, Base::None));
        });
    }
}
