use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

use leptos::prelude::*;

use crate::ui::once_pictured;

/// Rows that change in one picture. Where every row shows something else, as at each letter of a
/// search, those further down follow a picture or two later, and none of the pictures is late.
const ROWS_AT_ONCE: usize = 7;

/// Spreads changes of rows over pictures.
#[derive(Clone, Copy)]
pub(super) struct Pace(StoredValue<Rc<Inner>, LocalStorage>);

#[derive(Default)]
struct Inner {
    queue: Queue,
    /// A picture is on its way, after which the next changes are made.
    is_on_its_way: Cell<bool>,
}

/// Whether a row waits for its turn. It then shows the newest when that comes, so that it need
/// not wait a second time: whoever types faster than rows can follow would have them lag behind.
#[derive(Clone, Default)]
pub(super) struct Waits(Rc<Cell<bool>>);

impl Pace {
    pub fn new() -> Self {
        Self(StoredValue::new_local(Rc::default()))
    }

    /// Changes a row now, or after the next picture when this one has its share. Does nothing
    /// when the row waits already.
    pub fn change(self, row: &Waits, change: impl FnOnce() + 'static) {
        let Some(inner) = self.0.try_get_value() else {
            return;
        };
        // In a document that is not shown no picture ever comes.
        inner.queue.offer(row, !document().hidden(), change);
        self.after_picture(&inner);
    }

    fn after_picture(self, inner: &Inner) {
        if !inner.is_on_its_way.replace(true) {
            once_pictured(move || self.next());
        }
    }

    fn next(self) {
        let Some(inner) = self.0.try_get_value() else {
            return;
        };
        inner.is_on_its_way.set(false);
        if inner.queue.next() {
            self.after_picture(&inner);
        }
    }
}

type Change = Box<dyn FnOnce()>;

#[derive(Default)]
struct Queue {
    /// Changes since the last picture.
    done: Cell<usize>,
    waiting: RefCell<VecDeque<(Waits, Change)>>,
}

impl Queue {
    fn offer(&self, row: &Waits, may_wait: bool, change: impl FnOnce() + 'static) {
        let is_full = self.done.get() >= ROWS_AT_ONCE || !self.waiting.borrow().is_empty();
        if !is_full || !may_wait {
            self.done.set(self.done.get() + 1);
            change();
        } else if !row.0.replace(true) {
            let mut waiting = self.waiting.borrow_mut();
            waiting.push_back((row.clone(), Box::new(change)));
        }
    }

    /// Begins with another picture, and tells whether some wait for the one after it.
    fn next(&self) -> bool {
        self.done.set(0);
        while self.done.get() < ROWS_AT_ONCE {
            let Some((row, change)) = self.waiting.borrow_mut().pop_front() else {
                return false;
            };
            row.0.set(false);
            self.done.set(self.done.get() + 1);
            change();
        }
        !self.waiting.borrow().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A list of so many rows that write down when they change.
    fn rows(count: usize) -> (Queue, Vec<Waits>, Rc<RefCell<Vec<usize>>>) {
        let rows = (0..count).map(|_| Waits::default()).collect();
        (Queue::default(), rows, Rc::default())
    }

    #[test]
    fn each_picture_has_its_share_and_none_is_forgotten() {
        let (queue, rows, changed) = rows(2 * ROWS_AT_ONCE + 3);
        for (number, row) in rows.iter().enumerate() {
            let changed = changed.clone();
            queue.offer(row, true, move || changed.borrow_mut().push(number));
        }
        assert_eq!(changed.borrow().len(), ROWS_AT_ONCE);
        assert!(queue.next());
        assert_eq!(changed.borrow().len(), 2 * ROWS_AT_ONCE);
        assert!(!queue.next());
        let all: Vec<usize> = (0..rows.len()).collect();
        assert_eq!(*changed.borrow(), all);
    }

    #[test]
    fn a_row_that_waits_does_not_wait_twice_however_fast_somebody_types() {
        let (queue, rows, changed) = rows(2 * ROWS_AT_ONCE);
        for _ in 0..50 {
            for (number, row) in rows.iter().enumerate() {
                let changed = changed.clone();
                queue.offer(row, true, move || changed.borrow_mut().push(number));
            }
        }
        assert!(queue.waiting.borrow().len() <= rows.len());
        while queue.next() {}
        let last = rows.len() - 1;
        let often = changed.borrow().iter().filter(|row| **row == last).count();
        assert_eq!(often, 1);
        // And may wait again once it had its turn.
        assert!(rows.iter().all(|row| !row.0.get()));
    }

    #[test]
    fn nothing_waits_for_pictures_that_do_not_come() {
        let (queue, rows, changed) = rows(3 * ROWS_AT_ONCE);
        for (number, row) in rows.iter().enumerate() {
            let changed = changed.clone();
            queue.offer(row, false, move || changed.borrow_mut().push(number));
        }
        assert_eq!(changed.borrow().len(), rows.len());
    }
}
