//! What a model, a tool or an approver is handed besides its arguments, above all its signal.

use crate::cancel::Cancellation;
use crate::property;
use js_sys::{Object, Reflect};
use std::cell::RefCell;
use std::rc::Rc;
use steadfast::call::Attempt;
use steadfast::time::Instant;
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use web_sys::{AbortController, DomException};

/// The context of one attempt, with the signal that ends with it.
pub(crate) fn of_attempt(attempt: &Attempt, now: Instant, signal: &AttemptSignal) -> Object {
    let remaining = attempt.deadline.map_or(f64::INFINITY, |deadline| (deadline - now).as_secs_f64() * 1_000.0);
    let context = property::object(&[
        ("attempt", attempt.id.attempt.into()),
        ("option", attempt.option.into()),
        ("remaining", remaining.into()),
        ("key", attempt.key.to_string().into()),
    ]);
    signal.define_on(&context);
    context
}

/// An `AbortSignal` that is made when it is first read. Dropped before [`finish`](Self::finish), it is aborted.
#[derive(Debug)]
pub(crate) struct AttemptSignal {
    state: Rc<State>,
    cancellation: Cancellation,
    finished: bool,
}

#[derive(Debug, Default)]
struct State {
    controller: RefCell<Option<AbortController>>,
    /// Why it was aborted, once it was.
    reason: RefCell<Option<JsValue>>,
}

impl AttemptSignal {
    pub(crate) fn new(cancellation: &Cancellation) -> Self {
        Self { state: Rc::default(), cancellation: cancellation.clone(), finished: false }
    }

    /// Puts it on an object, as the property `signal`.
    pub(crate) fn define_on(&self, object: &Object) {
        let state = Rc::clone(&self.state);
        // The function belongs to the object, and goes with it.
        let getter = Closure::<dyn Fn() -> JsValue>::new(move || state.signal()).into_js_value();
        let property = property::object(&[("get", getter), ("enumerable", true.into()), ("configurable", true.into())]);
        let _ = Reflect::define_property(object, &"signal".into(), &property);
    }

    /// What it belongs to came to an end by itself: there is nothing to abort.
    pub(crate) fn finish(mut self) {
        self.finished = true;
    }
}

impl Drop for AttemptSignal {
    fn drop(&mut self) {
        if !self.finished {
            self.state.abort(&self.cancellation.reason().unwrap_or_else(time_is_up));
        }
    }
}

impl State {
    fn signal(&self) -> JsValue {
        let known = self.controller.borrow().clone();
        if let Some(controller) = known {
            return controller.signal().into();
        }
        let Ok(controller) = AbortController::new() else { return JsValue::UNDEFINED };
        if let Some(reason) = &*self.reason.borrow() {
            controller.abort_with_reason(reason);
        }
        self.controller.replace(Some(controller.clone()));
        controller.signal().into()
    }

    /// Aborting runs the listeners at once, and they may read the signal: nothing is borrowed while they do.
    fn abort(&self, reason: &JsValue) {
        self.reason.replace(Some(reason.clone()));
        let controller = self.controller.borrow().clone();
        if let Some(controller) = controller {
            controller.abort_with_reason(reason);
        }
    }
}

/// The reason of a signal whose caller did not take anything back: an `AbortSignal.timeout` gives the same.
fn time_is_up() -> JsValue {
    DomException::new_with_message_and_name("The attempt's time is up.", "TimeoutError")
        .map_or(JsValue::UNDEFINED, Into::into)
}
