use std::ops::Range;

use leptos::{html, prelude::*};
use wasm_bindgen::{JsCast, closure::Closure};

/// Rows beyond the edges that are built as well, so that scrolling shows no gap.
const OVERSCAN: u32 = 4;

/// Which rows a scroll position shows, with some beyond both edges.
pub fn visible_rows(scroll_top: f64, height: f64, row_height: u32, total: u32) -> Range<u32> {
    if total == 0 || row_height == 0 {
        return 0..0;
    }
    let row = f64::from(row_height);
    // Both are at least 0 after `max`, and a list has far fewer than 2³² rows.
    let first = (scroll_top.max(0.0) / row).floor() as u32;
    let shown = (height.max(0.0) / row).ceil() as u32 + 1;
    let start = first.min(total).saturating_sub(OVERSCAN);
    let end = first
        .saturating_add(shown)
        .saturating_add(OVERSCAN)
        .min(total);
    start.min(end)..end
}

/// Where to scroll so that a row is in full view, or `None` when it is already.
fn scroll_for(row: u32, row_height: u32, scroll_top: f64, height: f64) -> Option<f64> {
    let top = f64::from(row) * f64::from(row_height);
    let bottom = top + f64::from(row_height);
    if top < scroll_top {
        Some(top)
    } else if bottom > scroll_top + height {
        Some(bottom - height)
    } else {
        None
    }
}

/// Scrolls a list so that a row is in full view.
pub fn scroll_to_row(scroller: &web_sys::HtmlElement, row: u32, row_height: u32) {
    let top = f64::from(scroller.scroll_top());
    let height = f64::from(scroller.client_height());
    if let Some(to) = scroll_for(row, row_height, top, height) {
        scroller.set_scroll_top(to.round() as i32);
    }
}

/// A long list of which only the visible rows exist. For parts that only the browser builds:
/// its geometry is set on elements, which a server cannot do without inline styles.
#[component]
pub fn VirtualList<V: IntoView + 'static>(
    /// How many rows there are.
    #[prop(into)]
    total: Signal<u32>,
    /// Their height in pixels; all are alike.
    row_height: u32,
    /// Told which rows are built, whenever that changes.
    #[prop(into)]
    on_rows: Callback<Range<u32>>,
    /// The scrolling element.
    scroller: NodeRef<html::Div>,
    /// Builds a row. Rows that stay visible are kept, so what a row shows must be reactive.
    row: impl Fn(u32) -> V + Clone + Send + Sync + 'static,
) -> impl IntoView {
    let scroll_top = RwSignal::new(0.0);
    let height = RwSignal::new(0.0);
    let rows =
        Memo::new(move |_| visible_rows(scroll_top.get(), height.get(), row_height, total.get()));
    Effect::new(move |_| on_rows.run(rows.get()));
    Effect::new(move |_| {
        let Some(element) = scroller.get() else {
            return;
        };
        let measured = element.clone();
        let measure = move || {
            let _ = height.try_set(f64::from(measured.client_height()));
            let _ = scroll_top.try_set(f64::from(measured.scroll_top()));
        };
        // The observer calls once the list is laid out: to ask before that would have the browser
        // lay out everything twice.
        let on_scroll = Closure::<dyn Fn()>::new(measure.clone());
        let on_resize = Closure::<dyn Fn()>::new(measure);
        let listener = on_scroll.as_ref().unchecked_ref();
        let _ = element.add_event_listener_with_callback("scroll", listener);
        let observer = web_sys::ResizeObserver::new(on_resize.as_ref().unchecked_ref()).ok();
        if let Some(observer) = &observer {
            observer.observe(&element);
        }
        let held = StoredValue::new_local((element, on_scroll, on_resize, observer));
        on_cleanup(move || {
            held.with_value(|(element, on_scroll, _, observer)| {
                let listener = on_scroll.as_ref().unchecked_ref();
                let _ = element.remove_event_listener_with_callback("scroll", listener);
                if let Some(observer) = observer {
                    observer.disconnect();
                }
            });
        });
    });
    let pixels = move |count: u32| format!("{}px", u64::from(count) * u64::from(row_height));
    view! { class="v",
        <div
            class="virtual"
            role="presentation"
            style:height=move || pixels(total.get())
            style:padding-top=move || pixels(rows.get().start)
        >
            <For each=move || rows.get() key=|index| *index children=row />
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_screen_is_always_built() {
        for top in [0.0, 1.0, 56.5, 57.0, 10_000.0, 2_849_000.0] {
            let rows = visible_rows(top, 800.0, 57, 50_000);
            assert!(f64::from(rows.start) * 57.0 <= top, "{top}");
            assert!(
                f64::from(rows.end) * 57.0 >= (top + 800.0).min(2_850_000.0),
                "{top}"
            );
            assert!(rows.len() < 40, "{top}");
        }
    }

    #[test]
    fn short_and_empty_lists_end_where_they_end() {
        assert_eq!(visible_rows(0.0, 800.0, 57, 3), 0..3);
        assert_eq!(visible_rows(0.0, 800.0, 57, 0), 0..0);
        assert_eq!(visible_rows(99_999.0, 800.0, 57, 3), 0..3);
        assert_eq!(visible_rows(-20.0, 0.0, 57, 3), 0..3);
    }

    #[test]
    fn a_row_in_view_is_not_scrolled_to() {
        assert_eq!(scroll_for(2, 50, 0.0, 500.0), None);
        assert_eq!(scroll_for(10, 50, 0.0, 500.0), Some(50.0));
        assert_eq!(scroll_for(1, 50, 200.0, 500.0), Some(50.0));
    }
}
