//! Whether the whole page is there. As it is published it comes in two modules (`web/start.js`): the first draws what is seen at first,
//! and what is not seen then is drawn when the second has come, piece by piece, so that the browser has its turn between
//! them. `trunk serve` has one module, and all of it from the beginning.

use js_sys::Reflect;
use leptos::prelude::*;
use std::collections::VecDeque;

/// What waits for the rest, in order; nothing once all is there.
#[derive(Clone, Copy)]
struct Waiting(StoredValue<Option<VecDeque<RwSignal<bool>>>>);

/// Looks out for the rest, which is told of once for each piece, and once more: whoever takes that for a piece cancels it.
pub(crate) fn look_out() {
    if !is_awaited() {
        return;
    }
    let waiting = StoredValue::new(Some(VecDeque::<RwSignal<bool>>::new()));
    provide_context(Waiting(waiting));
    let _ = window_event_listener_untyped("whole", move |event| {
        let next = waiting.try_update_value(|waiting| waiting.as_mut().and_then(VecDeque::pop_front)).flatten();
        match next {
            Some(next) => {
                event.prevent_default();
                next.set(true);
            }
            None => waiting.set_value(None),
        }
    });
}

/// Draws something once the whole page is there. Boxed, so that this is one function for whatever is drawn, and what draws
/// it another, which can wait.
pub(crate) fn later(draw: Box<dyn Fn() -> AnyView + Send>) -> impl IntoView {
    let is_time = turn();
    move || is_time.get().then(&draw)
}

/// Does something once the whole page is there.
pub(crate) fn then(act: Box<dyn Fn()>) {
    let is_time = turn();
    Effect::new(move || {
        if is_time.get() {
            act();
        }
    });
}

/// Turns true when it is the turn of whoever asks; it is at once where nothing is awaited.
fn turn() -> RwSignal<bool> {
    let turn = RwSignal::new(false);
    let waits = use_context::<Waiting>().and_then(|Waiting(waiting)| {
        waiting.try_update_value(|waiting| waiting.as_mut().map(|waiting| waiting.push_back(turn))).flatten()
    });
    if waits.is_none() {
        turn.set(true);
    }
    turn
}

/// `start.js` says so by a place for the rest with nothing in it.
fn is_awaited() -> bool {
    Reflect::get(&js_sys::global(), &"steadfastRest".into()).is_ok_and(|rest| rest.is_null())
}
