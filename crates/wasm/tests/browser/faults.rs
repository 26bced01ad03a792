//! The lab's faults, with functions that really fail and hang.

use crate::support::{entries, now, whats, world};
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn a_model_that_fails_twice_still_answers_391() {
    let world = world(
        r#"let tries = 0;
           const model = (messages, { attempt, key }) => {
             seen.push([attempt, key.split("-call-")[1]]);
             if (++tries <= 2) throw new TransientError("503");
             return calculates(messages);
           };
           return { model, tools: { multiply }, guard: { retry } };"#,
    );
    let result = world.run().await;
    assert_eq!(result["answer"], "17 * 23 = 391.");
    assert_eq!(
        (&result["steps"], &result["degraded"], &result["stop"]),
        (&json!(2), &json!(false), &json!("answered"))
    );
    assert_eq!(result["blocked"], json!([]));
    assert_eq!(world.seen(), json!([[1, "1"], [2, "1"], [3, "1"], [1, "3"]]));
    let waits: Vec<_> =
        entries(&result, "backing_off").iter().map(|entry| entry["why"]["delay"]["delay"].clone()).collect();
    assert_eq!(waits, [json!(5), json!(10)]);
}

#[wasm_bindgen_test]
async fn a_promise_that_never_settles_is_cut_by_the_timeout_and_tried_again() {
    let world = world(
        r#"let tries = 0;
           const model = (messages, { signal }) => {
             signal.addEventListener("abort", () => seen.push(signal.reason.name));
             return ++tries === 1 ? never() : calculates(messages);
           };
           return { model, tools: { multiply }, guard: { timeout: 80, retry } };"#,
    );
    let before = now();
    let result = world.run().await;
    let took = now() - before;
    assert_eq!((&result["answer"], &result["degraded"]), (&json!("17 * 23 = 391."), &json!(false)));
    assert!((80.0..2_000.0).contains(&took), "{took} ms");
    assert_eq!(entries(&result, "attempt_timed_out").len(), 1);
    // The hung attempt's signal is aborted, and no other.
    assert_eq!(world.seen(), json!(["TimeoutError"]));
}

#[wasm_bindgen_test]
async fn an_outage_degrades_to_a_safe_message_within_its_limits() {
    let world = world(
        r#"const model = () => { seen.push("asked"); throw new TransientError("down"); };
           return { model, guard: { retry }, safeMessage: "Please call us." };"#,
    );
    let result = world.run().await;
    assert_eq!((&result["answer"], &result["degraded"]), (&json!("Please call us."), &json!(true)));
    assert_eq!((&result["stop"], &result["steps"]), (&json!("model_unavailable"), &json!(1)));
    assert_eq!(world.seen(), json!(["asked", "asked", "asked"]));
}

#[wasm_bindgen_test]
async fn a_looping_model_is_stopped_by_the_step_cap() {
    let world = world(
        r#"const model = () => { seen.push("asked"); return call("multiply", { a: 1, b: 1 }); };
           return { model, tools: { multiply }, maxSteps: 3 };"#,
    );
    let result = world.run().await;
    assert_eq!(
        (&result["stop"], &result["steps"], &result["degraded"]),
        (&json!("step_limit"), &json!(3), &json!(true))
    );
    assert_eq!(world.seen(), json!(["asked", "asked", "asked"]));
}

#[wasm_bindgen_test]
async fn the_second_model_answers_when_the_first_is_down() {
    let world = world(
        r#"const down = () => { throw Object.assign(new Error("out of credit"), { status: 402 }); };
           const stands_in = (messages, { option }) => { seen.push(option); return { text: "hello" }; };
           return { model: [down, stands_in], guard: { retry } };"#,
    );
    let result = world.run().await;
    assert_eq!((&result["answer"], world.seen()), (&json!("hello"), json!([1])));
    assert_eq!(entries(&result, "attempt_failed")[0]["why"]["failure"]["class"], "quota_exhausted");
}

#[wasm_bindgen_test]
async fn a_plain_error_is_a_bug_and_not_tried_again() {
    let world = world(
        r#"const model = () => { seen.push("asked"); return null.text; };
           return { model, guard: { retry } };"#,
    );
    let result = world.run().await;
    assert_eq!((world.seen(), &result["stop"]), (json!(["asked"]), &json!("model_unavailable")));
    let failure = &entries(&result, "attempt_failed")[0]["why"]["failure"];
    assert_eq!((&failure["class"], &failure["transient"]), (&json!("bug"), &json!(false)));
    assert!(failure["message"].as_str().unwrap().contains("Cannot read properties of null"), "{failure}");
}

#[wasm_bindgen_test]
async fn thrown_values_are_classed_by_what_they_say_of_themselves() {
    let cases = [
        (r#"new TransientError("busy")"#, "server_error", true, "busy"),
        (r#"Object.assign(new Error("later"), { transient: true })"#, "server_error", true, "later"),
        (r#"Object.assign(new Error("no"), { status: 503, transient: false })"#, "overloaded", false, "no"),
        (r#"Object.assign(new Error("slow down"), { status: 429 })"#, "rate_limited", true, "slow down"),
        (
            r#"Object.assign(new Error("pay"), { status: 429, code: "insufficient_quota" })"#,
            "quota_exhausted",
            false,
            "pay",
        ),
        (r#"Object.assign(new Error("bad"), { status: 400 })"#, "invalid_request", false, "bad"),
        (r#"Object.assign(new Error("odd"), { statusCode: 422 })"#, "invalid_request", false, "odd"),
        (r#"Object.assign(new Error("key"), { status: 401 })"#, "auth", false, "key"),
        (r#"Object.assign(new Error("not you"), { status: 403 })"#, "permission", false, "not you"),
        (r#"Object.assign(new Error("long"), { status: 413 })"#, "too_large", false, "long"),
        (r#"Object.assign(new Error("slow"), { status: 408 })"#, "timeout", true, "slow"),
        (r#"Object.assign(new Error("locked"), { status: 409 })"#, "overloaded", true, "locked"),
        (r#"Object.assign(new Error("oops"), { status: 500 })"#, "server_error", true, "oops"),
        (r#"Object.assign(new Error("odd"), { status: "500" })"#, "bug", false, "odd"),
        (r#"Object.assign(new Error("odd"), { status: 302 })"#, "invalid_request", false, "odd"),
        (
            r#"Object.assign(new Error("spent"), { status: 429, type: "insufficient_quota" })"#,
            "quota_exhausted",
            false,
            "spent",
        ),
        (
            r#"Object.assign(new Error("busy"), { status: 529, error: { type: "error", error: { type: "overloaded_error" } } })"#,
            "overloaded",
            true,
            "busy",
        ),
        (
            r#"Object.assign(new Error("cut"), { error: { type: "error", error: { type: "overloaded_error" } } })"#,
            "overloaded",
            true,
            "cut",
        ),
        (
            r#"Object.assign(new Error("no"), { status: 500, headers: new Headers({ "X-Should-Retry": "false" }) })"#,
            "server_error",
            false,
            "no",
        ),
        (
            r#"Object.assign(new Error("long"), { statusCode: 400, responseBody: '{"error":{"code":"context_length_exceeded"}}' })"#,
            "too_large",
            false,
            "long",
        ),
        (r#"new TypeError("Failed to fetch")"#, "connect_failed", true, "Failed to fetch"),
        (r#"new TypeError("fetch failed", { cause: { code: "ECONNRESET" } })"#, "incomplete", true, "fetch failed"),
        (r#"new DOMException("stopped", "AbortError")"#, "cancelled", false, "stopped"),
        (r#"new DOMException("too late", "TimeoutError")"#, "timeout", true, "too late"),
        (r#""just a text""#, "bug", false, "just a text"),
        ("undefined", "bug", false, "undefined was thrown"),
        ("null", "bug", false, "null was thrown"),
        ("42", "bug", false, "42 was thrown"),
        (r#"Symbol("x")"#, "bug", false, "a symbol was thrown"),
        ("new Proxy({}, { get() { throw 1; } })", "bug", false, "an object was thrown"),
        (r#"({ get message() { throw new Error("inner"); } })"#, "bug", false, "an object was thrown"),
    ];
    for (thrown, class, transient, message) in cases {
        for how in
            ["throw THROWN;", "return Promise.reject(THROWN);", "return { then(_, reject) { reject(THROWN); } };"]
        {
            let body = how.replace("THROWN", thrown);
            let world = world(&format!("return {{ model: () => {{ {body} }}, guard: {{ retry: false }} }};"));
            let result = world.run().await;
            let failure = &entries(&result, "attempt_failed")[0]["why"]["failure"];
            let expected = json!({ "class": class, "transient": transient, "message": message });
            assert_eq!(failure, &expected, "{body}");
        }
    }
}

#[wasm_bindgen_test]
async fn a_server_s_retry_after_is_never_undercut() {
    let world = world(
        r#"let tries = 0;
           const model = messages => {
             seen.push(performance.now());
             if (++tries === 1) throw Object.assign(new TransientError("busy"), { retryAfter: 120 });
             if (tries === 2) throw Object.assign(new Error("429"), { status: 429, headers: { "retry-after-ms": "110" } });
             return calculates(messages);
           };
           return { model, tools: { multiply }, guard: { retry } };"#,
    );
    let result = world.run().await;
    assert_eq!(result["degraded"], false);
    let seen = world.seen();
    let waited = |from: usize| seen[from + 1].as_f64().unwrap() - seen[from].as_f64().unwrap();
    assert!((119.9..1_000.0).contains(&waited(0)), "{} ms", waited(0));
    assert!((109.9..1_000.0).contains(&waited(1)), "{} ms", waited(1));
}

#[wasm_bindgen_test]
async fn a_breaker_that_opens_ends_the_retries() {
    let world = world(
        r#"const model = () => { seen.push("asked"); throw new TransientError("down"); };
           return { model, guard: { retry: { ...retry, attempts: 9 }, breaker: { consecutive: 2 } } };"#,
    );
    let result = world.run().await;
    assert_eq!(world.seen(), json!(["asked", "asked"]));
    assert!(whats(&result).contains(&"breaker_opened"));
}

#[wasm_bindgen_test]
async fn a_tool_that_hangs_or_throws_is_told_to_the_model() {
    let world = world(
        r#"const model = messages => messages.length > 2
             ? { text: messages.slice(2).map(m => m.content).join(" | ") }
             : { toolCalls: [{ id: "a", tool: "hangs", args: {} }, { id: "b", tool: "throws", args: {} }] };
           const guard = { timeout: 30, retry: false };
           return { model, tools: { hangs: { run: never, guard }, throws: { run() { throw new Error("no such file"); }, guard } } };"#,
    );
    let result = world.run().await;
    let answer = result["answer"].as_str().unwrap();
    assert!(answer.starts_with("hangs failed: ") && answer.contains("timeout"), "{answer}");
    assert!(answer.contains("| throws failed: bug: no such file"), "{answer}");
}
