// What each host does with the package, in a few calls of its own making, and what they have to come to there.

/** A guarded call that hangs, fails and then succeeds; a breaker; a retry; an agent that asks before it writes a mail. */
export async function proof({ agent, CircuitBreaker, guard, retry, TransientError }) {
  const flaky = ({ attempt }) => {
    if (attempt < 3) throw new TransientError("busy");
    return `attempt ${attempt}`;
  };
  const hangsOnce = context => (context.attempt === 1
    ? new Promise((_, reject) => context.signal.addEventListener("abort", () => reject(context.signal.reason)))
    : flaky(context));

  const breaker = new CircuitBreaker({ consecutive: 2 });
  const broken = [];
  for (let call = 0; call < 3; call += 1) await breaker.call(() => flaky({ attempt: 1 })).catch(error => broken.push(error.code));

  return {
    guarded: await guard({ timeout: 50, deadline: 20_000, retry: { base: 1 } }).call(hangsOnce),
    breaker: [...broken, breaker.state],
    retry: await retry(flaky, { base: 1 }),
    agent: await answer(agent),
  };
}

async function answer(agent) {
  let tries = 0;
  const mails = [];
  const model = messages => {
    if (++tries === 1) throw Object.assign(new Error("overloaded"), { status: 529 });
    const results = messages.filter(({ role }) => role === "tool").map(({ content }) => content);
    if (results.length === 0) return { toolCalls: [{ id: "a", tool: "multiply", args: { b: 23, a: 17 } }] };
    if (results.length === 1) return { toolCalls: [{ id: "b", tool: "send_mail", args: { body: results[0] } }] };
    return { text: `It is ${results[0]}; the mail is ${results[1]}.` };
  };
  const tools = {
    multiply: { run: ({ a, b }) => a * b },
    send_mail: { risky: true, run: mail => { mails.push(mail); return "sent"; } },
  };
  const { trace, ...result } = await agent({
    model, tools, approver: ({ tool, args }) => tool === "send_mail" && args.body === "391", guard: { retry: { base: 1 } },
  }).run("What is 17 * 23? Mail it.");
  return { ...result, mails, last: trace.at(-1).what };
}

export const expected = {
  guarded: "attempt 3",
  breaker: ["transient", "transient", "circuit_open", "open"],
  retry: "attempt 3",
  agent: {
    answer: "It is 391; the mail is sent.", steps: 3, blocked: [], degraded: false, stop: "answered", mails: [{ body: "391" }], last: "run_finished",
  },
};
