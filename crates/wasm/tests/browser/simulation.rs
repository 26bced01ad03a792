//! `simulate`: the same traces as in Rust, to the byte.

use crate::support::{data, js, message, whats};
use serde_json::{Value, json};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;

fn simulate(options: &str) -> Value {
    data(&steadfast_wasm::simulate(&js(options)).unwrap_or_else(|error| panic!("{}", message(&error))))
}

#[wasm_bindgen_test]
fn traces_hash_as_in_rust() {
    let golden = include_str!("../../../../tests/golden/hashes.txt");
    let mut compared = 0;
    for line in golden.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let [scenario, seed, hash] = line.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{line}") };
        let result = simulate(&format!(r#"{{ scenario: "{scenario}", seed: "{seed}" }}"#));
        assert_eq!(result["hash"], hash, "{line}");
        compared += 1;
    }
    assert!(compared >= 18, "{compared} hashes");
}

#[wasm_bindgen_test]
fn the_scenarios_end_as_they_should() {
    let end = |scenario: &str| {
        let result = simulate(&format!(r#"{{ scenario: "{scenario}" }}"#));
        json!([result["answer"], result["steps"], result["blocked"], result["degraded"], result["stop"]])
    };
    let safe = "I could not finish this reliably, so I stopped. Nothing further will be done.";
    assert_eq!(end("flaky"), json!(["17 * 23 = 391.", 2, [], false, "answered"]));
    assert_eq!(end("hung"), json!(["17 * 23 = 391.", 2, [], false, "answered"]));
    assert_eq!(end("down"), json!([safe, 1, [], true, "model_unavailable"]));
    assert_eq!(end("looping"), json!([safe, 5, [], true, "no_progress"]));
    let mail = "17 * 23 = 391. The mail to ana@example.com was not sent. \
                send_email did not run: it is risky, and there is nobody to ask.";
    assert_eq!(end("risky"), json!([mail, 3, ["send_email"], false, "answered"]));
    assert_eq!(end("naive"), json!(["", 1, [], true, "crashed"]));
}

#[wasm_bindgen_test]
fn a_trace_is_plain_objects_in_milliseconds() {
    let result = steadfast_wasm::simulate(&js(r#"{ scenario: "hung", seed: "18446744073709551615" }"#)).unwrap();
    let result = data(&result);
    let first = &result["trace"][0];
    assert_eq!((&first["at"], &first["what"]), (&json!(0), &json!("run_started")));
    // What a number of JavaScript cannot hold travels as a text.
    assert_eq!(first["why"]["seed"], "18446744073709551615");
    assert!(whats(&result).contains(&"attempt_timed_out"));
    let timed_out =
        result["trace"].as_array().unwrap().iter().find(|entry| entry["what"] == "attempt_timed_out").unwrap();
    assert_eq!((&timed_out["at"], &timed_out["why"]), (&json!(4_000), &json!({ "scope": "attempt", "after": 4_000 })));
}

#[wasm_bindgen_test]
fn a_policy_changes_what_it_names_and_nothing_else() {
    let steps = |policy: &str| simulate(&format!(r#"{{ scenario: "looping", policy: {policy} }}"#))["steps"].clone();
    assert_eq!((steps("{ maxSteps: 3 }"), steps("{}")), (json!(3), json!(5)));
    let hung = simulate(r#"{ scenario: "hung", policy: { guard: { timeout: 1500 } } }"#);
    let cut = hung["trace"].as_array().unwrap().iter().find(|entry| entry["what"] == "attempt_timed_out").unwrap();
    assert_eq!(cut["at"], 1_500);
    let flaky = simulate(r#"{ scenario: "flaky", policy: { guard: { retry: false }, safeMessage: "Sorry." } }"#);
    assert_eq!((&flaky["answer"], &flaky["degraded"]), (&json!("Sorry."), &json!(true)));
    assert_eq!(simulate(r#"{ scenario: "hung", policy: {} }"#)["hash"], simulate(r#"{ scenario: "hung" }"#)["hash"]);
}

#[wasm_bindgen_test]
fn the_human_s_word_decides_and_without_one_the_simulation_is_suspended() {
    let risky = |human: &str| simulate(&format!(r#"{{ scenario: "risky"{human} }}"#));
    assert_eq!(risky(", approve: true")["blocked"], json!([]));
    assert_eq!(risky(", approve: false")["blocked"], json!(["send_email"]));
    let waiting = risky(", decisions: []");
    assert_eq!((&waiting["stop"], &waiting["blocked"]), (&json!("suspended"), &json!(["send_email"])));
    assert_eq!(waiting["pending"][0]["tool"], "send_email");
    assert!(waiting["pending"][0]["args"].is_object(), "{}", waiting["pending"]);
    assert_eq!(risky(", decisions: [true]")["hash"], risky(", approve: true")["hash"]);
    let edited = risky(r#", decisions: [{ approve: true, args: { to: "me" } }]"#);
    assert!(edited["trace"].to_string().contains(r#"{\"to\":\"me\"}"#));
}

#[wasm_bindgen_test]
fn what_makes_no_sense_is_a_type_error_that_says_what_would() {
    let refused = |options: &str| {
        let error = steadfast_wasm::simulate(&js(options)).unwrap_err();
        assert!(error.is_instance_of::<js_sys::TypeError>(), "{options}");
        message(&error)
    };
    let known = r#""flaky", "hung", "down", "looping", "risky", "naive""#;
    assert_eq!(refused(r#"{ scenario: "flakey" }"#), format!(r#"scenario is "flakey"; allowed: {known}"#));
    assert_eq!(refused("{}"), format!("scenario is undefined; allowed: {known}"));
    assert_eq!(refused("{ scenario: 1 }"), "scenario is 1; allowed: a string");
    let policy = |policy: &str| refused(&format!(r#"{{ scenario: "flaky", policy: {policy} }}"#));
    assert_eq!(policy("{ maxSteps: 0 }"), "policy.maxSteps is 0; allowed: a whole number from 1 to 4294967295");
    assert_eq!(
        policy("null"),
        "policy is null; allowed: an object with maxSteps, guard, safeMessage, approvalExpiresAfter"
    );
    let human = |human: &str| refused(&format!(r#"{{ scenario: "risky", {human} }}"#));
    assert_eq!(human("approve: 1"), "approve is 1; allowed: true or false");
    assert_eq!(human("approve: true, decisions: []"), "approve and decisions are both given; allowed: one of them");
    let decision = "true, false, { approve: true, args? } or { approve: false, message? }";
    assert_eq!(human(r#"decisions: ["yes"]"#), format!(r#"decisions[0] is "yes"; allowed: {decision}"#));
}
