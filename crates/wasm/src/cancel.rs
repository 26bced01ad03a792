//! The caller's `AbortSignal`: how a run is taken back.

use crate::misuse::misuse;
use crate::property::{get_or_undefined, method};
use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;

/// What the caller can take a run back with, if anything.
#[derive(Debug, Clone)]
pub(crate) struct Cancellation(Option<JsValue>);

impl Cancellation {
    /// From the option `signal`. Whatever behaves like an `AbortSignal` is one: it may come from another frame.
    pub(crate) fn read(signal: Option<JsValue>) -> Result<Self, JsValue> {
        match signal {
            None => Ok(Self(None)),
            Some(signal) => {
                let can_listen =
                    ["addEventListener", "removeEventListener"].iter().all(|name| method(&signal, name).is_some());
                if can_listen && get_or_undefined(&signal, "aborted").as_bool().is_some() {
                    Ok(Self(Some(signal)))
                } else {
                    Err(misuse("signal", &signal, "an AbortSignal"))
                }
            }
        }
    }

    /// Why the caller took it back, if that is what happened.
    pub(crate) fn reason(&self) -> Option<JsValue> {
        let signal = self.0.as_ref()?;
        is_aborted(signal).then(|| get_or_undefined(signal, "reason"))
    }

    /// Completes when the caller takes it back.
    pub(crate) async fn requested(&self) {
        let Some(signal) = &self.0 else { return std::future::pending().await };
        let listener = Listener::on(signal);
        poll_fn(|context| {
            if is_aborted(signal) {
                return Poll::Ready(());
            }
            listener.waker.replace(Some(context.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

fn is_aborted(signal: &JsValue) -> bool {
    get_or_undefined(signal, "aborted").as_bool() == Some(true)
}

/// A listener that is taken away again: a signal often outlives the run, and serves many.
struct Listener<'a> {
    signal: &'a JsValue,
    callback: Closure<dyn Fn()>,
    waker: Rc<RefCell<Option<Waker>>>,
}

impl<'a> Listener<'a> {
    fn on(signal: &'a JsValue) -> Self {
        let waker = Rc::<RefCell<Option<Waker>>>::default();
        let waiting = Rc::clone(&waker);
        let callback = Closure::<dyn Fn()>::new(move || {
            if let Some(waker) = waiting.take() {
                waker.wake();
            }
        });
        let listener = Self { signal, callback, waker };
        listener.tell("addEventListener");
        listener
    }

    fn tell(&self, name: &str) {
        if let Some(method) = method(self.signal, name) {
            let _ = method.call2(self.signal, &"abort".into(), self.callback.as_ref());
        }
    }
}

impl Drop for Listener<'_> {
    fn drop(&mut self) {
        self.tell("removeEventListener");
    }
}
