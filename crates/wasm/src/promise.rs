//! Waiting for what a JavaScript function returns: a value, a promise, or anything with a `then`.

use js_sys::{Function, Promise};
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;

/// What becomes of a function's result: the value in the end, or what was thrown, at once or later.
pub(crate) async fn settled(returned: Result<JsValue, JsValue>) -> Result<JsValue, JsValue> {
    let value = returned?;
    // `resolve` looks for a `then` and catches what that throws; `Promise.resolve` would let it through.
    let promise = Promise::new(&mut |resolve: Function, _reject: Function| {
        let _ = resolve.call1(&JsValue::UNDEFINED, &value);
    });
    Settled::of(&promise).await
}

/// A promise as a future.
///
/// Unlike `JsFuture` it holds nothing once it is dropped: its two callbacks belong to the promise alone and go with it, so
/// a call that never settles leaves nothing behind.
struct Settled(Rc<RefCell<State>>);

#[derive(Default)]
struct State {
    outcome: Option<Result<JsValue, JsValue>>,
    waker: Option<Waker>,
}

impl Settled {
    fn of(promise: &Promise) -> Self {
        let state = Rc::new(RefCell::new(State::default()));
        let callback = |wrap: fn(JsValue) -> Result<JsValue, JsValue>| -> Function {
            let state = Rc::clone(&state);
            let settle = Closure::<dyn FnMut(JsValue)>::new(move |value| {
                let waker = {
                    let mut state = state.borrow_mut();
                    state.outcome = Some(wrap(value));
                    state.waker.take()
                };
                if let Some(waker) = waker {
                    waker.wake();
                }
            });
            settle.into_js_value().into()
        };
        if let Some(then) = crate::property::method(promise, "then") {
            let _ = then.call2(promise, &callback(Ok), &callback(Err));
        }
        Self(state)
    }
}

impl Future for Settled {
    type Output = Result<JsValue, JsValue>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.0.borrow_mut();
        if let Some(outcome) = state.outcome.take() {
            return Poll::Ready(outcome);
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }
}
