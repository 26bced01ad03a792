//! Risky tools: blocked by default, run once after a human's yes, and what runs is what was shown.

use crate::support::{entries, world};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

/// One run of a model that wants to send a mail, with that approver.
async fn asked(approver: &str) -> (Value, Value) {
    let world = world(&format!(
        "const approver = {approver};
         return {{ model: mails, tools: {{ send_email: sendEmail }}, approver, approvalExpiresAfter: 2_000 }};"
    ));
    (world.run().await, world.seen())
}

#[wasm_bindgen_test]
async fn a_risky_tool_is_blocked_where_nobody_can_be_asked() {
    let world = world("return { model: mails, tools: { send_email: sendEmail } };");
    let result = world.run().await;
    assert_eq!((&result["blocked"], world.seen()), (&json!(["send_email"]), json!([])));
    assert_eq!(result["answer"], "send_email did not run: it is risky, and there is nobody to ask.");
    assert_eq!((&result["degraded"], &result["stop"]), (&json!(false), &json!("answered")));
}

#[wasm_bindgen_test]
async fn it_runs_exactly_once_when_the_approver_says_yes_after_thinking() {
    for yes in ["true", "{ approve: true }", "{ approve: true, args: undefined }"] {
        let (result, seen) =
            asked(&format!("async () => {{ seen.push('asked'); await sleep(60); return {yes}; }}")).await;
        assert_eq!(seen, json!(["asked", { "sent": { "body": "391", "to": "ada" } }]), "{yes}");
        assert_eq!((&result["answer"], &result["blocked"]), (&json!("sent"), &json!([])));
        let waited = entries(&result, "approval_granted")[0]["at"].as_f64().unwrap()
            - entries(&result, "approval_asked")[0]["at"].as_f64().unwrap();
        assert!((59.0..1_500.0).contains(&waited), "{waited} ms");
    }
}

#[wasm_bindgen_test]
async fn a_no_reaches_the_model_with_the_human_s_words() {
    let (result, seen) = asked("() => ({ approve: false, message: 'Not on a Sunday.' })").await;
    assert_eq!((&result["blocked"], seen), (&json!(["send_email"]), json!([])));
    assert_eq!(result["answer"], "send_email did not run: a human said no. They said: Not on a Sunday.");
    let (result, seen) = asked("() => false").await;
    assert_eq!((&result["answer"], seen), (&json!("send_email did not run: a human said no."), json!([])));
}

#[wasm_bindgen_test]
async fn the_approver_is_shown_tool_exact_arguments_and_their_digest() {
    let (result, seen) = asked("request => { seen.push({ ...request }); return false; }").await;
    let asked = entries(&result, "approval_asked")[0];
    assert_eq!((&seen[0]["id"], &seen[0]["tool"]), (&json!("1"), &json!("send_email")));
    assert_eq!(seen[0]["args"], json!({ "to": "ada", "body": "391" }));
    assert_eq!(seen[0]["digest"], asked["why"]["digest"]);
    assert_eq!(seen[0]["digest"].as_str().unwrap().len(), 64);
    assert_eq!(seen[0]["why"], "send_email is risky, so a human decides");
    let expires_after = seen[0]["expiresAt"].as_f64().unwrap() - asked["at"].as_f64().unwrap();
    assert!((expires_after - 2_000.0).abs() < 0.01, "{expires_after} ms");
    assert_eq!(asked["why"]["args"], r#"{"body":"391","to":"ada"}"#);
}

#[wasm_bindgen_test]
async fn what_runs_is_what_was_shown_whatever_is_done_to_the_values_on_the_way() {
    let world = world(
        r#"const args = { to: "ada" };
           const model = messages => messages.length > 2 ? { text: "done" } : call("send_email", args);
           const approver = async request => { request.args.to = "eve"; args.to = "eve"; await sleep(5); return true; };
           const risky = args => { args.to = "eve"; return true; };
           return { model, approver, tools: { send_email: { ...sendEmail, risky } } };"#,
    );
    world.run().await;
    assert_eq!(world.seen(), json!([{ "sent": { "to": "ada" } }]));
}

#[wasm_bindgen_test]
async fn a_human_may_say_yes_to_other_arguments() {
    let (result, seen) = asked("() => ({ approve: true, args: { to: 'bob' } })").await;
    assert_eq!(seen, json!([{ "sent": { "to": "bob" } }]));
    assert_eq!(entries(&result, "approval_granted")[0]["why"]["edited"], true);
    assert_ne!(
        entries(&result, "approval_granted")[0]["why"]["digest"],
        entries(&result, "approval_asked")[0]["why"]["digest"]
    );
}

#[wasm_bindgen_test]
async fn whatever_is_not_clearly_a_yes_is_a_no_that_says_so() {
    let told = "send_email did not run: a human said no. They said: ";
    let unclear =
        |what: &str| format!("{told}the approver answered {what}, and only true or {{ approve: true }} is a yes");
    for (approver, answer) in [
        ("() => 'yes'", unclear("\"yes\"")),
        ("() => 1", unclear("1")),
        ("() => {}", unclear("undefined")),
        ("() => null", unclear("null")),
        ("() => []", unclear("an array")),
        ("() => ({ approve: 'true' })", unclear("an object")),
        ("() => ({ approved: true })", unclear("an object")),
        ("() => ({ get approve() { throw 1; } })", unclear("an object")),
        (
            "() => { throw new Error('no network'); }",
            format!("{told}the approver failed, and that is no yes: no network"),
        ),
        ("() => Promise.reject('gone')", format!("{told}the approver failed, and that is no yes: gone")),
        (
            "() => ({ approve: true, args: { amount: NaN } })",
            format!("{told}the approver's arguments are not JSON, and that is no yes: NaN is not a JSON number"),
        ),
    ] {
        let (result, seen) = asked(approver).await;
        assert_eq!((result["answer"].as_str().unwrap(), seen), (answer.as_str(), json!([])), "{approver}");
        assert_eq!(result["blocked"], json!(["send_email"]), "{approver}");
    }
}

#[wasm_bindgen_test]
async fn silence_is_a_no_and_a_late_yes_changes_nothing() {
    let world = world(
        r#"const approver = async (request, { signal }) => {
             signal.addEventListener("abort", () => seen.push(signal.reason.name));
             await sleep(120);
             return true;
           };
           return { model: async messages => { const reply = mails(messages); if (reply.text) await sleep(150); return reply; },
                    tools: { send_email: sendEmail }, approver, approvalExpiresAfter: 50 };"#,
    );
    let result = world.run().await;
    assert_eq!((&result["blocked"], world.seen()), (&json!(["send_email"]), json!(["TimeoutError"])));
    assert_eq!(result["answer"], "send_email did not run: nobody answered in time.");
}

#[wasm_bindgen_test]
async fn risky_may_depend_on_the_arguments_and_only_a_clear_false_is_safe() {
    for (risky, blocked) in [
        ("({ to }) => to !== 'ada'", false),
        ("({ to }) => to === 'ada'", true),
        ("() => undefined", true),
        ("async () => false", true),
        ("() => { throw new Error('broken'); }", true),
    ] {
        let world =
            world(&format!("return {{ model: mails, tools: {{ send_email: {{ ...sendEmail, risky: {risky} }} }} }};"));
        let result = world.run().await;
        let expected = if blocked { json!(["send_email"]) } else { json!([]) };
        assert_eq!(result["blocked"], expected, "{risky}");
        assert_eq!(world.seen() == json!([]), blocked, "{risky}");
    }
}

#[wasm_bindgen_test]
async fn a_risky_tool_that_fails_is_never_tried_again_and_the_model_is_told_that_it_may_have_happened() {
    for failure in ["new TransientError('502')", "new TypeError('Failed to fetch')", "new Error('broken')"] {
        let world = world(&format!(
            "const run = () => {{ seen.push('tried'); throw {failure}; }};
             return {{ model: mails, approver: () => true, tools: {{ send_email: {{ risky: true, run, guard: {{ retry }} }} }} }};"
        ));
        let result = world.run().await;
        assert_eq!(world.seen(), json!(["tried"]), "{failure}");
        assert!(result["answer"].as_str().unwrap().contains("It may have happened."), "{}", result["answer"]);
    }
    // Whoever says yes to exactly that gets it, once.
    let knowing = world(
        "const run = () => { seen.push('tried'); throw new TransientError('502'); };
         const approver = request => ({ approve: true, again: request.again });
         return { model: mails, approver, tools: { send_email: { risky: true, run } } };",
    );
    let result = knowing.run().await;
    assert_eq!(knowing.seen(), json!(["tried", "tried"]));
    assert!(result["answer"].as_str().unwrap().contains("It may have happened."), "{}", result["answer"]);
    // A connection that was refused cannot have done anything.
    let world = world(
        "const run = () => { throw new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } }); };
         return { model: mails, approver: () => true, tools: { send_email: { risky: true, run } } };",
    );
    assert!(!world.run().await["answer"].as_str().unwrap().contains("may have happened"));
}
