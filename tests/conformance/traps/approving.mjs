// Traps of approvals and of effects that must not happen twice. Only agent layers can meet them.

import { offered } from "../adapter.mjs";
import { all } from "../trap.mjs";

const MAIL = { to: "ada@example.org", body: "391" };

/** An agent whose model wants the given calls, all in its first step, and then answers. */
function mailer(adapter, world, options = {}) {
  const sent = [];
  const heard = [];
  const { calls = [{ id: "call_a", tool: "send_email", args: MAIL }], tools = {}, ...rest } = options;
  const model = messages => {
    heard.push(messages);
    return messages.some(message => message.role === "tool") ? { text: "Done." } : { toolCalls: calls };
  };
  const send = { risky: true, effect: "once", run: args => { sent.push(args.to); return "sent"; } };
  const one = offered(adapter, "agent")({ model, tools: { send_email: send, ...tools }, clock: world.clock, ...rest });
  return { agent: one, sent, heard };
}

async function suspended(one, world) {
  const result = await world.until(one.agent.run("Mail the result.", { suspend: true }));
  if (result.stop !== "suspended") throw new Error(`stops as ${result.stop} instead of suspended`);
  return result;
}

function yes(pending) {
  return Object.fromEntries(pending.map(request => [request.id, { approve: true }]));
}

/** Resumes, and takes a refusal for an answer too. */
function resumed(one, world, snapshot, decisions) {
  return world.until(one.agent.resume(snapshot, decisions)).catch(error => ({ refused: error }));
}

/** The same snapshot for another recipient, or, where it cannot be read, with one of its characters changed. */
function edited(snapshot) {
  if (snapshot.includes("ada@example.org")) return snapshot.replaceAll("ada@example.org", "eve@example.org");
  const middle = Math.floor(snapshot.length / 2);
  return snapshot.slice(0, middle) + (snapshot[middle] === "A" ? "B" : "A") + snapshot.slice(middle + 1);
}

/** @type {import("../trap.mjs").Trap[]} */
export const approving = [
  {
    id: "23", title: "an approval answered twice, after it expired, or for other arguments",
    pass: "one effect; none; none",
    async run(adapter, world) {
      const twice = mailer(adapter, world);
      const first = await suspended(twice, world);
      for (let left = 2; left > 0; left -= 1) await resumed(twice, world, first.snapshot, yes(first.pending));
      const late = mailer(adapter, world, { approvalExpiresAfter: 1000 });
      const second = await suspended(late, world);
      await world.advance(5000);
      await resumed(late, world, second.snapshot, yes(second.pending));
      const other = mailer(adapter, world);
      const third = await suspended(other, world);
      await resumed(other, world, edited(third.snapshot), yes(third.pending));
      return all([
        [twice.sent.length === 1, `twice: ${twice.sent.length} mails`], [late.sent.length === 0, `expired: ${late.sent.length}`],
        [other.sent.length === 0, `other arguments: ${other.sent.length}`],
      ]);
    },
  },
  {
    id: "A1", title: "one approval posted three times",
    pass: "one mail, and every post gets the answer",
    async run(adapter, world) {
      const one = mailer(adapter, world);
      const { snapshot, pending } = await suspended(one, world);
      const answers = [];
      for (let left = 3; left > 0; left -= 1) answers.push((await resumed(one, world, snapshot, yes(pending))).answer);
      return { pass: one.sent.length === 1 && answers.every(Boolean), seen: `${one.sent.length} mails; answers: ${answers.join(" / ")}` };
    },
  },
  {
    id: "A2", title: "one state resumed twice at once; a recipient edited in the state",
    pass: "one mail to the right one, and none to the other",
    async run(adapter, world) {
      const one = mailer(adapter, world);
      const { snapshot, pending } = await suspended(one, world);
      await Promise.all([resumed(one, world, edited(snapshot), yes(pending)), resumed(one, world, snapshot, yes(pending)), resumed(one, world, snapshot, yes(pending))]);
      return { pass: one.sent.join() === "ada@example.org", seen: `mails to ${one.sent.join(", ") || "nobody"}` };
    },
  },
  {
    id: "A3", title: "a safe call, an approved one and a denied one in one step",
    pass: "two run, the third is answered, and the model hears of all three",
    async run(adapter, world) {
      const ran = [];
      const tool = risky => ({ risky, run: args => { ran.push(args.name); return "ok"; } });
      const call = name => ({ id: `call_${name}`, tool: name, args: { name } });
      const one = mailer(adapter, world, {
        calls: ["look", "pay", "erase"].map(call), tools: { look: tool(false), pay: tool(true), erase: tool(true) },
        approver: request => request.tool === "pay",
      });
      const result = await world.until(one.agent.run("Do it."));
      const answered = one.heard.at(-1).filter(message => message.role === "tool").map(message => message.toolCallId).sort();
      return all([
        [ran.sort().join() === "look,pay", `ran: ${ran.join(", ")}`], [answered.join() === "call_erase,call_look,call_pay", `answered: ${answered.join(", ")}`],
        [result.blocked.join() === "erase", `blocked: ${result.blocked.join(", ")}`],
      ]);
    },
  },
  {
    id: "A4", title: "of two requests one is answered",
    pass: "its mail is sent once, the other stays pending, and nothing is lost",
    async run(adapter, world) {
      const calls = ["ada", "bob"].map(name => ({ id: `call_${name}`, tool: "send_email", args: { to: name } }));
      const one = mailer(adapter, world, { calls });
      const { snapshot, pending } = await suspended(one, world);
      const half = await world.until(one.agent.resume(snapshot, yes(pending.slice(0, 1)), { suspend: true }));
      const waiting = half.pending?.length ?? 0;
      const first = one.sent.length;
      const end = await world.until(one.agent.resume(half.snapshot, yes(half.pending ?? []), { suspend: true }));
      return all([
        [first === 1, `${first} mail after the first answer`], [waiting === 1, `${waiting} still pending`],
        [one.sent.length === 2 && end.stop === "answered", `${one.sent.length} mails after the second, ${end.stop}`],
      ]);
    },
  },
  {
    id: "A6", title: "an effect before the question, and a resume after it",
    pass: "resuming does not repeat it",
    async run(adapter, world) {
      let charged = 0;
      const charge = { effect: "once", run: () => { charged += 1; return "charged"; } };
      const calls = [{ id: "call_c", tool: "charge", args: {} }, { id: "call_m", tool: "send_email", args: MAIL }];
      const one = mailer(adapter, world, { calls, tools: { charge } });
      const { snapshot, pending } = await suspended(one, world);
      await resumed(one, world, snapshot, yes(pending));
      return { pass: charged === 1 && one.sent.length === 1, seen: `charged ${charged} times, ${one.sent.length} mails` };
    },
  },
  {
    id: "A11", title: "an approval that nobody gave in time, and one that was refused",
    pass: "`expired` and `denied`, and neither runs",
    async run(adapter, world) {
      const gate = offered(adapter, "approvalGate");
      let ran = 0;
      const ask = approver => {
        const act = gate(() => { ran += 1; }, { tool: "pay", risky: true, approver, expiresAfter: 1000, clock: world.clock });
        return world.until(act({ amount: 1 })).then(() => "ran", error => error.outcome);
      };
      const late = await ask(() => new Promise(resolve => setTimeout(resolve, 5000, true)));
      const refused = await ask(() => false);
      const before = ran;
      const granted = await ask(() => true);
      await world.advance(10_000);
      return { pass: late === "expired" && refused === "denied" && before === 0 && granted === "ran" && ran === 1, seen: `${late}, ${refused}; ran ${before} times, and ${ran - before} when granted` };
    },
  },
];
