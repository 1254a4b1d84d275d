use keyarc_wire::{MachineTokenId, MachineUseKind, MachineUseMark};
use leptos::{prelude::*, task::spawn_local};

use super::ask;
use crate::{
    language::known,
    ui::{Button, Dialog, SkeletonLines},
    words::{capitalised, moment},
    worker::{TokenCommand, TokenReply, TokenUse, use_worker},
};

/// Who used a token lately, and who tried to.
#[component]
pub(super) fn Uses(
    /// Whether it is open.
    open: RwSignal<bool>,
    /// The token and its name.
    token: RwSignal<Option<(MachineTokenId, String)>>,
) -> impl IntoView {
    let title = Signal::derive(move || {
        token.with(|token| match token {
            Some((_, name)) => t!("Uses of {name}", name),
            None => String::new(),
        })
    });
    view! { class="v",
        <Dialog open=open title=title>
            {move || token.get().map(|(id, _)| view! { class="v", <List token=id /> })}
        </Dialog>
    }
}

#[component]
fn List(token: MachineTokenId) -> impl IntoView {
    let worker = use_worker();
    let uses = RwSignal::new(Vec::<TokenUse>::new());
    // Where to go on, once something came.
    let next = RwSignal::new(None::<Option<MachineUseMark>>);
    let problem = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let fetch = move |before: Option<MachineUseMark>| {
        problem.set(None);
        busy.set(true);
        spawn_local(async move {
            let answer = ask(worker, TokenCommand::Uses { token, before }).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(TokenReply::Uses {
                    uses: more,
                    next: on,
                }) => {
                    let _ = uses.try_update(|uses| uses.extend(more));
                    let _ = next.try_set(Some(on));
                }
                Ok(_) => {}
                Err(failure) => drop(problem.try_set(Some(failure.to_string()))),
            }
        });
    };
    fetch(None);
    let go_on = move |()| fetch(next.get_untracked().flatten());
    let row = |one: TokenUse| {
        view! { class="v",
            <tr>
                <td>{moment(one.at_ms)}</td>
                <td>{known(&one.address)}</td>
                <td>{use_words(one.kind)}</td>
            </tr>
        }
    };
    view! { class="v",
        {move || match next.get() {
            None => {
                problem
                    .with(Option::is_none)
                    .then(|| view! { class="v", <SkeletonLines count=3 /> })
                    .into_any()
            }
            Some(_) if uses.with(Vec::is_empty) => {
                view! { class="v", <p class="dialog-text">{t!("Nobody has used it, or tried to.")}</p> }.into_any()
            }
            Some(_) => {
                view! { class="v",
                    <div class="table-wrap" tabindex="0" role="region" aria-label=t!("Uses")>
                        <table class="table">
                            <thead>
                                <tr>
                                    <th scope="col">{t!("When")}</th>
                                    <th scope="col">{t!("From")}</th>
                                    <th scope="col">{t!("What")}</th>
                                </tr>
                            </thead>
                            <tbody>{uses.get().into_iter().map(row).collect_view()}</tbody>
                        </table>
                    </div>
                }
                    .into_any()
            }
        }}
        {move || {
            problem
                .get()
                .map(|problem| {
                    view! { class="v",
                        <p class="dialog-text" role="alert">
                            {capitalised(&problem)}
                        </p>
                    }
                })
        }}
        {move || {
            let is_more = next.get().flatten().is_some() || problem.with(Option::is_some);
            is_more
                .then(|| {
                    let words = if problem.with(Option::is_some) {
                        t!("Try again")
                    } else {
                        t!("Show more")
                    };
                    view! { class="v",
                        <footer class="dialog-foot">
                            <Button busy=busy on_press=go_on>
                                {words}
                            </Button>
                        </footer>
                    }
                })
        }}
        <p class="quiet">
            {t!("The newest 1,000 of the last 90 days. Addresses are shortened.")}
        </p>
    }
}

/// What a use was.
pub(super) fn use_words(kind: MachineUseKind) -> &'static str {
    match kind {
        MachineUseKind::Opened | MachineUseKind::Details => tc!("a token was used", "read"),
        MachineUseKind::RefusedAddress => t!("refused: not from this address"),
        MachineUseKind::RefusedExpired => t!("refused: it had ended"),
        MachineUseKind::RefusedRevoked => t!("refused: it was revoked"),
        MachineUseKind::HandedIn => t!("handed changes in"),
        MachineUseKind::RefusedReadsOnly => t!("refused: it only reads"),
        _ => t!("something else"),
    }
}
