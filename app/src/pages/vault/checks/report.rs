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
        CheckOutcome::Valid => "The provider takes this key.".to_owned(),
        CheckOutcome::Invalid => {
            "The provider does not take this key. It was revoked or replaced, or is not this provider’s.".to_owned()
        }
        CheckOutcome::Expired => {
            "The provider says that the key’s time is over. Make a new one there and put it in.".to_owned()
        }
        CheckOutcome::RateLimited => {
            "The provider had too many requests and said nothing of the key. Try again later.".to_owned()
        }
        CheckOutcome::Unreachable if status == 0 => {
            "No answer came within 15 seconds. The key may work all the same.".to_owned()
        }
        CheckOutcome::Unreachable => {
            format!("The provider is in trouble (HTTP {status}) and said nothing of the key. Try again later.")
        }
        CheckOutcome::Blocked => {
            "The browser got no answer that it may show. Either this provider does not let a browser ask, or it or the network is away: a browser does not say which. The key may work all the same.".to_owned()
        }
        CheckOutcome::Unexpected if status == 0 => {
            "The provider wanted the request to go to another address. It did not go there. Change the test if that address is right.".to_owned()
        }
        CheckOutcome::Unexpected => {
            format!("The answer (HTTP {status}) says neither that the key works nor that it does not. It may not be allowed to do what the test asks.")
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
                {format!(
                    "One request to {}, straight from this browser, {}. KeyArc’s server sees nothing of it.",
                    found.host,
                    ago_now(found.at_ms),
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
        clipboard.copy("The line".to_owned(), async move { Ok(line) });
    };
    view! { class="v",
        <div class="check-terminal">
            <p>
                "Ask in a terminal. Put the key into the variable "
                <code>"API_KEY"</code>
                " there; the line reads it, and holds no key itself. The last line of what it prints is the status."
            </p>
            <pre tabindex="0" role="group" aria-label="Line for a terminal">
                <code>{line}</code>
            </pre>
            <Button icon=Icon::Copy on_press=copy>
                "Copy the line"
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
