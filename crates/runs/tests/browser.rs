//! Runs in a real browser, through the functions that the driver calls: think, act, suspend, resume, and one effect whatever
//! is resumed how often.
#![cfg(target_arch = "wasm32")]

use serde_json::{Value, json};
use steadfast_boundary::registers::{number, put};
use steadfast_runs::{
    agent_close, agent_open, agent_tool, machines, reply_call, reply_text, run_close, run_messages, run_open,
    run_pending, run_restore, run_result, run_snapshot, run_tell,
};
use wasm_bindgen_test::wasm_bindgen_test;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

const START: u32 = 0;
const MODEL_REPLIED: u32 = 1;
const TOOL_REPLIED: u32 = 2;
const APPROVED: u32 = 4;
const SUSPEND: u32 = 9;

/// A timeout of a minute, no retries, no breaker; eight steps, ten minutes for an approval.
fn settings() {
    for index in 0..24 {
        put(index, -1.0);
    }
    for (index, value) in [(0, 60e6), (21, 8.0), (22, 600e6)] {
        put(index, value);
    }
}

fn opened(number: i32) -> u32 {
    u32::try_from(number).expect("it opens")
}

fn agent() -> u32 {
    settings();
    let agent = opened(agent_open(1, false, "", 0, 7));
    settings();
    assert_eq!(agent_tool(agent, "send_email", true, 2, false), 0);
    agent
}

fn told(run: u32, what: u32, call: u32, text: &str) -> Vec<Value> {
    let outputs: Value = serde_json::from_str(&run_tell(run, 1e3, what, f64::from(call), 1, text)).unwrap();
    outputs.as_array().unwrap().clone()
}

fn names(outputs: &[Value]) -> Vec<&str> {
    outputs.iter().map(|output| output["do"].as_str().unwrap()).collect()
}

fn call_of(output: &Value) -> u32 {
    u32::try_from(output["attempt"]["call"].as_u64().unwrap()).unwrap()
}

#[wasm_bindgen_test]
fn a_suspended_run_is_resumed_three_times_and_sends_one_mail() {
    let agent = agent();
    let run = opened(run_open(agent, 1, 2, "Tell Ana.", "", true, false));
    assert_eq!(names(&told(run, SUSPEND, 0, "")), Vec::<&str>::new());
    let thinking = told(run, START, 0, "");
    assert_eq!(names(&thinking), ["think"]);
    reply_text(run, "");
    reply_call(run, "a", "send_email", r#"{"to":"ana"}"#, -1);
    told(run, MODEL_REPLIED, call_of(&thinking[0]), "");
    assert!(number(1) > 0.0, "it is over for now");
    let snapshot = run_snapshot(run);
    let pending: Value = serde_json::from_str(&run_pending(run)).unwrap();
    assert_eq!((&pending[0]["tool"], &pending[0]["args"]), (&"send_email".into(), &r#"{"to":"ana"}"#.into()));
    run_close(run);

    let mut mails = 0;
    for _ in 0..3 {
        let run = opened(run_restore(agent, &snapshot, 1e3, 0.0, true));
        told(run, START, 0, "");
        let mut outputs = told(run, APPROVED, 1, "");
        if let Some(act) = outputs.iter().find(|output| output["do"] == "act") {
            mails += 1;
            outputs = told(run, TOOL_REPLIED, call_of(act), "sent");
        }
        let think = outputs.iter().find(|output| output["do"] == "think").expect("the model hears of it");
        let messages = |from| serde_json::from_str::<Value>(&run_messages(run, from)).unwrap();
        assert_eq!(messages(0)[2]["content"], "sent");
        assert_eq!((messages(2), messages(3), messages(u32::MAX)), (json!([messages(0)[2]]), json!([]), json!([])));
        reply_text(run, "Done.");
        told(run, MODEL_REPLIED, call_of(think), "");
        let report: Value = serde_json::from_str(&run_result(run)).unwrap();
        assert_eq!((&report["result"]["answer"], &report["result"]["stop"]), (&"Done.".into(), &"answered".into()));
        run_close(run);
    }
    assert_eq!(mails, 1);
    agent_close(agent);
    assert_eq!(machines(), 0);
}

#[wasm_bindgen_test]
fn what_is_no_snapshot_and_no_run_opens_nothing() {
    let agent = agent();
    assert_eq!(run_restore(agent, &[1, 2, 3], 0.0, 0.0, true), -1);
    assert_eq!(
        steadfast_runs::complaint(),
        "this is no snapshot of Steadfast's: hand over the bytes as they were given"
    );
    assert_eq!(run_tell(77, 0.0, START, 0.0, 0, ""), "");
    agent_close(agent);
}
