//! Two states of an item, field by field, with secrets only where they are asked for.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};

use crate::{
    compare::Difference,
    ui::{Button, ErrorState, Look, SkeletonLines},
    worker::Failure,
};

/// Revealed secrets are hidden again after this long.
const HIDE_AFTER: Duration = Duration::from_secs(30);

/// What differs between two states of an item.
#[component]
pub(super) fn Comparison<Fetch, Answer>(
    /// Gets the fields, and what is hidden in them if that is wanted.
    fetch: Fetch,
    /// What the two states are called.
    heads: [&'static str; 2],
    /// Says that nothing differs.
    same: &'static str,
    /// Says that the fields could not be had.
    failed: &'static str,
    /// Says why, when something is not there.
    absent: &'static str,
    /// What can be done with them: stands below.
    #[prop(optional)]
    children: Option<ChildrenFn>,
) -> impl IntoView
where
    Fetch: Fn(bool) -> Answer + Copy + Send + Sync + 'static,
    Answer: Future<Output = Result<Vec<Difference>, Failure>> + 'static,
{
    let rows = RwSignal::new(None::<Result<Vec<Difference>, Failure>>);
    let revealed = RwSignal::new(false);
    let asked = StoredValue::new(0_u32);
    let load = move |reveal: bool| {
        asked.update_value(|asked| *asked += 1);
        let number = asked.get_value();
        spawn_local(async move {
            let reply = fetch(reveal).await;
            // Something else may be wanted by then.
            if asked.try_get_value() != Some(number) {
                return;
            }
            let came = reply.is_ok();
            let _ = rows.try_set(Some(reply));
            let _ = revealed.try_set(reveal && came);
        });
    };
    load(false);
    let hide = move || {
        // An answer that is on its way comes too late.
        asked.update_value(|asked| *asked += 1);
        rows.update(|rows| {
            if let Some(Ok(shown)) = rows {
                let open = std::mem::take(shown).into_iter();
                *shown = open.map(Difference::without_secrets).collect();
            }
        });
        revealed.set(false);
    };
    // What is shown is hidden again by itself, and ends with this view.
    Effect::new(move |_| {
        if revealed.get()
            && let Ok(timer) = set_timeout_with_handle(hide, HIDE_AFTER)
        {
            on_cleanup(move || timer.clear());
        }
    });
    let toggle = move |()| {
        if revealed.get_untracked() {
            hide();
        } else {
            load(true);
        }
    };
    let again = move |()| {
        rows.set(None);
        load(false);
    };
    move || match rows.get() {
        None => view! { class="v",
            <div class="version-body" aria-busy="true">
                <SkeletonLines count=3 />
            </div>
        }
        .into_any(),
        Some(Err(failure)) => {
            let detail = match failure {
                Failure::NotFound => absent.to_owned(),
                other => other.to_string(),
            };
            view! { class="v",
                <div class="version-body">
                    <ErrorState title=failed detail=detail>
                        <Button on_press=again>{t!("Try again")}</Button>
                    </ErrorState>
                </div>
            }
            .into_any()
        }
        Some(Ok(all)) => {
            let others: Vec<Difference> = all.into_iter().filter(|row| row.differs).collect();
            let conceals = others.iter().any(|row| row.concealed);
            view! { class="v",
                <div class="version-body">
                    <Differences rows=others heads=heads same=same />
                    <div class="version-foot">
                        {children.as_ref().map(|children| children())}
                        {conceals
                            .then(|| {
                                view! { class="v",
                                    <Button look=Look::Bare on_press=toggle>
                                        {move || {
                                            if revealed.get() { t!("Hide secrets") } else { t!("Show secrets") }
                                        }}
                                    </Button>
                                }
                            })}
                    </div>
                </div>
            }
            .into_any()
        }
    }
}

/// The fields that differ.
#[component]
fn Differences(
    rows: Vec<Difference>,
    heads: [&'static str; 2],
    same: &'static str,
) -> impl IntoView {
    if rows.is_empty() {
        return view! { class="v", <p class="quiet">{same}</p> }.into_any();
    }
    let lines = rows.into_iter().map(|row| {
        view! { class="v",
            <tr>
                <th scope="row">
                    <bdi>{row.field}</bdi>
                </th>
                <td translate="no">{or_nothing(row.mine)}</td>
                <td translate="no">{or_nothing(row.theirs)}</td>
            </tr>
        }
    });
    let [first, second] = heads;
    view! { class="v",
        <div class="table-wrap">
            <table class="table version-table">
                <thead>
                    <tr>
                        <th scope="col">{t!("Field")}</th>
                        <th scope="col">{first}</th>
                        <th scope="col">{second}</th>
                    </tr>
                </thead>
                <tbody>{lines.collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// A field that says nothing says so.
fn or_nothing(value: String) -> String {
    if value.is_empty() {
        "—".to_owned()
    } else {
        value
    }
}
