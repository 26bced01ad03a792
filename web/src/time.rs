//! Real time: the frames of a run that plays, and what a person's system says about motion.

use std::cell::Cell;
use std::rc::Rc;

use crate::store::Store;
use core::time::Duration;
use leptos::prelude::*;
use steadfast::time::Instant;
use steadfast_playground::{Action, State};

/// Milliseconds on the page's clock.
pub(crate) fn milliseconds() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

/// Virtual time as it is drawn: for those who asked for less motion it goes from line to line.
pub(crate) fn drawn(state: &State) -> Instant {
    if state.is_playing() && prefers_stillness() { state.instant() } else { state.now() }
}

fn prefers_stillness() -> bool {
    let query = window().match_media("(prefers-reduced-motion: reduce)");
    query.ok().flatten().is_some_and(|query| query.matches())
}

/// Lets time pass while the run plays, and stand still while nobody can see it.
pub(crate) fn let_pass(store: Store) {
    let ticking = Rc::new(Cell::new(false));
    store.after_each_change(Box::new(move |page| {
        if page.is_playing && !ticking.replace(true) {
            tick(store, None, Rc::clone(&ticking));
        }
    }));
    let _ = window_event_listener_untyped("visibilitychange", move |_| {
        if document().hidden() && store.peek(State::is_playing) {
            store.send(Action::Pause);
        }
    });
}

/// One frame after the other until the run no longer plays.
fn tick(store: Store, last: Option<f64>, ticking: Rc<Cell<bool>>) {
    request_animation_frame(move || {
        let now = milliseconds();
        if let Some(last) = last {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a frame's time, at least 0")]
            let elapsed = ((now - last).max(0.0) * 1_000.0) as u64;
            store.send(Action::Tick(Duration::from_micros(elapsed)));
        }
        if store.peek(State::is_playing) {
            tick(store, Some(now), ticking);
        } else {
            ticking.set(false);
        }
    });
}
