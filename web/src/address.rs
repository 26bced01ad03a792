//! The page's address: it always holds a link to what is shown, and a link put there by hand is followed.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::store::Store;
use crate::time::milliseconds;
use core::time::Duration;
use leptos::prelude::*;
use steadfast_playground::{Action, State, link};
use wasm_bindgen::JsValue;

/// Browsers allow 200 changes of the address in 30 s: so many at once, and then one in so many milliseconds.
const AT_ONCE: f64 = 40.0;
const ONE_IN_MS: f64 = 200.0;
/// Between two changes while playing, and how long a change that has to wait does so.
const PAUSE_MS: f64 = 400.0;

/// The link in the address.
pub(crate) fn hash() -> String {
    window().location().hash().unwrap_or_default()
}

/// Keeps the address and the state in step.
pub(crate) fn keep_in_step(store: Store) {
    let writer = Rc::new(Writer::default());
    // A page that was opened without a link keeps its plain address until something is done.
    let opened = hash().is_empty().then(|| store.peek(link::write));
    let write: Rc<dyn Fn(bool)> = Rc::new(move |is_playing| {
        let link = store.peek(link::write);
        if opened.as_ref() != Some(&link) || !hash().is_empty() {
            Rc::clone(&writer).write(link, is_playing);
        }
    });
    // Where a pointer moves through the run, its address is written once that is let go: a browser lays out the page for each.
    let is_held = Rc::new(Cell::new(false));
    let hold = Rc::clone(&is_held);
    let _ = window_event_listener_untyped("pointerdown", move |_| hold.set(true));
    for end in ["pointerup", "pointercancel"] {
        let (write, is_held) = (Rc::clone(&write), Rc::clone(&is_held));
        let _ = window_event_listener_untyped(end, move |_| {
            if is_held.replace(false) {
                write(store.peek(State::is_playing));
            }
        });
    }
    store.after_each_change(Box::new(move |page| {
        if !is_held.get() {
            write(page.is_playing);
        }
    }));
    let _ = window_event_listener_untyped("hashchange", move |_| {
        let hash = hash();
        if hash.trim_start_matches('#') != store.peek(link::write) {
            store.send(Action::OpenLink(hash));
        }
    });
}

/// Writes the address no more often than browsers allow.
#[derive(Default)]
struct Writer {
    spent: Cell<f64>,
    last: Cell<f64>,
    waiting: RefCell<Option<String>>,
}

impl Writer {
    fn write(self: Rc<Self>, link: String, playing: bool) {
        if hash().trim_start_matches('#') == link {
            *self.waiting.borrow_mut() = None;
            return;
        }
        let was_waiting = self.waiting.borrow_mut().replace(link).is_some();
        let since_last = milliseconds() - self.last.get();
        self.spent.set((self.spent.get() - since_last / ONE_IN_MS).max(0.0));
        if self.spent.get() < AT_ONCE && (!playing || since_last >= PAUSE_MS) {
            self.put();
        } else if !was_waiting {
            set_timeout(move || self.put(), Duration::from_millis(400));
        }
    }

    fn put(&self) {
        let Some(link) = self.waiting.borrow_mut().take() else { return };
        self.spent.set(self.spent.get() + 1.0);
        self.last.set(milliseconds());
        if let Ok(history) = window().history() {
            // An address that cannot be written (a page in a sandbox) costs the link, not the page.
            let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&format!("#{link}")));
        }
    }
}
