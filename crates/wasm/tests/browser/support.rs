//! Worlds written in JavaScript, and what came of them as plain data.

use js_sys::{Function, Promise, Reflect};
use serde_json::Value;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// What every world can use: the lab's question, its tools, and a model that answers it. `seen` is what a test reads.
const PRELUDE: &str = r#"
"use strict";
const seen = [];
class TransientError extends Error { name = "TransientError"; }
const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));
const never = () => new Promise(() => {});
const multiply = { description: "Multiplies two numbers.", run: ({ a, b }) => a * b };
const sendEmail = { risky: true, run: mail => { seen.push({ sent: mail }); return "sent"; } };
const call = (tool, args, id = "c1") => ({ toolCalls: [{ id, tool, args }] });
const last = messages => messages[messages.length - 1];
// Asks for 17 * 23 and then says the result.
const calculates = messages =>
  last(messages).role === "tool" ? { text: `17 * 23 = ${last(messages).content}.` } : call("multiply", { a: 17, b: 23 });
// Wants to send a mail, and then says what it was told.
const mails = messages => last(messages).role === "tool" ? { text: last(messages).content } : call("send_email", { to: "ada", body: "391" });
// Retries at once, so that tests of them take no time.
const retry = { attempts: 3, base: 5, cap: 20, jitter: "none" };
"#;

/// A world: `{ seen, options }`, where `options` are what `body` returns.
pub(crate) struct World {
    pub(crate) options: JsValue,
    seen: JsValue,
}

pub(crate) fn world(body: &str) -> World {
    let code = format!("{PRELUDE}\nreturn {{ seen, options: (() => {{ {body} }})() }};");
    let made =
        Function::new_no_args(&code).call0(&JsValue::UNDEFINED).expect("the world is written in good JavaScript");
    World { options: get(&made, "options"), seen: get(&made, "seen") }
}

impl World {
    /// The result of one run.
    pub(crate) async fn run(&self) -> Value {
        self.run_with(&JsValue::UNDEFINED).await
    }

    pub(crate) async fn run_with(&self, options: &JsValue) -> Value {
        data(&JsFuture::from(self.start(options)).await.expect("a run never rejects"))
    }

    pub(crate) fn start(&self, options: &JsValue) -> Promise {
        start(&self.agent(), "What is 17 * 23?", options)
    }

    pub(crate) fn agent(&self) -> JsValue {
        steadfast_wasm::agent(&self.options).unwrap_or_else(|error| panic!("{}", message(&error)))
    }

    /// What the world's functions noted down.
    pub(crate) fn seen(&self) -> Value {
        data(&self.seen)
    }
}

pub(crate) fn start(agent: &JsValue, task: &str, options: &JsValue) -> Promise {
    let run: Function = get(agent, "run").unchecked_into();
    run.call2(&JsValue::UNDEFINED, &task.into(), options).expect("run does not throw").unchecked_into()
}

/// A value of JavaScript, from its text.
pub(crate) fn js(code: &str) -> JsValue {
    Function::new_no_args(&format!("{PRELUDE}\nreturn ({code});")).call0(&JsValue::UNDEFINED).expect("good JavaScript")
}

pub(crate) fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).expect("an object")
}

pub(crate) fn data(value: &JsValue) -> Value {
    let text = js_sys::JSON::stringify(value).expect("plain data");
    serde_json::from_str(&String::from(text)).expect("JSON")
}

pub(crate) fn message(error: &JsValue) -> String {
    get(error, "message").as_string().unwrap_or_default()
}

/// The names of a trace's entries, in order.
pub(crate) fn whats(result: &Value) -> Vec<&str> {
    trace(result).iter().filter_map(|entry| entry["what"].as_str()).collect()
}

/// The entries of that name.
pub(crate) fn entries<'a>(result: &'a Value, what: &str) -> Vec<&'a Value> {
    trace(result).iter().filter(|entry| entry["what"] == what).collect()
}

fn trace(result: &Value) -> &[Value] {
    result["trace"].as_array().map(Vec::as_slice).expect("a trace")
}

pub(crate) fn now() -> f64 {
    js("performance.now()").as_f64().expect("a number")
}
