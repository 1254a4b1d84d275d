//! What was found, in words.

use keyarc_vault::{CheckOutcome, CheckResult};
use leptos::prelude::*;

use super::super::check_words::{outcome_tone, outcome_word};
use crate::{
    state::use_clipboard,
    ui::{Badge, Button, Icon},
    words::ago_now,
    worker::CheckFound,
};

/// What an outcome means, and what to do.
pub(super) fn meaning(result: CheckResult) -> String {
    let status = result.status;
    match result.outcome {
        CheckOutcome::Valid => t!("The provider takes this key.").to_owned(),
        CheckOutcome::Invalid => {
            t!("The provider does not take this key. It was revoked or replaced, or is not this provider’s.").to_owned()
        }
        CheckOutcome::Expired => {
            t!("The provider says that the key’s time is over. Make a new one there and put it in.").to_owned()
        }
        CheckOutcome::RateLimited => {
            t!("The provider had too many requests and said nothing of the key. Try again later.").to_owned()
        }
        CheckOutcome::Unreachable if status == 0 => {
            t!("No answer came within 15 seconds. The key may work all the same.").to_owned()
        }
        CheckOutcome::Unreachable => {
            t!("The provider is in trouble (HTTP {status}) and said nothing of the key. Try again later.", status)
        }
        CheckOutcome::Blocked => {
            t!("The browser got no answer that it may show. Either this provider does not let a browser ask, or it or the network is away: a browser does not say which. The key may work all the same.").to_owned()
        }
        CheckOutcome::Unexpected if status == 0 => {
            t!("The provider wanted the request to go to another address. It did not go there. Change the test if that address is right.").to_owned()
        }
        CheckOutcome::Unexpected => {
            t!("The answer (HTTP {status}) says neither that the key works nor that it does not. It may not be allowed to do what the test asks.", status)
        }
    }
}

/// Whether a line for a terminal helps.
pub(super) fn wants_terminal(outcome: CheckOutcome) -> bool {
    matches!(outcome, CheckOutcome::Blocked)
}

/// What a test found, when, and what went where.
#[component]
pub(super) fn FoundReport(found: CheckFound) -> impl IntoView {
    let outcome = found.result.outcome;
    view! { class="v",
        <div class="check-report" role="status">
            <p>
                <Badge tone=outcome_tone(outcome)>{outcome_word(outcome)}</Badge>
                " "
                {meaning(found.result)}
            </p>
            <p class="quiet">
                {t!(
                    "One request to {host}, straight from this browser, {when}. KeyArc’s server sees nothing of it.",
                    host = found.host,
                    when = ago_now(found.at_ms)
                )}
            </p>
            {wants_terminal(outcome)
                .then(|| view! { class="v", <TerminalLine line=found.command_line.clone() /> })}
        </div>
    }
}

/// Asks the same where no browser stands in the way.
#[component]
pub(super) fn TerminalLine(line: String) -> impl IntoView {
    let clipboard = use_clipboard();
    let copied = line.clone();
    let copy = move |()| {
        let line = copied.clone();
        clipboard.copy(t!("The line").to_owned(), async move { Ok(line) });
    };
    let (before, after) = t!(
        "Ask in a terminal. Put the key into the variable {variable} there; the line reads it, and holds no key itself. The last line of what it prints is the status."
    )
    .split_once("{variable}")
    .unwrap_or_default();
    view! { class="v",
        <div class="check-terminal">
            <p>
                {before} <code>"API_KEY"</code> {after}
            </p>
            <pre tabindex="0" role="group" aria-label=t!("Line for a terminal")>
                <code>{line}</code>
            </pre>
            <Button icon=Icon::Copy on_press=copy>
                {t!("Copy the line")}
            </Button>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use keyarc_vault::Day;

    use super::*;

    #[test]
    fn what_is_not_known_is_not_claimed() {
        for outcome in CheckOutcome::ALL {
            for status in [0, 302, 403, 503] {
                let result = CheckResult {
                    day: Day(0),
                    outcome,
                    status,
                };
                let words = meaning(result);
                assert!(words.ends_with('.'), "{words}");
                assert_eq!(
                    words.contains("takes this key"),
                    outcome == CheckOutcome::Valid
                );
                assert!(!words.contains("HTTP 0"), "{words}");
            }
        }
        assert!(wants_terminal(CheckOutcome::Blocked));
    }
}
