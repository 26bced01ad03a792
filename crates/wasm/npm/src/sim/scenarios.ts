// The scenarios by their names. The engine's own copy of this is in crates/sim; a test holds them together.

/** Something that can be wrong with the simulated world. */
export type FaultName = "flaky" | "hung" | "down" | "looping" | "risky";
/** The scenarios by name. */
export type ScenarioName = FaultName | "naive";

/** What a scenario is about. */
export interface Scenario {
  /** What is wrong and what should happen, in a sentence or two. */ readonly story: string;
  /** What is wrong with its world. */ readonly faults: readonly FaultName[];
  /** Whether the agent runs on the engine; else it has no protection at all. */ readonly protected: boolean;
}

/** What `simulate` can play, by name.
 *
 *  @example
 *  ```js
 *  import { scenarios, simulate } from "steadfast/sim";
 *
 *  for (const [scenario, { story }] of Object.entries(scenarios)) console.log(scenario, simulate({ scenario }).stop, story.length > 0);
 *  // flaky answered true
 *  // hung answered true
 *  // down model_unavailable true
 *  // looping no_progress true
 *  // risky answered true
 *  // naive crashed true
 *  ```
 */
export const scenarios: Readonly<Record<ScenarioName, Scenario>> = frozen({
  flaky: scenario("flaky", "The model fails twice before it answers. Retry with backoff gets the answer all the same."),
  hung: scenario("hung", "The model's first attempt never answers. The timeout cuts it, and a fresh attempt succeeds."),
  down: scenario("down", "The model cannot be reached. The breaker opens, and the run ends with an honest safe message."),
  looping: scenario("looping", "The model asks for the same tool again and again. It is told, refused, asked one last time, and stopped."),
  risky: scenario("risky", "The model wants to send an e-mail. Nothing goes out unless a human says yes."),
  naive: scenario("flaky", "The flaky world again, and an agent without any protection: the first failure is its last.", false),
});

function scenario(fault: FaultName, story: string, guarded = true): Scenario {
  return frozen({ story, faults: frozen([fault]), protected: guarded });
}

function frozen<T>(value: T): T {
  return Object.freeze(value) as T;
}
