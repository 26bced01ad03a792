import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { asksFor, call, entries, failure, multiply, ran } from "./support/agents.js";

const SHAPE = "an object { text?, toolCalls? }";

test("a reply of the wrong shape is malformed, says what is wrong, and the run still answers", async () => {
  for (const [reply, message] of [
    ["391", `the model returned "391", not ${SHAPE}`], [undefined, `the model returned undefined, not ${SHAPE}`],
    [null, `the model returned null, not ${SHAPE}`], [[], `the model returned an array, not ${SHAPE}`], [() => 1, `the model returned a function, not ${SHAPE}`],
    [{ text: 391 }, "the reply's text is 391, not a string"],
    [{ toolCalls: "multiply" }, 'the reply\'s toolCalls is "multiply", not an array'],
    [{ toolCalls: {} }, "the reply's toolCalls is an object, not an array"],
    [{ toolCalls: ["multiply"] }, 'toolCalls[0] is "multiply", not an object { id, tool, args }'],
    [{ toolCalls: [{ id: "a", args: {} }] }, "toolCalls[0].tool is undefined, not the name of a tool"],
    [{ toolCalls: [{ tool: "" }] }, 'toolCalls[0].tool is "", not the name of a tool'],
    [{ toolCalls: [{ tool: "x", id: 7 }] }, "toolCalls[0].id is 7, not a string"],
    [{ toolCalls: [{ tool: "x" }, { tool: "x", args: { n: NaN } }] }, "toolCalls[1].args is not JSON: NaN is not a JSON number"],
    [{ toolCalls: [{ tool: "x", args: 10n }] }, "toolCalls[0].args is not JSON: Do not know how to serialize a BigInt"],
    [{ toolCalls: [{ tool: "x", args: () => 1 }] }, "toolCalls[0].args is not JSON: it is nothing that JSON can say"],
    [{ get text() { throw new Error("inner"); } }, "reading text of the reply failed: inner"],
    [{}, "the model answered with neither text nor tools"], [{ text: " ", toolCalls: [] }, "the model answered with neither text nor tools"],
  ]) {
    const result = await ran({ model: () => reply, guard: { retry: false } });
    assert.deepEqual([result.stop, result.degraded], ["model_unavailable", true]);
    assert.deepEqual(failure(result), { class: "malformed_output", transient: true, message });
  }
});

test("a malformed reply is asked for again", async () => {
  const replies = [{ text: 391 }, { text: "391" }];
  assert.equal((await ran({ model: () => replies.shift(), guard: { retry: { base: 5 } } }, { after: 10 })).answer, "391");
});

test("circular and bottomless arguments are malformed", async () => {
  const circular = {};
  circular.self = circular;
  let bottomless = 1;
  for (let depth = 0; depth < 1e6; depth += 1) bottomless = [bottomless];
  for (const args of [circular, bottomless]) {
    const { class: kind, message } = failure(await ran({ model: () => call("x", args), guard: { retry: false } }));
    assert.deepEqual([kind, message.startsWith("toolCalls[0].args is not JSON: ")], ["malformed_output", true]);
  }
});

test("arguments are in canonical form, so that equal ones are equal texts", async () => {
  for (const [args, canonical] of [
    [{ b: 2, a: 1 }, '{"a":1,"b":2}'], [{ a: 1, b: 2, c: undefined }, '{"a":1,"b":2}'], [undefined, "{}"], [null, "null"],
    [[3, { z: 1, y: [] }], '[3,{"y":[],"z":1}]'],
    // Names in the order of their UTF-16 code units, and not as JavaScript orders numbers; RFC 8785, section 3.2.3.
    [{ 9: 1, 10: 2, "\u20ac": 3, "\ud83d\ude00": 4, "\ufb33": 5, A: 6 }, '{"10":2,"9":1,"A":6,"€":3,"😀":4,"\ufb33":5}'],
    // Numbers as ECMAScript prints them; RFC 8785, appendix B.
    [[1.0, -0, 1e21, 1e-7, 333333333.33333329, 4.5, 2e-3, 1e30, 0.1 + 0.2, 9007199254740993, 2 ** 60, 5e-324],
      "[1,0,1e+21,1e-7,333333333.3333333,4.5,0.002,1e+30,0.30000000000000004,9007199254740992,1152921504606847000,5e-324]"],
    ['\u0000\n"\\/é', '"\\u0000\\n\\"\\\\/é"'], [new Date(0), '"1970-01-01T00:00:00.000Z"'],
  ]) {
    const seen = [];
    const result = await ran({ model: () => call("echo", args), tools: { echo: { run: given => (seen.push(given), "ok") } }, maxSteps: 1 });
    assert.equal(entries(result, "tool_called")[0].why.args, canonical);
    assert.deepEqual(seen, [JSON.parse(canonical)]);
  }
});

test("a tool that there is not is answered, and text beside tools is kept", async () => {
  let seen;
  const model = messages => {
    if (messages.length === 1) return { text: "Let me see.", toolCalls: [{ id: "a", tool: "toString", args: {} }, { tool: "multiply", args: { a: 2, b: 3 } }] };
    seen = messages.slice(1).map(({ role, content }) => [role, content]);
    return { text: "done" };
  };
  assert.equal((await ran({ model, tools: { multiply } })).answer, "done");
  assert.deepEqual(seen, [["assistant", "Let me see."], ["tool", "There is no tool toString. The tools are: multiply."], ["tool", "6"]]);
});

/** What the model hears of a call with these arguments, and what the tool was given. */
async function given(parameters, args, more = {}) {
  const seen = [];
  const echo = { parameters, run: value => (seen.push(value), "ok"), ...more };
  const { answer } = await ran({ model: asksFor({ id: "a", tool: "echo", args }), tools: { echo } });
  return { answer, seen };
}
const optional = { type: "object", properties: { to: { type: "string" } } };
const required = { ...optional, required: ["to"] };
const refused = why => `echo failed: invalid_request: its arguments are ${why}: ask again with whole ones; another try cannot mend that.`;

test("arguments as the provider's text are parsed", async () => {
  assert.deepEqual(await given(required, '{"to":"ada"}'), { answer: "ok", seen: [{ to: "ada" }] });
});

test("a text that is no JSON does not run, nobody is asked, and the model hears what was wrong", async () => {
  const { answer, seen } = await given(required, '{"to":"ad', { risky: true });
  assert.match(answer, /^echo failed: invalid_request: its arguments are no JSON \(.*JSON.*\): ask again with whole ones; another try cannot mend that\.$/);
  assert.deepEqual(seen, []);
});

test("no arguments are {} where none are required, and are refused where some are", async () => {
  for (const args of ["", undefined]) {
    assert.deepEqual(await given(optional, args), { answer: "ok", seen: [{}] });
    assert.deepEqual(await given(required, args), { answer: refused("missing"), seen: [] });
  }
});

test("a string is an argument like any other where no schema says otherwise", async () => {
  for (const parameters of [undefined, { type: "string" }]) assert.deepEqual(await given(parameters, "{}"), { answer: "ok", seen: ["{}"] });
});

test("a model that sees what was wrong can mend its arguments", async () => {
  const replies = [call("echo", "{"), call("echo", '{"to":"ada"}'), { text: "done" }];
  const seen = [];
  const result = await ran({ model: () => replies.shift(), tools: { echo: { parameters: required, run: value => (seen.push(value), "ok") } } });
  assert.deepEqual([result.answer, result.steps, seen], ["done", 3, [{ to: "ada" }]]);
});

test("usage that cannot be counted counts as none, and null is nothing", async () => {
  for (const usage of [null, "much", { inputTokens: NaN }, { inputTokens: -1 }, { inputTokens: "7" }]) {
    assert.equal((await ran({ model: () => ({ text: "hello", toolCalls: null, usage }) })).answer, "hello");
  }
});

test("a call that one reply names twice, with its id and its arguments, runs once and is answered once", async () => {
  const orders = [];
  const order = { effect: "once", run: args => { orders.push(args); return "ordered"; } };
  const wants = asksFor({ id: "a", tool: "order", args: { item: "tea", cups: 1 } }, { id: "a", tool: "order", args: { cups: 1, item: "tea" } });
  const result = await ran({ model: wants, tools: { order } });
  assert.deepEqual([orders, result.answer], [[{ item: "tea", cups: 1 }], "ordered"]);
  // Another id, or none, is another call.
  for (const id of ["b", undefined]) {
    orders.length = 0;
    const two = await ran({ model: asksFor({ id: id && "a", tool: "order", args: {} }, { id, tool: "order", args: {} }), tools: { order } });
    assert.deepEqual([orders.length, two.answer], [2, "ordered | ordered"]);
  }
});

test("usage that cannot be counted is said once for an agent", async () => {
  for (const [usage, what] of [
    [{ inputTokens: "12", outputTokens: 3 }, 'usage.inputTokens is "12"'], [{ inputTokens: 1, outputTokens: NaN }, "usage.outputTokens is NaN"],
    [{ inputTokens: -1, outputTokens: 3 }, "usage.inputTokens is -1"], [12, "usage is 12"],
  ]) {
    const told = mock.method(console, "error", () => {});
    const answers = [{ ...call("multiply", { a: 1, b: 2 }), usage }, { text: "2", usage }];
    assert.equal((await ran({ model: () => answers.shift(), tools: { multiply } })).answer, "2");
    assert.deepEqual(told.mock.calls.map(({ arguments: [text] }) => text),
      [`steadfast: a model's ${what}, and its tokens are not counted; allowed: usage: { inputTokens, outputTokens }, numbers of 0 or more`]);
    mock.restoreAll();
  }
});

test("what a model does to its messages stays its own", async () => {
  const seen = [];
  const model = messages => {
    seen.push(JSON.parse(JSON.stringify(messages)));
    const wanted = messages.length === 1 ? call("multiply", { a: 17, b: [23] }) : { text: "done" };
    for (const message of messages.splice(0)) {
      assert.throws(() => { message.content = "changed"; }, TypeError);
      if (message.toolCalls) assert.throws(() => { message.toolCalls[0].args.b.push(1); }, TypeError);
    }
    return wanted;
  };
  const { stop } = await ran({ model, tools: { multiply: { run: () => 391 } } });
  assert.equal(stop, "answered");
  assert.deepEqual(seen[1].map(({ role, content }) => [role, content]), [["user", "What is 17 * 23?"], ["assistant", ""], ["tool", "391"]]);
  assert.deepEqual(seen[1][1].toolCalls[0].args, { a: 17, b: [23] });
});
