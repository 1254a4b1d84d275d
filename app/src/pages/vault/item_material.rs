use keyarc_vault::{Item, ItemSummary, Kind, MaterialFacts, certificate::KeyMatch};
use leptos::{prelude::*, task::spawn_local};

use super::material_facts::MaterialFactsView;
use crate::{
    state::{use_clipboard, use_toasts},
    ui::{Banner, BannerTone, Button, Icon, SkeletonLines, save_file},
    worker::{Command, Failure, MaterialSource, Reply, use_worker},
};

/// What the certificate or the SSH key of an item is, read in the worker. The secret stays there
/// until it is asked for.
#[component]
pub(super) fn ItemMaterial(
    /// The item.
    summary: ItemSummary,
) -> impl IntoView {
    let worker = use_worker();
    let id = summary.id;
    let read = RwSignal::new(None::<Result<Option<MaterialFacts>, String>>);
    let look = move |()| {
        read.set(None);
        let source = Box::new(MaterialSource::Item(id));
        spawn_local(async move {
            let reply = worker.call(Command::InspectKeyMaterial(source)).await;
            let _ = read.try_set(Some(match reply {
                Ok(Reply::Inspected(inspected)) => Ok(inspected.facts),
                Ok(_) => Ok(None),
                Err(failure) => Err(failure.to_string()),
            }));
        });
    };
    look(());
    let stored = StoredValue::new(summary);
    view! { class="v",
        <section class="material" aria-label=t!("What it is")>
            {move || match read.get() {
                None => view! { class="v",
                    <div aria-busy="true">
                        <SkeletonLines count=4 />
                    </div>
                }
                .into_any(),
                Some(Err(problem)) => view! { class="v",
                    <Banner tone=BannerTone::Bad icon=Icon::Warning>
                        {problem}
                    </Banner>
                    <Button on_press=look>{t!("Read it again")}</Button>
                }
                .into_any(),
                Some(Ok(None)) => view! { class="v",
                    <p class="quiet">{t!("Nothing is filled in.")}</p>
                }
                .into_any(),
                Some(Ok(Some(facts))) => view! { class="v",
                    <MaterialFactsView facts=facts.clone() />
                    <Files summary=stored.get_value() facts=facts />
                }
                .into_any(),
            }}
        </section>
    }
}

/// A part of an item as a file.
#[derive(Clone, Copy)]
struct AsFile {
    /// On the button.
    words: &'static str,
    /// The part's key.
    part: &'static str,
    /// What the file's name ends in.
    ending: &'static str,
    /// It is a secret that nothing protects as a file.
    is_secret: bool,
}

const CHAIN: AsFile = AsFile {
    words: mark!("Download certificates"),
    part: "chain",
    ending: ".pem",
    is_secret: false,
};
const CERTIFICATE_KEY: AsFile = AsFile {
    words: mark!("Download private key"),
    part: "certificate_key",
    ending: "-key.pem",
    is_secret: true,
};
const SSH_PRIVATE: AsFile = AsFile {
    words: mark!("Download private key"),
    part: "ssh_private_key",
    ending: "",
    is_secret: true,
};
const SSH_PUBLIC: AsFile = AsFile {
    words: mark!("Download public key"),
    part: "ssh_public_key",
    ending: ".pub",
    is_secret: false,
};

#[component]
fn Files(summary: ItemSummary, facts: MaterialFacts) -> impl IntoView {
    let worker = use_worker();
    let toasts = use_toasts();
    let clipboard = use_clipboard();
    let (has_key, public_key) = match &facts {
        MaterialFacts::Certificate(facts) => (facts.key, Some(facts.public_key.clone())),
        MaterialFacts::Ssh(facts) => (facts.private_key, None),
    };
    let mut files = match summary.kind {
        Kind::Certificate => vec![CHAIN, CERTIFICATE_KEY],
        _ => vec![SSH_PUBLIC, SSH_PRIVATE],
    };
    files.retain(|file| has_key != KeyMatch::Absent || !file.is_secret);
    let stem = stem_of(&summary.name);
    let id = summary.id;
    let button = move |file: AsFile| {
        let name = format!("{stem}{}", file.ending);
        let save = move |()| {
            let name = name.clone();
            spawn_local(async move {
                let saved = match worker.call(Command::Reveal(id)).await {
                    Ok(Reply::Item(item)) => save(&name, &item, file.part),
                    Ok(_) => Err(Failure::NotFound.to_string()),
                    Err(failure) => Err(failure.to_string()),
                };
                match saved {
                    Ok(()) if file.is_secret => toasts.say(t!(
                        "{name} saved. Nothing protects the key there: delete the file when you have used it.",
                        name,
                    )),
                    Ok(()) => toasts.say(t!("{name} saved.", name)),
                    Err(problem) => toasts.fail(problem),
                }
            });
        };
        view! { class="v", <Button on_press=save>{crate::language::text(file.words)}</Button> }
    };
    view! { class="v",
        <div class="material-files">
            {files.into_iter().map(button).collect_view()}
            {public_key
                .map(|key| {
                    let copy = move |()| {
                        let key = key.clone();
                        clipboard.copy(t!("Public key").to_owned(), async move { Ok(key) });
                    };
                    view! { class="v", <Button icon=Icon::Copy on_press=copy>{t!("Copy public key")}</Button> }
                })}
        </div>
    }
}

fn save(name: &str, item: &Item, part: &str) -> Result<(), String> {
    let text = item.content.part(part).unwrap_or_default();
    // Tools want a line break at the end.
    let text = format!("{}\n", text.trim_end());
    save_file(name, &text).map_err(|_| t!("The browser did not save the file.").to_owned())
}

/// A file's name from an item's: letters, digits, dots and hyphens.
fn stem_of(name: &str) -> String {
    let words: Vec<String> = name
        .split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-' | '_'))
        .map(|word| word.trim_matches(['.', '-']).to_owned())
        .filter(|word| !word.is_empty())
        .collect();
    let mut stem = words.join("-");
    stem.truncate(60);
    if stem.is_empty() {
        "key".to_owned()
    } else {
        stem
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_after_its_item() {
        assert_eq!(stem_of("*.example.com"), "example.com");
        assert_eq!(stem_of("Shop / production key"), "Shop-production-key");
        assert_eq!(stem_of("../../etc/passwd"), "etc-passwd");
        assert_eq!(stem_of("ключ"), "key");
        assert_eq!(stem_of(&"x".repeat(500)).len(), 60);
    }
}
