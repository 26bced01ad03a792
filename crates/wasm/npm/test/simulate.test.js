import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { scenarios, simulate } from "steadfast/sim";

const project = new URL("../../../../", import.meta.url);
const read = path => readFileSync(new URL(path, project), "utf8");

test("traces hash as in Rust", () => {
  const lines = read("tests/golden/hashes.txt").split("\n").filter(line => line !== "" && !line.startsWith("#"));
  for (const line of lines) {
    const [scenario, seed, hash] = line.split(" ");
    assert.equal(simulate({ scenario, seed }).hash, hash, line);
  }
  assert(lines.length >= 18, `${lines.length} hashes`);
  assert.equal(simulate({ scenario: "flaky" }).hash, "4255871a578df1b0a93e1016309fc51f9c87e28a9f574b48dc713463ded28fd2");
  assert.equal(simulate({ scenario: "hung", seed: 1 }).hash, "cff476ffb1d3d58abc62d57ac6e6489656cf3bd140116fd9a9cfda08d52d77ed");
});

test("the scenarios are Rust's: their names, their stories, their faults", () => {
  const source = read("crates/sim/src/scenario.rs");
  assert.deepEqual(Object.keys(scenarios), ["flaky", "hung", "down", "looping", "risky", "naive"]);
  for (const { story } of Object.values(scenarios)) assert(source.includes(`"${story}"`), story);
  for (const [scenario, { faults }] of Object.entries(scenarios)) {
    assert.equal(simulate({ scenario, faults }).hash, simulate({ scenario }).hash, scenario);
  }
});

test("the scenarios end as they should", () => {
  const end = scenario => {
    const { answer, steps, blocked, degraded, stop } = simulate({ scenario });
    return [answer, steps, blocked, degraded, stop];
  };
  const safe = "I could not finish this reliably, so I stopped. Nothing further will be done.";
  assert.deepEqual(end("flaky"), ["17 * 23 = 391.", 2, [], false, "answered"]);
  assert.deepEqual(end("hung"), ["17 * 23 = 391.", 2, [], false, "answered"]);
  assert.deepEqual(end("down"), [safe, 1, [], true, "model_unavailable"]);
  assert.deepEqual(end("looping"), [safe, 5, [], true, "no_progress"]);
  assert.deepEqual(end("risky"), [
    "17 * 23 = 391. The mail to ana@example.com was not sent. send_email did not run: it is risky, and there is nobody to ask.",
    3, ["send_email"], false, "answered",
  ]);
  assert.deepEqual(end("naive"), ["", 1, [], true, "crashed"]);
});

test("a trace is plain objects in milliseconds, and the same each time", () => {
  const result = simulate({ scenario: "hung", seed: "18446744073709551615" });
  assert.deepEqual([result.trace[0].at, result.trace[0].what, result.trace[0].why.seed], [0, "run_started", "18446744073709551615"]);
  const timedOut = result.trace.find(({ what }) => what === "attempt_timed_out");
  assert.deepEqual([timedOut.at, timedOut.why], [4000, { scope: "attempt", after: 4000 }]);
  assert.deepEqual(simulate({ scenario: "hung", seed: "18446744073709551615" }), result);
  assert.notEqual(simulate({ scenario: "hung", seed: 8 }).hash, simulate({ scenario: "hung", seed: 7 }).hash);
});

test("a policy changes what it names and nothing else", () => {
  for (const policy of [{}, { guard: {} }, { guard: { retry: {}, breaker: {} } }, { guard: { timeout: 4000, retry: { attempts: 4 } } }]) {
    assert.equal(simulate({ scenario: "hung", policy }).hash, simulate({ scenario: "hung" }).hash, JSON.stringify(policy));
  }
  const steps = policy => simulate({ scenario: "looping", policy }).steps;
  assert.deepEqual([steps({ maxSteps: 3 }), steps({})], [3, 5]);
  const cut = guard => simulate({ scenario: "hung", policy: { guard } }).trace.find(({ what }) => what === "attempt_timed_out").at;
  assert.equal(cut({ timeout: 1500 }), 1500);
  assert.equal(cut({ timeout: Infinity, deadline: 9000 }), 9000);
  const flaky = simulate({ scenario: "flaky", policy: { guard: { retry: false }, safeMessage: "Sorry." } });
  assert.deepEqual([flaky.answer, flaky.degraded], ["Sorry.", true]);
  const waits = jitter => simulate({ scenario: "flaky", seed: 2, policy: { guard: { retry: { base: 100, factor: 3, jitter } } } })
    .trace.filter(({ what }) => what === "backing_off").map(({ why }) => why.delay.ceiling);
  assert.deepEqual(waits("full").slice(0, 2), [100, 300]);
  const opened = breaker => simulate({ scenario: "down", policy: { guard: { breaker } } }).trace.some(({ what }) => what === "breaker_opened");
  assert.deepEqual([opened({ consecutive: 3 }), opened({ consecutive: 0, window: null }), opened(false)], [true, false, false]);
});

test("what no policy names is as it stands", () => {
  const told = (options, name) => simulate(options).trace.find(({ what }) => what === name);
  assert.equal(told({ scenario: "flaky" }, "run_started").why.max_steps, 8);
  const cut = told({ scenario: "hung", policy: { guard: { timeout: Infinity } } }, "attempt_timed_out");
  assert.deepEqual([cut.at, cut.why.scope], [30_000, "call"]);
  const { at, why } = told({ scenario: "risky", human: "silent" }, "approval_asked");
  assert.equal(why.expires_at, at + 600_000);
});

test("other faults than the scenario's", () => {
  assert.deepEqual(simulate({ scenario: "flaky", faults: [] }).trace.filter(({ what }) => what === "fault_injected"), []);
  const { stop, trace } = simulate({ scenario: "naive", faults: ["hung"] });
  assert.deepEqual([stop, trace.at(-1).text], ["hung", "The agent waits for an answer that will never come. No answer."]);
  assert.equal(simulate({ scenario: "naive", faults: ["looping"] }).stop, "runaway");
});

test("the human's word decides, and without one the simulation is suspended", () => {
  const risky = human => simulate({ scenario: "risky", human });
  assert.deepEqual(risky("approves").blocked, []);
  assert.deepEqual(risky("denies").blocked, ["send_email"]);
  assert(risky("silent").trace.some(({ what, at }) => what === "approval_expired" && at > 600_000));
  const waiting = risky([]);
  assert.deepEqual([waiting.stop, waiting.blocked, waiting.steps], ["suspended", ["send_email"], 2]);
  const [{ tool, args, digest }] = waiting.pending;
  assert.deepEqual([tool, args, digest.length], ["send_email", { body: "17 * 23 = 391", to: "ana@example.com" }, 64]);
  assert.equal(risky([true]).hash, risky("approves").hash);
  assert.equal(risky([{ approve: false }]).hash, risky("denies").hash);
  const effects = risky([{ approve: true, args: { to: "me" } }]).trace.filter(({ what }) => what === "effect_happened");
  assert.deepEqual(effects.map(({ why }) => why.args), ['{"to":"me"}']);
  assert(risky([{ approve: false, message: "not today" }]).trace.some(({ text }) => text.includes("not today")));
});

test("what makes no sense throws at once, and says what would", () => {
  const refused = (options, name, message) => assert.throws(() => simulate(options), { name, message });
  const names = "flaky, hung, down, looping, risky, naive";
  refused(undefined, "TypeError", "simulate is undefined; allowed: an object with a scenario");
  refused({}, "TypeError", `scenario is undefined; allowed: ${names}`);
  refused({ scenario: "flakey" }, "TypeError", `scenario is "flakey"; allowed: ${names}`);
  refused({ scenario: "toString" }, "TypeError", `scenario is "toString"; allowed: ${names}`);
  const flaky = (options, name, message) => refused({ scenario: "flaky", ...options }, name, message);
  flaky({ sede: 7 }, "TypeError", 'simulate has no option "sede"; its options: scenario, seed, policy, faults, human');
  flaky({ seed: -1 }, "RangeError", "seed is -1; allowed: a whole number up to 2^53, or a decimal string up to 18446744073709551615");
  flaky({ seed: "18446744073709551616" }, "RangeError", 'seed is "18446744073709551616"; allowed: a whole number up to 2^53, or a decimal string up to 18446744073709551615');
  flaky({ faults: "hung" }, "TypeError", 'faults is "hung"; allowed: an array of flaky, hung, down, looping, risky');
  flaky({ faults: ["naive"] }, "TypeError", 'faults[0] is "naive"; allowed: flaky, hung, down, looping, risky');
  flaky({ human: true }, "TypeError", "human is true; allowed: nobody, approves, denies, silent, or an array of decisions");
  flaky({ human: ["yes"] }, "TypeError", 'human[0] is "yes"; allowed: true, false, { approve: true, args? } or { approve: false, message? }');
  flaky({ policy: null }, "TypeError", "policy is null; allowed: an object");
  flaky({ policy: { maxSteps: 0 } }, "RangeError", "policy.maxSteps is 0; allowed: a whole number from 1 to 4294967295");
  flaky({ policy: { safeMessage: " " } }, "TypeError", 'policy.safeMessage is " "; allowed: a sentence: a run always answers');
  flaky({ policy: { guard: { budget: {} } } }, "TypeError", 'policy.guard has no option "budget"; its options: timeout, deadline, retry, breaker');
  flaky({ policy: { guard: { timeout: NaN } } }, "RangeError", "policy.guard.timeout is NaN; allowed: milliseconds, more than 0, at most 9007199254740, or Infinity for none");
  flaky({ policy: { guard: { retry: { attempts: 0 } } } }, "RangeError", "retry.attempts is 0; allowed: a whole number from 1 to 4294967295");
});
