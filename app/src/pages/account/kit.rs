use leptos::prelude::*;

use crate::{
    state::{use_clipboard, use_toasts},
    ui::{Button, Icon, save_file},
    words::local_day,
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
    let date = local_day(kit.created_at_ms).long();
    let groups = code_groups(&kit.setup_code);
    let text = StoredValue::new(kit_text(&kit, &date));
    let code = StoredValue::new(kit.setup_code.clone());
    let download = move |()| {
        let saved = text.with_value(|text| save_file("keyarc-recovery-kit.txt", text));
        match saved {
            Ok(()) => toasts.say("Recovery kit downloaded. Keep it off this computer too."),
            Err(_) => toasts.fail("The browser did not save the file. Print the kit instead."),
        }
    };
    let print = move |()| {
        if window().print().is_err() {
            toasts.fail("The browser did not print. Download the kit instead.");
        }
    };
    let copy = move |()| {
        let code = code.get_value();
        clipboard.copy("Setup code".to_owned(), async move { Ok(code) });
    };
    view! { class="v",
        <section class="kit">
            <h1>"Save your recovery kit"</h1>
            <p class="lead">
                "A new device needs this setup code and your master password. Without the code, nobody can open your vault on another device, and neither can we."
            </p>
            <div class="kit-sheet">
                <p class="kit-label" id="setup-code-label">
                    "Setup code"
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
                <dl class="facts">
                    {kit
                        .email
                        .clone()
                        .map(|email| {
                            view! { class="v",
                                <dt>"E-mail"</dt>
                                <dd>{email}</dd>
                            }
                        })}
                    <dt>"Created"</dt>
                    <dd>{date}</dd>
                    <dt>"Server"</dt>
                    <dd>
                        <code>{kit.origin.clone()}</code>
                    </dd>
                    <dt class="print-only">"Master password"</dt>
                    <dd class="print-only kit-line"></dd>
                </dl>
                <ol class="kit-steps">
                    <li>{format!("On the new device, open {}/log-in.", kit.origin)}</li>
                    <li>"Type or paste the setup code; spaces and case do not matter."</li>
                    <li>"Type your master password."</li>
                </ol>
            </div>
            <div class="kit-buttons">
                <Button icon=Icon::Download on_press=download>
                    "Download"
                </Button>
                <Button icon=Icon::Print on_press=print>
                    "Print"
                </Button>
                <Button icon=Icon::Copy on_press=copy>
                    "Copy code"
                </Button>
            </div>
        </section>
    }
}

/// The setup code in its groups; each but the last keeps its hyphen, so that the whole reads
/// and copies as the code.
fn code_groups(code: &str) -> Vec<String> {
    code.split_inclusive('-').map(str::to_owned).collect()
}

/// The kit as a text file.
pub fn kit_text(kit: &RecoveryKit, date: &str) -> String {
    let email = kit
        .email
        .as_ref()
        .map(|email| format!("E-mail      {email}\n"))
        .unwrap_or_default();
    format!(
        "KeyArc recovery kit\n\
         \n\
         Setup code  {code}\n\
         {email}\
         Created     {date}\n\
         Server      {origin}\n\
         \n\
         To open your vault on a new device:\n\
         1. Open {origin}/log-in\n\
         2. Enter the setup code; spaces and case do not matter.\n\
         3. Enter your master password. It is not in this file.\n\
         \n\
         Keep this file where only you can read it, and a copy away from your computer.\n\
         Who has it still needs your master password. Nobody can make a new one for you.\n",
        code = kit.setup_code,
        origin = kit.origin,
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
    }
}
