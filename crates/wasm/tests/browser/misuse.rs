//! Options that make no sense: a `TypeError` at once, which names the option, what it was, and what is allowed.

use crate::support::{js, message, start, world};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

fn refused(options: &str) -> String {
    let error = steadfast_wasm::agent(&js(options)).expect_err(options);
    assert!(error.is_instance_of::<js_sys::TypeError>(), "{options}");
    message(&error)
}

/// With a model that is fine.
fn refused_with(option: &str) -> String {
    refused(&format!("{{ model: () => ({{ text: '' }}), {option} }}"))
}

#[wasm_bindgen_test]
fn the_options_themselves() {
    let known = "model, tools, system, approver, approvalExpiresAfter, maxSteps, guard, safeMessage, clock, seed";
    assert_eq!(refused("undefined"), format!("agent is undefined; allowed: an object with {known}"));
    assert_eq!(refused("null"), format!("agent is null; allowed: an object with {known}"));
    assert_eq!(refused("() => 1"), format!("agent is a function; allowed: an object with {known}"));
    assert_eq!(refused("[]"), format!("agent is an array; allowed: an object with {known}"));
    assert_eq!(refused_with("maxStep: 3"), format!("maxStep is not an option of agent; its options are: {known}"));
}

#[wasm_bindgen_test]
fn models() {
    let allowed = "a function, or an array of functions in order of preference";
    assert_eq!(refused("{}"), format!("model is undefined; allowed: {allowed}"));
    assert_eq!(refused("{ model: 'gpt' }"), format!("model is \"gpt\"; allowed: {allowed}"));
    assert_eq!(refused("{ model: [] }"), format!("model is an empty array; allowed: {allowed}"));
    assert_eq!(refused("{ model: [() => 1, null] }"), "model[1] is null; allowed: a function");
}

#[wasm_bindgen_test]
fn numbers() {
    let steps = "allowed: a whole number from 1 to 4294967295";
    for (value, shown) in [
        ("0", "0"),
        ("-1", "-1"),
        ("2.5", "2.5"),
        ("NaN", "NaN"),
        ("Infinity", "Infinity"),
        ("-Infinity", "-Infinity"),
        ("1e300", "1000"),
        ("'8'", "\"8\""),
        ("8n", "8n"),
        ("null", "null"),
        ("true", "true"),
        ("Symbol('x')", "a symbol"),
        ("{ valueOf: () => 8 }", "an object"),
    ] {
        let told = refused_with(&format!("maxSteps: {value}"));
        assert!(told.starts_with(&format!("maxSteps is {shown}")) && told.ends_with(steps), "{told}");
    }
    let limit = "allowed: milliseconds, more than 0";
    for (option, name) in [
        ("guard: { timeout: VALUE }", "guard.timeout"),
        ("guard: { deadline: VALUE }", "guard.deadline"),
        ("approvalExpiresAfter: VALUE", "approvalExpiresAfter"),
        ("guard: { breaker: { openFor: VALUE } }", "guard.breaker.openFor"),
        ("guard: { breaker: { lease: VALUE } }", "guard.breaker.lease"),
        ("tools: { t: { run() {}, guard: { timeout: VALUE } } }", "tools.t.guard.timeout"),
    ] {
        for value in ["0", "-5", "NaN", "Infinity", "null", "\"1s\""] {
            assert_eq!(refused_with(&option.replace("VALUE", value)), format!("{name} is {value}; {limit}"));
        }
    }
}

#[wasm_bindgen_test]
fn guards() {
    for (guard, told) in [
        ("null", "guard is null; allowed: an object with timeout, deadline, retry, breaker"),
        (
            "{ timeOut: 5 }",
            "guard.timeOut is not an option of guard; its options are: timeout, deadline, retry, breaker",
        ),
        (
            "{ retry: true }",
            "guard.retry is true; allowed: false or an object with attempts, base, cap, factor, jitter",
        ),
        ("{ retry: { attempts: 0 } }", "guard.retry.attempts is 0; allowed: a whole number from 1 to 4294967295"),
        ("{ retry: { base: -1 } }", "guard.retry.base is -1; allowed: milliseconds, 0 or more"),
        (
            "{ retry: { base: 30_000 } }",
            "guard.retry.base is 30000; allowed: at most guard.retry.cap, which is 20000 ms",
        ),
        ("{ retry: { factor: 0.5 } }", "guard.retry.factor is 0.5; allowed: a number from 1 to 1000"),
        (
            "{ retry: { jitter: 'some' } }",
            r#"guard.retry.jitter is "some"; allowed: "full", "equal", "decorrelated", "none""#,
        ),
        (
            "{ retry: { retries: 3 } }",
            "guard.retry.retries is not an option of guard.retry; its options are: attempts, base, cap, factor, jitter",
        ),
        (
            "{ breaker: 1 }",
            "guard.breaker is 1; allowed: false or an object with consecutive, window, openFor, openForMax, probes, successes, lease",
        ),
        (
            "{ breaker: { consecutive: -1 } }",
            "guard.breaker.consecutive is -1; allowed: a whole number from 0 to 4294967295",
        ),
        (
            "{ breaker: { openFor: 500_000 } }",
            "guard.breaker.openFor is 500000; allowed: at most guard.breaker.openForMax, which is 300000 ms",
        ),
        ("{ breaker: { probes: 0 } }", "guard.breaker.probes is 0; allowed: a whole number from 1 to 4294967295"),
        (
            "{ breaker: { window: false } }",
            "guard.breaker.window is false; allowed: null or an object with rate, calls, ms, minimum",
        ),
        (
            "{ breaker: { window: { rate: 0.5 } } }",
            "guard.breaker.window.calls is undefined; allowed: all of rate, calls, ms and minimum",
        ),
        (
            "{ breaker: { window: { rate: 50, calls: 20, ms: 1, minimum: 1 } } }",
            "guard.breaker.window.rate is 50; allowed: a number from 0.001 to 1",
        ),
        (
            "{ breaker: { window: { rate: 1, calls: 20, ms: 1, minimum: 21 } } }",
            "guard.breaker.window.minimum is 21; allowed: a whole number from 1 to 20",
        ),
    ] {
        assert_eq!(refused_with(&format!("guard: {guard}")), told);
    }
}

#[wasm_bindgen_test]
fn tools() {
    let options = "description, parameters, run, risky, effect, guard";
    for (tools, told) in [
        ("[]", "tools is an array; allowed: an object of tools by their names".to_owned()),
        ("new Map()", "tools is an object; allowed: an object of tools by their names".to_owned()),
        ("{ '': { run() {} } }", "the name of a tool is \"\"; allowed: a word".to_owned()),
        ("{ t: undefined }", "tools.t is undefined; allowed: a tool: { run, ... }".to_owned()),
        ("{ t: () => 1 }", format!("tools.t is a function; allowed: an object with {options}")),
        ("{ t: {} }", "tools.t.run is undefined; allowed: a function".to_owned()),
        ("{ t: { run: 'x' } }", "tools.t.run is \"x\"; allowed: a function".to_owned()),
        (
            "{ t: { run() {}, riskey: true } }",
            format!("tools.t.riskey is not an option of tools.t; its options are: {options}"),
        ),
        (
            "{ t: { run() {}, risky: 'yes' } }",
            "tools.t.risky is \"yes\"; allowed: true, false or a function of the arguments".to_owned(),
        ),
        (
            "{ t: { run() {}, effect: 'twice' } }",
            "tools.t.effect is \"twice\"; allowed: \"none\", \"idempotent\", \"once\"".to_owned(),
        ),
        ("{ t: { run() {}, description: 1 } }", "tools.t.description is 1; allowed: a string".to_owned()),
        (
            "{ t: { run() {}, parameters: 'x' } }",
            "tools.t.parameters is \"x\"; allowed: an object: the JSON Schema of the arguments".to_owned(),
        ),
    ] {
        assert_eq!(refused_with(&format!("tools: {tools}")), told);
    }
}

#[wasm_bindgen_test]
fn the_rest() {
    let seeds = "a whole number from 0 to 9007199254740991, or a decimal string up to 18446744073709551615";
    for (seed, shown) in [
        ("-1", "-1"),
        ("0.5", "0.5"),
        ("2 ** 53", "9007199254740992"),
        ("''", "\"\""),
        ("'0x10'", "\"0x10\""),
        ("'-1'", "\"-1\""),
        ("'18446744073709551616'", "\"18446744073709551616\""),
        ("7n", "7n"),
        ("null", "null"),
    ] {
        assert_eq!(refused_with(&format!("seed: {seed}")), format!("seed is {shown}; allowed: {seeds}"));
    }
    for (option, told) in [
        ("approver: true", "approver is true; allowed: a function"),
        ("system: 1", "system is 1; allowed: a string"),
        ("safeMessage: ' '", "safeMessage is \" \"; allowed: a sentence: a run always answers"),
        ("clock: Date", "clock is a function; allowed: a clock: { now(): milliseconds, schedule(at, wake): cancel }"),
        ("clock: { now: () => NaN, schedule() {} }", "clock.now() is NaN; allowed: milliseconds, 0 or more"),
    ] {
        assert_eq!(refused_with(option), told);
    }
}

#[wasm_bindgen_test]
fn what_an_option_s_own_getter_throws_reaches_the_caller() {
    let error = steadfast_wasm::agent(&js("({ get model() { throw new RangeError('mine'); } })")).unwrap_err();
    assert!(error.is_instance_of::<js_sys::RangeError>());
    let error =
        steadfast_wasm::agent(&js("new Proxy({}, { ownKeys() { throw new RangeError('mine'); } })")).unwrap_err();
    assert!(error.is_instance_of::<js_sys::RangeError>());
}

#[wasm_bindgen_test]
async fn a_run_called_wrongly_rejects_and_nothing_runs() {
    let world = world("return { model: () => { seen.push('asked'); return { text: 'hello' }; } };");
    for (task, options, told) in [
        ("undefined", "undefined", "task is undefined; allowed: a string"),
        ("['x']", "undefined", "task is an array; allowed: a string"),
        ("'x'", "null", "run is null; allowed: an object with signal"),
        ("'x'", "{ sginal: 1 }", "sginal is not an option of run; its options are: signal"),
        ("'x'", "{ signal: {} }", "signal is an object; allowed: an AbortSignal"),
        ("'x'", "{ signal: new AbortController() }", "signal is an object; allowed: an AbortSignal"),
    ] {
        let run: js_sys::Function = crate::support::get(&world.agent(), "run").unchecked_into();
        let promise = run.call2(&JsValue::UNDEFINED, &js(task), &js(options)).expect("it rejects rather than throws");
        let error = JsFuture::from(promise.unchecked_into::<js_sys::Promise>()).await.unwrap_err();
        assert!(error.is_instance_of::<js_sys::TypeError>(), "{told}");
        assert_eq!(message(&error), told);
    }
    assert_eq!(world.seen(), serde_json::json!([]));
    let fine = start(&world.agent(), "", &js("{}"));
    assert!(JsFuture::from(fine).await.is_ok());
}
