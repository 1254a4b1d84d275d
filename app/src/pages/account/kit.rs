use leptos::prelude::*;

use crate::{
    state::{use_clipboard, use_toasts},
    ui::{Button, Icon, QrView, save_file},
    words::{local_day, long_day},
    worker::RecoveryKit,
};

/// The kit as a page to print and a file to keep.
#[component]
pub fn KitView(
    /// Shown once, and kept nowhere.
    kit: RecoveryKit,
) -> impl IntoView {
    let toasts = use_toasts();
    let clipboard = use_clipboard();
    let date = long_day(local_day(kit.created_at_ms));
    let groups = code_groups(&kit.setup_code);
    let has_key = kit.recovery_key.is_some();
    let text = StoredValue::new(kit_text(&kit, &date));
    let code = StoredValue::new(kit.setup_code.clone());
    let download = move |()| {
        let saved = text.with_value(|text| save_file("keyarc-recovery-kit.txt", text));
        match saved {
            Ok(()) => toasts.say(t!(
                "Recovery kit downloaded. Keep it off this computer too."
            )),
            Err(_) => toasts.fail(t!(
                "The browser did not save the file. Print the kit instead."
            )),
        }
    };
    let print = move |()| {
        if window().print().is_err() {
            toasts.fail(t!("The browser did not print. Download the kit instead."));
        }
    };
    let copy = move |()| {
        let code = code.get_value();
        clipboard.copy(t!("Setup code").to_owned(), async move { Ok(code) });
    };
    view! { class="v",
        <section class="kit">
            <h1>{t!("Save your recovery kit")}</h1>
            <p class="lead">
                {if has_key {
                    t!("A new device needs the setup code and your master password. The recovery key stands in for the password if you forget it: keep the kit where only you get at it.")
                } else {
                    t!("A new device needs this setup code and your master password. Without the code, nobody can open your vault on another device, and neither can we.")
                }}
            </p>
            <div class="kit-sheet">
                <div class="kit-head">
                    <div>
                        <p class="kit-label" id="setup-code-label">
                            {t!("Setup code")}
                        </p>
                        <p
                            class="kit-code"
                            data-testid="setup-code"
                            aria-labelledby="setup-code-label"
                            translate="no"
                        >
                            {groups
                                .into_iter()
                                .map(|group| view! { class="v", <span>{group}</span> })
                                .collect_view()}
                        </p>
                    </div>
                    {kit
                        .qr
                        .clone()
                        .map(|qr| view! { class="v", <QrView qr=qr label=t!("The setup code as a QR code") /> })}
                </div>
                {kit
                    .recovery_key
                    .as_deref()
                    .map(|key| {
                        view! { class="v",
                            <Code id="recovery-key" label=t!("Recovery key") code=code_groups(key) />
                        }
                    })}
                {kit
                    .checkpoint
                    .as_deref()
                    .map(|code| {
                        view! { class="v",
                            <Code
                                id="checkpoint"
                                label=t!("Checkpoint")
                                code=code_groups(code)
                                small=true
                            />
                        }
                    })}
                <dl class="facts">
                    {kit
                        .email
                        .clone()
                        .map(|email| {
                            view! { class="v",
                                <dt>{t!("E-mail")}</dt>
                                <dd>{email}</dd>
                            }
                        })}
                    <dt>{t!("Created")}</dt>
                    <dd>{date}</dd>
                    <dt>{t!("Server")}</dt>
                    <dd>
                        <code>{kit.origin.clone()}</code>
                    </dd>
                    <dt class="print-only">{t!("Master password")}</dt>
                    <dd class="print-only kit-line"></dd>
                </dl>
                <ol class="kit-steps">
                    <li>{t!("On the new device, open {origin}/log-in.", origin = kit.origin)}</li>
                    <li>{t!("Type or paste the setup code; spaces and case do not matter.")}</li>
                    <li>{t!("Type your master password.")}</li>
                    {has_key
                        .then(|| {
                            view! { class="v",
                                <li>
                                    {t!(
                                        "Password forgotten? Open {origin}/recover and type the codes above. The checkpoint is no secret; with it an old state of the server is noticed.",
                                        origin = kit.origin,
                                    )}
                                </li>
                            }
                        })}
                </ol>
                {(!has_key)
                    .then(|| {
                        view! { class="v",
                            <p class="kit-note">
                                {t!("The recovery key of the kit before stays the right one: keep that sheet too.")}
                            </p>
                        }
                    })}
            </div>
            <div class="kit-buttons">
                <Button icon=Icon::Download on_press=download>
                    {t!("Download")}
                </Button>
                <Button icon=Icon::Print on_press=print>
                    {t!("Print")}
                </Button>
                <Button icon=Icon::Copy on_press=copy>
                    {t!("Copy code")}
                </Button>
            </div>
        </section>
    }
}

/// A code of the kit below the setup code.
#[component]
fn Code(
    id: &'static str,
    label: &'static str,
    code: Vec<String>,
    #[prop(optional)] small: bool,
) -> impl IntoView {
    let label_id = format!("{id}-label");
    view! { class="v",
        <p class="kit-label" id=label_id.clone()>
            {label}
        </p>
        <p
            class="kit-code kit-code-more"
            class:kit-code-small=small
            data-testid=id
            aria-labelledby=label_id
            translate="no"
        >
            {code
                .into_iter()
                .map(|group| view! { class="v", <span>{group}</span> })
                .collect_view()}
        </p>
    }
}

/// A code in its groups; each but the last keeps its hyphen, so that the whole reads
/// and copies as the code.
fn code_groups(code: &str) -> Vec<String> {
    code.split_inclusive('-').map(str::to_owned).collect()
}

/// The kit as a text file. What reads it finds the codes by how they begin, in every language.
pub fn kit_text(kit: &RecoveryKit, date: &str) -> String {
    // So wide are the names in English.
    const LEAST_WIDTH: usize = 12;
    let facts = [
        (t!("Setup code"), Some(kit.setup_code.as_str())),
        (t!("Recovery key"), kit.recovery_key.as_deref()),
        (t!("Checkpoint"), kit.checkpoint.as_deref()),
        (t!("E-mail"), kit.email.as_deref()),
        (t!("Created"), Some(date)),
        (t!("Server"), Some(kit.origin.as_str())),
    ];
    let facts: Vec<(&str, &str)> = facts
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
    let width = facts.iter().map(|(name, _)| name.chars().count()).max();
    let width = width.unwrap_or_default().max(LEAST_WIDTH) + 2;
    let facts: String = facts
        .into_iter()
        .map(|(name, value)| format!("{name:<width$}{value}\n"))
        .collect();
    let origin = &kit.origin;
    let last = if kit.recovery_key.is_some() {
        let forgotten = t!(
            "If you forget the password, open {origin}/recover\n\
             and paste this whole file. It sets a new password.",
            origin
        );
        let keep = t!(
            "Keep this file where only you can read it, and a copy away from your computer.\n\
             Who has it can open your vault, unless you have a second factor."
        );
        format!("{forgotten}\n\n{keep}\n")
    } else {
        let keep = t!(
            "The recovery key of the kit before stays the right one: keep that file too.\n\
             Keep this file where only you can read it, and a copy away from your computer."
        );
        format!("{keep}\n")
    };
    let steps = [
        t!("To open your vault on a new device:").to_owned(),
        t!("1. Open {origin}/log-in", origin),
        t!("2. Enter the setup code; spaces and case do not matter.").to_owned(),
        t!("3. Enter your master password. It is not in this file.").to_owned(),
    ];
    format!(
        "{title}\n\n{facts}\n{steps}\n\n{last}",
        title = t!("KeyArc recovery kit"),
        steps = steps.join("\n"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kit(email: Option<&str>) -> RecoveryKit {
        RecoveryKit {
            setup_code: "KA1-ABCDE-FGHJK".to_owned(),
            email: email.map(str::to_owned),
            created_at_ms: 0,
            origin: "https://keyarc.example".to_owned(),
            recovery_key: Some("KR1-ABCD".to_owned()),
            checkpoint: Some("KC1-ABCD".to_owned()),
            qr: None,
        }
    }

    #[test]
    fn the_groups_join_to_the_code() {
        assert_eq!(code_groups("KA1-ABCDE-FGHJK"), ["KA1-", "ABCDE-", "FGHJK"]);
        assert_eq!(code_groups("KA1-ABCDE-FGHJK").concat(), "KA1-ABCDE-FGHJK");
    }

    #[test]
    fn the_file_has_what_a_new_device_needs() {
        let text = kit_text(&kit(Some("ann@example.org")), "5 December 2026");
        for part in [
            "KA1-ABCDE-FGHJK",
            "ann@example.org",
            "5 December 2026",
            "https://keyarc.example/log-in",
        ] {
            assert!(text.contains(part), "{part}");
        }
        assert!(!kit_text(&kit(None), "").contains("E-mail"));
        for line in [
            "Recovery key  KR1-ABCD",
            "Checkpoint    KC1-ABCD",
            "example/recover",
        ] {
            assert!(text.contains(line), "{line}");
        }
        let without = RecoveryKit {
            recovery_key: None,
            ..kit(None)
        };
        let text = kit_text(&without, "");
        assert!(text.contains("kit before stays") && !text.contains("/recover"));
    }
}
