//! Counts, what is due, the next 90 days, and what changed last.

use std::sync::Arc;

use keyarc_vault::{Dashboard, Day, DueMark, DueReason, ItemSummary, Scope, Sort, TIMELINE_DAYS};
use leptos::prelude::*;

use super::super::{actions::use_actions, rotate::can_rotate, row::RowFace};
use crate::{
    state::{Place, use_go},
    ui::{Button, EnvironmentDot, Icon, ShareBar, Timeline, TimelineMark},
    words::{capitalised, kinds, long_day, month_name, number, today},
};

/// How many items there are, by kind and by environment.
#[component]
pub(super) fn Counts(view: Memo<Dashboard>) -> impl IntoView {
    let line = |words: AnyView, place: Place, count: u32, all: u32| {
        view! { class="v",
            <li>
                <a href=place.to_path()>{words}</a>
                <ShareBar part=count whole=all calm=true />
                <b>{number(count)}</b>
            </li>
        }
    };
    view! { class="v",
        <section class="dash-counts" aria-label=t!("Counts")>
            <p class="dash-all">
                <b>{move || view.with(|view| number(view.all))}</b>
                {move || view.with(|view| tn!(view.all, " item", " items"))}
            </p>
            <ul class="dash-bars" aria-label=t!("By kind")>
                {move || {
                    view.with(|view| {
                        view.kinds
                            .iter()
                            .map(|(kind, count)| {
                                let place = Place { kind: Some(*kind), ..Place::default() };
                                line(kinds(*kind).into_any(), place, *count, view.all)
                            })
                            .collect_view()
                    })
                }}
            </ul>
            <ul class="dash-bars" aria-label=t!("By environment")>
                {move || {
                    view.with(|view| {
                        view.environments
                            .iter()
                            .take(6)
                            .map(|found| {
                                let name = found.name.clone();
                                let place = Place {
                                    environment: Some(name.clone()),
                                    ..Place::default()
                                };
                                let words = view! { class="v",
                                    <EnvironmentDot environment=name.clone() />
                                    <bdi>{capitalised(&name)}</bdi>
                                };
                                line(words.into_any(), place, found.count, view.all)
                            })
                            .collect_view()
                    })
                }}
            </ul>
        </section>
    }
}

/// The list of what is due soon.
fn due_place() -> Place {
    Place {
        scope: Scope::Expiring,
        sort: Sort::Expiry,
        ..Place::default()
    }
}

/// Rows that lead to their items.
fn rows(items: Vec<ItemSummary>, place: &Place) -> impl IntoView + use<> {
    let row = |item: ItemSummary| {
        let path = place.with_item(item.id).to_path();
        view! { class="v",
            <li>
                <a class="row" href=path>
                    <RowFace item=Arc::new(item) />
                </a>
            </li>
        }
    };
    view! { class="v", <ul class="dash-rows">{items.into_iter().map(row).collect_view()}</ul> }
}

/// What is due first, and the way through all of it.
#[component]
pub(super) fn DueList(view: Memo<Dashboard>) -> impl IntoView {
    let go = use_go();
    let first = move || {
        view.with(|view| {
            let first = view.due.iter().find(|item| can_rotate(item.kind));
            first.map(|item| item.id)
        })
    };
    let begin = move |()| {
        if let Some(id) = untrack(first) {
            go.to(&due_place().with_rotation(id));
        }
    };
    view! { class="v",
        <section class="dash-part">
            <h2>{t!("Needs attention")}</h2>
            {move || {
                let (due, total) = view.with(|view| (view.due.clone(), view.due_total));
                if total == 0 {
                    return view! { class="v",
                        <p class="quiet">{t!("Nothing expires or is to be rotated within 30 days.")}</p>
                    }
                        .into_any();
                }
                view! { class="v",
                    {rows(due, &due_place())}
                    <div class="button-row">
                        {first()
                            .map(|_| {
                                view! { class="v",
                                    <Button icon=Icon::Rotate on_press=begin>
                                        {t!("Rotate one after the other")}
                                    </Button>
                                }
                            })}
                        <a class="btn btn-bare" href=due_place().to_path()>
                            {if total == 1 {
                                t!("Show it in the list").to_owned()
                            } else {
                                tn!(
                                    total,
                                    "All {count} item due soon",
                                    "All {count} items due soon"
                                )
                            }}
                        </a>
                    </div>
                }
                    .into_any()
            }}
        </section>
    }
}

fn words_of(mark: &DueMark) -> String {
    let (name, day) = (&mark.name, long_day(mark.due.on));
    match mark.due.why {
        DueReason::Expiry => t!("{name}, expires on {day}", name, day),
        DueReason::Rotation => t!("{name}, to be rotated on {day}", name, day),
    }
}

/// The days that a timeline names: the first, and the first of each month.
fn named_days(today: Day) -> Vec<(i32, String)> {
    let mut names = vec![(0, t!("Today").to_owned())];
    for at in 1..TIMELINE_DAYS {
        let day = Day(today.0.saturating_add(at));
        // The word for today takes the room of a week.
        let (_, month, first) = day.to_ymd();
        if first == 1 && at > 7 {
            names.push((at, month_name(month).to_owned()));
        }
    }
    names
}

/// One mark for each item that is due within 90 days, and the same as a table.
#[component]
pub(super) fn NextDays(view: Memo<Dashboard>) -> impl IntoView {
    let actions = use_actions();
    let marks = Memo::new(move |_| view.with(|view| (view.marks.clone(), view.marks_total)));
    let chart = move || {
        let (marks, total) = marks.get();
        if marks.is_empty() {
            return view! { class="v", <p class="quiet">{t!("Nothing is due within 90 days.")}</p> }
                .into_any();
        }
        let today = today();
        let drawn = marks.iter().map(|mark| TimelineMark {
            day: mark
                .due
                .on
                .0
                .saturating_sub(today.0)
                .clamp(0, TIMELINE_DAYS - 1),
            label: words_of(mark),
            calm: mark.due.why == DueReason::Rotation,
        });
        let drawn: Vec<TimelineMark> = drawn.collect();
        let ids: Vec<_> = marks.iter().map(|mark| mark.id).collect();
        let open = move |at: usize| {
            if let Some(id) = ids.get(at) {
                actions.open_anywhere(*id);
            }
        };
        let more = total.saturating_sub(u32::try_from(marks.len()).unwrap_or(u32::MAX));
        let label = tn!(
            total,
            "{count} item due within 90 days",
            "{count} items due within 90 days"
        );
        view! { class="v",
            <Timeline
                label=label
                days=TIMELINE_DAYS
                marks=drawn
                names=named_days(today)
                on_open=Callback::new(open)
            />
            <p class="dash-legend">
                <span class="legend legend-expiry">{t!("Expires")}</span>
                <span class="legend legend-rotation">{t!("To be rotated")}</span>
                {(more > 0)
                    .then(|| {
                        tn!(
                            more,
                            "{count} item later are not drawn.",
                            "{count} items later are not drawn."
                        )
                    })}
            </p>
            <details class="dash-table">
                <summary>{t!("The same as a table")}</summary>
                <MarkTable marks=marks />
            </details>
        }
        .into_any()
    };
    view! { class="v",
        <section class="dash-part">
            <h2>{t!("The next 90 days")}</h2>
            {chart}
        </section>
    }
}

#[component]
fn MarkTable(marks: Vec<DueMark>) -> impl IntoView {
    let row = |mark: DueMark| {
        let what = match mark.due.why {
            DueReason::Expiry => t!("Expires"),
            DueReason::Rotation => t!("To be rotated"),
        };
        view! { class="v",
            <tr>
                <td>{long_day(mark.due.on)}</td>
                <td>{what}</td>
                <td>
                    <a href=Place::default().with_item(mark.id).to_path()>
                        <bdi>{mark.name}</bdi>
                    </a>
                </td>
            </tr>
        }
    };
    view! { class="v",
        <div class="table-wrap">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">{t!("Day")}</th>
                        <th scope="col">{t!("What")}</th>
                        <th scope="col">{t!("Item")}</th>
                    </tr>
                </thead>
                <tbody>{marks.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}

/// What changed last.
#[component]
pub(super) fn Recent(view: Memo<Dashboard>) -> impl IntoView {
    view! { class="v",
        <section class="dash-part">
            <h2>{t!("Changed last")}</h2>
            {move || rows(view.with(|view| view.recent.clone()), &Place::default())}
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_named_where_they_begin() {
        // 2026-11-21.
        let names = named_days(Day(20_778));
        let words: Vec<&str> = names.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(words, ["Today", "December", "January", "February"]);
        assert_eq!(names[1].0, 10);
        // 2026-11-27: December begins where the word for today still stands.
        assert_eq!(named_days(Day(20_784))[1].1, "January");
    }
}
