//! Tests all keys, one request at a time.

use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;

use super::{
    super::{
        check_words::{outcome_tone, outcome_word},
        frame::{Section, VaultFrame},
    },
    all::{Phase, Run},
    panel::Consent,
    report::meaning,
    run::keep,
};
use crate::{
    state::{Place, VaultPhase, use_session},
    ui::{
        Badge, Banner, BannerTone, Button, Dialog, EmptyState, ErrorState, Icon, Look,
        SkeletonLines,
    },
    words::number,
    worker::{CheckFound, ChecksAhead, use_worker},
};

/// Tests all keys.
#[component]
pub fn ChecksPage() -> impl IntoView {
    view! { class="v",
        <Title text=t!("Test keys · KeyArc") />
        <VaultFrame section=Section::Checks>
            <Checks />
        </VaultFrame>
    }
}

#[component]
fn Checks() -> impl IntoView {
    let session = use_session();
    let run = Run::new(use_worker(), session);
    run.look();
    // Left, it ends after the test that is being made; what was found is kept. A lock ends the
    // worker, and with it the run.
    on_cleanup(move || {
        if session.phase_untracked() == VaultPhase::Unlocked {
            spawn_local(async move {
                let _ = keep(run.worker).await;
            });
        }
    });
    view! { class="v",
        <main class="page" id="main">
            <div class="page-body page-wide">
                <h1>{t!("Test keys")}</h1>
                {move || {
                    run.trouble
                        .get()
                        .map(|reason| {
                            view! { class="v",
                                <Banner tone=BannerTone::Bad icon=Icon::Warning>
                                    {reason}
                                </Banner>
                            }
                        })
                }}
                {move || match run.phase.get() {
                    Phase::Looking => view! { class="v", <SkeletonLines count=3 /> }.into_any(),
                    Phase::Failed => {
                        view! { class="v",
                            <ErrorState
                                title=t!("What there is to test could not be found out")
                                detail=t!("Nothing was sent and nothing was changed.")
                            >
                                <Button on_press=move |()| run.look()>{t!("Try again")}</Button>
                            </ErrorState>
                        }
                            .into_any()
                    }
                    Phase::Ready(ahead) if ahead.items == 0 => view! { class="v", <Nothing ahead=ahead /> }.into_any(),
                    Phase::Ready(ahead) => view! { class="v", <Ahead run=run ahead=ahead /> }.into_any(),
                    Phase::Running(ahead) | Phase::Pausing(ahead) | Phase::Paused(ahead) => {
                        view! { class="v", <Under run=run ahead=ahead /> }.into_any()
                    }
                    Phase::Over { whole } => view! { class="v", <Over run=run whole=whole /> }.into_any(),
                }}
                <Results run=run />
                <Question run=run />
            </div>
        </main>
    }
}

#[component]
fn Nothing(ahead: ChecksAhead) -> impl IntoView {
    view! { class="v",
        <EmptyState icon=Icon::Check title=t!("No key can be tested from here")>
            <p>
                {t!("API keys of many providers are tested as they are. Any other key or login is, once you have told in the item how: open it and choose “Change the test”.")}
            </p>
            {left_out(ahead).map(|words| view! { class="v", <p>{words}</p> })}
        </EmptyState>
    }
}

#[component]
fn Ahead(run: Run, ahead: ChecksAhead) -> impl IntoView {
    view! { class="v",
        <p class="lead">
            {tn!(
                ahead.items,
                "{count} key can be tested. Each is asked about at its provider, one request at a time and at most one a second for each host, straight from this browser. KeyArc’s server sees nothing of the requests. You are asked once for each host.",
                "{count} keys can be tested. Each is asked about at its provider, one request at a time and at most one a second for each host, straight from this browser. KeyArc’s server sees nothing of the requests. You are asked once for each host."
            )}
        </p>
        {left_out(ahead).map(|words| view! { class="v", <p class="quiet">{words}</p> })}
        <footer class="page-foot">
            <Button look=Look::Go icon=Icon::Check on_press=move |()| run.start(ahead)>
                {tn!(ahead.items, "Test {count} key", "Test {count} keys")}
            </Button>
        </footer>
    }
}

/// What is not among what can be tested.
fn left_out(ahead: ChecksAhead) -> Option<String> {
    (ahead.not_by_browsers > 0).then(|| {
        tn!(
            ahead.not_by_browsers,
            "{count} further key is of a provider that does not let a browser ask. The item itself has a line for a terminal.",
            "{count} further keys are of providers that do not let a browser ask. The item itself has a line for a terminal."
        )
    })
}

#[component]
fn Under(run: Run, ahead: ChecksAhead) -> impl IntoView {
    let paused = move || matches!(run.phase.get(), Phase::Paused(_));
    view! { class="v",
        <div class="check-progress">
            <progress
                max=ahead.items.to_string()
                prop:value=move || f64::from(run.done.get())
                aria-label=tc!("progress", "Done")
            ></progress>
            <p aria-live="polite">
                {move || {
                    t!(
                        "{done} of {all} done.",
                        done = number(run.done.get()),
                        all = number(ahead.items)
                    )
                }}
            </p>
            <p class="quiet">
                {move || match (paused(), run.now.get()) {
                    (true, _) => t!("Paused. What was found is kept with the items.").to_owned(),
                    (false, Some(name)) => t!("Testing {name}…", name),
                    (false, None) => t!("Going on…").to_owned(),
                }}
            </p>
        </div>
        <footer class="page-foot">
            {move || {
                if paused() {
                    view! { class="v",
                        <Button look=Look::Go on_press=move |()| run.start(ahead)>
                            {t!("Go on")}
                        </Button>
                    }
                        .into_any()
                } else {
                    view! { class="v",
                        <Button on_press=move |()| run.phase.set(Phase::Pausing(ahead))>{t!("Pause")}</Button>
                    }
                        .into_any()
                }
            }}
            <Button on_press=move |()| run.stop()>{t!("Stop")}</Button>
        </footer>
    }
}

#[component]
fn Over(run: Run, whole: bool) -> impl IntoView {
    let words = move || {
        let tested = run.done.get().saturating_sub(run.passed_over.get());
        match whole {
            true => tn!(
                tested,
                "All done: {count} key tested.",
                "All done: {count} keys tested."
            ),
            false => tn!(
                tested,
                "Stopped after {count} key. What was found is kept with the items.",
                "Stopped after {count} keys. What was found is kept with the items."
            ),
        }
    };
    view! { class="v",
        <p class="lead" role="status">{words}</p>
        <footer class="page-foot">
            <Button on_press=move |()| run.look()>{t!("Test again")}</Button>
        </footer>
    }
}

/// Counts, and every key that does not simply work.
#[component]
fn Results(run: Run) -> impl IntoView {
    let any = move || run.done.get() > 0;
    let passed_over = move || {
        Some(run.passed_over.get())
            .filter(|count| *count > 0)
            .map(|count| {
                tn!(
                    count,
                    "{count} key passed over: no ready-made test fits, or you did not want its host asked.",
                    "{count} keys passed over: no ready-made test fits, or you did not want its host asked."
                )
            })
    };
    view! { class="v",
        <Show when=any>
            <ul class="check-counts" aria-label=t!("Outcomes")>
                {move || {
                    run.counts
                        .get()
                        .into_iter()
                        .map(|(outcome, count)| {
                            view! { class="v",
                                <li>
                                    <Badge tone=outcome_tone(outcome)>{outcome_word(outcome)}</Badge>
                                    {number(count)}
                                </li>
                            }
                        })
                        .collect_view()
                }}
            </ul>
            {move || passed_over().map(|words| view! { class="v", <p class="quiet">{words}</p> })}
            <Show when=move || run.listed.with(|listed| !listed.is_empty())>
                <div class="table-wrap">
                    <table class="table">
                        <thead>
                            <tr>
                                <th scope="col">{t!("Item")}</th>
                                <th scope="col">{t!("Outcome")}</th>
                                <th scope="col">{t!("What it means")}</th>
                            </tr>
                        </thead>
                        <tbody>
                            <For
                                each=move || run.listed.get()
                                key=|found| (found.item, found.at_ms)
                                children=|found| view! { class="v", <Row found=found /> }
                            />
                        </tbody>
                    </table>
                </div>
            </Show>
        </Show>
    }
}

#[component]
fn Row(found: CheckFound) -> impl IntoView {
    let path = Place::default().with_item(found.item).to_path();
    let outcome = found.result.outcome;
    view! { class="v",
        <tr>
            <td>
                <a href=path>
                    <bdi>{found.name}</bdi>
                </a>
            </td>
            <td>
                <Badge tone=outcome_tone(outcome)>{outcome_word(outcome)}</Badge>
            </td>
            <td>{meaning(found.result)}</td>
        </tr>
    }
}

/// Asks about a host that nobody agreed to yet.
#[component]
fn Question(run: Run) -> impl IntoView {
    let open = RwSignal::new(false);
    let host = Signal::derive(move || run.question.get().unwrap_or_default());
    Effect::new(move |_| open.set(run.question.with(Option::is_some)));
    // Closed in any way but by agreeing, its keys are passed over.
    Effect::new(move |_| {
        if !open.get() && run.question.with_untracked(Option::is_some) {
            run.answer.set(Some(false));
        }
    });
    view! { class="v",
        <Dialog
            open=open
            title=Signal::derive(move || t!("Ask {host}?", host = host.get()))
            class="dialog-narrow"
        >
            <Consent host=host />
            <footer class="dialog-foot">
                <Button autofocus=true on_press=move |()| run.answer.set(Some(false))>
                    {t!("Pass over")}
                </Button>
                <Button look=Look::Go on_press=move |()| run.answer.set(Some(true))>
                    {t!("Ask")}
                </Button>
            </footer>
        </Dialog>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_said() {
        let ahead = |not_by_browsers| ChecksAhead {
            items: 1,
            not_by_browsers,
        };
        assert_eq!(left_out(ahead(0)), None);
        assert!(left_out(ahead(1)).is_some_and(|words| words.starts_with("1 further key is")));
        assert!(left_out(ahead(2)).is_some_and(|words| words.starts_with("2 further keys are")));
    }
}
