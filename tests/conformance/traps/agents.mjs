// What goes wrong in agents beside approvals. Only agent layers can meet these.

import { offered } from "../adapter.mjs";
import { all } from "../trap.mjs";

const OPENAI = [
  "insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded",
  "project_spend_limit_exceeded", "organization_usage_limit_exceeded",
];
const ANTHROPIC = ["enforced_spend_limit_reached", "contract_spend_limit_reached"];

/** The shapes in which the SDKs throw a 429. */
function fromOpenai(fields) {
  return Object.assign(new Error("429"), { status: 429, headers: new Headers(), error: { message: "429", ...fields }, ...fields });
}

function fromAnthropic(error_code) {
  const details = error_code === undefined ? {} : { details: { error_code } };
  const error = { type: "error", error: { type: "rate_limit_error", message: "429", ...details } };
  return Object.assign(new Error("429"), { status: 429, headers: new Headers(), type: "rate_limit_error", errorCode: error_code ?? null, error });
}

/** @type {import("../trap.mjs").Trap[]} */
export const agents = [
  {
    id: "A5", title: "a tool that must not run twice times out, and the model asks for it again",
    pass: "it has run once",
    async run(adapter, world) {
      let sent = 0;
      const send = { effect: "once", guard: { timeout: 1000 }, run: () => { sent += 1; return new Promise(() => {}); } };
      const model = messages => {
        const results = messages.filter(message => message.role === "tool").length;
        return results < 2 ? { toolCalls: [{ id: `call_${results}`, tool: "send_email", args: { to: "ada@example.org" } }] } : { text: "I do not know whether it was sent." };
      };
      const result = await world.until(offered(adapter, "agent")({ model, tools: { send_email: send }, clock: world.clock }).run("Mail it."));
      return { pass: sent === 1, seen: `${sent} mails, ${result.stop}` };
    },
  },
  {
    id: "A7", title: "a 429 that means quota, in each of its codes",
    pass: "never worth trying again; a plain 429 is",
    async run(adapter) {
      const classify = offered(adapter, "classify");
      const quota = [...OPENAI.flatMap(code => [fromOpenai({ code, type: "requests" }), fromOpenai({ code: null, type: code })]), ...ANTHROPIC.map(fromAnthropic)];
      const retried = quota.filter(error => classify(error).transient).length;
      const wrong = quota.filter(error => classify(error).class !== "quota_exhausted").length;
      const plain = [fromOpenai({ code: "rate_limit_exceeded", type: "requests" }), fromAnthropic()].map(error => classify(error).transient);
      return all([
        [retried === 0 && wrong === 0, `${retried} of ${quota.length} would be tried again, ${wrong} are of another class`],
        [plain.every(Boolean), `plain ones: ${plain.join(", ")}`],
      ]);
    },
  },
  {
    id: "A10", title: "a model that asks for the same call for ever",
    pass: "stops long before 20 steps, with an answer that says it is degraded",
    async run(adapter, world) {
      let ran = 0;
      const tools = { look: { run: () => { ran += 1; return "nothing new"; } } };
      const model = () => ({ toolCalls: [{ id: `call_${ran}`, tool: "look", args: { at: "the same" } }] });
      const result = await world.until(offered(adapter, "agent")({ model, tools, maxSteps: 20, clock: world.clock }).run("Look."));
      return all([
        [ran >= 1 && ran <= 5, `the tool ran ${ran} times in ${result.steps} steps`], [result.answer.length > 0 && result.degraded, `answer "${result.answer.slice(0, 60)}", degraded ${result.degraded}, ${result.stop}`],
      ]);
    },
  },
  {
    id: "A12", title: "malformed arguments",
    pass: "nothing runs, and the model is told what was wrong",
    async run(adapter, world) {
      const ran = [];
      const parameters = { type: "object", properties: { to: { type: "string" } }, required: ["to"] };
      const tools = { send_email: { parameters, run: args => { ran.push(args); return "sent"; } } };
      let told = "";
      const model = messages => {
        const last = messages.at(-1);
        if (last.role !== "tool") return { toolCalls: [{ id: "call_a", tool: "send_email", args: '{"to": "ada@example.org", "bo' }] };
        told = last.content;
        return { text: "Sorry." };
      };
      await world.until(offered(adapter, "agent")({ model, tools, clock: world.clock }).run("Mail it."));
      return { pass: ran.length === 0 && told.length > 0, seen: `ran ${ran.length} times; the model hears: "${told.slice(0, 80)}"` };
    },
  },
  {
    id: "A13", title: "spend known only afterwards",
    pass: "reserved before, settled after, and a child only narrows",
    async run(adapter, world) {
      const Budget = offered(adapter, "budget");
      const budget = new Budget({ tokens: 100, clock: world.clock });
      const first = budget.reserve({ tokens: 80 });
      let refused = "nothing";
      try {
        budget.reserve({ tokens: 80 });
      } catch (error) {
        refused = error.what;
      }
      first.settle({ tokens: 30 });
      const [left, child] = [budget.left.tokens, budget.child({ tokens: 1000 }).left.tokens];
      return all([
        [refused === "tokens", `the second 80 of 100 meets a limit of ${refused}`], [left === 70, `${left} left after 30 were spent`], [child <= 70, `a child allowed 1,000 has ${child}`],
      ]);
    },
  },
];
