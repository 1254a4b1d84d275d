use keyarc_client::Trust;
use keyarc_vault::{Content, Item, Variable};
use leptos::{prelude::*, task::spawn_local};
use serde_json::{Value, json};

use crate::{
    pages::account::UnlockProgress,
    state::{use_session, use_toasts},
    ui::{Banner, BannerTone, Button, Confirm, Icon, IconView, Look, save_file},
    words::{local_day, long_day},
    worker::{Command, Reply, use_worker},
};

/// What the server shows is not what was signed: nothing of it is shown, and this is instead.
#[component]
pub(super) fn Blocked() -> impl IntoView {
    let session = use_session();
    let worker = use_worker();
    let toasts = use_toasts();
    let asked = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let again = move |()| session.sync();
    let export = move |()| {
        asked.set(false);
        busy.set(true);
        session.clear_progress();
        spawn_local(async move {
            let reply = worker.call(Command::Salvage).await;
            let _ = busy.try_set(false);
            session.clear_progress();
            match reply {
                Ok(Reply::Salvaged { items, refused }) => {
                    let text = export_text(&items, refused);
                    match save_file("keyarc-export.json", &text) {
                        Ok(()) => toasts.say(exported_words(items.len(), refused)),
                        Err(_) => toasts.fail(t!("The browser did not save the file.")),
                    }
                }
                Ok(_) => {}
                Err(failure) => toasts.failed(&failure),
            }
        });
    };
    view! { class="v",
        <main class="page" id="main">
            <div class="page-body blocked">
                <div class="state-icon">
                    <IconView icon=Icon::Warning />
                </div>
                <h1>{t!("Your vault is closed, because the server changed it")}</h1>
                <p class="lead">
                    {t!("Every time you save, your device signs a list of everything in the vault. What the server sent just now is not what was signed: an item is missing, came back, is an older version, or the list itself was altered.")}
                </p>
                <h2>{t!("What is safe")}</h2>
                <p>
                    {t!("The server cannot read anything, and could not change what an item says. Nothing of what it sent is shown, and nothing was written to it. Your password and keys did not leave this device.")}
                </p>
                <h2>{t!("What to do")}</h2>
                <ol>
                    <li>{t!("Try again. If it was a fault on the way, it is gone.")}</li>
                    <li>
                        {t!("Tell whoever runs this server that it does not show what it was given. They may have restored a damaged backup.")}
                    </li>
                    <li>
                        {t!("If you need your keys now, export what verifies: each of those items was sealed by you. Nobody can tell whether some are missing or old.")}
                    </li>
                </ol>
                <div class="page-foot">
                    <Button look=Look::Go icon=Icon::Undo on_press=again>
                        {t!("Try again")}
                    </Button>
                    <Button busy=busy on_press=move |()| asked.set(true)>
                        {t!("Export what verifies")}
                    </Button>
                    <UnlockProgress />
                </div>
                <Confirm
                    open=asked
                    title=t!("Export what verifies?")
                    detail=t!("The file will hold your secrets in the clear. Put it where only you can read it, and delete it when you are done.")
                    verb=t!("Export in the clear")
                    on_confirm=export
                />
            </div>
        </main>
    }
}

/// A vault that can be read and not written, because of what the server shows, and the way out
/// for whoever knows why it does.
#[component]
pub(super) fn TrustBanner() -> impl IntoView {
    let session = use_session();
    let worker = use_worker();
    let toasts = use_toasts();
    let asked = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let alarm = Memo::new(move |_| Alarm::of(session.trust()));
    let accept = move |()| {
        busy.set(true);
        spawn_local(async move {
            let reply = worker.call(Command::AcceptShown).await;
            let _ = busy.try_set(false);
            match reply {
                Ok(_) => toasts.say(t!("Your vault goes on from what the server shows.")),
                Err(failure) => toasts.failed(&failure),
            }
        });
    };
    view! { class="v",
        {move || {
            let words = alarm.get()?.words;
            Some(view! { class="v",
                <Banner tone=BannerTone::Bad icon=Icon::Warning>
                    <p>{words}</p>
                    <Button busy=busy on_press=move |()| asked.set(true)>
                        {t!("Go on from this state")}
                    </Button>
                </Banner>
            })
        }}
        <Confirm
            open=asked
            title=t!("Go on from what the server shows?")
            detail=Signal::derive(move || alarm.get().map(|alarm| alarm.lost).unwrap_or_default())
            verb=t!("Go on from it")
            on_confirm=accept
        />
    }
}

/// Why a vault is read-only, and what is given up by going on all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Alarm {
    words: String,
    lost: String,
}

impl Alarm {
    /// `None` where nothing is wrong, and where nothing can be shown at all.
    fn of(trust: Trust) -> Option<Self> {
        let (what, lost) = match trust {
            Trust::RolledBack {
                seen,
                shown,
                shown_at_ms,
            } => {
                let day = long_day(local_day(shown_at_ms));
                (
                    t!(
                        "The server shows your vault as it was on {day}: version {shown}, although version {seen} was saved.",
                        day,
                        shown,
                        seen,
                    ),
                    t!(
                        "What you saved after {day} is not there any more, and this device will not ask for it again.",
                        day,
                    ),
                )
            }
            Trust::Forked { .. } => (
                t!("The server shows a different history of your vault than the one you saved.")
                    .to_owned(),
                t!("What you saved and do not see here is not there any more, and this device will not ask for it again.")
                    .to_owned(),
            ),
            Trust::Fresh | Trust::FreshnessUnverified | Trust::Broken => return None,
        };
        Some(Self {
            words: t!(
                "{what} Everything here was sealed by you and can be read and copied; nothing is written until the server shows the newest state. Ask whoever runs it whether an old backup was restored.",
                what,
            ),
            lost: t!(
                "{lost} Go on only if whoever runs this server told you that a backup was restored. If nobody did, the server may be hiding your newest keys: copy what you need instead.",
                lost,
            ),
        })
    }
}

fn exported_words(items: usize, refused: u32) -> String {
    let items = u32::try_from(items).unwrap_or(u32::MAX);
    let exported = tn!(items, "{count} item exported.", "{count} items exported.");
    match refused {
        0 => exported,
        refused => tn!(
            refused,
            "{exported} {count} other did not verify.",
            "{exported} {count} others did not verify.",
            exported,
        ),
    }
}

/// Items as JSON, in the clear, for another program or a person to read.
fn export_text(items: &[Item], refused: u32) -> String {
    let items: Vec<Value> = items.iter().map(exported).collect();
    let whole = json!({
        "format": "keyarc-export",
        "version": 1,
        "complete": false,
        "refused": refused,
        "items": items,
    });
    // Writing JSON made of strings and numbers cannot fail.
    serde_json::to_string_pretty(&whole).unwrap_or_default()
}

fn exported(item: &Item) -> Value {
    let summary = &item.summary;
    let mut content = serde_json::Map::new();
    content.insert("kind".into(), json!(summary.kind));
    for part in summary.kind.parts() {
        content.insert(part.key.into(), json!(item.content.part(part.key)));
    }
    if let Content::EnvironmentSet { variables } = &item.content {
        let variable =
            |variable: &Variable| json!({ "name": variable.name, "value": variable.value });
        let variables: Vec<Value> = variables.iter().map(variable).collect();
        content.insert("variables".into(), json!(variables));
    }
    json!({
        "name": summary.name,
        "version": summary.version,
        "folder": summary.folder,
        "tags": summary.tags,
        "environment": summary.environment,
        "provider": summary.provider,
        "expires_on": summary.expires_on.map(|day| day.to_string()),
        "rotated_on": summary.rotation.rotated_on.map(|day| day.to_string()),
        "rotate_every_days": summary.rotation.every_days,
        "content": content,
        "notes": item.notes,
        "fields": item.fields,
        "used_in": item.places,
        "files": item.attachments.iter().map(|file| &file.name).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_says_what_did_not_verify() {
        assert_eq!(exported_words(1, 0), "1 item exported.");
        assert_eq!(
            exported_words(12, 2),
            "12 items exported. 2 others did not verify."
        );
        let text = export_text(&[], 3);
        let read: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(
            (&read["refused"], &read["complete"]),
            (&json!(3), &json!(false))
        );
    }

    #[test]
    fn only_what_can_be_read_has_a_banner() {
        assert_eq!(Alarm::of(Trust::Fresh), None);
        assert_eq!(Alarm::of(Trust::FreshnessUnverified), None);
        assert_eq!(Alarm::of(Trust::Broken), None);
        let Alarm { words, lost } = Alarm::of(Trust::Forked { version: 3 }).expect("an alarm");
        assert!(words.contains("different history"), "{words}");
        assert!(lost.contains("do not see here"), "{lost}");
    }
}
