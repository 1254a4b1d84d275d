use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;

/// Pixels of a day, and of the free edge at both ends.
const DAY: i32 = 10;
const EDGE: i32 = 14;
/// Where the line of days is, and how far marks of one day stand above each other.
const LINE: i32 = 92;
const STEP: i32 = 13;
/// Marks of one day that stand above each other; further ones share the highest place.
const HIGHEST: i32 = 5;

/// Something on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineMark {
    /// Days from the first.
    pub day: i32,
    /// What it is and when, in words.
    pub label: String,
    /// It is nothing that stops working.
    pub calm: bool,
}

/// Marks over a line of days. One of them is reached by Tab, the others from there by arrow keys,
/// Home and End; Enter, Space and a click open them.
#[component]
pub fn Timeline(
    /// What it shows, in words.
    #[prop(into)]
    label: String,
    /// How many days it has.
    days: i32,
    /// In the order of their days.
    marks: Vec<TimelineMark>,
    /// Days that are named, and their names.
    names: Vec<(i32, String)>,
    /// The mark of this number is to be opened.
    #[prop(into)]
    on_open: Callback<usize>,
) -> impl IntoView {
    let active = RwSignal::new(0_usize);
    let count = marks.len();
    let keydown = move |event: ev::KeyboardEvent| {
        let now = active.get_untracked();
        match event.key().as_str() {
            "Enter" | " " => on_open.run(now),
            key => match step(key, now, count) {
                Some(next) => {
                    active.set(next);
                    focus_mark(next);
                }
                None => return,
            },
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let width = days * DAY + 2 * EDGE;
    let places = places(&marks);
    view! { class="v",
        <div class="timeline-scroll">
            <svg
                class="timeline"
                viewBox=format!("0 0 {width} 118")
                role="group"
                aria-label=label
                on:keydown=keydown
            >
                <path class="timeline-line" d=format!("M{EDGE} {LINE}H{}", width - EDGE)></path>
                {names
                    .into_iter()
                    .map(|(day, name)| {
                        let x = EDGE + day * DAY;
                        view! { class="v",
                            <path class="timeline-line" d=format!("M{x} {LINE}v6")></path>
                            <text
                                class="timeline-name"
                                x=x.to_string()
                                y=(LINE + 20).to_string()
                                aria-hidden="true"
                            >
                                {name}
                            </text>
                        }
                    })
                    .collect_view()}
                {marks
                    .into_iter()
                    .zip(places)
                    .enumerate()
                    .map(|(at, (mark, (x, y)))| {
                        view! { class="v",
                            <circle
                                class="timeline-mark"
                                class:is-calm=mark.calm
                                id=format!("mark-{at}")
                                cx=x.to_string()
                                cy=y.to_string()
                                r="5"
                                role="link"
                                tabindex=move || if active.get() == at { "0" } else { "-1" }
                                aria-label=mark.label
                                on:focus=move |_| active.set(at)
                                on:click=move |_| on_open.run(at)
                            ></circle>
                        }
                    })
                    .collect_view()}
            </svg>
        </div>
    }
}

/// The mark that a key leads to.
fn step(key: &str, now: usize, count: usize) -> Option<usize> {
    let last = count.checked_sub(1)?;
    Some(match key {
        "ArrowRight" | "ArrowDown" => (now + 1).min(last),
        "ArrowLeft" | "ArrowUp" => now.saturating_sub(1),
        "Home" => 0,
        "End" => last,
        _ => return None,
    })
}

/// Where each mark stands: those of one day above each other.
fn places(marks: &[TimelineMark]) -> Vec<(i32, i32)> {
    let mut before = None;
    let mut height = 0;
    let place = |mark: &TimelineMark| {
        height = match before.replace(mark.day) {
            Some(day) if day == mark.day => (height + 1).min(HIGHEST),
            _ => 0,
        };
        (EDGE + mark.day * DAY, LINE - 10 - height * STEP)
    };
    marks.iter().map(place).collect()
}

fn focus_mark(at: usize) {
    let mark = document().get_element_by_id(&format!("mark-{at}"));
    if let Some(mark) = mark.and_then(|mark| mark.dyn_into::<web_sys::SvgElement>().ok()) {
        let _ = mark.focus();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(day: i32) -> TimelineMark {
        TimelineMark {
            day,
            label: String::new(),
            calm: false,
        }
    }

    #[test]
    fn marks_of_one_day_stand_above_each_other_within_the_picture() {
        let days = [0, 3, 3, 3, 89];
        let placed = places(&days.map(mark));
        assert_eq!(placed[0], (14, 82));
        assert_eq!(placed[1..4], [(44, 82), (44, 69), (44, 56)]);
        assert_eq!(placed[4], (904, 82));
        let many = places(&vec![mark(7); 100]);
        assert!(many.iter().all(|(_, y)| (5..=LINE).contains(y)));
    }

    #[test]
    fn arrow_keys_stay_within_the_marks() {
        assert_eq!(step("ArrowRight", 0, 3), Some(1));
        assert_eq!(step("ArrowRight", 2, 3), Some(2));
        assert_eq!(step("ArrowLeft", 0, 3), Some(0));
        assert_eq!(step("End", 0, 3), Some(2));
        assert_eq!(step("Home", 2, 3), Some(0));
        assert_eq!(step("x", 2, 3), None);
        assert_eq!(step("End", 0, 0), None);
    }
}
