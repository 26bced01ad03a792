//! Runs side by side and within each other, several tools at once, and what functions are handed.

use crate::support::{data, get, js, now, start, whats, world};
use js_sys::Promise;
use serde_json::json;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn two_runs_of_one_agent_do_not_disturb_each_other() {
    let world = world(
        r#"const model = async (messages, { key }) => {
             const task = messages[0].content;
             await sleep(task === "slow" ? 60 : 20);
             if (last(messages).role === "tool") return { text: `${task}: ${last(messages).content}` };
             seen.push(key.split("-call-")[0]);
             return call("echo", { task });
           };
           return { model, tools: { echo: { run: async ({ task }) => { await sleep(task === "slow" ? 10 : 50); return task; } } } };"#,
    );
    let agent = world.agent();
    let both =
        js_sys::Array::of2(&start(&agent, "slow", &JsValue::UNDEFINED), &start(&agent, "fast", &JsValue::UNDEFINED));
    let results = data(&JsFuture::from(Promise::all(&both)).await.unwrap());
    assert_eq!((&results[0]["answer"], &results[1]["answer"]), (&json!("slow: slow"), &json!("fast: fast")));
    assert_eq!(whats(&results[0]), whats(&results[1]));
    assert_ne!(world.seen()[0], world.seen()[1], "no two runs share an idempotency key");
}

#[wasm_bindgen_test]
async fn one_of_two_runs_can_be_cancelled() {
    let world = world("return { model: async () => { await sleep(300); return { text: 'hello' }; } };");
    let agent = world.agent();
    let cancelled = start(&agent, "a", &js("({ signal: AbortSignal.timeout(10) })"));
    let other = start(&agent, "b", &JsValue::UNDEFINED);
    assert_eq!(data(&JsFuture::from(cancelled).await.unwrap())["stop"], "cancelled");
    assert_eq!(data(&JsFuture::from(other).await.unwrap())["stop"], "answered");
}

#[wasm_bindgen_test]
async fn a_tool_may_run_the_agent_it_belongs_to() {
    let world = world(
        r#"const model = messages => {
             if (last(messages).role === "tool") return { text: `(${last(messages).content})` };
             const depth = Number(messages[0].content) || 3;
             return depth > 1 ? call("delegate", { depth: depth - 1 }) : { text: "bottom" };
           };
           const delegate = { run: async ({ depth }) => (await globalThis.delegating.run(String(depth))).answer };
           return { model, tools: { delegate } };"#,
    );
    let agent = world.agent();
    js_sys::Reflect::set(&js_sys::global(), &"delegating".into(), &agent).unwrap();
    let result = data(&JsFuture::from(start(&agent, "3", &JsValue::UNDEFINED)).await.unwrap());
    assert_eq!(result["answer"], "((bottom))");
}

#[wasm_bindgen_test]
async fn tools_asked_for_together_run_together_and_are_answered_in_order() {
    let world = world(
        r#"const toolCalls = [["a", 400], ["b", 200], ["c", 300]].map(([id, ms]) => ({ id, tool: "waits", args: { id, ms } }));
           const model = messages => {
             if (last(messages).role !== "tool") return { text: "All at once.", toolCalls };
             seen.push(messages.slice(2).map(m => [m.toolCallId, m.content]));
             return { text: "done" };
           };
           return { model, tools: { waits: { run: async ({ id, ms }) => { await sleep(ms); return id.toUpperCase(); } } } };"#,
    );
    let before = now();
    world.run().await;
    let took = now() - before;
    assert!((399.0..850.0).contains(&took), "{took} ms is not the time of the slowest");
    assert_eq!(world.seen(), json!([[["a", "A"], ["b", "B"], ["c", "C"]]]));
}

#[wasm_bindgen_test]
async fn a_model_is_handed_the_conversation_its_context_and_the_tools() {
    let world = world(
        r#"const model = (messages, context) => {
             seen.push(JSON.parse(JSON.stringify(messages)));
             messages.length = 0; // its own copy
             const { attempt, option, remaining, key, tools } = context;
             if (seen.length === 1) seen.push({ attempt, option, remaining, key: typeof key, tools: Object.keys(tools), why: tools.multiply.description });
             return seen.length === 2 ? call("multiply", { b: 23, a: 17 }) : { text: "391" };
           };
           return { model, tools: { multiply }, system: "You are careful.", guard: { deadline: 5_000 } };"#,
    );
    world.run().await;
    let seen = world.seen();
    assert_eq!(
        seen[0],
        json!([{ "role": "system", "content": "You are careful." }, { "role": "user", "content": "What is 17 * 23?" }])
    );
    let context = &seen[1];
    assert!((4_900.0..=5_000.0).contains(&context["remaining"].as_f64().unwrap()), "{context}");
    assert_eq!((&context["attempt"], &context["option"], &context["key"]), (&json!(1), &json!(0), &json!("string")));
    assert_eq!((&context["tools"], &context["why"]), (&json!(["multiply"]), &json!("Multiplies two numbers.")));
    assert_eq!(
        seen[2].as_array().unwrap()[2..],
        [
            json!({ "role": "assistant", "content": "", "toolCalls": [{ "id": "c1", "tool": "multiply", "args": { "a": 17, "b": 23 } }] }),
            json!({ "role": "tool", "content": "391", "toolCallId": "c1" }),
        ]
    );
}

#[wasm_bindgen_test]
async fn without_a_deadline_what_remains_is_infinite() {
    let world = world(
        "return { model: (messages, { remaining }) => { seen.push(String(remaining)); return { text: 'hello' }; } };",
    );
    world.run().await;
    assert_eq!(world.seen(), json!(["Infinity"]));
}

#[wasm_bindgen_test]
async fn what_a_tool_returns_is_told_to_the_model_as_text() {
    for (returned, text) in [
        ("'plain'", "plain"),
        ("391", "391"),
        ("{ b: 1, a: [true, null] }", r#"{"b":1,"a":[true,null]}"#),
        ("undefined", ""),
        ("null", "null"),
        ("new Date(0)", r#""1970-01-01T00:00:00.000Z""#),
        ("() => 1", ""),
        ("10n", "It ran, but its result cannot be told as JSON: Do not know how to serialize a BigInt"),
        ("{ then(resolve) { resolve('thenable'); } }", "thenable"),
    ] {
        let world =
            world(&format!("return {{ model: mails, tools: {{ send_email: {{ run: () => ({returned}) }} }} }};"));
        // An answer without text would be no answer, so it is read from the trace.
        let result = world.run().await;
        let replied = crate::support::entries(&result, "tool_replied")[0]["why"]["output"].clone();
        assert_eq!(replied, text, "{returned}");
    }
}

#[wasm_bindgen_test]
async fn functions_of_a_tool_keep_their_this_and_run_can_be_taken_off_its_agent() {
    let world = world(
        r#"const counter = { run() { return String(this.description.length); }, description: "four" };
           return { model: mails, tools: { send_email: counter } };"#,
    );
    let run = get(&world.agent(), "run").unchecked_into::<js_sys::Function>();
    let result = run.call1(&JsValue::NULL, &"go".into()).unwrap();
    assert_eq!(data(&JsFuture::from(result.unchecked_into::<Promise>()).await.unwrap())["answer"], "4");
}

#[wasm_bindgen_test]
async fn a_then_that_throws_is_a_failure_like_any_other() {
    let world =
        world("return { model: () => ({ get then() { throw new TransientError('odd'); } }), guard: { retry } };");
    let result = world.run().await;
    assert_eq!(
        (&result["stop"], whats(&result).iter().filter(|what| **what == "attempt_failed").count()),
        (&json!("model_unavailable"), 3)
    );
}
