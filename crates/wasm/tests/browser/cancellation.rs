//! Taking a run back, and the signals that tell of it.

use crate::support::{data, get, js, now, world};
use serde_json::json;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn a_run_ends_at_once_when_its_signal_is_aborted_and_hands_the_reason_on() {
    let world = world(
        r#"const model = (messages, { signal }) => {
             signal.addEventListener("abort", () => seen.push(signal.reason));
             return never();
           };
           return { model };"#,
    );
    let options = js(
        "(() => { const c = new AbortController(); setTimeout(() => c.abort('changed my mind'), 50); return { signal: c.signal }; })()",
    );
    let before = now();
    let result = world.run_with(&options).await;
    assert_eq!((&result["stop"], &result["degraded"]), (&json!("cancelled"), &json!(true)));
    assert!(now() - before < 2_000.0);
    assert_eq!(world.seen(), json!(["changed my mind"]));
}

#[wasm_bindgen_test]
async fn a_run_that_is_cancelled_before_it_begins_calls_nothing() {
    let world = world("return { model: () => { seen.push('asked'); return { text: 'hello' }; } };");
    let result = world.run_with(&js("({ signal: AbortSignal.abort() })")).await;
    assert_eq!((&result["stop"], world.seen()), (&json!("cancelled"), json!([])));
}

#[wasm_bindgen_test]
async fn cancelling_ends_waits_tools_and_questions_too() {
    for body in [
        "return { model: () => { throw new TransientError('503'); }, guard: { retry: { base: 60_000, cap: 60_000, jitter: 'none' } } };",
        "return { model: mails, tools: { send_email: { run: never } } };",
        "return { model: mails, tools: { send_email: sendEmail }, approver: never };",
    ] {
        let world = world(body);
        let result = world.run_with(&js("({ signal: AbortSignal.timeout(40) })")).await;
        assert_eq!(result["stop"], "cancelled", "{body}");
    }
}

#[wasm_bindgen_test]
async fn a_model_may_cancel_its_own_run() {
    let controller = js("new AbortController()");
    let world = world(
        "return { model: async () => { stop.abort(); await sleep(1); return { text: 'hello' }; } };"
            .replace("stop", "globalThis.stopIt")
            .as_str(),
    );
    js_sys::Reflect::set(&js_sys::global(), &"stopIt".into(), &controller).unwrap();
    let options = js("({ signal: globalThis.stopIt.signal })");
    assert_eq!(world.run_with(&options).await["stop"], "cancelled");
}

#[wasm_bindgen_test]
async fn no_listener_stays_on_the_caller_s_signal() {
    let world = world("return { model: calculates, tools: { multiply } };");
    let counting = js(r"(() => {
             const { signal } = new AbortController();
             const counts = { added: 0, removed: 0 };
             return { counts, signal: {
               get aborted() { return signal.aborted; }, reason: undefined,
               addEventListener(...args) { counts.added += 1; signal.addEventListener(...args); },
               removeEventListener(...args) { counts.removed += 1; signal.removeEventListener(...args); },
             } };
           })()");
    let options = js_sys::Object::new();
    js_sys::Reflect::set(&options, &"signal".into(), &get(&counting, "signal")).unwrap();
    assert_eq!(world.run_with(&options).await["stop"], "answered");
    assert_eq!(data(&get(&counting, "counts")), json!({ "added": 1, "removed": 1 }));
}

/// Counts the controllers that are made, and puts the real class back when it is dropped.
struct Counted(JsValue);

impl Counted {
    fn controllers() -> Self {
        Self(js(r"(() => {
                 const Real = globalThis.AbortController;
                 const state = { made: 0, restore: () => { globalThis.AbortController = Real; } };
                 globalThis.AbortController = class extends Real { constructor() { super(); state.made += 1; } };
                 return state;
               })()"))
    }

    fn made(&self) -> serde_json::Value {
        data(&get(&self.0, "made"))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let _ = get(&self.0, "restore").unchecked_into::<js_sys::Function>().call0(&JsValue::UNDEFINED);
    }
}

#[wasm_bindgen_test]
async fn a_controller_is_made_only_for_a_function_that_reads_its_signal() {
    let counted = Counted::controllers();
    let unread = world(
        "return { model: (messages, context) => { seen.push(context.attempt, context.key); return calculates(messages); }, tools: { multiply } };",
    );
    assert_eq!(unread.run().await["stop"], "answered");
    assert_eq!(counted.made(), 0);
    let read = world(
        "return { model: (messages, { signal, ...rest }) => { seen.push(signal === rest.signal); return { text: 'hello' }; } };",
    );
    assert_eq!(read.run().await["stop"], "answered");
    assert_eq!(counted.made(), 1);
    let twice = world(
        "return { model: (messages, context) => { seen.push(context.signal === context.signal); return { text: 'hello' }; } };",
    );
    twice.run().await;
    assert_eq!((counted.made(), twice.seen()), (json!(2), json!([true])));
}

#[wasm_bindgen_test]
async fn the_signal_of_an_attempt_that_ended_by_itself_is_not_aborted() {
    let world = world(
        r#"const signals = [];
           let tries = 0;
           const model = (messages, { signal }) => {
             signals.push(signal);
             if (++tries === 1) throw new TransientError("503");
             const reply = calculates(messages);
             if (reply.text) seen.push(signals.map(signal => signal.aborted));
             return reply;
           };
           return { model, tools: { multiply }, guard: { retry } };"#,
    );
    world.run().await;
    assert_eq!(world.seen(), json!([[false, false, false]]));
}

#[wasm_bindgen_test]
async fn a_signal_that_is_first_read_after_the_attempt_is_over_is_aborted_already() {
    let world = world(
        r#"let tries = 0;
           const model = async (messages, context) => {
             if (++tries > 1) { await sleep(60); return { text: "hello" }; }
             await sleep(60);
             seen.push(context.signal.aborted, context.signal.reason.name);
             return { text: "too late" };
           };
           return { model, guard: { timeout: 30, retry: { ...retry, attempts: 1 } } , safeMessage: "safe" };"#,
    );
    assert_eq!(world.run().await["answer"], "safe");
    js_sleep(80).await;
    assert_eq!(world.seen(), json!([true, "TimeoutError"]));
}

async fn js_sleep(ms: u32) {
    wasm_bindgen_futures::JsFuture::from(js(&format!("sleep({ms})")).unchecked_into::<js_sys::Promise>())
        .await
        .unwrap();
}
