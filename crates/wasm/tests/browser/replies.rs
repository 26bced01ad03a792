//! Replies of models: arguments in canonical form, and clear words about replies that are none.

use crate::support::{entries, world};
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn a_reply_of_the_wrong_shape_is_malformed_and_the_run_still_answers() {
    for (reply, message) in [
        ("'391'", r#"the model returned "391", not an object { text?, toolCalls? }"#),
        ("undefined", "the model returned undefined, not an object { text?, toolCalls? }"),
        ("null", "the model returned null, not an object { text?, toolCalls? }"),
        ("[]", "the model returned an array, not an object { text?, toolCalls? }"),
        ("() => 1", "the model returned a function, not an object { text?, toolCalls? }"),
        ("{ text: 391 }", "the reply's text is 391, not a string"),
        ("{ toolCalls: 'multiply' }", r#"the reply's toolCalls is "multiply", not an array"#),
        ("{ toolCalls: {} }", "the reply's toolCalls is an object, not an array"),
        ("{ toolCalls: ['multiply'] }", r#"toolCalls[0] is "multiply", not an object { id, tool, args }"#),
        ("{ toolCalls: [{ id: 'a', args: {} }] }", "toolCalls[0].tool is undefined, not the name of a tool"),
        ("{ toolCalls: [{ tool: '' }] }", r#"toolCalls[0].tool is "", not the name of a tool"#),
        ("{ toolCalls: [{ tool: 'x', id: 7 }] }", "toolCalls[0].id is 7, not a string"),
        (
            "{ toolCalls: [{ tool: 'x' }, { tool: 'x', args: { n: NaN } }] }",
            "toolCalls[1].args is not JSON: NaN is not a JSON number",
        ),
        (
            "{ toolCalls: [{ tool: 'x', args: 10n }] }",
            "toolCalls[0].args is not JSON: Do not know how to serialize a BigInt",
        ),
        (
            "{ toolCalls: [{ tool: 'x', args: () => 1 }] }",
            "toolCalls[0].args is not JSON: it is nothing that JSON can say",
        ),
        ("{ get text() { throw new Error('inner'); } }", "reading text of the reply failed: inner"),
        (
            "new Proxy([], { get: (_, name) => { if (name === 'then') return; throw new Error('inner'); } })",
            "the model returned an array, not an object { text?, toolCalls? }",
        ),
        ("{}", "the model answered with neither text nor tools"),
        ("{ text: ' ', toolCalls: [] }", "the model answered with neither text nor tools"),
    ] {
        let world = world(&format!("return {{ model: () => ({reply}), guard: {{ retry: false }} }};"));
        let result = world.run().await;
        assert_eq!((&result["stop"], &result["degraded"]), (&json!("model_unavailable"), &json!(true)), "{reply}");
        let failure = &entries(&result, "attempt_failed")[0]["why"]["failure"];
        assert_eq!((&failure["class"], &failure["message"]), (&json!("malformed_output"), &json!(message)), "{reply}");
    }
}

#[wasm_bindgen_test]
async fn circular_and_bottomless_arguments_are_malformed() {
    for args in [
        "(() => { const a = {}; a.a = a; return a; })()",
        "(() => { let a = 1; for (let i = 0; i < 200; i++) a = [a]; return a; })()",
        "(() => { let a = 1; for (let i = 0; i < 1e6; i++) a = [a]; return a; })()",
        r#""\ud800""#,
    ] {
        let world = world(&format!(
            "const args = {args}; return {{ model: () => call('x', args), guard: {{ retry: false }} }};"
        ));
        let result = world.run().await;
        let failure = &entries(&result, "attempt_failed")[0]["why"]["failure"];
        assert_eq!(failure["class"], "malformed_output", "{args}");
        assert!(failure["message"].as_str().unwrap().starts_with("toolCalls[0].args is not JSON: "), "{failure}");
    }
}

#[wasm_bindgen_test]
async fn values_that_can_no_longer_be_touched_are_failures_too() {
    let revoked =
        "const revoked = target => { const it = Proxy.revocable(target, {}); it.revoke(); return it.proxy; };";
    for (target, class) in [("{}", "malformed_output"), ("[]", "malformed_output")] {
        // A promise would look for a `then` and reject; within a reply nobody has looked yet.
        let world = world(&format!(
            "{revoked} return {{ model: () => ({{ toolCalls: [revoked({target})] }}), guard: {{ retry: false }} }};"
        ));
        let result = world.run().await;
        assert_eq!(entries(&result, "attempt_failed")[0]["why"]["failure"]["class"], class, "{target}");
    }
    for body in ["throw revoked({});", "throw revoked([]);", "return revoked({});", "return revoked(() => 1);"] {
        let world = world(&format!("{revoked} return {{ model: () => {{ {body} }}, guard: {{ retry: false }} }};"));
        let result = world.run().await;
        assert_eq!(entries(&result, "attempt_failed")[0]["why"]["failure"]["class"], "bug", "{body}");
    }
    let world = world(&format!(
        "{revoked} return {{ model: mails, tools: {{ send_email: sendEmail }}, approver: () => ({{ approve: revoked([]) }}) }};"
    ));
    assert_eq!(world.run().await["blocked"], json!(["send_email"]));
}

#[wasm_bindgen_test]
async fn arguments_are_in_canonical_form_so_that_equal_ones_are_equal_texts() {
    for (args, canonical) in [
        ("{ b: 2, a: 1 }", r#"{"a":1,"b":2}"#),
        ("{ a: 1, b: 2, c: undefined }", r#"{"a":1,"b":2}"#),
        ("undefined", "{}"),
        ("null", "null"),
        ("[3, { z: 1, y: [] }]", r#"[3,{"y":[],"z":1}]"#),
        // Names in the order of their UTF-16 code units, and not as JavaScript orders numbers; RFC 8785, section 3.2.3.
        (
            r#"{ 9: 1, 10: 2, "\u20ac": 3, "\ud83d\ude00": 4, "\ufb33": 5, A: 6 }"#,
            "{\"10\":2,\"9\":1,\"A\":6,\"€\":3,\"😀\":4,\"\u{fb33}\":5}",
        ),
        // Numbers as ECMAScript prints them; RFC 8785, appendix B.
        (
            "[1.0, -0, 1e21, 1e-7, 333333333.33333329, 4.5, 2e-3, 1e30, 0.1 + 0.2, 9007199254740993, 2 ** 60, 5e-324]",
            "[1,0,1e+21,1e-7,333333333.3333333,4.5,0.002,1e+30,0.30000000000000004,9007199254740992,1152921504606847000,5e-324]",
        ),
        (r#""\u0000\n\"\\/é""#, r#""\u0000\n\"\\/é""#),
        ("new Date(0)", r#""1970-01-01T00:00:00.000Z""#),
    ] {
        let world = world(&format!(
            "return {{ model: () => call('echo', {args}), tools: {{ echo: {{ run: args => {{ seen.push(args); return 'ok'; }} }} }}, maxSteps: 1 }};"
        ));
        let result = world.run().await;
        assert_eq!(entries(&result, "tool_called")[0]["why"]["args"], canonical, "{args}");
        let back: serde_json::Value = serde_json::from_str(canonical).unwrap();
        assert_eq!(world.seen()[0].to_string().parse::<serde_json::Value>().unwrap(), back, "{args}");
    }
}

#[wasm_bindgen_test]
async fn a_tool_that_there_is_not_is_answered_and_text_beside_tools_is_kept() {
    let world = world(
        r#"const model = messages => messages.length === 1
             ? { text: "Let me see.", toolCalls: [{ id: "a", tool: "toString", args: {} }, { tool: "multiply", args: { a: 2, b: 3 } }] }
             : (seen.push(...messages.slice(1).map(m => [m.role, m.content])), { text: "done" });
           return { model, tools: { multiply } };"#,
    );
    let result = world.run().await;
    assert_eq!(result["answer"], "done");
    assert_eq!(
        world.seen(),
        json!([
            ["assistant", "Let me see."],
            ["tool", "There is no tool toString. The tools are: multiply."],
            ["tool", "6"]
        ])
    );
}
