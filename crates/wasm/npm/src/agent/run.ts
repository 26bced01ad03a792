// Driving one run of an agent: the machine says what is to be done, here models, tools, humans and ledgers are called.

import { Abortable } from "../abortable.js";
import { type Judged, judgedAs } from "../classify.js";
import { CircuitOpen, DeadlineExceeded } from "../errors.js";
import { told } from "../listeners.js";
import { follow, unfollow } from "../signals.js";
import type { Due } from "../timers.js";
import type { TraceEntry } from "../types.js";
import { AgentContext, Attempt, type Begun } from "./attempt.js";
import { type Calls, type Refused, spentFrom, UNSHARED } from "./calls.js";
import { Conversation } from "./conversation.js";
import type { Definition } from "./definition.js";
import { readRun, runs, writeRun } from "./engine.js";
import { closedDoor, understood } from "./failures.js";
import { claimed, type Grant, recorded } from "./ledger.js";
import {
  begins, CANCEL, DECIDED, FOUND, MODEL_REPLIED, type Output, type Question, requestOf, START, SUSPEND, TICK, TOOL_REPLIED, UNKNOWN,
} from "./outputs.js";
import { Questions } from "./questions.js";
import { parsed, replyOf, textForModel } from "./reply.js";
import { base64, textOf } from "./snapshot.js";
import { Spending } from "./spending.js";
import type { Effect, RunResult } from "./types.js";

/** What a failure says of itself is for people, and kept short. */
const LONGEST_MESSAGE = 500;

/** Runs that were given up with something under way: a machine is there as long as something may still come. */
const gone = new FinalizationRegistry<number>(machine => runs.run_close(machine));

/** A decision that somebody wrote down, and nothing that all objects have. */
function ownOf(decisions: Record<string, unknown>, id: string): unknown {
  return Object.hasOwn(decisions, id) ? decisions[id] : undefined;
}

/** One run under way. */
export class AgentRun implements Due {
  at = Infinity;
  place = -1;
  #agent: Definition;
  #machine: number;
  #signal: AbortSignal | undefined;
  #approves: boolean;
  #attempts = new Map<string, Attempt>();
  #questions = new Questions(({ id }, [kind, text]) => this.#tell(DECIDED[kind], id, 0, text));
  #spending: Spending;
  #conversation = new Conversation();
  /** Of calls that cannot run as the model asked for them: why. */
  #malformed = new Map<string, string>();
  #queue: Output[] = [];
  #working = false;
  /** The ledger is writing, and nothing happens before it is done. */
  #writing = false;
  #over = false;
  #ended = false;
  #closed = false;
  /** Functions that were called, and claims, that have not settled. */
  #unsettled = 0;
  #resolve!: (result: RunResult) => void;
  #reject!: (error: unknown) => void;

  /** `approves`: whether the approver is asked, or questions wait for a resume. */
  constructor(agent: Definition, machine: number, signal: AbortSignal | undefined, approves: boolean) {
    this.#agent = agent;
    this.#machine = machine;
    this.#spending = new Spending(agent, machine);
    this.#signal = signal;
    this.#approves = approves;
  }

  /** Begins, with the decisions that a resume brings. */
  begin(suspend: boolean, decisions: Record<string, unknown> = {}): Promise<RunResult> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#working = true;
      if (this.#signal?.aborted) this.#tell(CANCEL);
      else if (this.#signal !== undefined) follow(this.#signal, this);
      const pending = JSON.parse(runs.run_pending(this.#machine)) as Question[];
      this.#tell(START);
      const decided = pending.filter(question => this.#questions.rule(question, ownOf(decisions, String(question.id))));
      if (suspend) this.#tell(SUSPEND);
      // Whoever has decided already is not asked.
      const ids = decided.map(question => question.id);
      this.#queue = this.#queue.filter(output => output.do !== "ask" || !ids.includes(output.request.id));
      this.#working = false;
      this.#work();
    });
  }

  /** Time has passed. */
  due(): void {
    this.#tell(TICK);
  }

  /** The caller takes it back. */
  cancel(): void {
    this.#tell(CANCEL);
  }

  #tell(what: number, call = 0, attempt = 0, text = ""): void {
    this.#told(now => runs.run_tell(this.#machine, now, what, call, attempt, text));
  }

  /** Tells the machine something, and does what it says. */
  #told(tell: (now: number) => string): void {
    const { timers } = this.#agent;
    const now = timers.now();
    if (!this.#over) for (const outputs of this.#spending.told(now)) this.#take(outputs);
    const until = this.#take(tell(now));
    this.#spending.settle();
    timers.set(this, until, now);
    this.#work();
  }

  #take(outputs: string): number {
    const until = readRun(0);
    this.#over = readRun(1) === 1;
    this.#queue.push(...(JSON.parse(outputs) as Output[]));
    return until;
  }

  #work(): void {
    if (this.#working) return;
    this.#working = true;
    try {
      for (let output = this.#next(); output !== undefined; output = this.#next()) this.#do(output);
      // Whoever takes a run back does not wait for its ledger, which goes on writing.
      if (this.#over && !this.#ended && (!this.#writing || this.#signal?.aborted === true)) this.#finish();
    } catch (error) {
      this.#end();
      this.#reject(error);
    } finally {
      this.#working = false;
    }
  }

  /** What is to be done next. While the ledger is writing nothing begins, but what is given up hears of it. */
  #next(): Output | undefined {
    if (!this.#writing) return this.#queue.shift();
    const place = this.#queue.findIndex(output => output.do === "abandon" || output.do === "withdraw");
    return place < 0 ? undefined : this.#queue.splice(place, 1)[0];
  }

  #do(output: Output): void {
    switch (output.do) {
      case "think": return this.#think(output.attempt);
      case "act": return this.#act(output.attempt, output.tool, output.args);
      case "reconcile": return this.#reconcile(output.attempt, output.tool, output.args);
      case "claim": return this.#claim(output.call, output.entry, output.again);
      case "record": return this.#record(output.entry);
      case "ask": return this.#ask(output.request);
      case "withdraw": return this.#withdraw(output.id);
      case "abandon": return this.#abandon(output.call, output.attempt);
    }
  }

  #think(begun: Begun): void {
    const model = this.#agent.models[begun.option]!;
    const tools = runs.run_offers_tools(this.#machine) ? this.#agent.toolsByName : {};
    const messages = this.#conversation.read(from => runs.run_messages(this.#machine, from));
    const calls = this.#agent.callsOf(begun.option);
    this.#begin(begun, calls, new AgentContext(begun, this.#agent.timers, tools), context => model(messages, context as Parameters<typeof model>[1]), value => {
      const reply = replyOf(value, begun.key, name => this.#agent.tool(name));
      runs.reply_text(this.#machine, reply.text);
      for (const { id, tool, args, risky, malformed } of reply.calls) {
        if (malformed !== undefined) this.#malformed.set(`${tool}\n${args}`, malformed);
        runs.reply_call(this.#machine, id, tool, args, risky);
      }
      if (reply.uncounted !== undefined) this.#agent.sayUncounted(reply.uncounted);
      if (reply.tokens !== undefined) runs.reply_usage(this.#machine, reply.tokens);
      return { what: MODEL_REPLIED, text: "" };
    }, 1);
  }

  #act(begun: Begun, name: string, args: string): void {
    const own = this.#agent.tool(name)!;
    const malformed = this.#malformed.get(`${name}\n${args}`);
    if (malformed !== undefined) return this.#failed(begun, judgedAs("invalid_request", false), malformed);
    this.#begin(begun, own.calls, new AgentContext(begun, this.#agent.timers), context => own.tool.run(parsed(args), context), value => {
      return { what: TOOL_REPLIED, text: textForModel(value) };
    });
  }

  /** Whoever keeps the books of a tool may be up while the tool is down: neither its breaker nor its budget is asked. */
  #reconcile(begun: Begun, name: string, args: string): void {
    const { tool } = this.#agent.tool(name)!;
    this.#begin(begun, UNSHARED, new AgentContext(begun, this.#agent.timers), () => tool.reconcile!(begun.key, parsed(args)), found => {
      return { what: FOUND.get(found) ?? UNKNOWN, text: "" };
    });
  }

  /** Begins an attempt; `came` says what a value means to the machine. It needs so many tokens, and as many millionths of money, at least. */
  #begin(begun: Begun, calls: Calls, context: AgentContext, begin: (context: AgentContext) => unknown, came: (value: unknown) => { what: number; text: string }, tokens = 0): void {
    const { timers } = this.#agent;
    const attempt = new Attempt(begun, context, calls, spentFrom(this.#agent.budget, calls.budget), tokens);
    const id = `${begun.call}.${begun.attempt}`;
    this.#attempts.set(id, attempt);
    const failed = (error: unknown) => {
      const { judged, words } = understood(calls, error, timers.now());
      if (this.#attempts.delete(id)) attempt.leave.failed(judged, timers.now());
      this.#failed(begun, judged, words);
    };
    const settle = (value: unknown) => {
      let told: { what: number; text: string };
      try {
        told = came(value);
      } catch (error) {
        return failed(error);
      }
      // What comes late is told all the same: of an effect that must not happen twice it says whether it has happened.
      if (this.#attempts.delete(id)) attempt.leave.succeeded(timers.now());
      this.#tell(told.what, begun.call, begun.attempt, told.text);
    };
    const refused = attempt.leave.take(timers.now());
    if (refused !== undefined) {
      this.#attempts.delete(id);
      return this.#refused(begun, refused);
    }
    let result: unknown;
    let later = false;
    try {
      result = begin(context);
      later = typeof result === "object" && result !== null && "then" in result;
    } catch (error) {
      return failed(error);
    }
    if (!later) return settle(result);
    Promise.resolve(result).then(this.#later(settle), this.#later(failed));
    this.#unsettled += 1;
  }

  /** Of something that was begun and is heard of once: the machine is there until then. */
  #later<T>(heard: (value: T) => void): (value: T) => void {
    return value => {
      heard(value);
      this.#unsettled -= 1;
      this.#close();
    };
  }

  /** An attempt that what it shares with others does not let begin: nothing happened, and asking again at once would not help. */
  #refused(begun: Begun, { error, budget }: Refused): void {
    if (budget === undefined) return this.#failed(begun, judgedAs("overloaded", false), closedDoor(error as CircuitOpen));
    const { timers, modelBudgets } = this.#agent;
    if (!modelBudgets.includes(budget)) return this.#failed(begun, judgedAs("quota_exhausted", false), error.message);
    // Without its models a run cannot go on: it ends as one that has spent everything, once it wants to try again.
    this.#take(this.#spending.narrow(budget, timers.now()));
    this.#failed(begun, judgedAs("quota_exhausted", true), error.message);
  }

  #failed({ call, attempt }: Begun, { class: place, transient, retryAfter }: Judged, message: string): void {
    this.#told(now => {
      writeRun([retryAfter]);
      return runs.run_failed(this.#machine, now, call, attempt, place, transient, message.slice(0, LONGEST_MESSAGE));
    });
  }

  #abandon(call: number, number: number): void {
    const id = `${call}.${number}`;
    const attempt = this.#attempts.get(id);
    if (attempt === undefined) {
      // It waits for the ledger, and need not begin any more.
      this.#queue = this.#queue.filter(output => !begins(output, call, number));
      return;
    }
    this.#attempts.delete(id);
    const taken = this.#signal?.aborted === true;
    attempt.leave.abandoned(taken ? undefined : judgedAs("timeout", true).class, this.#agent.timers.now());
    Abortable.end(attempt.context, taken ? this.#signal!.reason : new DeadlineExceeded("the attempt's time is up", "attempt"));
  }

  #ask(question: Question): void {
    const { approver } = this.#agent;
    if (approver !== undefined && this.#approves) this.#questions.ask(approver, question);
  }

  #withdraw(id: number): void {
    this.#questions.withdraw(id, this.#signal?.aborted ? this.#signal.reason : new DeadlineExceeded("nobody answered in time", "call"));
  }

  #claim(call: number, entry: Effect, again: boolean): void {
    this.#unsettled += 1;
    const heard = ({ granted, state, output }: Grant) => {
      let late = false;
      this.#told(now => {
        const outputs = runs.run_claimed(this.#machine, now, call, granted, state, output);
        late = readRun(1) === 1 && !/"do":"(act|record)"/.test(outputs);
        return outputs;
      });
      // Nobody is there any more to do what was granted, and other resumes should know.
      if (late && granted && entry.state === "started" && !again) this.#record({ ...entry, state: "failed", output: "the run was over before it began" });
    };
    void claimed(this.#agent.ledger!, entry, again).then(this.#later(heard));
  }

  #record(entry: Effect): void {
    this.#writing = true;
    void recorded(this.#agent.ledger!, entry).then(() => {
      this.#writing = false;
      this.#work();
      this.#close();
    });
  }

  #finish(): void {
    const { result, trace } = JSON.parse(runs.run_result(this.#machine)) as { result: RunResult & { pending?: Question[] }; trace: TraceEntry[] };
    const { pending, ...rest } = result;
    const report: RunResult = { ...rest, trace };
    if (result.stop === "suspended") {
      report.pending = (pending as unknown as Question[]).map(requestOf);
      report.snapshot = textOf(runs.run_snapshot(this.#machine), this.#agent.instant());
    }
    this.#recorded();
    this.#end();
    this.#resolve(report);
  }

  /** Hands over what it takes to have this run again elsewhere. A run that was resumed began in another, and has none. */
  #recorded(): void {
    const { recorder } = this.#agent;
    if (recorder === undefined) return;
    const bytes = runs.run_recording(this.#machine);
    if (bytes.length > 0) told(recorder, base64(bytes));
  }

  #end(): void {
    this.#agent.timers.remove(this);
    if (this.#signal !== undefined) unfollow(this.#signal, this);
    this.#ended = true;
    // Something may still come of what was given up, and the ledger is to hear of it.
    gone.register(this, this.#machine, this);
    this.#close();
  }

  /** The machine is not wanted any more once nothing can come. */
  #close(): void {
    if (!this.#ended || this.#unsettled > 0 || this.#writing || this.#closed) return;
    this.#closed = true;
    gone.unregister(this);
    runs.run_close(this.#machine);
  }
}
