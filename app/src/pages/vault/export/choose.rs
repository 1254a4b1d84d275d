use keyarc_vault::export::PlainFormat;
use leptos::{ev, html, prelude::*};

use super::{
    words::{ARCHIVE, about},
    work::{ALL, Choice, OWN, Refused, SELECTED, use_export},
};
use crate::{
    pages::account::{StrengthView, rate},
    state::use_items,
    ui::{
        Banner, BannerTone, Button, Checkbox, Icon, Look, PasswordField, Segmented, Select,
        focus_on_mount,
    },
    words::{shortened, size},
    worker::{ExportFacts, ExportFormat, ExportWhat, ExportWish},
};

const FOLDER: &str = "folder:";
const CODE: &str = "code";

/// What is to be made of what.
#[component]
pub(super) fn Choose(facts: ExportFacts) -> impl IntoView {
    let work = use_export();
    let Choice {
        what,
        format,
        lock,
        own,
        repeated,
        earlier,
        files,
    } = work.choice();
    let password = RwSignal::new(String::new());
    let wrong = RwSignal::new(None::<&'static str>);
    let differ = RwSignal::new(false);
    let missing = RwSignal::new(false);
    let plain = Memo::new(move |_| format.with(|id| plain_of(id)));
    let needs_own = Memo::new(move |_| plain.get().is_none() && lock.with(|lock| lock == OWN));
    let build = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let needs_own = needs_own.get_untracked();
        wrong.set((needs_own && own.with_untracked(String::is_empty)).then_some(NO_PASSWORD));
        differ.set(needs_own && own.get_untracked() != repeated.get_untracked());
        missing.set(password.with_untracked(String::is_empty));
        let stays = wrong.with_untracked(Option::is_some);
        if stays || differ.get_untracked() || missing.get_untracked() {
            return;
        }
        work.build(ExportWish {
            what: what.with_untracked(|what| what_of(what)),
            format: match (plain.get_untracked(), needs_own) {
                (Some(format), _) => ExportFormat::Plain(format),
                (None, true) => ExportFormat::ArchiveForPassword(own.get_untracked()),
                (None, false) => ExportFormat::ArchiveForCode,
            },
            earlier: plain.with_untracked(Option::is_none) && earlier.get_untracked(),
            files: plain.with_untracked(Option::is_none) && files.get_untracked(),
            password: password.get_untracked(),
        });
    };
    let master_error = Signal::derive(move || match (missing.get(), work.refused()) {
        (true, _) => Some(t!("Type your master password.").to_owned()),
        (_, Some(Refused::Master)) => Some(t!("This is not your master password.").to_owned()),
        _ => None,
    });
    let master = NodeRef::<html::Input>::new();
    if work.refused() == Some(Refused::Master) {
        focus_on_mount(master);
    }
    view! { class="v",
        <p class="lead">
            {t!("The file is made on this device, and only your browser gets it.")}
        </p>
        <form class="export-form" method="post" novalidate on:submit=build>
            <WhatSelect facts=facts what=what />
            <Select
                id="export-format"
                label=t!("As")
                value=format
                options=formats()
                hint=Signal::derive(move || Some(about(plain.get()).to_owned()))
                on_change=move |id: String| format.set(id)
            />
            {move || match plain.get() {
                Some(_) => view! { class="v",
                    <Banner tone=BannerTone::Warn icon=Icon::Warning>
                        {t!("This file is not encrypted. Whoever gets hold of it reads every secret in it. Keep it no longer than you need it, and delete it from downloads and bin.")}
                    </Banner>
                }
                .into_any(),
                None => view! { class="v",
                    <Segmented
                        name="export-lock"
                        label=t!("Opened by")
                        options=locks()
                        value=lock
                        on_change=move |chosen: String| lock.set(chosen)
                    />
                }
                .into_any(),
            }}
            <Show when=move || needs_own.get()>
                <OwnPassword own=own repeated=repeated wrong=wrong differ=differ />
            </Show>
            <Show when=move || plain.get().is_none() && !needs_own.get()>
                <p class="field-hint export-code">
                    {t!("The setup code of your recovery kit opens it, and nothing else does. After “I was compromised” there is another code: the kit of today still opens this file then, so keep it.")}
                </p>
            </Show>
            <Show when=move || plain.get().is_none()>
                <Checkbox id="export-earlier" checked=earlier>
                    {t!("Earlier versions")}
                </Checkbox>
                <p class="field-hint export-code">
                    {t!("What items were before, as far as the server keeps it. Whoever opens the archive reads secrets in it that were replaced long ago.")}
                </p>
            </Show>
            <Show when=move || { plain.get().is_none() && facts.files > 0 }>
                <Checkbox id="export-files" checked=files>
                    {t!("Attached files")}
                </Checkbox>
                <p class="field-hint export-code">
                    {tn!(
                        facts.files,
                        "{count} file of {size} in the whole vault, and those that only earlier versions have. Each is fetched once.",
                        "{count} files of {size} in the whole vault, and those that only earlier versions have. Each is fetched once.",
                        size = size(facts.file_bytes)
                    )}
                </p>
            </Show>
            <PasswordField
                id="export-master"
                label=t!("Master password")
                autocomplete="current-password"
                value=password
                error=master_error
                hint=Some(t!("Asked for once more, so that nobody takes your vault from an open screen.").to_owned())
                node_ref=master
            />
            <footer class="page-foot">
                <Button look=Look::Go submit=true>
                    {t!("Make the file")}
                </Button>
            </footer>
        </form>
    }
}

/// Which items.
#[component]
fn WhatSelect(facts: ExportFacts, what: RwSignal<String>) -> impl IntoView {
    let work = use_export();
    let folders = use_items().facets();
    let options = Signal::derive(move || {
        let mut options = vec![(
            ALL.to_owned(),
            tn!(
                facts.items,
                "Everything, {count} item",
                "Everything, {count} items"
            ),
        )];
        if work.is_of_selection() {
            let words = tn!(
                facts.selected,
                "What was selected, {count} item",
                "What was selected, {count} items"
            );
            options.push((SELECTED.to_owned(), words));
        }
        folders.with(|facets| {
            let folder = |folder: &keyarc_vault::Count| {
                let words = tn!(
                    folder.count,
                    "Folder {name}, {count} item",
                    "Folder {name}, {count} items",
                    name = shortened(&folder.name)
                );
                (format!("{FOLDER}{}", folder.name), words)
            };
            options.extend(facets.folders.iter().map(folder));
        });
        options
    });
    view! { class="v",
        <Select
            id="export-what"
            label=t!("What")
            value=what
            options=options
            hint=(facts.trashed > 0)
                .then(|| {
                    tn!(
                        facts.trashed,
                        "An archive of everything has what is in the trash as well, {count} item.",
                        "An archive of everything has what is in the trash as well, {count} items."
                    )
                })
            on_change=move |chosen: String| what.set(chosen)
        />
    }
}

/// The password that the archive is to have.
#[component]
fn OwnPassword(
    own: RwSignal<String>,
    repeated: RwSignal<String>,
    wrong: RwSignal<Option<&'static str>>,
    differ: RwSignal<bool>,
) -> impl IntoView {
    let work = use_export();
    let (rating, changed) = rate(own, RwSignal::new(String::new()));
    let error = Signal::derive(move || {
        let weak = (work.refused() == Some(Refused::Own)).then_some(WEAK);
        let wrong = wrong.get().or(weak);
        wrong.map(|words| crate::language::text(words).to_owned())
    });
    view! { class="v",
        <PasswordField
            id="export-own"
            label=t!("Password of the archive")
            autocomplete="new-password"
            value=own
            error=error
            hint=Some(
                t!("Not your master password: whoever gets the file can try passwords on it for ever. Without this one nobody opens it, you neither.")
                    .to_owned(),
            )
            on_input=changed
        />
        <StrengthView strength=rating.strength />
        <PasswordField
            id="export-own-again"
            label=t!("The same once more")
            autocomplete="new-password"
            value=repeated
            error=Signal::derive(move || {
                differ.get().then(|| t!("This is not the same password.").to_owned())
            })
        />
    }
}

const NO_PASSWORD: &str = mark!("The archive needs a password.");
const WEAK: &str = mark!("Too easy to guess. Make it longer; four or five random words are good.");

fn formats() -> Vec<(String, String)> {
    let archive = (
        ARCHIVE.to_owned(),
        t!("KeyArc archive, encrypted").to_owned(),
    );
    let plain = PlainFormat::ALL.into_iter().map(|format| {
        (
            format.id().to_owned(),
            t!("{format}, not encrypted", format = format.name()),
        )
    });
    std::iter::once(archive).chain(plain).collect()
}

fn locks() -> Vec<(String, String)> {
    [(OWN, t!("A password")), (CODE, t!("My setup code"))]
        .into_iter()
        .map(|(id, words)| (id.to_owned(), words.to_owned()))
        .collect()
}

fn plain_of(id: &str) -> Option<PlainFormat> {
    PlainFormat::ALL
        .into_iter()
        .find(|format| format.id() == id)
}

fn what_of(chosen: &str) -> ExportWhat {
    match (chosen, chosen.strip_prefix(FOLDER)) {
        (_, Some(path)) => ExportWhat::Folder(path.to_owned()),
        (SELECTED, _) => ExportWhat::Selection,
        _ => ExportWhat::All,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_is_what_it_says() {
        assert_eq!(what_of(ALL), ExportWhat::All);
        assert_eq!(what_of(SELECTED), ExportWhat::Selection);
        assert_eq!(what_of("folder:all"), ExportWhat::Folder("all".to_owned()));
        for (id, _) in formats() {
            assert_eq!(plain_of(&id).is_none(), id == ARCHIVE, "{id}");
        }
    }
}
