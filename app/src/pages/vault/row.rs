use keyarc_vault::{ItemSummary, Kind};
use leptos::prelude::*;

use super::{actions::use_actions, expiry_badge::ExpiryBadge};
use crate::{
    state::{use_items, use_place},
    ui::{EnvironmentDot, Icon, IconView},
    words::{ago_now, capitalised, kind},
};

/// A row of the list, by its position. What stands there changes; the element stays.
#[component]
pub(super) fn ItemRow(
    /// Position in the whole list.
    index: u32,
) -> impl IntoView {
    let items = use_items();
    let place = use_place();
    let actions = use_actions();
    let summary = Memo::new(move |_| items.row(index));
    let id = move || summary.with(|s| s.as_ref().map(|s| s.id));
    let selected = Memo::new(move |_| {
        let id = id();
        id.is_some() && place.with(|place| place.item) == id
    });
    let active = Memo::new(move |_| items.cursor().get() == Some(index));
    let open = move |_| {
        if let Some(id) = untrack(id) {
            items.cursor().set(Some(index));
            actions.open(id);
        }
    };
    view! { class="v",
        <div
            class="row"
            class:is-active=move || active.get()
            role="option"
            id=move || id().map(|id| format!("row-{id}"))
            aria-selected=move || if selected.get() { "true" } else { "false" }
            aria-posinset=(index + 1).to_string()
            aria-setsize=move || items.total().to_string()
            on:click=open
        >
            {move || {
                summary
                    .get()
                    .map(|summary| view! { class="v", <RowFace summary=summary /> }.into_any())
                    .unwrap_or_else(|| {
                        view! { class="v", <i class="skeleton skeleton-name"></i> }.into_any()
                    })
            }}
        </div>
    }
}

/// What a row shows of an item.
#[component]
pub fn RowFace(
    /// The item.
    summary: ItemSummary,
) -> impl IntoView {
    let who = summary
        .provider_name
        .clone()
        .unwrap_or_else(|| kind(summary.kind).to_owned());
    let environment = summary.environment.clone();
    let expires_on = summary.expires_on;
    let updated = summary.trashed_at_ms.unwrap_or(summary.updated_at_ms);
    view! { class="v",
        <span class="row-mark" aria-hidden="true">
            {summary.mark.clone()}
        </span>
        <span class="row-text">
            <strong>
                <bdi>{highlighted(&summary.name, &summary.matches)}</bdi>
                {summary
                    .favourite
                    .then(|| {
                        view! { class="v",
                            <span class="row-star">
                                <IconView icon=Icon::Star />
                                <span class="sr-only">"favourite"</span>
                            </span>
                        }
                    })}
            </strong>
            <span class="row-sub">
                {environment
                    .map(|name| {
                        view! { class="v",
                            <EnvironmentDot environment=name.clone() />
                            <span class="sr-only">{capitalised(&name)}</span>
                        }
                    })}
                <span>{who}</span>
                <span class="row-hint" translate="no">
                    <bdi>{row_hint(&summary)}</bdi>
                </span>
            </span>
        </span>
        {match expires_on {
            Some(day) => view! { class="v", <ExpiryBadge expires_on=day /> }.into_any(),
            None => view! { class="v", <span class="row-time">{ago_now(updated)}</span> }.into_any(),
        }}
    }
}

fn row_hint(summary: &ItemSummary) -> String {
    match summary.kind {
        // The kind stands before it already.
        Kind::Note => String::new(),
        _ => summary.hint.clone(),
    }
}

/// A name with what the search matched set off.
fn highlighted(name: &str, matches: &[u32]) -> impl IntoView + use<> {
    runs(name, matches)
        .into_iter()
        .map(|(text, matched)| {
            if matched {
                view! { class="v", <mark>{text}</mark> }.into_any()
            } else {
                text.into_any()
            }
        })
        .collect_view()
}

/// Cuts a name into runs that match and runs that do not. `matches` are character positions in
/// ascending order.
fn runs(name: &str, matches: &[u32]) -> Vec<(String, bool)> {
    let mut runs: Vec<(String, bool)> = Vec::new();
    let mut matches = matches.iter().copied().peekable();
    for (at, c) in (0_u32..).zip(name.chars()) {
        while matches.next_if(|next| *next < at).is_some() {}
        let matched = matches.peek() == Some(&at);
        match runs.last_mut() {
            Some((text, same)) if *same == matched => text.push(c),
            _ => runs.push((c.to_string(), matched)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cut_where_matches_begin_and_end() {
        let cut = |name: &str, matches: &[u32]| {
            runs(name, matches)
                .into_iter()
                .map(|(text, on)| if on { format!("[{text}]") } else { text })
                .collect::<String>()
        };
        assert_eq!(cut("Stripe live", &[0, 1, 7]), "[St]ripe [l]ive");
        assert_eq!(cut("Müller", &[1, 2]), "M[ül]ler");
        assert_eq!(cut("abc", &[]), "abc");
        assert_eq!(cut("abc", &[2, 9]), "ab[c]");
        assert_eq!(cut("", &[0]), "");
    }
}
