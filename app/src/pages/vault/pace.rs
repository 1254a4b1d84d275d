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
    /// Changes since the last picture.
    done: Cell<usize>,
    waiting: RefCell<VecDeque<Box<dyn FnOnce()>>>,
    /// A picture is on its way, after which the next changes are made.
    is_on_its_way: Cell<bool>,
}

impl Pace {
    pub fn new() -> Self {
        Self(StoredValue::new_local(Rc::default()))
    }

    /// Makes a change now, or after the next picture when this one has its share.
    pub fn change(self, change: impl FnOnce() + 'static) {
        let Some(inner) = self.0.try_get_value() else {
            return;
        };
        let is_full = inner.done.get() >= ROWS_AT_ONCE || !inner.waiting.borrow().is_empty();
        // In a document that is not shown no picture ever comes.
        if is_full && !document().hidden() {
            inner.waiting.borrow_mut().push_back(Box::new(change));
        } else {
            inner.done.set(inner.done.get() + 1);
            change();
        }
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
        inner.done.set(0);
        while inner.done.get() < ROWS_AT_ONCE {
            let Some(change) = inner.waiting.borrow_mut().pop_front() else {
                return;
            };
            inner.done.set(inner.done.get() + 1);
            change();
        }
        if !inner.waiting.borrow().is_empty() {
            self.after_picture(&inner);
        }
    }
}
