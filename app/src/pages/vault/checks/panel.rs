use keyarc_vault::{Browsers, ItemSummary, PlanError};
use keyarc_wire::ItemId;
use leptos::{prelude::*, task::spawn_local};

use super::{
    super::{
        check_part::{Step, Tests},
        check_words::outcome_word,
    },
    definition::DefinitionDialog,
    report::{FoundReport, TerminalLine},
    run::{ask, keep, test},
};
use crate::{
    state::{Session, Toasts, use_session, use_toasts},
    ui::{Button, Dialog, Look},
    words::long_day,
    worker::{CheckCommand, CheckReady, CheckReply, Worker, use_worker},
};

/// The test of an open item: asks once for each host, makes it, says what was found.
#[component]
pub(in crate::pages::vault) fn CheckPanel(summary: ItemSummary, tests: Tests) -> impl IntoView {
    let worker = use_worker();
    let toasts = use_toasts();
    let session = use_session();
    let id = summary.id;
    // Shown anew it takes up no wish a second time.
    Effect::new(move |_| {
        let wished = tests.wished.get();
        // It may run once more when the item is left.
        if tests
            .taken
            .try_get_value()
            .is_some_and(|taken| taken != wished)
        {
            tests.taken.set_value(wished);
            spawn_local(begin(
                Services {
                    worker,
                    session,
                    toasts,
                },
                tests,
                id,
            ));
        }
    });
    let asks = RwSignal::new(false);
    Effect::new(move |_| asks.set(tests.step.with(|step| matches!(step, Step::Asking(_)))));
    // Closed in any way but by agreeing, nothing is sent.
    Effect::new(move |_| {
        if !asks.get()
            && tests
                .step
                .with_untracked(|step| matches!(step, Step::Asking(_)))
        {
            tests.step.set(Step::Idle);
        }
    });
    let host = Signal::derive(move || {
        tests.step.with(|step| match step {
            Step::Asking(ready) => ready.host.clone(),
            _ => String::new(),
        })
    });
    let agree = move |()| {
        let host = host.get_untracked();
        spawn_local(run(
            Services {
                worker,
                session,
                toasts,
            },
            tests,
            host,
        ));
    };
    let history: Vec<_> = summary.checks.iter().skip(1).copied().collect();
    view! { class="v",
        {move || match tests.step.get() {
            Step::Idle | Step::Asking(_) => ().into_any(),
            Step::Looking => view! { class="v", <p class="quiet">{t!("Opening the key…")}</p> }.into_any(),
            Step::Running(host) => {
                view! { class="v", <p role="status">{t!("Asking {host}…", host)}</p> }.into_any()
            }
            Step::Found(found) => view! { class="v", <FoundReport found=*found /> }.into_any(),
            Step::Failed(reason) => {
                view! { class="v", <p class="check-problem" role="alert">{reason}</p> }.into_any()
            }
            Step::NotByBrowsers(ready) => view! { class="v", <NotByBrowsers ready=*ready /> }.into_any(),
        }}
        {(!history.is_empty())
            .then(|| {
                view! { class="v",
                    <ol class="check-history" aria-label=t!("Earlier tests")>
                        {history
                            .into_iter()
                            .map(|result| {
                                view! { class="v",
                                    <li>
                                        <span>{long_day(result.day)}</span>
                                        <span class="quiet">{outcome_word(result.outcome)}</span>
                                    </li>
                                }
                            })
                            .collect_view()}
                    </ol>
                }
            })}
        <Dialog
            open=asks
            title=Signal::derive(move || t!("Ask {host}?", host = host.get()))
            class="dialog-narrow"
        >
            <Consent host=host />
            <footer class="dialog-foot">
                <Button autofocus=true on_press=move |()| tests.step.set(Step::Idle)>
                    {t!("Cancel")}
                </Button>
                <Button look=Look::Go on_press=agree>
                    {t!("Ask")}
                </Button>
            </footer>
        </Dialog>
        <DefinitionDialog open=tests.editing item=id step=tests.step />
    }
}

/// What a person agrees to.
#[component]
pub(super) fn Consent(
    /// Who is to be asked.
    #[prop(into)]
    host: Signal<String>,
) -> impl IntoView {
    let (before, after) = t!(
        "One request goes straight from this browser to {host}. It carries the key, and whoever answers there sees your network address. KeyArc’s server sees nothing of it, and what comes back can do nothing here but say whether the key works. You are asked once for each host."
    )
    .split_once("{host}")
    .unwrap_or_default();
    view! { class="v",
        <p class="dialog-text">
            {before} <b>{move || host.get()}</b> {after}
        </p>
    }
}

#[component]
fn NotByBrowsers(ready: CheckReady) -> impl IntoView {
    view! { class="v",
        <div class="check-report" role="status">
            <p>
                {t!(
                    "{host} does not let a browser ask, so nothing was sent. Whether the key works is not known.",
                    host = ready.host
                )}
            </p>
            <TerminalLine line=ready.command_line.clone() />
        </div>
    }
}

/// What a test goes on with when its panel is shown anew.
#[derive(Clone, Copy)]
struct Services {
    worker: Worker,
    session: Session,
    toasts: Toasts,
}

async fn begin(with: Services, tests: Tests, id: ItemId) {
    tests.step.set(Step::Looking);
    let step = match ask(with.worker, CheckCommand::Begin(id)).await {
        Ok(CheckReply::Ready(ready)) if ready.browsers == Browsers::No => {
            Step::NotByBrowsers(ready)
        }
        Ok(CheckReply::Ready(ready)) if ready.agreed => {
            return run(with, tests, ready.host).await;
        }
        Ok(CheckReply::Ready(ready)) => Step::Asking(ready),
        Ok(CheckReply::Refused(refusal)) => {
            if refusal.why == PlanError::NoDefinition {
                let _ = tests.editing.try_set(true);
            }
            Step::Failed(refusal_words(refusal.why).to_owned())
        }
        Ok(_) => Step::Idle,
        Err(reason) => Step::Failed(reason),
    };
    let _ = tests.step.try_set(step);
}

/// Why an item cannot be tested.
fn refusal_words(why: PlanError) -> &'static str {
    match why {
        PlanError::Kind => t!("Only API keys and logins can be tested."),
        PlanError::NoDefinition => t!("There is no ready-made test for this key. Define one."),
        PlanError::Empty => t!("The item has no secret that could be tested."),
        PlanError::Key => t!(
            "The secret is longer than a request carries, or has characters that no header takes."
        ),
    }
}

async fn run(with: Services, tests: Tests, host: String) {
    let _ = tests.step.try_set(Step::Running(host));
    let _ = tests.keeping.try_set(true);
    match test(with.worker, with.session).await {
        Ok(found) => drop(tests.step.try_set(Step::Found(Box::new(found)))),
        Err(reason) => drop(tests.step.try_set(Step::Failed(reason))),
    }
    // A lock has dropped the step, and needs no word.
    let kept = keep(with.worker).await;
    let _ = tests.keeping.try_set(false);
    if let Err(reason) = kept
        && tests.step.try_get_untracked().is_some()
    {
        with.toasts.fail(reason);
    }
}
