//! The page's module in a worker: it waits for portions of the odds and makes their runs, and draws nothing.

use js_sys::Float64Array;
use steadfast_playground::odds::{Batch, Chunk};
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

/// What a worker says when it can be asked for something.
pub(super) const READY: &str = "ready";

/// The worker that this module runs in, if it is not a page.
pub(crate) fn scope() -> Option<DedicatedWorkerGlobalScope> {
    js_sys::global().dyn_into().ok()
}

/// Answers each portion with its runs as numbers, or with a sentence about what is wrong.
pub(crate) fn serve(scope: &DedicatedWorkerGlobalScope) {
    std::panic::set_hook(Box::new(console_error_panic_hook::hook));
    let itself = scope.clone();
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let answer = match Chunk::read(&event.data().as_string().unwrap_or_default()) {
            Ok(chunk) => Float64Array::from(&Batch::of(&chunk).write()[..]).into(),
            Err(why) => JsValue::from(why),
        };
        let _ = itself.post_message(&answer);
    });
    scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // For as long as the worker lives.
    on_message.forget();
    let _ = scope.post_message(&READY.into());
}
