//! The vault as it was at a moment: choose when, look, and take back what is to be again as it
//! was.

mod choose;
mod table;
mod work;

use leptos::prelude::*;
use leptos_meta::Title;

use self::{
    choose::Choose,
    table::MomentTable,
    work::{Step, provide_moment, use_moment},
};
use super::frame::{Section, VaultFrame};
use crate::{
    pages::account::UnlockProgress,
    ui::{Button, EmptyState, Icon, Look, Problem, SkeletonLines},
    words::{moment, number},
    worker::MomentFacts,
};

/// The vault as it was.
#[component]
pub fn MomentPage() -> impl IntoView {
    view! { class="v",
        <Title text=t!("As it was · KeyArc") />
        <VaultFrame section=Section::Moment>
            <Moment />
        </VaultFrame>
    }
}

#[component]
fn Moment() -> impl IntoView {
    let work = provide_moment();
    // Nothing of it stays in the worker when the page is left.
    on_cleanup(move || work.leave());
    view! { class="v",
        <main class="page" id="main">
            <div class="page-body page-wide">
                <h1>{t!("The vault as it was")}</h1>
                <p class="lead">
                    {t!("Choose a moment and look at every item as it was then. Nothing changes until you restore something.")}
                </p>
                <Choose />
                <Problem words=Signal::derive(move || work.problem()) />
                {move || match work.step() {
                    Step::Choose => ().into_any(),
                    Step::Looking => {
                        view! { class="v",
                            <div role="status" aria-label=t!("Looking") aria-busy="true">
                                <SkeletonLines count=5 />
                            </div>
                        }
                            .into_any()
                    }
                    Step::Shown(facts) => view! { class="v", <Shown facts=facts /> }.into_any(),
                }}
            </div>
        </main>
    }
}

/// What there was, and what can be done with it.
#[component]
fn Shown(facts: MomentFacts) -> impl IntoView {
    let work = use_moment();
    let is_empty = facts.items == 0;
    let count = move || work.count();
    let verb = move || match (work.busy().get(), count()) {
        (true, _) => t!("Restoring…").to_owned(),
        (false, count) => tn!(count, "Restore {count} item", "Restore {count} items"),
    };
    view! { class="v",
        <p aria-live="polite">{told(&facts)}</p>
        {match is_empty {
            true => {
                view! { class="v",
                    <EmptyState icon=Icon::Clock title=t!("Nothing was in the vault then")>
                        <p>{t!("All of its items came later.")}</p>
                    </EmptyState>
                }
                    .into_any()
            }
            false => view! { class="v", <MomentTable facts=facts /> }.into_any(),
        }}
        <p class="field-hint">
            {t!("Times are the server’s. The newest 50 versions of an item are kept, and of older ones those of its last 20 secrets; nothing is kept of what was deleted for good, nor from before a change of all keys.")}
        </p>
        <Show when=move || { facts.returnable > 0 }>
            <footer class="page-foot">
                <Button
                    look=Look::Go
                    icon=Icon::Undo
                    busy=work.busy()
                    disabled=Signal::derive(move || count() == 0)
                    on_press=move |()| work.restore()
                >
                    {verb}
                </Button>
                <UnlockProgress />
            </footer>
        </Show>
    }
}

/// How much there was then, and how much of it is another now.
fn told(facts: &MomentFacts) -> String {
    let when = moment(facts.at_ms);
    let words = match (facts.differing, facts.items) {
        (0, 0) => tn!(
            facts.items,
            "{when}: {count} item.",
            "{when}: {count} items.",
            when
        ),
        (0, items) => tn!(
            items,
            "{when}: {count} item, all as they are now.",
            "{when}: {count} items, all as they are now.",
            when
        ),
        (differing, items) => tn!(
            items,
            "{when}: {count} item, {differing} of them different now.",
            "{when}: {count} items, {differing} of them different now.",
            when,
            differing = number(differing)
        ),
    };
    if facts.later == 0 {
        return words;
    }
    let later = tn!(
        facts.later,
        "{count} item came later.",
        "{count} items came later."
    );
    format!("{words} {later}")
}
